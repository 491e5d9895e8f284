"""The order of sending in which a dataset never has more labels than the service allows.

A dataset may use 250 labels. When labels are renamed, the new ones arrive before the last entry of the old ones is
updated, so the way from one legal state to another may pass through an illegal one. Manifest order is kept where it
stays legal; else the changes are ordered by the labels they free, so that each old label goes before the next new one
comes. The service judges a batch as a whole, so the count is taken at the end of each batch.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.limits import BATCH_BYTES, DATASET_LABELS
from reconciler.model import Change


@dataclass(frozen=True, slots=True)
class Step:
    """What ordering needs to know of a change: its place in manifest order, its size in bytes, labels before and after.

    `unlabel` tells the changes of live-only entries, whose `seq` counts apart.
    """

    seq: int
    size: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    unlabel: bool = False

    @classmethod
    def of(cls, change: Change, *, unlabel: bool = False) -> "Step":
        """The step of a change that is sent."""
        return cls(change.seq, len(change.desired or b"") + 1, change.live_labels, change.labels, unlabel)


def peak_labels(steps: Iterable[Step], live: Mapping[str, int], limit: int = BATCH_BYTES) -> int:
    """The largest number of labels in use after any batch, when the steps are cut into batches of `limit` bytes."""
    uses, size, peak = Counter(live), 0, 0
    for step in steps:
        if size and size + step.size > limit:
            peak, size = max(peak, len(uses)), 0
        uses.update(step.after)
        for label in step.before:
            uses[label] -= 1
            if uses[label] <= 0:
                del uses[label]
        size += step.size
    return max(peak, len(uses))


def by_freed_label(steps: Iterable[Step], live: Mapping[str, int]) -> list[Step]:
    """The steps ordered by label.

    First those that bring no new label, then those that free some, grouped by what they free, then the rest.
    """

    def rank(step: Step) -> tuple[int, tuple[str, ...], tuple[str, ...], bool, int]:
        turn = 0 if all(label in live for label in step.after) else 1 if step.before else 2
        return turn, step.before, step.after, step.unlabel, step.seq

    return sorted(steps, key=rank)


def fits(labels: int) -> bool:
    """Whether a dataset may have this number of labels."""
    return labels <= DATASET_LABELS
