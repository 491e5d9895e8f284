"""Faults that strike when an update ends: kinds that leave a note in the job that their call began."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rekognition_emulator.faults.kinds import Kind
from rekognition_emulator.state import statuses

if TYPE_CHECKING:
    from rekognition_emulator.faults.stage import Stage


@dataclass
class Twist(Kind):
    """A kind that changes how the work of this call ends."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries",)
    name: ClassVar[str] = ""

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Leave the note in the job that the call began."""
        stage.note(self.name, asdict(self))
        return reply


@dataclass
class Fail(Twist):
    """The work fails with `message` and `code` (CLIENT_ERROR or SERVICE_ERROR).

    Nothing, or only the first `share` (0 to 1) of its entries, is applied.
    """

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "CreateDataset", "DistributeDatasetEntries")
    name: ClassVar[str] = "fail"
    message: str = statuses.SERVICE_FAILURE
    code: Literal["CLIENT_ERROR", "SERVICE_ERROR"] = "SERVICE_ERROR"
    share: float = 0.0

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError("share is from 0 to 1")


@dataclass
class Lose(Twist):
    """Lines are lost in silence: the first `count`, or each with a probability of `each_line` (0 to 1)."""

    name: ClassVar[str] = "lose"
    count: int = 1
    each_line: float = 0.0

    def __post_init__(self) -> None:
        if self.each_line > 1:
            raise ValueError("each_line is from 0 to 1")

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Leave the note; what is drawn for each line depends on the request id, and so on the emulator's seed."""
        stage.note(self.name, asdict(self) | {"draw": stage.request_id})
        return reply


@dataclass
class Merge(Twist):
    """Lines are merged into existing entries instead of replacing them: attributes they lack stay."""

    name: ClassVar[str] = "merge"


@dataclass
class StillTimestamp(Twist):
    """LastUpdatedTimestamp does not move when the work ends."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "DistributeDatasetEntries")
    name: ClassVar[str] = "still-timestamp"
