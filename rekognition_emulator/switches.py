"""Everything AWS's public material leaves open, as switches with defaults.

Knows the question, the answers and the default of each switch; docs/emulator.md is generated from this table. Refuses
to hold anything that is documented: documented behaviour is not optional.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from rekognition_emulator.line_switches import LineSwitches, switch


@dataclass(frozen=True)
class Switches(LineSwitches):
    """One answer to every open question; the defaults are the likeliest."""

    create_failed_keeps_slot: bool = switch(
        default=True,
        question="Does a CREATE_FAILED dataset block the project's TRAIN or TEST slot until it is deleted?",
        basis="it has an ARN and a status",
    )
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
    manifest_extension: Literal["not required", "required"] = switch(
        "not required",
        "Must the manifest's key have a file extension?",
        "the guide says both",
    )
    distribute_order: Literal["any", "train first"] = switch(
        "any",
        "Does the order of the two ARNs of DistributeDatasetEntries matter?",
        "the example has TRAIN first, no rule is stated",
    )
    distribute_minimum: int = switch(
        default=5,
        question="How many labelled images does TRAIN need to be distributed?",
        basis="a number is not documented; with fewer than five, 20 % is less than one image",
    )
    constraint_error: Literal["ValidationException", "InvalidParameterException"] = switch(
        "ValidationException",
        "Which exception answers a broken constraint of the service model?",
        "ValidationException is documented for MaxResults and seen for image bytes",
    )
    unsigned: Literal["accepted", "refused"] = switch(
        "accepted",
        "Are requests without a signature answered?",
        "AWS refuses them; signatures are never verified here, so that any key works",
    )
    empty_reply: Literal["{}", "nothing"] = switch(
        "{}",
        "Is the body of a reply without output `{}` or empty?",
        'documented as "an empty HTTP body"; AWS JSON services send `{}`',
    )
    token_lifetime: float = switch(
        default=3600.0,
        question="How many seconds is a NextToken good for?",
        basis='"Invalid Pagination Token" may mean that it "might have expired"; no time is given',
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
    quota_burst: int = switch(
        default=0,
        question="How many calls over the rate are let through before throttling begins?",
        basis="AWS states a rate and no burst",
    )
    entry_order: Literal["first appearance", "last update"] = switch(
        "first appearance",
        "Where does an updated entry stand in a listing?",
        "no order is documented",
    )
    page_bytes: int = switch(
        default=0,
        question="How many bytes of lines may a page of ListDatasetEntries have? 0: any number",
        basis="100 lines of 100,000 characters are allowed by the model; a cap is not documented",
    )
    filters: Literal["all", "any"] = switch(
        "all",
        "Must an entry satisfy all filters of a listing, or any of them?",
        "not described; all is the natural reading",
    )
    payload_most: int = switch(
        default=5_242_880,
        question="How many bytes may a payload of UpdateDatasetEntries have?",
        basis='the model\'s maximum; the prose says "less than 5MB"',
    )
    validation_text_key: Literal["Message", "message"] = switch(
        "Message",
        "Under which key does a ValidationException carry its text?",
        "the modelled exceptions have Message; SDKs read both",
    )
    in_progress_code: Literal["SUCCESS", "absent"] = switch(
        "SUCCESS",
        "Which StatusMessageCode has a dataset that is busy?",
        "AWS's samples read StatusMessage while a dataset is busy; the code is not shown",
    )
    message_created: str = switch(
        "The dataset was successfully created.",
        "StatusMessage of an empty dataset",
        "after the published text for a manifest",
    )
    message_copied: str = switch(
        "The dataset was successfully created from the existing dataset.",
        "StatusMessage of a copied dataset",
        "after the published text for a manifest",
    )
    message_updated: str = switch(
        "The dataset was successfully updated.",
        "StatusMessage after an update or distribution",
        "after the published text for a manifest",
    )
    message_creating: str = switch(
        "The dataset is being created.",
        "StatusMessage of CREATE_IN_PROGRESS",
        "AWS's samples show that there is one",
    )
    message_updating: str = switch(
        "The dataset is being updated.",
        "StatusMessage of UPDATE_IN_PROGRESS",
        "AWS's samples show that there is one",
    )
    message_deleting: str = switch(
        "The dataset is being deleted.",
        "StatusMessage of DELETE_IN_PROGRESS",
        "likewise",
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
    distributed_entries: Literal["every fifth", "first fifth"] = switch(
        "every fifth",
        "Which 20 % of TRAIN are distributed?",
        'the console speaks of "representative sampling"',
    )
    contains_labels: Literal["used", "declared"] = switch(
        "used",
        "Does the filter ContainsLabels find entries whose class-map has a label that no box uses?",
        "it is documented as images that contain the label",
    )
    creation_delay: float = switch(
        default=0.15,
        question="By how many seconds is a dataset's CreationTimestamp later than the suffix of its ARN?",
        basis="129, 164 and 203 ms in AWS's examples",
    )


def _answers(name: str) -> str:
    hint = get_type_hints(Switches)[name]
    named = {bool: "True or False", int: "a number", float: "a number", str: "text"}
    return named.get(hint) or " or ".join(f"`{answer}`" for answer in get_args(hint))


def table() -> list[dict[str, str]]:
    """One row a switch: name, question, default, basis and type, for the generated page."""
    return [
        {
            "name": part.name,
            "type": _answers(part.name),
            "default": str(part.default),
            "question": part.metadata["question"],
            "basis": part.metadata["basis"],
        }
        for part in fields(Switches)
    ]
