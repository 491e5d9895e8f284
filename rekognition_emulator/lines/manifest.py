"""A manifest in S3 or the payload of an update: its entries, and why it fails as a whole, if it does.

Sources: Custom Labels Developer Guide, Terminal errors, Terminal manifest content errors, Validation rules for manifest
files (20 % rule; "blank/invalid lines are also counted as dataset objects").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rekognition_emulator.lines.codes import DatasetFailure, DropReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rekognition_emulator.lines.entries import Entry, Tally
    from rekognition_emulator.lines.judge import LineJudge
    from rekognition_emulator.lines.limits import Limits
    from rekognition_emulator.switches.all_switches import Switches


@dataclass
class Batch:
    """The result of judging lines: `entries` by key in order, `objects` lines in all, `dropped` by line number.

    Line numbers count from 1; the number is 0 for a line that was dropped after all lines were judged.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    objects: int = 0
    dropped: list[tuple[int, DropReason]] = field(default_factory=list)


def lines_of(data: bytes) -> Iterator[bytes]:
    """The lines of a manifest in memory, without line ends; text after the last line feed is a line if not empty."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = end + 1


def read_lines(lines: Iterable[bytes], judge: LineJudge, *, limited: bool = True) -> Batch:
    """Judge every line; if `limited`, reading stops one line after the row limit."""
    batch = Batch()
    repeated: set[str] = set()
    for line in lines:
        batch.objects += 1
        if limited and batch.objects > max_rows(judge.limits, judge.switches):
            break
        if line.strip():
            _take(batch, judge.judge(line.rstrip(b"\r")), repeated, judge.switches)
    for key in repeated if judge.switches.repeated_source_ref == "none" else ():
        del batch.entries[key]
        batch.dropped.append((0, DropReason.REPEATED))
    return batch


def _take(batch: Batch, judged: Entry | DropReason, repeated: set[str], switches: Switches) -> None:
    if isinstance(judged, DropReason):
        batch.dropped.append((batch.objects, judged))
        return
    if judged.key in batch.entries:
        repeated.add(judged.key)
        batch.dropped.append((batch.objects, DropReason.REPEATED))
        if switches.repeated_source_ref != "last":
            return
    batch.entries[judged.key] = judged


def batch_failure(
    batch: Batch, limits: Limits, switches: Switches, *, imported: bool, live: int = 0
) -> DatasetFailure | None:
    """Why the lines fail by themselves, without regard to the dataset's labels and buckets; None when they do not.

    `imported`: they are a manifest in S3, not an update of a dataset with `live` entries.
    """
    if not batch.objects or (not batch.entries and not batch.dropped):
        return DatasetFailure.EMPTY
    if batch.objects > max_rows(limits, switches):
        return DatasetFailure.TOO_MANY_ROWS
    invalid = len(batch.dropped)
    if switches.invalid_share_counts == "dropped and marked":
        invalid += sum(entry.errors for entry in batch.entries.values())
    if not imported and not switches.invalid_share_on_update:
        return None
    edge = limits.invalid_share * (batch.objects + (live if switches.invalid_share_of == "the dataset" else 0))
    too_many = invalid > edge or (invalid == edge and switches.invalid_share_edge == "at least")
    return DatasetFailure.TOO_MANY_IN_ERROR if too_many else None


def max_rows(limits: Limits, switches: Switches) -> int:
    """How many lines a manifest or payload may have; the kind of their labels does not matter."""
    return limits.entries * (2 if switches.classification_images == "500,000" else 1)


def max_entries(after: Tally, limits: Limits, switches: Switches) -> int:
    """How many entries a dataset with the statistics `after` may have."""
    boxed = any(count.boxed for count in after.labels.values())
    return limits.entries if boxed else max_rows(limits, switches)


def counted_labels(tally: Tally, switches: Switches) -> int:
    """TotalLabels, by the switch `labels_counted`."""
    return sum(1 for count in tally.labels.values() if count.used or switches.labels_counted == "declared")


def tally_after(before: Tally, batch: Batch, entry: Callable[[str], Entry | None], switches: Switches) -> Tally:
    """The statistics after the batch; `before` is not changed. `entry` finds the entry that a line replaces."""
    after = before.copy()
    for key, new in batch.entries.items():
        old = entry(key)
        if old is not None:
            after.remove(old)
        after.add(new)
    after.forget_unused(keep_labels=switches.unused_labels == "kept")
    return after


def dataset_failure(after: Tally, limits: Limits, switches: Switches) -> DatasetFailure | None:
    """Why a dataset may not have the statistics `after`; None when it may."""
    if len(after.buckets) > 1:
        return DatasetFailure.SEVERAL_BUCKETS
    if after.total > max_entries(after, limits, switches):
        return DatasetFailure.TOO_MANY_ROWS
    labels = counted_labels(after, switches)
    if labels < switches.fewest_labels:
        return DatasetFailure.TOO_FEW_LABELS
    return DatasetFailure.TOO_MANY_LABELS if labels > limits.labels else None
