"""What is wrong between the lines of a manifest, and the notes on a manifest as a whole.

Between lines: repeated images, two buckets, too many lines or labels, labels that are not declared. Each kind of note
is given once, at the place where it first applies, with a count.

Custom Labels counts "labels declared in the dataset" (botocore service-2.json, DatasetStats) and allows 250. AWS does
not document whether a label counts that is in a class-map and on no box; so such labels get a note.

Memory: the labels and buckets seen; the caller who accepts the entries remembers their keys.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from msgspec import Struct, field

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF, Box, attributes, meaning_of
from reconciler.entries.common_lines import CommonLine
from reconciler.entries.common_shapes import Shape
from reconciler.entries.image_names import Images, is_plain, oddities
from reconciler.entries.misread import PERCENT, PERCENT_IMAGES, PERCENT_REACH, PERCENT_SEEN, Drawn
from reconciler.limits import DATASET_ENTRIES, DATASET_LABELS
from reconciler.manifest.findings import Collector, Findings, MemberPath, ParsedLine
from reconciler.manifest.judge.line import SCHEME, Judgement, beside, bucket_of
from reconciler.manifest.rules import lines as rules
from reconciler.model import DatasetDeclaration, DesiredEntry, Place
from reconciler.rule import Rule
from reconciler.text import PASTED_IN_A_CURE, counted, did_you_mean, path_for_shell

# Labels that are remembered: a manifest that declares others in every line costs no memory.
_KEPT: Final = 10_000
# Buckets that are remembered: a manifest with an image in each of thousands of buckets costs no memory.
_BUCKETS: Final = 50
# The members of a line with one label attribute: key, attribute and metadata.
_ONE_ATTRIBUTE: Final = 3


class ClassMaps:
    """The labels that the class-maps of a manifest declare, used or not; lines come in the file's order."""

    def __init__(self) -> None:
        self._labels: set[str] = set()
        self._last: Any = None
        self._beyond: Place | None = None

    def see(self, line: ParsedLine) -> None:
        """Remember what a line declares. Most lines repeat the class-map of the one before."""
        for name, metadata in line.document.items():
            if not name.endswith(METADATA) or not isinstance(metadata, dict) or metadata.get("type") != BOXES_TYPE:
                continue
            class_map = metadata.get("class-map")
            if isinstance(class_map, dict) and class_map != self._last:
                self._last = class_map
                self._add(class_map, name, line)

    def has(self, labels: Iterable[str]) -> bool:
        """Whether all these labels are remembered already."""
        return self._labels.issuperset(labels)

    def report(self, collector: Collector, used: Collection[str]) -> None:
        """Note labels beyond the limit, unless those that are used pass it already, which is an error."""
        if self._beyond is not None and len(used) <= DATASET_LABELS:
            more = " or more" if len(self._labels) >= _KEPT else ""
            collector.report(rules.DECLARED_LABELS, self._beyond, count=len(self._labels), more=more, used=len(used))

    def _add(self, class_map: dict[str, Any], name: str, line: ParsedLine) -> None:
        for class_id, label in class_map.items():
            if isinstance(label, str) and len(self._labels) < _KEPT:
                self._labels.add(label)
                if self._beyond is None and len(self._labels) > DATASET_LABELS:
                    self._beyond = line.locate((name, "class-map", class_id))


class Across:
    """What was seen of one manifest so far; lines come in the file's order."""

    def __init__(
        self,
        collector: Collector,
        declared: tuple[str, ...] | None,
        accept: Callable[[DesiredEntry], Place | None],
        dataset: DatasetDeclaration,
    ) -> None:
        self._collector = collector
        self._declared = None if declared is None else frozenset(declared)
        self._accept = accept
        self._retired, self._dataset = Images((one.image for one in dataset.retired), dataset.images), dataset
        self._buckets: dict[str, Place] = {}
        self._labels: dict[str, str] = {}  # label -> its normal form
        self._label_places: dict[str, Place] = {}  # normal form -> where first
        self._retires = bool(self._retired)
        self._folder = "\n"  # how the address of an image in a known bucket begins
        self._used = set[object]()  # labels and class-maps of lines that had nothing new
        self._lines = self._entries = self._labelled = self._boxes = 0
        self._class_maps = ClassMaps()
        self._misspelt: dict[str, tuple[Place, int]] = {}  # label -> where first, and on how many lines
        self._beyond: Place | None = None
        self._first_beyond: tuple[str, Place] | None = None
        self._known_kind = False
        self._unknown_kind: ParsedLine | None = None

    def count_line(self, line: ParsedLine) -> None:
        """Count a line, good or bad."""
        self._lines += 1
        if self._lines == DATASET_ENTRIES + 1:
            self._beyond = line.place

    def see_kinds(self, line: ParsedLine, judgement: Judgement) -> None:
        """Remember whether any line is of a kind that Custom Labels takes, and which labels it declares."""
        if BOXES_TYPE in judgement.kinds:
            self._class_maps.see(line)
        if judgement.kinds:
            self._known_kind = True
        elif self._unknown_kind is None and len(line.document) > 1 and rules.JSON_IN_VALUE not in judgement.rules:
            self._unknown_kind = line

    def knows(self, line: CommonLine) -> bool:
        """Whether there is nothing to say about a line: its bucket, its labels and its class-map were seen before."""
        entry = line.entry
        return (
            self._lines < DATASET_ENTRIES
            and (entry.key.startswith(self._folder) or self._is_in_known_bucket(entry.key))
            and not (self._retires and entry.key in self._retired)
            and ((entry.labels, line.class_map) in self._used or self._knows_labels(entry.labels, line.class_map))
        )

    def _is_in_known_bucket(self, key: str) -> bool:
        end = key.find("/", len(SCHEME)) + 1
        if not end or key[len(SCHEME) : end - 1] not in self._buckets:
            return False
        self._folder = key[:end]
        return True

    def _knows_labels(self, labels: tuple[str, ...], class_map: tuple[str, ...]) -> bool:
        used = set(labels)
        if not used <= self._labels.keys() or not (self._declared is None or used <= self._declared):
            return False
        if not self._class_maps.has(class_map):
            return False
        if len(self._used) >= _KEPT:
            self._used.clear()
        self._used.add((labels, class_map))
        return True

    def take(self, desired: DesiredEntry) -> Place | None:
        """Count and hand on an entry about which there is nothing to say; the place of an earlier one of its key."""
        self._lines += 1
        return self._hand_on(desired)

    def judge(self, desired: DesiredEntry, line: ParsedLine) -> None:
        """Judge an entry against those before it, and hand it on."""
        before = self._collector.error_count
        self._bucket(desired.entry.key, line)
        if desired.entry.key in self._retired:
            self._report_retired(desired.entry.key, line)
        for label in desired.entry.labels:
            if label not in self._labels:
                self._new_label(label, line)
        if self._declared is not None and not self._declared.issuperset(desired.entry.labels):
            self._undeclared(desired, line)
            return
        if self._collector.error_count > before or self._lines > DATASET_ENTRIES:
            return
        first = self._hand_on(desired)
        if first is not None:
            self.report_repeated(desired.entry.key, first, partial(line.locate, (SOURCE_REF,)))

    def _hand_on(self, desired: DesiredEntry) -> Place | None:
        first = self._accept(desired)
        if first is None:
            self._entries += 1
            self._labelled += desired.entry.labelled
            self._boxes += desired.entry.boxes
        return first

    def report_repeated(self, key: str, first: Place, locate: Callable[[], Place]) -> None:
        """Report an entry with the key of an earlier one."""
        self._collector.report(rules.REPEATED_KEY, locate, key=key, first=first)

    def findings(self) -> Findings:
        """Everything found, after the last line."""
        if self._unknown_kind is not None and not self._known_kind:
            there, cure = _unknown(self._unknown_kind.document)
            self._collector.report(rules.NO_KNOWN_KIND, self._unknown_kind.place, there=there, cure=cure)
        self._report_undeclared()
        if self._entries > 1 and not self._labelled:
            self._collector.report(rules.ALL_UNLABELLED, count=self._entries)
        if self._beyond is not None:
            self._collector.report(rules.MANY_LINES, self._beyond, count=self._lines)
        if self._first_beyond is not None:
            (label, place), many = self._first_beyond, len(self._labels)
            more = " or more" if many >= _KEPT else ""
            self._collector.report(rules.MANY_LABELS, place, label=label, count=many, more=more)
        self._class_maps.report(self._collector, self._labels)
        bucket = next(iter(self._buckets), None)
        return self._collector.findings(self._entries, self._boxes, tuple(self._labels), bucket)

    def _bucket(self, key: str, line: ParsedLine) -> None:
        bucket = bucket_of(key)
        if bucket in self._buckets or len(self._buckets) >= _BUCKETS:
            return
        place = line.locate((SOURCE_REF,)) if self._buckets else line.place
        if self._buckets:
            other, first = next(iter(self._buckets.items()))
            self._collector.report(rules.TWO_BUCKETS, place, bucket=bucket, other=other, first=first)
        self._buckets[bucket] = place

    def _report_retired(self, key: str, line: ParsedLine) -> None:
        left = next(one for one in self._dataset.retired if key in Images([one.image], self._dataset.images))
        locate = partial(line.locate, (SOURCE_REF,))
        self._collector.report(rules.RETIRED, locate, key=key, first=left.place, reason=left.reason)

    def _new_label(self, label: str, line: ParsedLine) -> None:
        if len(self._labels) >= _KEPT:
            return
        form = unicodedata.normalize("NFC", label)
        self._labels[label] = form
        if len(self._labels) == DATASET_LABELS + 1:
            self._first_beyond = label, line.locate(label_path(line, label))
        place = line.place if label.isascii() else line.locate(label_path(line, label))
        first = self._label_places.setdefault(form, place)
        if first is not place:
            self._collector.report(rules.LABELS_ALIKE, place, label=label, first=first)

    def _undeclared(self, desired: DesiredEntry, line: ParsedLine) -> None:
        for label in desired.entry.labels:
            if self._declared is not None and label not in self._declared:
                place, count = self._misspelt.get(label) or (line.locate(label_path(line, label)), 0)
                if label in self._misspelt or len(self._misspelt) < _KEPT:
                    self._misspelt[label] = place, count + 1

    def _report_undeclared(self) -> None:
        """Report each label that is not declared once, with the number of its lines."""
        for label, (place, count) in self._misspelt.items():
            guess = did_you_mean(label, sorted(self._declared or ()), 'did you mean "{}"?')
            lines = counted(count, "line", "lines")
            self._collector.report(rules.UNDECLARED_LABEL, place, label=label, lines=lines, guess=guess)


def _unknown(document: Mapping[str, Any]) -> tuple[str, str]:
    """What a line has in place of labels that are known, and what to do about it."""
    lonely = [name for name in document if name != SOURCE_REF and beside(name) not in document]
    for name, metadata in document.items():
        if name.endswith(METADATA) and name not in lonely and isinstance(metadata, dict):
            kind = metadata.get("type")
            there = f"`{name}` has the type {kind}" if isinstance(kind, str) else f"`{name}` has no `type`"
            return there, f"set it to {IMAGE_TYPE} or {BOXES_TYPE}, and the members to what this type requires"
    name = next((one for one in lonely if one.endswith(METADATA)), next(iter(lonely), SOURCE_REF))
    return f"`{name}` has no `{beside(name)}`", "add it, or leave only `source-ref` for an image without labels"


def label_path(line: ParsedLine, label: str) -> MemberPath:
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


# A name of an image that is plain in the folder of a plain key.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+\.(?:jpe?g|png)")
_PERCENT: Final = "%[0-9A-Fa-f]{2}"


def _fixed_by(file: str) -> str:
    name = path_for_shell(file, "FILE", PASTED_IN_A_CURE)
    return f": reconciler convert jsonl {name} --fix-types -o {name}"


class _Counted(Struct):
    """How often a note applies, and where first."""

    place: Place
    details: dict[str, object]
    count: int = 0


def _repeated(document: Mapping[str, Any]) -> Iterator[str]:
    """The attributes whose boxes an earlier attribute of the line has too; attributes without boxes repeat nothing."""
    if len(document) <= _ONE_ATTRIBUTE:
        return
    seen = set[tuple[Box, ...]]()
    for one in attributes(document):
        if one.kind == BOXES_TYPE:
            boxes = tuple(sorted(meaning_of({one.name: one.value, one.name + METADATA: one.metadata}).boxes))
            if boxes and boxes in seen:
                yield one.name
            seen.add(boxes)


class _Percent(Struct):
    """Whether the boxes of a manifest may be percent, by its first images with boxes; `farthest` is their last edge."""

    images: int = 0
    farthest: float = 0
    first: Place | None = None
    is_other: bool = False

    @property
    def is_watching(self) -> bool:
        """Whether more boxes have to be seen."""
        return self.images < PERCENT_SEEN and not self.is_other

    @property
    def is_likely(self) -> bool:
        """Whether all boxes that were seen may be percent, of enough images, and they reach far."""
        return not self.is_other and self.images >= PERCENT_IMAGES and self.farthest > PERCENT_REACH

    def see(self, line: ParsedLine, judgement: Judgement) -> None:
        """Take the boxes of a line; where one has a fault, that is said, and nothing else."""
        if self.is_other or self.images >= PERCENT_SEEN or BOXES_TYPE not in judgement.kinds:
            return
        meaning = meaning_of(line.document)
        if judgement.faults or not meaning.boxes:
            self.is_other = bool(judgement.faults)
            return
        drawn = [Drawn(*(side / 1000 for side in (*box[1:], *meaning.sizes[0]))) for box in meaning.boxes]
        self.is_other = not all(box.may_be_percent for box in drawn)
        self.farthest = max(self.farthest, *(max(box.left + box.width, box.top + box.height) for box in drawn))
        self.images += 1
        self.first = self.first or line.place


class Notes(Struct):
    """What was noted so far.

    Memory: a number for each key outside ASCII, so that keys which differ only in Unicode normalisation are seen.
    """

    _counted: dict[Rule, _Counted] = field(default_factory=dict)
    _kinds: dict[str, Place] = field(default_factory=dict)
    _normalised: dict[int, tuple[int, Place]] = field(default_factory=dict)
    _percent: _Percent = field(default_factory=_Percent)
    _shape: Shape | None = None
    _folder: str = "\n"  # of the last plain key

    def see(self, line: ParsedLine, judgement: Judgement) -> None:
        """Take the notes on a line from the judgement about it."""
        for rule, path in judgement.notes:
            self._count(rule, partial(line.locate, path), name=str(path[-1]))
        for kind in judgement.kinds:
            self._kinds.setdefault(kind, line.place)
        self._percent.see(line, judgement)
        for name in _repeated(line.document):
            self._count(rules.REPEATED_BOXES, partial(line.locate, (name,)), name=name)
        if len(self._kinds) > 1 and rules.MIXED_KINDS not in self._counted:
            self._count(rules.MIXED_KINDS, lambda: line.place, first=min(self._kinds.values()))

    def knows(self, line: CommonLine, place: Place) -> bool:
        """Whether `count` notes all there is about a line: its kinds were seen before, and its key is a plain one."""
        key = line.entry.key
        if line.entry.boxes and self._percent.is_watching:
            return False
        if (line.shape is not self._shape or line.empty) and not self._has_first_of(line):
            return False
        if key.startswith(self._folder) and _NAME.fullmatch(key, len(self._folder)):
            return True
        if "%" in key or not is_plain(key):
            return False
        if not key.isascii():
            return self._first_alike(key, place) is None
        self._folder = key[: key.rfind("/") + 1]
        return True

    def _has_first_of(self, line: CommonLine) -> bool:
        """Whether earlier lines had the first of each kind and of each note of a line."""
        self._shape = line.shape if line.shape.kinds <= self._kinds.keys() else None
        if line.empty and rules.ZERO_BOXES not in self._counted:
            self._shape = None
        if line.shape.extras and rules.UNKNOWN_ATTRIBUTES not in self._counted:
            self._shape = None
        return self._shape is not None

    def count(self, line: CommonLine) -> None:
        """Count the notes on a line that is known, of which earlier lines had the first."""
        if line.empty:
            self._counted[rules.ZERO_BOXES].count += line.empty
        if line.shape.extras:
            self._counted[rules.UNKNOWN_ATTRIBUTES].count += len(line.shape.extras)

    def see_key(self, key: str, line: ParsedLine) -> None:
        """Note a key that is odd, looks percent-encoded, or equals an earlier one after Unicode normalisation."""
        locate = partial(line.locate, (SOURCE_REF,))
        if "%" in key and re.search(_PERCENT, key):
            self._count(rules.PERCENT_KEY, locate)
        for rule in oddities(key):
            self._count(rule, locate, name=key)
        if not key.isascii() and (first := self._first_alike(key, line.place)):
            self._count(rules.KEYS_ALIKE, locate, first=Place(first.file, first.line))

    def _first_alike(self, key: str, place: Place) -> Place | None:
        """Where an earlier key is that differs only in Unicode normalisation; remembers a key that is the first."""
        # Remembered as numbers, because the text of 250,000 keys would take much memory.
        form, written = hash(unicodedata.normalize("NFC", key)), hash(key)
        first = self._normalised.setdefault(form, (written, place))
        return None if first[0] == written else first[1]

    def report(self, collector: Collector) -> None:
        """Turn what was noted into findings."""
        if self._percent.is_likely:
            collector.report(PERCENT, self._percent.first, count=self._percent.images)
        for rule, seen in self._counted.items():
            plural = "s" if seen.count > 1 else ""
            how = "" if seen.place.file.endswith((".yaml", ".yml")) else _fixed_by(seen.place.file)
            collector.report(rule, seen.place, count=seen.count, s=plural, how=how, **seen.details)

    def _count(self, rule: Rule, locate: Callable[[], Place], **details: object) -> None:
        if rule not in self._counted:
            self._counted[rule] = _Counted(locate(), details)
        self._counted[rule].count += 1
