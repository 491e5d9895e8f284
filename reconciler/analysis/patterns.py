"""What changes have in common: the marks that each leaves while all of them go by.

A mark says: this label became that one, this one was added, all boxes were shifted by so much, another job wrote it.
`reconciler.analysis.groups` makes groups of marks that several entries left. Image-level labels that went and came on
one image are one relabelling when there is one of each; else they are "exchanged", for the groups to explain.

Memory: one row a mark, at most 50,000 of them.
"""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from reconciler.analysis.entry import Detail
from reconciler.analysis.line_text import holdable
from reconciler.analysis.results import BoxChange
from reconciler.analysis.sentence import size_words
from reconciler.model import Change, Verb

EXAMPLES: Final = 3
_MARKS_KEPT: Final = 50_000

MarkKind = Literal[
    "relabelled",
    "left",
    "label-added",
    "label-removed",
    "mirrored",
    "shifted",
    "scaled",
    "image-size",
    "annotation-pass",
    "exchanged",
]


class Mark(NamedTuple):
    """What a change did that others may do too: labels, prefixes, sizes or jobs `old` and `new`, or an amount `by`.

    "left" is a label that became any other, so that an entry counts once. "exchanged" are image-level labels of which
    it is not clear which became which.
    """

    kind: MarkKind
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    by: tuple[float, float] | None = None


@dataclass(slots=True)
class Tally:
    """How many entries and boxes left a mark, and the first three of them."""

    entries: int = 0
    boxes: int = 0
    examples: list[str] = field(default_factory=list)

    def count(self, key: str, boxes: int) -> None:
        """Count one entry."""
        self.entries += 1
        self.boxes += boxes
        if len(self.examples) < EXAMPLES:
            self.examples.append(holdable(key))

    def join(self, other: "Tally") -> None:
        """Take another tally in."""
        self.entries += other.entries
        self.boxes += other.boxes
        self.examples = [*self.examples, *other.examples][:EXAMPLES]


class Marks:
    """Collects the marks of changes; `moved` counts entries whose boxes moved or changed their size."""

    def __init__(self) -> None:
        self.tallies: dict[Mark, Tally] = {}
        self.updates = 0
        self.moved = 0

    def see(self, change: Change, detail: Detail) -> tuple[Mark, ...]:
        """Note a change and return its marks. Only updates leave any: new entries are all alike."""
        if change.verb is not Verb.UPDATE:
            return ()
        self.updates += 1
        self.moved += any("moved" in box.what or "resized" in box.what for box in detail.changed_boxes)
        marks = dict(_marks(detail))
        for mark, boxes in marks.items():
            if mark in self.tallies or len(self.tallies) < _MARKS_KEPT:
                self.tallies.setdefault(mark, Tally()).count(change.key, boxes)
        return tuple(marks)


def _marks(detail: Detail) -> Iterator[tuple[Mark, int]]:
    """The marks of a detail, each once, with the number of boxes."""
    boxes = _box_marks(detail.changed_boxes)
    for mark in _image_marks(detail):
        boxes.setdefault(mark, 0)
    yield from boxes.items()
    yield from _left(boxes)
    if detail.transform is not None:
        yield Mark(detail.transform.kind, by=detail.transform.by), len(detail.transform.pairs)
    if _is_resized(detail):
        old, new = (tuple(map(size_words, side)) for side in (detail.sizes_before, detail.sizes_after))
        yield Mark("image-size", old, new), len(detail.boxes)
    jobs = [change for change in detail.fields if change.path.endswith("-metadata.job-name")]
    if jobs:
        yield Mark("annotation-pass", _values(one.before for one in jobs), _values(one.after for one in jobs)), 0


def _is_resized(detail: Detail) -> bool:
    """Whether an image has another size, and its boxes were not all scaled with it."""
    scaled = detail.transform is not None and detail.transform.kind == "scaled"
    return bool(detail.sizes_before and detail.sizes_after) and detail.sizes_before != detail.sizes_after and not scaled


def _box_marks(boxes: Iterable[BoxChange]) -> dict[Mark, int]:
    counted: Counter[Mark] = Counter()
    for box in boxes:
        if "relabelled" in box.what and box.before and box.after:
            counted[Mark("relabelled", (box.before.label,), (box.after.label,))] += 1
        elif box.before is None and box.after:
            counted[Mark("label-added", new=(box.after.label,))] += 1
        elif box.after is None and box.before:
            counted[Mark("label-removed", old=(box.before.label,))] += 1
    return dict(counted)


def _image_marks(detail: Detail) -> Iterator[Mark]:
    old, new = detail.labels_removed, detail.labels_added
    if len(old) == len(new) == 1:
        yield Mark("relabelled", old, new)
    elif old and new:
        yield Mark("exchanged", tuple(sorted(old)), tuple(sorted(new)))
    else:
        yield from (Mark("label-removed", old=(label,)) for label in old)
        yield from (Mark("label-added", new=(label,)) for label in new)


def _left(marks: Mapping[Mark, int]) -> Iterator[tuple[Mark, int]]:
    left: Counter[tuple[str, ...]] = Counter()
    for mark, boxes in marks.items():
        if mark.kind == "relabelled":
            left[mark.old] += boxes
    for old, boxes in left.items():
        yield Mark("left", old), boxes


def _values(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Job names out of fields, which hold JSON."""
    return tuple(dict.fromkeys(_value(text) for text in texts if text is not None))


def _value(text: str) -> str:
    try:
        value: Hashable = json.loads(text)
    except ValueError:  # cut off
        return text
    return value if isinstance(value, str) else text
