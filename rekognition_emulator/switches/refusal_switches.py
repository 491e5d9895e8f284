"""Switches about refusals: which exception a request gets, and whether it is refused at all.

Every exception is one that the service model lists for the operation, or one of AWS's front end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rekognition_emulator.switches.switch import CheckedSwitches, switch


@dataclass(frozen=True, kw_only=True)
class RefusalSwitches(CheckedSwitches):
    """The open questions about exceptions."""

    update_on_create_failed: Literal["refused", "accepted"] = switch(
        "refused",
        "May a CREATE_FAILED dataset be updated?",
        "nothing is documented; it is refused with ResourceInUseException, the operation's nearest exception",
    )
    list_while_updating: Literal["answers", "ResourceInUseException"] = switch(
        "answers",
        "Do the listings work while an update or deletion runs?",
        "both exceptions are in the model, neither is explained",
    )
    unreadable_manifest: Literal["CREATE_FAILED", "InvalidS3ObjectException"] = switch(
        "CREATE_FAILED",
        "What happens when CreateDataset names a manifest that cannot be read?",
        "the guide explains ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT; the API lists the exception",
    )
    constraint_error: Literal["ValidationException", "InvalidParameterException"] = switch(
        "ValidationException",
        "Which exception does a request get that breaks a constraint of the service model?",
        "ValidationException is documented for MaxResults and seen for image bytes",
    )
    throttled_with: Literal["ThrottlingException", "ProvisionedThroughputExceededException"] = switch(
        "ProvisionedThroughputExceededException",
        "Which exception does a call over the quota get?",
        'both are documented; "Provisioned Rate exceeded." is the text for the rate',
    )
    throttling_status: Literal["500", "400"] = switch(
        "500",
        "Which HTTP status has a ThrottlingException?",
        "the service model says 500, the developer guide lists both",
    )
    validation_text_key: Literal["Message", "message"] = switch(
        "Message",
        "Under which key is the message of a ValidationException?",
        "the modelled exceptions have Message; SDKs read both",
    )
    duplicate_project: Literal["ResourceInUseException", "InvalidParameterException"] = switch(
        "ResourceInUseException",
        "Which exception does CreateProject raise for a name in use?",
        "CreateProject lists it and not ResourceAlreadyExistsException",
    )
    second_dataset: Literal["ResourceAlreadyExistsException", "InvalidParameterException"] = switch(
        "ResourceAlreadyExistsException",
        "Which exception does CreateDataset raise for a type that the project already has?",
        "the guide says that the existing dataset must be deleted first; the exception is not named",
    )
    project_in_use: Literal["ResourceInUseException", "InvalidParameterException"] = switch(
        "ResourceInUseException",
        "Which exception does DeleteProject raise while the project has datasets?",
        "the guide says that they must be deleted first; the exception is not named",
    )
    busy_dataset: Literal["ResourceInUseException", "LimitExceededException"] = switch(
        "ResourceInUseException",
        "Which exception does an update or deletion of a busy dataset get?",
        "both are listed, neither is explained",
    )
    unready_listing: Literal["ResourceNotReadyException", "ResourceInUseException"] = switch(
        "ResourceNotReadyException",
        "Which exception does a listing get while the dataset is being created, or after its creation failed?",
        "both are listed, neither is explained",
    )
    full_test_dataset: Literal["InvalidParameterException", "ResourceNotReadyException"] = switch(
        "InvalidParameterException",
        "Which exception does a distribution to a TEST dataset with entries get?",
        "the rule is documented, its exception is not",
    )
    update_on_update_failed: Literal["accepted", "refused"] = switch(
        "accepted",
        "May an UPDATE_FAILED dataset be updated?",
        "the status is documented to be that of the last operation",
    )
    delete_on_create_failed: Literal["accepted", "refused"] = switch(
        "accepted",
        "May a CREATE_FAILED dataset be deleted?",
        "only CREATE_IN_PROGRESS and UPDATE_IN_PROGRESS are documented to forbid it",
    )
    delete_on_update_failed: Literal["accepted", "refused"] = switch(
        "accepted",
        "May an UPDATE_FAILED dataset be deleted?",
        "only CREATE_IN_PROGRESS and UPDATE_IN_PROGRESS are documented to forbid it",
    )
    busy_source: Literal["InvalidParameterException", "LimitExceededException", "copied"] = switch(
        "InvalidParameterException",
        "Which exception does CreateDataset raise for a copy of a busy dataset? `copied`: none, it is copied as it is",
        "CreateDataset lists neither ResourceInUseException nor ResourceNotReadyException",
    )
    foreign_source: Literal["ResourceNotFoundException", "InvalidParameterException"] = switch(
        "ResourceNotFoundException",
        "Which exception does CreateDataset raise for a copy from a different Region or account?",
        "the API cannot copy between Regions or accounts; the exception is not named",
    )
    empty_train_dataset: Literal["InvalidParameterException", "ResourceNotReadyException", "UPDATE_FAILED"] = switch(
        "InvalidParameterException",
        "Which exception does a distribution of an empty TRAIN dataset get? `UPDATE_FAILED`: none, it fails later",
        "that TRAIN must contain images is documented, the exception is not",
    )
    too_many_projects: Literal["LimitExceededException", "InvalidParameterException"] = switch(
        "LimitExceededException",
        "Which exception does CreateProject raise when the account has as many projects as allowed?",
        "CreateProject lists LimitExceededException; the quota is 100",
    )
    too_many_entries: Literal["UPDATE_FAILED", "LimitExceededException"] = switch(
        "UPDATE_FAILED",
        "Does an update that would make a dataset too large fail later, or is it refused at once?",
        'UpdateDatasetEntries lists the exception; the guide has "The manifest file has too many rows."',
    )
    too_large_payload: Literal["constraint", "HTTP 413"] = switch(
        "constraint",
        "Does a payload that is too large break the constraint of the service model, or is it refused with HTTP 413?",
        "the model has a maximum; whether AWS's front end refuses such a body before the service sees it is not said",
    )
    concurrent_jobs: int = switch(
        default=0,
        question="How many datasets of an account may be busy before LimitExceededException? 0: any number",
        basis="CreateDataset, UpdateDatasetEntries and DeleteDataset list the exception; no such quota is published",
    )
    unreadable_body: Literal["SerializationException", "InvalidParameterException"] = switch(
        "SerializationException",
        "Which exception does a body get that is not JSON, or has a value of the wrong type?",
        "as other AWS JSON services; the documents of Rekognition do not say",
    )
    unknown_operation: Literal["UnknownOperationException", "InvalidParameterException"] = switch(
        "UnknownOperationException",
        "Which exception does a wrong target or content type get?",
        "as other AWS JSON services; the documents of Rekognition do not say",
    )
    refusal_texts: Literal["explained", "generic"] = switch(
        "explained",
        "Do messages explain the reason, or are they AWS's generic text of the exception?",
        'AWS documents one text per exception, and "various messages" for ResourceNotFoundException',
    )
    tags_on_create: bool = switch(
        default=True,
        question="Does a creation with tags also need the permission for TagResource?",
        basis="the Service Authorization Reference has tag conditions on both",
    )
