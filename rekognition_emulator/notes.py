"""What the notes in a job do to its end: a judged batch, its outcome and the timestamp are bent.

Knows notes by name. Refuses to know who left them (a fault plan, or the switch `existing_line`) and the honest way
(jobs.py).
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from rekognition_emulator import statuses
from rekognition_emulator.lines import LineJudge, compact, without_service_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.entries import Entry
    from rekognition_emulator.manifest import Batch
    from rekognition_emulator.records import Dataset


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
