"""Class balance: images and boxes of every label, before and after.

Memory: one row per label.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from reconciler.analysis.fields import Document
from reconciler.analysis.results import Balance, Counts, LabelBalance
from reconciler.analysis.sides import Pair, Side
from reconciler.entries import BOXES_TYPE, attributes, meaning_of
from reconciler.ledger.rows import names

_CLASS_ID: Final = itemgetter("class_id")


@dataclass(slots=True)
class _Count:
    """What one side holds so far."""

    entries: int = 0
    labelled: int = 0
    empty: int = 0
    boxes: int = 0
    images_of: Counter[str] = field(default_factory=Counter)
    boxes_of: Counter[str] = field(default_factory=Counter)

    def see(self, side: Side) -> None:
        labels = names(side.labels)
        self.entries += 1
        self.labelled += side.labelled
        self.empty += side.labelled and not labels
        self.boxes += side.boxes
        self.images_of.update(labels)
        if side.boxes and len(labels) == 1:
            self.boxes_of[labels[0]] += side.boxes
        elif side.boxes:
            self.boxes_of.update(_boxes_by_label(side))

    def counts(self) -> Counts:
        return Counts(
            entries=self.entries, labelled=self.labelled, empty=self.empty, boxes=self.boxes, labels=len(self.images_of)
        )

    def share(self, label: str) -> float:
        return round(self.images_of[label] / self.labelled, 4) if self.labelled else 0.0


class BalanceCount:
    """Counts both sides of a dataset, pair by pair."""

    def __init__(self) -> None:
        self._before, self._after = _Count(), _Count()

    def see(self, pair: Pair) -> None:
        """Count one key."""
        if pair.before is not None:
            self._before.see(pair.before)
        if pair.after is not None:
            self._after.see(pair.after)

    def balance(self) -> Balance:
        """The figures of all pairs seen: labels with most images after first, then by name."""
        old, new = self._before.images_of, self._after.images_of
        labels = sorted(old | new, key=lambda label: (-new[label], -old[label], label))
        return Balance(
            before=self._before.counts(),
            after=self._after.counts(),
            rows=tuple(self._row(label) for label in labels),
            appeared=tuple(label for label in labels if label not in old),
            gone=tuple(label for label in labels if label not in new),
            smallest=next((label for label in reversed(labels) if new[label]), None),
        )

    def _row(self, label: str) -> LabelBalance:
        return LabelBalance(
            label=label,
            images_before=self._before.images_of[label],
            images_after=self._after.images_of[label],
            boxes_before=self._before.boxes_of[label],
            boxes_after=self._after.boxes_of[label],
            share_before=self._before.share(label),
            share_after=self._after.share(label),
        )


def _boxes_by_label(side: Side) -> Mapping[str, int]:
    """Boxes by label of a line with several labels; read quickly if it is regular, else as `meaning_of` does."""
    counted = _counted_quickly(side.document)
    if counted is None or counted.total() != side.boxes:
        return Counter(box.label for box in meaning_of(side.document).boxes)
    return counted


def _counted_quickly(document: Document) -> Counter[str] | None:
    counted: Counter[str] = Counter()
    try:
        for attribute in attributes(document):
            if attribute.kind == BOXES_TYPE:
                for class_id, many in Counter(map(_CLASS_ID, attribute.value["annotations"])).items():
                    counted[attribute.metadata["class-map"][str(class_id)]] += many
    except (KeyError, TypeError):
        return None
    return counted
