"""What is wrong between lines: repeated images, two buckets, too many lines or labels, labels that are not declared.

Memory: the labels and buckets seen; keys are remembered by whoever accepts the entries.

The labels that the class-maps of a manifest declare, whether a box has them or not.

Custom Labels counts "labels declared in the dataset" (botocore service-2.json, DatasetStats), and allows 250; whether a
label that only stands in a class-map counts, AWS does not say.

Notes on a manifest: each kind of note once, at the place where it first applies, with a count.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from reconciler.entries import BOXES_TYPE, METADATA, SOURCE_REF
from reconciler.limits import DATASET_ENTRIES, DATASET_LABELS
from reconciler.manifest.judge.line import Judgement
from reconciler.manifest.judge.source_ref import bucket_of
from reconciler.manifest.line import Line, Path
from reconciler.manifest.rules import lines as rules
from reconciler.manifest.rules.findings import Collector, Findings
from reconciler.model import DesiredEntry, Place
from reconciler.rule import Rule
from reconciler.text import did_you_mean

# Labels that are remembered: a manifest that declares others in every line costs no memory.
_KEPT: Final = 10_000


class ClassMaps:
    """What was declared so far; lines come in the file's order."""

    def __init__(self) -> None:
        self._labels: set[str] = set()
        self._last: Any = None
        self._beyond: Place | None = None

    def see(self, line: Line) -> None:
        """Remember what a line declares. Most lines repeat the class-map of the one before."""
        for name, metadata in line.document.items():
            if not name.endswith(METADATA) or not isinstance(metadata, dict) or metadata.get("type") != BOXES_TYPE:
                continue
            class_map = metadata.get("class-map")
            if isinstance(class_map, dict) and class_map != self._last:
                self._last = class_map
                self._add(class_map, name, line)

    def report(self, collector: Collector, used: Collection[str]) -> None:
        """Note labels beyond the limit, unless those that are used pass it already, which is an error."""
        if self._beyond is None or len(used) > DATASET_LABELS:
            return
        place, more = self._beyond, " or more" if len(self._labels) >= _KEPT else ""
        collector.report(rules.DECLARED_LABELS, lambda: place, count=len(self._labels), more=more, used=len(used))

    def _add(self, class_map: dict[str, Any], name: str, line: Line) -> None:
        for class_id, label in class_map.items():
            if not isinstance(label, str) or label in self._labels or len(self._labels) >= _KEPT:
                continue
            self._labels.add(label)
            if self._beyond is None and len(self._labels) > DATASET_LABELS:
                self._beyond = line.locate((name, "class-map", class_id))


# Buckets that are told apart: a manifest with an image in each of thousands of buckets costs no memory.
_BUCKETS: Final = 50


class Across:
    """What was seen of one manifest so far; lines come in the file's order."""

    def __init__(
        self,
        collector: Collector,
        declared: tuple[str, ...] | None,
        accept: Callable[[DesiredEntry], Place | None],
    ) -> None:
        self._collector = collector
        self._declared = None if declared is None else frozenset(declared)
        self._accept = accept
        self._buckets: dict[str, Place] = {}
        self._labels: dict[str, str] = {}  # label -> its normal form
        self._label_places: dict[str, Place] = {}  # normal form -> where first
        self._lines = self._entries = self._boxes = 0
        self._class_maps = ClassMaps()
        self._known_kind = False
        self._unknown_kind: Place | None = None

    def count_line(self, line: Line) -> None:
        """Count a line, good or bad."""
        self._lines += 1
        if self._lines == DATASET_ENTRIES + 1:
            self._collector.report(rules.MANY_LINES, lambda: line.place)

    def see_kinds(self, line: Line, judgement: Judgement) -> None:
        """Remember whether any line is of a kind that Custom Labels takes, and which labels it declares."""
        if judgement.boxed:
            self._class_maps.see(line)
        if judgement.images or judgement.boxed:
            self._known_kind = True
        elif self._unknown_kind is None and len(line.document) > 1:
            self._unknown_kind = line.place

    def judge(self, desired: DesiredEntry, line: Line) -> None:
        """Judge an entry against those before it, and hand it on."""
        before = self._collector.error_count
        self._bucket(desired.entry.key, line)
        for label in desired.entry.labels:
            if label not in self._labels:
                self._new_label(label, line)
        if self._declared is not None and not self._declared.issuperset(desired.entry.labels):
            self._undeclared(desired, line)
        if self._collector.error_count == before and self._lines <= DATASET_ENTRIES:
            self._hand_on(desired, line)

    def findings(self) -> Findings:
        """Everything found, after the last line."""
        if self._unknown_kind is not None and not self._known_kind:
            place = self._unknown_kind
            self._collector.report(rules.NO_KNOWN_KIND, lambda: place)
        self._class_maps.report(self._collector, self._labels)
        bucket = next(iter(self._buckets), None)
        return self._collector.findings(self._entries, self._boxes, tuple(self._labels), bucket)

    def _hand_on(self, desired: DesiredEntry, line: Line) -> None:
        first = self._accept(desired)
        if first is None:
            self._entries += 1
            self._boxes += desired.entry.boxes
        else:
            locate = partial(line.locate, (SOURCE_REF,))
            self._collector.report(rules.REPEATED_KEY, locate, key=desired.entry.key, first=first)

    def _bucket(self, key: str, line: Line) -> None:
        bucket = bucket_of(key)
        if bucket in self._buckets or len(self._buckets) >= _BUCKETS:
            return
        place = line.locate((SOURCE_REF,)) if self._buckets else line.place
        if self._buckets:
            other, first = next(iter(self._buckets.items()))
            self._collector.report(rules.TWO_BUCKETS, lambda: place, bucket=bucket, other=other, first=first)
        self._buckets[bucket] = place

    def _new_label(self, label: str, line: Line) -> None:
        if len(self._labels) > DATASET_LABELS:
            return
        form = unicodedata.normalize("NFC", label)
        self._labels[label] = form
        if len(self._labels) > DATASET_LABELS:
            locate = partial(line.locate, label_path(line, label))
            self._collector.report(rules.MANY_LABELS, locate, label=label)
        place = line.place if label.isascii() else line.locate(label_path(line, label))
        first = self._label_places.setdefault(form, place)
        if first is not place:
            self._collector.report(rules.LABELS_ALIKE, lambda: place, label=label, first=first)

    def _undeclared(self, desired: DesiredEntry, line: Line) -> None:
        declared = self._declared or frozenset()
        for label in desired.entry.labels:
            if label not in declared:
                locate = partial(line.locate, label_path(line, label))
                guess = partial(did_you_mean, label, sorted(declared), 'did you mean "{}"?')
                self._collector.report(rules.UNDECLARED_LABEL, locate, label=label, guess=guess)


def label_path(line: Line, label: str) -> Path:
    """Where a line names a label: the class-name of an image-level label, or the entry of a class-map."""
    for name, metadata in line.document.items():
        if not name.endswith(METADATA) or not isinstance(metadata, dict):
            continue
        if metadata.get("type") == BOXES_TYPE:
            class_map = metadata.get("class-map")
            for class_id, other in class_map.items() if isinstance(class_map, dict) else ():
                if other == label:
                    return (name, "class-map", class_id)
        elif metadata.get("class-name") == label:
            return (name, "class-name")
    return (SOURCE_REF,)


_PERCENT: Final = re.compile("%[0-9A-Fa-f]{2}")
_IMAGES: Final = "image-level labels"
_BOXES: Final = "boxes"
_PLURALS: Final = {
    rules.ZERO_BOXES: {"lines": ("line", "lines")},
    rules.TEXT_VALUE: {"labels": ("label", "labels")},
    rules.KEYS_ALIKE: {"keys": ("key", "keys")},
    rules.PERCENT_KEY: {"keys": ("key", "keys")},
    rules.UNKNOWN_ATTRIBUTES: {"attributes": ("attribute", "attributes")},
}


@dataclass(slots=True)
class _Counted:
    """How often a note applies, and where first."""

    place: Place
    details: dict[str, object]
    count: int = 0


@dataclass(slots=True)
class Notes:
    """What was noted so far.

    Memory: a number for each key outside ASCII, so that keys which differ only in Unicode normalisation are seen.
    """

    _counted: dict[Rule, _Counted] = field(default_factory=dict)
    _kinds: dict[str, Place] = field(default_factory=dict)
    _mixed: bool = False
    _normalised: dict[int, tuple[int, int]] = field(default_factory=dict)

    def see(self, line: Line, judgement: Judgement) -> None:
        """Note what a line is, from what was judged about it."""
        for rule, paths in (
            (rules.ZERO_BOXES, judgement.zero_boxes),
            (rules.TEXT_VALUE, judgement.text_values),
            (rules.UNKNOWN_ATTRIBUTES, judgement.unknown),
        ):
            if paths:
                self._count(rule, partial(line.locate, paths[0]), len(paths), name=str(paths[0][-1]))
        if judgement.images:
            self._kind(_IMAGES, _BOXES, line)
        if judgement.boxed:
            self._kind(_BOXES, _IMAGES, line)

    def see_key(self, key: str, line: Line) -> None:
        """Note a key that is not what it seems."""
        if "%" in key and _PERCENT.search(key):
            self._count(rules.PERCENT_KEY, partial(line.locate, (SOURCE_REF,)))
        if not key.isascii():
            self._alike(key, line)

    def report(self, collector: Collector) -> None:
        """Turn what was noted into findings."""
        for rule, counted in self._counted.items():
            words = {
                name: plural if counted.count > 1 else single
                for name, (single, plural) in _PLURALS.get(rule, {}).items()
            }
            details = counted.details | words
            collector.report(rule, partial(_same, counted.place), count=counted.count, **details)

    def _count(self, rule: Rule, locate: Callable[[], Place], count: int = 1, **details: object) -> None:
        counted = self._counted.get(rule)
        if counted is None:
            counted = self._counted[rule] = _Counted(locate(), details)
        counted.count += count

    def _kind(self, kind: str, other: str, line: Line) -> None:
        self._kinds.setdefault(kind, line.place)
        if not self._mixed and other in self._kinds:
            self._mixed = True
            self._count(rules.MIXED_KINDS, lambda: line.place, first=self._kinds[other])

    def _alike(self, key: str, line: Line) -> None:
        """Two keys of one normal form: remembered as numbers, for the text of 250,000 keys would be much."""
        form, written = hash(unicodedata.normalize("NFC", key)), hash(key)
        first = self._normalised.setdefault(form, (written, line.place.line))
        if first[0] != written:
            place = Place(line.place.file, first[1])
            self._count(rules.KEYS_ALIKE, partial(line.locate, (SOURCE_REF,)), first=place)


def _same(place: Place) -> Place:
    return place
