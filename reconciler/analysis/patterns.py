"""What changes have in common: the patterns of each change.

A pattern is: this label was replaced by that one, this one was added, all boxes were shifted by an amount, another job
wrote it. `reconciler.analysis.groups` makes groups of patterns that several entries share. Image-level labels removed
from and added to one image are one relabelling if there is one of each; else they are "exchanged", which the groups
explain.

Memory: one row per pattern, at most 50,000 of them.
"""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from msgspec import Struct, field

from reconciler.analysis.entry import Detail
from reconciler.analysis.results import BoxChange, GroupKind
from reconciler.model import Change, Verb

EXAMPLES: Final = 3
_PATTERNS_KEPT: Final = 50_000

PatternKind = GroupKind | Literal["left", "exchanged"]


class Pattern(NamedTuple):
    """Something that several changes can do: labels, sizes or jobs `old` and `new`, or an amount `by`.

    "left" is a label that was replaced by any other, so that an entry counts once. "exchanged" are image-level labels
    where it is not clear which replaces which.
    """

    kind: PatternKind
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    by: tuple[float, float] | None = None


class PatternCount(Struct):
    """How many entries and boxes have a pattern, and the first three of them."""

    entries: int = 0
    boxes: int = 0
    examples: list[str] = field(default_factory=list)

    def count(self, key: str, boxes: int) -> None:
        """Count one entry."""
        self.entries += 1
        self.boxes += boxes
        if len(self.examples) < EXAMPLES:
            self.examples.append(key)

    def join(self, other: "PatternCount") -> None:
        """Add another count."""
        self.entries += other.entries
        self.boxes += other.boxes
        self.examples = [*self.examples, *other.examples][:EXAMPLES]


class Patterns:
    """Collects the patterns of changes; `moved` counts entries whose boxes moved or changed their size."""

    def __init__(self) -> None:
        self.counts: dict[Pattern, PatternCount] = {}
        self.updates = 0
        self.moved = 0

    def see(self, change: Change, detail: Detail) -> tuple[Pattern, ...]:
        """Count a change and return its patterns. Only updates have any: new entries are all alike."""
        if change.verb is not Verb.UPDATE:
            return ()
        self.updates += 1
        self.moved += any("moved" in box.what or "resized" in box.what for box in detail.changed_boxes)
        patterns = dict(_patterns(detail))
        for pattern, boxes in patterns.items():
            if pattern in self.counts or len(self.counts) < _PATTERNS_KEPT:
                self.counts.setdefault(pattern, PatternCount()).count(change.key, boxes)
        return tuple(patterns)


def _patterns(detail: Detail) -> Iterator[tuple[Pattern, int]]:
    """The patterns of a detail, each once, with the number of boxes."""
    boxes = _box_patterns(detail.changed_boxes)
    for pattern in _image_patterns(detail):
        boxes.setdefault(pattern, 0)
    yield from boxes.items()
    yield from _left(boxes)
    if detail.transform is not None:
        yield Pattern(detail.transform.kind, by=detail.transform.by), len(detail.transform.pairs)
    if _is_resized(detail):
        old, new = (tuple(map(str, side)) for side in (detail.sizes_before, detail.sizes_after))
        yield Pattern("image-size", old, new), len(detail.boxes)
    jobs = [change for change in detail.fields if change.path.endswith("-metadata.job-name")]
    if jobs:
        yield Pattern("annotation-pass", _values(one.before for one in jobs), _values(one.after for one in jobs)), 0


def _is_resized(detail: Detail) -> bool:
    """Whether an image has another size, and its boxes were not all scaled with it."""
    scaled = detail.transform is not None and detail.transform.kind == "scaled"
    return bool(detail.sizes_before and detail.sizes_after) and detail.sizes_before != detail.sizes_after and not scaled


def _box_patterns(boxes: Iterable[BoxChange]) -> dict[Pattern, int]:
    counted: Counter[Pattern] = Counter()
    for box in boxes:
        if "relabelled" in box.what and box.before and box.after:
            counted[Pattern("relabelled", (box.before.label,), (box.after.label,))] += 1
        elif box.before is None and box.after:
            counted[Pattern("label-added", new=(box.after.label,))] += 1
        elif box.after is None and box.before:
            counted[Pattern("label-removed", old=(box.before.label,))] += 1
    return dict(counted)


def _image_patterns(detail: Detail) -> Iterator[Pattern]:
    old, new = detail.labels_removed, detail.labels_added
    if len(old) == len(new) == 1:
        yield Pattern("relabelled", old, new)
    elif old and new:
        yield Pattern("exchanged", tuple(sorted(old)), tuple(sorted(new)))
    else:
        yield from (Pattern("label-removed", old=(label,)) for label in old)
        yield from (Pattern("label-added", new=(label,)) for label in new)


def _left(patterns: Mapping[Pattern, int]) -> Iterator[tuple[Pattern, int]]:
    left: Counter[tuple[str, ...]] = Counter()
    for pattern, boxes in patterns.items():
        if pattern.kind == "relabelled":
            left[pattern.old] += boxes
    for old, boxes in left.items():
        yield Pattern("left", old), boxes


def _values(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Job names out of fields, which hold JSON."""
    return tuple(dict.fromkeys(_value(text) for text in texts if text is not None))


def _value(text: str) -> str:
    try:
        value: Hashable = json.loads(text)
    except ValueError:  # cut off
        return text
    return value if isinstance(value, str) else text
