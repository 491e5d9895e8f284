"""Everything AWS's public material leaves open, as switches with defaults.

Knows the question, the answers and the default of each switch; docs/emulator.md is generated from this table. Refuses
to hold anything that is documented: documented behaviour is not optional.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterable


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
    quota_burst: int = _switch(
        default=0,
        question="How many calls over the rate are let through before throttling begins?",
        basis="AWS states a rate and no burst",
    )


def table() -> list[dict[str, str]]:
    """One row a switch: name, question, default, basis and type, for the generated page."""
    return [
        {
            "name": part.name,
            "type": str(part.type),
            "default": str(part.default),
            "question": part.metadata["question"],
            "basis": part.metadata["basis"],
        }
        for part in fields(Switches)
    ]


class SwitchError(ValueError):
    """An unknown switch, or a value it does not have; the text names what there is."""


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - the switch's own type
    hint = get_type_hints(Switches)[name]
    if get_args(hint):
        if text not in get_args(hint):
            raise SwitchError(f"The switch {name} is one of: {', '.join(get_args(hint))}.")
        return text
    if hint is bool:
        if text.lower() not in {"true", "false"}:
            raise SwitchError(f"The switch {name} is true or false.")
        return text.lower() == "true"
    try:
        return hint(text)
    except ValueError as error:
        raise SwitchError(f"The switch {name} is a number.") from error


def parse(settings: Iterable[str]) -> Switches:
    """Switches from `NAME=VALUE` texts.

    Raises:
        SwitchError: for an unknown name or value.
    """
    known = {part.name for part in fields(Switches)}
    chosen = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known:
            raise SwitchError(f"There is no switch {name!r}; there are: {', '.join(sorted(known))}.")
        chosen[name] = _value(name, text.strip())
    return Switches(**chosen)
