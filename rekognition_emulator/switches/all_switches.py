"""All switches in one class, read from `NAME=VALUE` texts, and as a table for docs/emulator.md."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from rekognition_emulator.switches.line_switches import LineSwitches
from rekognition_emulator.switches.refusal_switches import RefusalSwitches
from rekognition_emulator.switches.switch import known_switch, switch, switch_types

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Switches(RefusalSwitches, LineSwitches):
    """One answer to every open question; the defaults are the most likely answers.

    Raises:
        SwitchError: for an unknown name or value.
    """

    create_failed_keeps_slot: bool = switch(
        default=True,
        question="Does a CREATE_FAILED dataset block the project's TRAIN or TEST slot until it is deleted?",
        basis="it has an ARN and a status",
    )
    manifest_extension: Literal["not required", "required"] = switch(
        "not required",
        "Must the key of a manifest have a file extension?",
        "the guide says both",
    )
    distribute_order: Literal["any", "train first"] = switch(
        "any",
        "Does the order of the two ARNs of DistributeDatasetEntries matter?",
        "the example has TRAIN first; no rule is stated",
    )
    distribute_minimum: int = switch(
        default=5,
        question="How many labelled images does TRAIN need to be distributed?",
        basis="no number is documented; with fewer than five, 20 % is less than one image",
    )
    unsigned: Literal["accepted", "refused"] = switch(
        "accepted",
        "Are requests without a signature accepted?",
        "AWS refuses them; here signatures are never verified, and any key works",
    )
    empty_reply: Literal["{}", "nothing"] = switch(
        "{}",
        "Is the body of a reply without output `{}` or empty?",
        'documented as "an empty HTTP body"; AWS JSON services send `{}`',
    )
    token_lifetime: float = switch(
        default=3600.0,
        question="For how many seconds is a NextToken valid?",
        basis='"Invalid Pagination Token" may mean that it "might have expired"; no time is given',
    )
    quota_burst: int = switch(
        default=0,
        question="How many calls over the rate are accepted before throttling begins?",
        basis="AWS states a rate, but no burst",
    )
    entry_order: Literal["first appearance", "last update"] = switch(
        "first appearance",
        "Where is an updated entry in a listing?",
        "no order is documented",
    )
    page_bytes: int = switch(
        default=0,
        question="How many bytes of lines may a page of ListDatasetEntries have? 0: any number",
        basis="100 lines of 100,000 characters are allowed by the model; a cap is not documented",
    )
    filters: Literal["all", "any"] = switch(
        "all",
        "Must an entry match all filters of a listing, or any of them?",
        "not documented; all of them is the natural reading",
    )
    payload_most: int = switch(
        default=5_242_880,
        question="How many bytes may a payload of UpdateDatasetEntries have? (Never more than 5,242,880 decoded bytes)",
        basis='the model\'s maximum; the prose says "less than 5MB"',
    )
    in_progress_code: Literal["SUCCESS", "absent"] = switch(
        "SUCCESS",
        "Which StatusMessageCode does a busy dataset have?",
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
        "AWS's samples show that there is one",
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
    contains_labels_case: Literal["exact", "any"] = switch(
        "exact",
        "Does the filter ContainsLabels distinguish `Cat` from `cat`?",
        "labels that differ in case are different labels",
    )
    labeled_filter: Literal["is_labeled", "has labels"] = switch(
        "is_labeled",
        "Does the filter Labeled use `is_labeled` in `cl-metadata`, or whether the entry has a label?",
        "`is_labeled` is what a listed line shows",
    )
    tokens_after_update: Literal["go on", "InvalidPaginationTokenException"] = switch(
        "go on",
        "Is a NextToken still valid after the dataset was updated? `go on`: it is",
        "nothing is documented about tokens and updates",
    )
    empty_creation: Literal["takes time", "at once"] = switch(
        "takes time",
        "Is a new empty dataset CREATE_IN_PROGRESS first, or CREATE_COMPLETE at once?",
        "AWS's sample polls the status and accepts both",
    )
    slot_while_deleting: Literal["taken", "free"] = switch(
        "taken",
        "Does a dataset block the project's TRAIN or TEST slot while it is being deleted?",
        "DescribeProjects shows it until it is deleted",
    )
    update_shows_after: float = switch(
        default=0.0,
        question="How many seconds after the call does UPDATE_IN_PROGRESS appear? (The dataset is busy at once)",
        basis="AWS's sample polls right after the call and expects this status",
    )
    payload_measured: Literal["decoded", "base64"] = switch(
        "decoded",
        "Is the size of a payload that of the decoded bytes, or of the base64 text?",
        "a published error message shows the length of the decoded buffer",
    )
    distributed_rounding: Literal["down", "up"] = switch(
        "down",
        "How is 20 % of TRAIN rounded? (At least one entry is moved)",
        "no rule is stated",
    )
    failure_message: Literal["text", "code: text"] = switch(
        "text",
        "Does the StatusMessage of a failure begin with the ERROR_ code?",
        "the published example of a failed update has only the text",
    )
    message_empty_manifest: str = switch(
        "The manifest file is empty.",
        "StatusMessage for an empty manifest or payload",
        "AWS publishes this text for training; that it is an error here is documented, its text is not",
    )
    creation_delay: float = switch(
        default=0.15,
        question="By how many seconds is a dataset's CreationTimestamp later than the suffix of its ARN?",
        basis="129, 164 and 203 ms in AWS's examples",
    )
    last_updated: Literal["milliseconds", "seconds"] = switch(
        "milliseconds",
        "Does LastUpdatedTimestamp have a fraction of a second? `seconds`: two updates in one second show the same one",
        "AWS's examples have milliseconds",
    )


def _answers(name: str) -> str:
    hint = switch_types(Switches)[name]
    named = {bool: "True or False", int: "a number", float: "a number", str: "text"}
    return named.get(hint) or " or ".join(f"`{answer}`" for answer in get_args(hint))


def switch_table() -> list[dict[str, str]]:
    """One row per switch, for docs/emulator.md: `name`, `type`, `default`, `question`, `basis`."""
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


_WORDS = {"true": True, "false": False}


def _value(text: str, hint: Any) -> object:  # noqa: ANN401 - a type as typing has it
    """The value that a text stands for; an invalid text is returned as it is, and Switches refuses it."""
    if hint is bool:
        return _WORDS.get(text.lower(), text)
    if hint in (int, float):
        with suppress(ValueError):
            return hint(text)
    return text


def parse_switches(settings: Iterable[str]) -> Switches:
    """The switches in texts `NAME=VALUE`; a name may have hyphens for underscores.

    Raises:
        SwitchError: for an unknown name or value.
    """
    chosen: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        name = known_switch(Switches, name.strip().replace("-", "_"))
        chosen[name] = _value(text.strip(), switch_types(Switches)[name])
    return Switches(**chosen)
