"""What is wrong between lines: repeated images, two buckets, too many lines or labels, labels that are not declared.

Knows the limits of a dataset and what was seen before. Memory: the labels and buckets seen; keys are remembered by
whoever accepts the entries. Refuses to know one line's own faults.
"""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Final

from reconciler.entries import BOXES_TYPE, METADATA, SOURCE_REF
from reconciler.limits import DATASET_ENTRIES, DATASET_LABELS
from reconciler.manifest.class_maps import ClassMaps
from reconciler.manifest.findings import Collector, Findings
from reconciler.manifest.json_positions import Path
from reconciler.manifest.judgement import Judgement
from reconciler.manifest.line import Line
from reconciler.manifest.rules import line_rules as rules
from reconciler.manifest.source_ref import bucket_of
from reconciler.manifest.suggestions import did_you_mean
from reconciler.model import DesiredEntry, Place

__all__ = ["Across"]

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
