"""Faults by other people: edits, updates, deletions that happen while a client works."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from rekognition_emulator.faults.kinds import At, Kind
from rekognition_emulator.lines.codes import Dropped
from rekognition_emulator.lines.limits import Limits
from rekognition_emulator.lines.lines import LineJudge
from rekognition_emulator.switches.table import Switches

if TYPE_CHECKING:
    from rekognition_emulator.faults.stage import Stage


_JUDGE = LineJudge(Limits(), Switches(source_ref_scheme="any case"))


def _texts(lines: list[Any]) -> list[str]:
    """The lines of a plan as JSON text.

    Raises:
        ValueError: for a line that is neither text nor a mapping.
    """
    if not all(isinstance(line, str | dict) for line in lines):
        raise ValueError("lines: each is a mapping or JSON text")
    return [line if isinstance(line, str) else json.dumps(line) for line in lines]


@dataclass
class Edit(Kind):
    """A colleague's edit, finished at once, before the call or after its work.

    `lines` (JSON text or mappings) are upserted, `remove` (source-refs) taken away. On ListDatasetEntries it falls
    between two pages, on DescribeDataset into a running update.
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

    def __post_init__(self) -> None:
        for line in _texts(self.lines):
            judged = _JUDGE.judge(line.encode())
            if isinstance(judged, Dropped):
                raise ValueError(f"lines: {judged.value}: {line[:100]}")  # noqa: TRY004 - the value is wrong, not its type

    def before(self, stage: Stage) -> None:
        """Edit before the call."""
        if self.at == "before":
            stage.edit(self.lines, self.remove)

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Edit after the call."""
        if self.at == "after":
            stage.edit(self.lines, self.remove)
        return reply


@dataclass
class ColleagueUpdate(Kind):
    """A colleague's UpdateDatasetEntries with `lines` starts just before the call and runs `seconds`."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "ListDatasetEntries", "DeleteDataset")
    lines: list[Any] = field(default_factory=list)
    seconds: float = 10.0

    def __post_init__(self) -> None:
        _texts(self.lines)

    def before(self, stage: Stage) -> None:
        """Make the dataset busy."""
        stage.start_update(self.lines, self.seconds)


@dataclass
class Recreate(Kind):
    """A colleague deletes the dataset and creates an empty one of the same type, under a new ARN, before the call."""

    operations: ClassVar[tuple[str, ...]] = (
        "UpdateDatasetEntries",
        "ListDatasetEntries",
        "DescribeDataset",
        "DeleteDataset",
    )

    def before(self, stage: Stage) -> None:
        """Replace the dataset."""
        stage.recreate()


@dataclass
class Distribute(Kind):
    """A colleague distributes the project's TRAIN dataset before the call; a missing TEST dataset is created."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset")

    def before(self, stage: Stage) -> None:
        """Move a fifth of the entries to TEST."""
        stage.distribute()
