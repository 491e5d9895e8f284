"""Faults that change how an update, creation or distribution ends.

Their call only stores them in the job that it starts; `operations/jobs.py` applies them when the job ends. So they
work although the emulator was restarted in between.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rekognition_emulator.faults.kinds import FaultKind
from rekognition_emulator.state import statuses

if TYPE_CHECKING:
    from rekognition_emulator.faults.call_context import CallContext


@dataclass
class JobFault(FaultKind):
    """A kind that changes the end of the job that the call starts; `name` is its key in the job."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries",)
    name: ClassVar[str] = ""

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Store the fault in the job."""
        call.add_job_fault(self.name, asdict(self))
        return reply


@dataclass
class Fail(JobFault):
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
            raise ValueError("`share` is a number from 0 to 1")


@dataclass
class Lose(JobFault):
    """Lines are silently not applied: the first `count`, or each with a probability of `each_line` (0 to 1)."""

    name: ClassVar[str] = "lose"
    count: int = 1
    each_line: float = 0.0

    def __post_init__(self) -> None:
        if self.each_line > 1:
            raise ValueError("`each_line` is a number from 0 to 1")

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Store the fault with the request id, which seeds the draw for each line: the emulator's seed decides it."""
        call.add_job_fault(self.name, asdict(self) | {"draw": call.request_id})
        return reply


@dataclass
class Merge(JobFault):
    """Lines are merged into existing entries instead of replacing them: attributes that a line lacks stay."""

    name: ClassVar[str] = "merge"


@dataclass
class StillTimestamp(JobFault):
    """LastUpdatedTimestamp does not change when the work ends."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries", "DistributeDatasetEntries")
    name: ClassVar[str] = "still-timestamp"
