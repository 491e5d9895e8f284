"""Everything AWS's public material leaves open, as switches with defaults.

Knows the question, the answers and the default of each switch; docs/emulator.md is generated from this table. Refuses
to hold anything that is documented: documented behaviour is not optional.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints


def _switch(default: Any, question: str, basis: str) -> Any:  # noqa: ANN401 - dataclasses.field is typed by its default
    return field(default=default, metadata={"question": question, "basis": basis})


@dataclass(frozen=True)
class Switches:
    """One answer to every open question; the defaults are the likeliest."""

    bare_line: Literal["accepted", "marked"] = _switch(
        "accepted",
        "Is a line with nothing but `source-ref` kept as an unlabelled image, or marked ERROR_NO_LABEL_ATTRIBUTES?",
        "AWS's CSV sample can write such lines and the procedure for deleting a label implies them",
    )
    zero_boxes: Literal["labeled", "unlabeled"] = _switch(
        "labeled",
        "Is a detection line without boxes `is_labeled`?",
        "a published example with an invalid attribute is `is_labeled: true`: presence decides, not validity",
    )
    error_key: Literal["cl-errors", "errors"] = _switch(
        "cl-errors",
        "Under which key does a listed line carry its errors?",
        "the only complete example of a live line has `cl-errors`; the prose says `errors`",
    )
    repeated_source_ref: Literal["first", "last", "none"] = _switch(
        "first",
        "Which line survives when one payload has a `source-ref` twice?",
        "AWS's CSV sample keeps the first",
    )
    invalid_share_on_update: bool = _switch(
        default=True,
        question="Does the 20 % rule govern UpdateDatasetEntries (over the payload's lines) as it governs an import?",
        basis='"If there are too many content errors, dataset/update fails"',
    )
    invalid_share_counts: Literal["dropped", "dropped and marked"] = _switch(
        "dropped",
        "Which lines count as invalid for the 20 % rule?",
        "ERROR_TOO_MANY_RECORDS_IN_ERROR speaks of terminal content errors",
    )
    labels_counted: Literal["declared", "used"] = _switch(
        "declared",
        "Does TotalLabels (and the limit of 250) count class-map labels that no box uses?",
        'TotalLabels is documented as "labels declared in the dataset"',
    )
    string_label_value: Literal["accepted", "marked"] = _switch(
        "accepted",
        'Is a string such as `"0"` taken as the value of an image-level label?',
        "Ground Truth writes this form itself",
    )
    source_ref_scheme: Literal["exact", "any case"] = _switch(
        "exact",
        "Is `S3://` taken for `s3://`?",
        "the guide writes both, its rule is `s3://bucket/path`",
    )
    create_failed_keeps_slot: bool = _switch(
        default=True,
        question="Does a CREATE_FAILED dataset block the project's TRAIN or TEST slot until it is deleted?",
        basis="it has an ARN and a status",
    )
    update_on_create_failed: Literal["refused", "accepted"] = _switch(
        "refused",
        "May a CREATE_FAILED dataset be updated?",
        "refused with ResourceInUseException, the operation's nearest exception",
    )
    list_while_updating: Literal["answers", "ResourceInUseException"] = _switch(
        "answers",
        "Do the listings answer while an update or deletion runs?",
        "both exceptions are in the model, neither is explained",
    )
    unreadable_manifest: Literal["CREATE_FAILED", "InvalidS3ObjectException"] = _switch(
        "CREATE_FAILED",
        "How does CreateDataset answer for a manifest that cannot be read?",
        "the guide explains ERROR_MANIFEST_INACCESSIBLE; the API lists the exception",
    )
    manifest_extension: Literal["not required", "required"] = _switch(
        "not required",
        "Must the manifest's key have a file extension?",
        "the guide says both",
    )
    distribute_order: Literal["any", "train first"] = _switch(
        "any",
        "Does the order of the two ARNs of DistributeDatasetEntries matter?",
        "the example has TRAIN first, no rule is stated",
    )
    distribute_minimum: int = _switch(
        default=5,
        question="How many labelled images does TRAIN need to be distributed?",
        basis="a number is not documented; with fewer than five, 20 % is less than one image",
    )
    constraint_error: Literal["ValidationException", "InvalidParameterException"] = _switch(
        "ValidationException",
        "Which exception answers a broken constraint of the service model?",
        "ValidationException is documented for MaxResults and seen for image bytes",
    )
    unsigned: Literal["accepted", "refused"] = _switch(
        "accepted",
        "Are requests without a signature answered?",
        "AWS refuses them; signatures are never verified here, so that any key works",
    )
    empty_reply: Literal["{}", "nothing"] = _switch(
        "{}",
        "Is the body of a reply without output `{}` or empty?",
        'documented as "an empty HTTP body"; AWS JSON services send `{}`',
    )
    token_lifetime: float = _switch(
        default=3600.0,
        question="How many seconds is a NextToken good for?",
        basis='"Invalid Pagination Token" may mean that it "might have expired"; no time is given',
    )
    throttled_with: Literal["ThrottlingException", "ProvisionedThroughputExceededException"] = _switch(
        "ProvisionedThroughputExceededException",
        "Which exception answers a call over the quota?",
        'both are documented; "Provisioned Rate exceeded." is the text for the rate',
    )
    throttling_status: Literal["500", "400"] = _switch(
        "500",
        "With which HTTP status comes a ThrottlingException?",
        "the service model says 500, the developer guide lists both",
    )
    quota_burst: int = _switch(
        default=0,
        question="How many calls over the rate are let through before throttling begins?",
        basis="AWS states a rate and no burst",
    )
    existing_line: Literal["replaced", "merged"] = _switch(
        "replaced",
        "Is an existing entry replaced by the line sent, or are attributes it lacks kept?",
        "AWS's only way to delete a label is to send the line back without it",
    )
    failed_update: Literal["nothing", "what fits"] = _switch(
        "nothing",
        "What is applied when an update fails for several buckets, too many rows or too many labels?",
        "the statistics of AWS's example of a failed update fit a dataset that did not change",
    )
    invalid_share_edge: Literal["more than", "at least"] = _switch(
        "more than",
        "Does an import fail with more than 20 % invalid lines, or with 20 % already?",
        "the rules say > 20 % and, for the warning, less than 20 %",
    )
    missing_images: Literal["ignored", "dropped"] = _switch(
        "ignored",
        "Are image files looked up, and lines dropped whose image is not in a known bucket?",
        "ERROR_INVALID_IMAGE is not among the codes of dataset operations",
    )
    creation_date: Literal["any text", "a date"] = _switch(
        "any text",
        "Has `creation-date` to be a date?",
        "AWS's own examples use several forms, one of them with a blank for the T",
    )
    listed_form: Literal["as sent", "sorted keys", "numbers as floats", "label attributes only"] = _switch(
        "as sent",
        "How is a line rewritten (it is always compact JSON)?",
        "the published example keeps the order of the attributes",
    )
    entry_order: Literal["first appearance", "last update"] = _switch(
        "first appearance",
        "Where does an updated entry stand in a listing?",
        "no order is documented",
    )
    page_bytes: int = _switch(
        default=0,
        question="How many bytes of lines may a page of ListDatasetEntries have? 0: any number",
        basis="100 lines of 100,000 characters are allowed by the model; a cap is not documented",
    )
    filters: Literal["all", "any"] = _switch(
        "all",
        "Must an entry satisfy all filters of a listing, or any of them?",
        "not described; all is the natural reading",
    )
    payload_most: int = _switch(
        default=5_242_880,
        question="How many bytes may a payload of UpdateDatasetEntries have?",
        basis='the model\'s maximum; the prose says "less than 5MB"',
    )
    validation_text_key: Literal["Message", "message"] = _switch(
        "Message",
        "Under which key does a ValidationException carry its text?",
        "the modelled exceptions have Message; SDKs read both",
    )
    in_progress_code: Literal["SUCCESS", "absent"] = _switch(
        "SUCCESS",
        "Which StatusMessageCode has a dataset that is busy?",
        "AWS's samples read StatusMessage while a dataset is busy; the code is not shown",
    )
    message_created: str = _switch(
        "The dataset was successfully created.",
        "StatusMessage of an empty dataset",
        "after the published text for a manifest",
    )
    message_copied: str = _switch(
        "The dataset was successfully created from the existing dataset.",
        "StatusMessage of a copied dataset",
        "after the published text for a manifest",
    )
    message_updated: str = _switch(
        "The dataset was successfully updated.",
        "StatusMessage after an update or distribution",
        "after the published text for a manifest",
    )
    message_creating: str = _switch(
        "The dataset is being created.",
        "StatusMessage of CREATE_IN_PROGRESS",
        "AWS's samples show that there is one",
    )
    message_updating: str = _switch(
        "The dataset is being updated.",
        "StatusMessage of UPDATE_IN_PROGRESS",
        "AWS's samples show that there is one",
    )
    message_deleting: str = _switch(
        "The dataset is being deleted.",
        "StatusMessage of DELETE_IN_PROGRESS",
        "likewise",
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
