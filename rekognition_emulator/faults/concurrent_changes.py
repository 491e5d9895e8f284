"""Faults that are changes by other people: edits, updates and deletions that happen while a client works."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from rekognition_emulator.faults.kinds import At, FaultKind
from rekognition_emulator.lines.codes import DropReason

if TYPE_CHECKING:
    from rekognition_emulator.faults.call_context import CallContext
    from rekognition_emulator.lines.judge import LineJudge


def _texts(lines: list[Any]) -> list[str]:
    """The lines of a plan as JSON text; a line is text already or a mapping.

    Raises:
        ValueError: for a line that is neither text nor a mapping.
    """
    if not all(isinstance(line, str | dict) for line in lines):
        raise ValueError("`lines`: each line is a mapping or JSON text")
    return [line if isinstance(line, str) else json.dumps(line) for line in lines]


@dataclass
class Edit(FaultKind):
    """Somebody else edits the dataset, finished at once, before the call or after its work.

    `lines` (JSON text or mappings) are added or replaced, entries in `remove` (source-refs) are removed. On
    ListDatasetEntries the edit happens between two pages, on DescribeDataset during a running update.
    """

    operations: ClassVar[tuple[str, ...]] = (
        "ListDatasetEntries",
        "ListDatasetLabels",
        "DescribeDataset",
        "UpdateDatasetEntries",
    )
    lines: list[Any] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    at: At = "before"

    def check(self, judge: LineJudge) -> None:
        """Refuse lines that the service would drop."""
        for line in _texts(self.lines):
            judged = judge.judge(line.encode())
            if isinstance(judged, DropReason):
                raise ValueError(f"`lines`: {judged.value}: {line[:100]}")  # noqa: TRY004 - the value is wrong, not its type

    def before(self, call: CallContext) -> None:
        """Edit before the call."""
        if self.at == "before":
            call.edit(self.lines, self.remove)

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Edit after the call."""
        if self.at == "after":
            call.edit(self.lines, self.remove)
        return reply


@dataclass
class ColleagueUpdate(FaultKind):
    """Somebody else's UpdateDatasetEntries with `lines` starts just before the call and runs for `seconds`."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "ListDatasetEntries", "DeleteDataset")
    lines: list[Any] = field(default_factory=list)
    seconds: float = 10.0

    def check(self, judge: LineJudge) -> None:
        """Refuse lines that are neither text nor mappings; those that the service drops are allowed."""
        del judge
        _texts(self.lines)

    def before(self, call: CallContext) -> None:
        """Start the update, unless the dataset is busy."""
        call.start_update(self.lines, self.seconds)


@dataclass
class Recreate(FaultKind):
    """Before the call somebody else deletes the dataset and creates an empty one of the same type, with a new ARN."""

    operations: ClassVar[tuple[str, ...]] = (
        "UpdateDatasetEntries",
        "ListDatasetEntries",
        "DescribeDataset",
        "DeleteDataset",
    )

    def before(self, call: CallContext) -> None:
        """Replace the dataset."""
        call.recreate()


@dataclass
class Distribute(FaultKind):
    """Before the call somebody else distributes the project's TRAIN dataset; a missing TEST dataset is created."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset")

    def before(self, call: CallContext) -> None:
        """Start the distribution, unless the service refuses it."""
        call.distribute()
