"""What AWS's public material leaves open about refusals: which exception answers what, and what is refused at all.

Every exception is one that the service model lists for the operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rekognition_emulator.switches.switch import Answers, switch


@dataclass(frozen=True, kw_only=True)
class RefusalSwitches(Answers):
    """Open questions about exceptions."""

    update_on_create_failed: Literal["refused", "accepted"] = switch(
        "refused",
        "May a CREATE_FAILED dataset be updated?",
        "refused with ResourceInUseException, the operation's nearest exception",
    )
    list_while_updating: Literal["answers", "ResourceInUseException"] = switch(
        "answers",
        "Do the listings answer while an update or deletion runs?",
        "both exceptions are in the model, neither is explained",
    )
    unreadable_manifest: Literal["CREATE_FAILED", "InvalidS3ObjectException"] = switch(
        "CREATE_FAILED",
        "How does CreateDataset answer for a manifest that cannot be read?",
        "the guide explains ERROR_MANIFEST_INACCESSIBLE; the API lists the exception",
    )
    constraint_error: Literal["ValidationException", "InvalidParameterException"] = switch(
        "ValidationException",
        "Which exception answers a broken constraint of the service model?",
        "ValidationException is documented for MaxResults and seen for image bytes",
    )
    throttled_with: Literal["ThrottlingException", "ProvisionedThroughputExceededException"] = switch(
        "ProvisionedThroughputExceededException",
        "Which exception answers a call over the quota?",
        'both are documented; "Provisioned Rate exceeded." is the text for the rate',
    )
    throttling_status: Literal["500", "400"] = switch(
        "500",
        "With which HTTP status comes a ThrottlingException?",
        "the service model says 500, the developer guide lists both",
    )
    validation_text_key: Literal["Message", "message"] = switch(
        "Message",
        "Under which key does a ValidationException carry its text?",
        "the modelled exceptions have Message; SDKs read both",
    )
    duplicate_project: Literal["ResourceInUseException", "InvalidParameterException"] = switch(
        "ResourceInUseException",
        "Which exception answers CreateProject for a name in use?",
        "CreateProject lists it and not ResourceAlreadyExistsException",
    )
    second_dataset: Literal["ResourceAlreadyExistsException", "InvalidParameterException"] = switch(
        "ResourceAlreadyExistsException",
        "Which exception answers CreateDataset for a type that the project has already?",
        "the guide says that the existing one has to be deleted first; the exception is not named",
    )
    project_in_use: Literal["ResourceInUseException", "InvalidParameterException"] = switch(
        "ResourceInUseException",
        "Which exception answers DeleteProject while the project has datasets?",
        "the guide says that they have to be deleted first; the exception is not named",
    )
    busy_dataset: Literal["ResourceInUseException", "LimitExceededException"] = switch(
        "ResourceInUseException",
        "Which exception answers an update or deletion of a dataset that is busy?",
        "both are listed, neither is explained",
    )
    unready_listing: Literal["ResourceNotReadyException", "ResourceInUseException"] = switch(
        "ResourceNotReadyException",
        "Which exception answers a listing of a dataset that is being created or has failed to be?",
        "both are listed, neither is explained",
    )
    full_test_dataset: Literal["InvalidParameterException", "ResourceNotReadyException"] = switch(
        "InvalidParameterException",
        "Which exception answers a distribution to a TEST dataset that has entries?",
        "the rule is documented, its exception is not",
    )
    update_on_update_failed: Literal["accepted", "refused"] = switch(
        "accepted",
        "May a dataset be updated whose last update failed?",
        "the next success is documented to replace UPDATE_FAILED",
    )
    delete_on_create_failed: Literal["accepted", "refused"] = switch(
        "accepted",
        "May a CREATE_FAILED dataset be deleted?",
        "only CREATE_IN_PROGRESS and UPDATE_IN_PROGRESS are said to forbid it",
    )
    delete_on_update_failed: Literal["accepted", "refused"] = switch(
        "accepted",
        "May an UPDATE_FAILED dataset be deleted?",
        "likewise",
    )
    busy_source: Literal["InvalidParameterException", "LimitExceededException", "copied"] = switch(
        "InvalidParameterException",
        "Which exception answers CreateDataset for a copy of a dataset that is busy? Or is it copied as it is?",
        "CreateDataset lists neither ResourceInUseException nor ResourceNotReadyException",
    )
    foreign_source: Literal["ResourceNotFoundException", "InvalidParameterException"] = switch(
        "ResourceNotFoundException",
        "Which exception answers CreateDataset for a copy of a dataset of another Region or account?",
        "the API has no way to copy over Regions or accounts; the exception is not named",
    )
    empty_train_dataset: Literal["InvalidParameterException", "ResourceNotReadyException", "UPDATE_FAILED"] = switch(
        "InvalidParameterException",
        "Which exception answers a distribution of a TRAIN dataset without entries? Or does it fail later?",
        "that TRAIN has to contain images is documented, the answer is not",
    )
    too_many_projects: Literal["LimitExceededException", "InvalidParameterException"] = switch(
        "LimitExceededException",
        "Which exception answers CreateProject when the account has as many projects as it may?",
        "CreateProject lists LimitExceededException; the quota is 100",
    )
    too_many_entries: Literal["UPDATE_FAILED", "LimitExceededException"] = switch(
        "UPDATE_FAILED",
        "Does an update that would make a dataset too large fail later, or is it refused at once?",
        'UpdateDatasetEntries lists the exception; the guide has "The manifest file has too many rows."',
    )
    concurrent_jobs: int = switch(
        default=0,
        question="How many datasets of an account may be busy before LimitExceededException? 0: any number",
        basis="CreateDataset, UpdateDatasetEntries and DeleteDataset list the exception; no such quota is published",
    )
    unreadable_body: Literal["SerializationException", "InvalidParameterException"] = switch(
        "SerializationException",
        "Which exception answers a body that is not JSON, or a value of the wrong kind?",
        "AWS JSON services answer so; the guide of this one does not say",
    )
    unknown_operation: Literal["UnknownOperationException", "InvalidParameterException"] = switch(
        "UnknownOperationException",
        "Which exception answers a wrong target or content type?",
        "likewise",
    )
    refusal_texts: Literal["explained", "generic"] = switch(
        "explained",
        "Do refusals say what is the matter, or only what AWS prints for the exception?",
        'AWS documents one sentence an exception, and "various messages" for ResourceNotFoundException',
    )
    tags_on_create: bool = switch(
        default=True,
        question="Does creating with tags need the permission for TagResource too?",
        basis="the Service Authorization Reference has tag conditions on both",
    )
