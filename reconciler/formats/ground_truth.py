"""SageMaker Ground Truth: output manifests of the kinds that Custom Labels cannot take as they are.

What becomes of a label attribute, known by the type in its metadata:

- boxes stay; of several box attributes of one image, as adjustment jobs leave them, the newest is taken;
- a class stays, with a whole number as its value (jobs write `"0"` too), and of an adjusted one the newest is taken;
- multi-label lists become an attribute per class, with the class's own confidence;
- verification jobs judge another attribute: theirs is left out, and the verdicts are counted;
- other types (segmentation, 3D, text), failed labels and members that are not labels are left out and counted.

Streaming jobs write an image again when it was sent again: the line with the newest label is taken. An image without a
label becomes a line without labels. Lines keep the order in which their images first appear.

Sources: SageMaker AI Developer Guide, "Labeling job output data", "Label verification and adjustment data in the output
manifest", "Create a streaming labeling job"; Custom Labels Developer Guide, "Transforming multi-label SageMaker AI
Ground Truth manifest files".
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF, compact
from reconciler.entries.meaning import MULTILABEL_TYPE
from reconciler.formats import conversion
from reconciler.formats.conversion import Converted, Keys, Unreadable, refuse_mistaken
from reconciler.formats.json_file import JSON, members_once
from reconciler.manifest.judge.line import judge, source_ref_fault
from reconciler.manifest.yaml.expand import attribute_names
from reconciler.model import Finding, Place
from reconciler.rule import OURS, error, marked, note

_GUIDE: Final = "SageMaker AI Developer Guide, Labeling job output data"
_VERIFICATION: Final = "groundtruth/label-verification"
_SERVICE: Final = frozenset({"cl-metadata", "cl-errors", "errors", "warnings"})

NOT_A_LINE: Final = error(
    "ground-truth-line",
    "this is not a line of Ground Truth's output about an image: {reason}",
    "give the output.manifest of a labeling job for images",
    _GUIDE,
)
CLASSES: Final = error(
    "ground-truth-classes",
    "the classes of `{name}` cannot be read: {reason}",
    "give the file as the labeling job wrote it",
    _GUIDE,
)
REPEATED: Final = note(
    "ground-truth-repeated",
    "lines of images that another line has: {count:,}, the first here; the line with the newest label is taken",
    "nothing needs to be done",
    _GUIDE,
)
ADJUSTED: Final = note(
    "ground-truth-adjusted",
    "label attributes that a later job replaced, and are left out: {count:,}, the first `{name}` here",
    "nothing needs to be done",
    _GUIDE,
)
VERDICTS: Final = marked(
    "ground-truth-verdicts",
    "verdicts of a verification job, which are left out: {verdicts}; the labels that they judge are kept",
    "remove the images whose labels were judged as wrong, or send them to an adjustment job",
    _GUIDE,
)
LEFT_OUT: Final = marked(
    "ground-truth-left-out",
    "members that Custom Labels cannot learn from, and are left out: {count:,}, the first `{name}` ({what}) here",
    "ignore this if the other labels are what the model is to learn",
    OURS,
)
ADDRESS: Final = marked(
    "ground-truth-address",
    "images whose address is not valid in S3, such as one with a placeholder for the bucket: {count:,}, the first "
    '"{key}" here',
    "replace the placeholder by the bucket's name: a dataset with such an image is refused",
    OURS,
)
UNLABELLED: Final = note(
    "ground-truth-unlabelled",
    "images without a label: {count:,}, the first here; each becomes a line without labels",
    "label them, or leave them out",
)


class _Label(NamedTuple):
    """A label attribute of a line: its name, value and metadata."""

    name: str
    value: Any
    metadata: Mapping[str, Any]

    @property
    def kind(self) -> object:
        """The type of its metadata."""
        return self.metadata.get("type")

    @property
    def date(self) -> str:
        """Its creation-date, which sorts as text; "" where it has none."""
        return str(self.metadata.get("creation-date", ""))


class _Seen(Struct):
    """What is counted over a file: each with the place, name and kind of the first."""

    verdicts: Counter[str] = field(default_factory=Counter)
    left_out: list[tuple[Place, str, str]] = field(default_factory=list)
    adjusted: list[tuple[Place, str]] = field(default_factory=list)
    repeated: list[Place] = field(default_factory=list)

    def notes(self, file: Place) -> Iterator[Finding]:
        """The findings about all lines."""
        if self.repeated:
            yield REPEATED.finding(self.repeated[0], None, count=len(self.repeated))
        if self.adjusted:
            place, name = self.adjusted[0]
            yield ADJUSTED.finding(place, None, count=len(self.adjusted), name=name)
        if self.verdicts:
            verdicts = ", ".join(f"{count:,} x '{verdict}'" for verdict, count in self.verdicts.most_common())
            yield VERDICTS.finding(file, None, verdicts=verdicts)
        if self.left_out:
            place, name, what = self.left_out[0]
            yield LEFT_OUT.finding(place, None, count=len(self.left_out), name=name, what=what)


def convert(files: Iterable[tuple[str, bytes]], keys: Keys, _created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of output manifests; a line that cannot be read is an error."""
    lines: dict[str, tuple[str, Converted]] = {}
    bare: dict[str, Place] = {}
    for file, content in files:
        seen = _Seen()
        try:
            refuse_mistaken(file, content)
        except Unreadable as fault:
            yield fault.finding
            continue
        for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
            if raw.strip():
                try:
                    _take(raw, Place(file, number, 1), seen, lines, bare)
                except Unreadable as fault:
                    yield fault.finding
        yield from seen.notes(Place(file))
    if bare:
        yield UNLABELLED.finding(next(iter(bare.values())), None, count=len(bare))
    yield from _named([line for _, line in lines.values()], keys)


def _named(lines: Sequence[Converted], keys: Keys) -> Iterator[Converted | Finding]:
    """The lines whose images have a name, and what is odd about the others."""
    illegal = [line for line in lines if source_ref_fault({SOURCE_REF: line.key})]
    if illegal:
        yield ADDRESS.finding(illegal[0].place, None, count=len(illegal), key=illegal[0].key)
    for line in lines:
        try:
            keys.of(line.key, line.place)
        except Unreadable as fault:
            yield fault.finding
        else:
            yield from _marks(line)
            yield line


def _marks(line: Converted) -> Iterator[Finding]:
    """What is wrong with a line that is taken as the job wrote it: Custom Labels would not learn from it."""
    for fault in judge(json.loads(line.line)).faults:
        yield fault.rule.finding(line.place, None, **fault.details)


def _take(
    raw: bytes, place: Place, seen: _Seen, lines: dict[str, tuple[str, Converted]], bare: dict[str, Place]
) -> None:
    """Put a line into `lines`, by its key and with the date of its newest label, unless a newer one is there."""
    document = _parsed(raw, place)
    labels = _newest(list(_labels(document, place, seen)), place, seen)
    line: dict[str, Any] = {SOURCE_REF: document[SOURCE_REF]}
    for label in labels:
        line |= _members(label, place)
    key, date = line[SOURCE_REF], max((label.date for label in labels), default="")
    if key in lines:
        seen.repeated.append(place)
        if date < lines[key][0]:
            return
    lines[key] = date, Converted(key, compact(line), place)
    bare.pop(key, None)
    if len(line) == 1:
        bare[key] = place


def _parsed(raw: bytes, place: Place) -> dict[str, Any]:
    try:
        document = json.loads(raw, object_pairs_hook=members_once)
    except UnicodeDecodeError as fault:
        raise Unreadable(conversion.ENCODING, place, byte=fault.start) from fault
    except (ValueError, RecursionError) as fault:
        raise Unreadable(JSON, place, reason=str(fault)) from fault
    if not isinstance(document, dict) or not isinstance(document.get(SOURCE_REF), str):
        there = isinstance(document, dict) and "source" in document
        reason = "it has the text itself (`source`), not an image" if there else "it has no `source-ref`"
        raise Unreadable(NOT_A_LINE, place, reason=reason)
    return document


def _labels(document: Mapping[str, Any], place: Place, seen: _Seen) -> Iterator[_Label]:
    """The label attributes that Custom Labels can learn from; what else is there is counted."""
    for name, value in document.items():
        metadata = document.get(name + METADATA)
        if name == SOURCE_REF or name in _SERVICE or (name.endswith(METADATA) and name[: -len(METADATA)] in document):
            continue
        if not isinstance(metadata, dict):
            failed = name.endswith(METADATA) and isinstance(value, dict) and "failure-reason" in value
            seen.left_out.append((place, name, "the label failed" if failed else "it has no metadata"))
        elif metadata.get("type") == _VERIFICATION:
            seen.verdicts[str(metadata.get("class-name", value))] += 1
        elif "failure-reason" in metadata:
            seen.left_out.append((place, name, "the label failed"))
        elif metadata.get("type") not in {BOXES_TYPE, IMAGE_TYPE, MULTILABEL_TYPE}:
            seen.left_out.append((place, name, str(metadata.get("type", "it has no type"))))
        else:
            yield _Label(name, value, metadata)


def _newest(labels: list[_Label], place: Place, seen: _Seen) -> list[_Label]:
    """The attributes without those that a later job replaced.

    Box attributes replace each other: an image has one set of boxes. Of classes that is known only where a job adjusted
    them, because an image can have several.
    """
    kept = labels
    for kind in (BOXES_TYPE, IMAGE_TYPE, MULTILABEL_TYPE):
        same = [label for label in labels if label.kind == kind]
        if len(same) > 1 and (kind == BOXES_TYPE or any("adjustment-status" in one.metadata for one in same)):
            newest = max(same, key=lambda label: label.date)
            seen.adjusted += [(place, label.name) for label in same if label is not newest]
            kept = [label for label in kept if label.kind != kind or label is newest]
    return kept


def _members(label: _Label, place: Place) -> dict[str, Any]:
    """The members of a line that a label attribute becomes."""
    metadata = {name: value for name, value in label.metadata.items() if name != "adjustment-status"}
    if label.kind == BOXES_TYPE:
        return {label.name: label.value, label.name + METADATA: metadata}
    if isinstance(label.value, list):
        return _classes(label, metadata, place)
    if not isinstance(metadata.get("class-name"), str):
        raise Unreadable(CLASSES, place, name=label.name, reason="the metadata has no `class-name`")
    number = label.value
    if isinstance(number, str):
        number = int(number) if number.isascii() and number.isdigit() else 1
    return {label.name: number, label.name + METADATA: metadata | {"type": IMAGE_TYPE}}


def _classes(label: _Label, metadata: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """An attribute for each class of a list."""
    names, confidences = (metadata.get(name) for name in ("class-map", "confidence-map"))
    if not isinstance(names, dict) or not all(isinstance(names.get(str(one)), str) for one in label.value):
        raise Unreadable(CLASSES, place, name=label.name, reason="a class of the list is not in `class-map`")
    known = confidences if isinstance(confidences, dict) else {}
    rest = {name: value for name, value in metadata.items() if name not in {"class-map", "confidence-map", "type"}}
    given = {names[str(one)]: known.get(str(one), 1) for one in label.value}
    members: dict[str, Any] = {}
    for text, name in attribute_names(given).items():
        members[name] = 1
        members[name + METADATA] = {"confidence": given[text], "class-name": text, **rest, "type": IMAGE_TYPE}
    return members
