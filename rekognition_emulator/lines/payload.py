"""A whole manifest or update payload: its entries, and whether the service refuses it as a whole.

Sources: Custom Labels Developer Guide, Terminal errors, Terminal manifest content errors, Validation rules for manifest
files (20 % rule; "blank/invalid lines are also counted as dataset objects").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rekognition_emulator.lines.codes import Dropped, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rekognition_emulator.lines.entries import Entry, Tally
    from rekognition_emulator.lines.limits import Limits
    from rekognition_emulator.lines.lines import LineJudge
    from rekognition_emulator.switches.table import Switches


@dataclass
class Batch:
    """What came of the lines: entries by key in order, the number of lines, and the dropped ones by line number."""

    entries: dict[str, Entry] = field(default_factory=dict)
    objects: int = 0
    dropped: list[tuple[int, Dropped]] = field(default_factory=list)


def lines_of(data: bytes) -> Iterator[bytes]:
    """The lines of a manifest in memory, without their ends; what follows the last line feed is a line if not empty."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = end + 1


def read(lines: Iterable[bytes], judge: LineJudge) -> Batch:
    """Judge every line; reading ends one line behind the row limit."""
    batch = Batch()
    repeated: set[str] = set()
    for line in lines:
        batch.objects += 1
        if batch.objects > most_rows(judge.limits, judge.switches):
            break
        if line.strip():
            _take(batch, judge.judge(line.rstrip(b"\r")), repeated, judge.switches)
    for key in repeated if judge.switches.repeated_source_ref == "none" else ():
        del batch.entries[key]
        batch.dropped.append((0, Dropped.REPEATED))
    return batch


def _take(batch: Batch, judged: Entry | Dropped, repeated: set[str], switches: Switches) -> None:
    if isinstance(judged, Dropped):
        batch.dropped.append((batch.objects, judged))
        return
    if judged.key in batch.entries:
        repeated.add(judged.key)
        batch.dropped.append((batch.objects, Dropped.REPEATED))
        if switches.repeated_source_ref != "last":
            return
    batch.entries[judged.key] = judged


def refusal(batch: Batch, limits: Limits, switches: Switches, *, imported: bool, live: int = 0) -> Terminal | None:
    """Why the payload fails by itself, if it does.

    `imported`: it is a manifest in S3, not an update of a dataset of `live` entries.
    """
    if not batch.objects or (not batch.entries and not batch.dropped):
        return Terminal.EMPTY
    if batch.objects > most_rows(limits, switches):
        return Terminal.TOO_MANY_ROWS
    invalid = len(batch.dropped)
    if switches.invalid_share_counts == "dropped and marked":
        invalid += sum(entry.errors for entry in batch.entries.values())
    if not imported and not switches.invalid_share_on_update:
        return None
    edge = limits.invalid_share * (batch.objects + (live if switches.invalid_share_of == "the dataset" else 0))
    too_many = invalid > edge or (invalid == edge and switches.invalid_share_edge == "at least")
    return Terminal.TOO_MANY_IN_ERROR if too_many else None


def most_rows(limits: Limits, switches: Switches) -> int:
    """How many lines a manifest or payload may have, whatever kind of labels they are found to have."""
    return limits.entries * (2 if switches.classification_images == "500,000" else 1)


def most_entries(after: Tally, limits: Limits, switches: Switches) -> int:
    """How many entries a dataset may have that has become `after`."""
    boxed = any(count.boxed for count in after.labels.values())
    return limits.entries if boxed else most_rows(limits, switches)


def counted_labels(tally: Tally, switches: Switches) -> int:
    """TotalLabels as the switch has it."""
    return sum(1 for count in tally.labels.values() if count.used or switches.labels_counted == "declared")


def outcome(before: Tally, batch: Batch, entry: Callable[[str], Entry | None], switches: Switches) -> Tally:
    """The statistics after the batch; `entry` finds the entry a line replaces."""
    after = before.copy()
    for key, new in batch.entries.items():
        old = entry(key)
        if old is not None:
            after.remove(old)
        after.add(new)
    after.settle(keep_labels=switches.unused_labels == "kept")
    return after


def refused_outcome(after: Tally, limits: Limits, switches: Switches) -> Terminal | None:
    """Why a dataset may not become `after`, if it may not."""
    if len(after.buckets) > 1:
        return Terminal.SEVERAL_BUCKETS
    if after.total > most_entries(after, limits, switches):
        return Terminal.TOO_MANY_ROWS
    labels = counted_labels(after, switches)
    if labels < switches.fewest_labels:
        return Terminal.TOO_FEW_LABELS
    return Terminal.TOO_MANY_LABELS if labels > limits.labels else None
