"""Faults that strike when an update ends: kinds that leave a note in the job, and what the note does.

Knows how a judged batch, its outcome and the timestamp are bent. Refuses to know the honest way (jobs.py).
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rekognition_emulator import statuses
from rekognition_emulator.faults.kinds import Kind
from rekognition_emulator.lines import LineJudge, compact, without_service_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.entries import Entry
    from rekognition_emulator.faults.stage import Stage
    from rekognition_emulator.manifest import Batch
    from rekognition_emulator.records import Dataset


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


def bend(batch: Batch, twist: dict[str, Any], judge: LineJudge, live: Callable[[str], Entry | None]) -> None:
    """Change a judged batch, in place, as the notes of its job say."""
    if "lose" in twist:
        for key in _lost(list(batch.entries), **twist["lose"]):
            del batch.entries[key]
    if "merge" in twist:
        batch.entries = {key: _merged(entry, live(key), judge) for key, entry in batch.entries.items()}
    if "fail" in twist:
        kept = round(len(batch.entries) * twist["fail"]["share"])
        batch.entries = dict(list(batch.entries.items())[:kept])


def _lost(keys: list[str], count: int, each_line: float, draw: str = "") -> list[str]:
    chances = random.Random(draw)  # noqa: S311 - a fault has to be repeatable, not secret
    return [key for key in keys if chances.random() < each_line] if each_line else keys[:count]


def _merged(new: Entry, old: Entry | None, judge: LineJudge) -> Entry:
    if old is None:
        return new
    documents = [without_service_fields(json.loads(entry.line)) for entry in (old, new)]
    judged = judge.judge(compact(documents[0] | documents[1]).encode())
    return judged if isinstance(judged, type(new)) else new


def end(dataset: Dataset, twist: dict[str, Any], updated_before: float) -> None:
    """Change, in place, how a finished job left its dataset."""
    if "fail" in twist:
        failed = {status: statuses.FAILED[work] for work, status in statuses.COMPLETE.items()}
        dataset.status = failed.get(dataset.status, dataset.status)
        dataset.message, dataset.message_code = twist["fail"]["message"], twist["fail"]["code"]
    if "still-timestamp" in twist:
        dataset.updated = updated_before
