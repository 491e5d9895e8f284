"""What a line means: its key, its labels and boxes, and when two lines are the same entry.

The rules, each held by a property test in `tests/entries/`:

- The key is `source-ref`, an exact string.
- *Meaning* (`compare: labels`): the set of image-level labels; the multiset of (label, left, top, width, height) with
  coordinates rounded to 0.001 px; the image's width and height; whether the line is labelled at all. A line with zero
  boxes is labelled. Nothing else counts: key order, white space, class ids, unused labels of a class-map, attribute
  names, job-name, creation-date, confidence, human-annotated, 1 against 1.0, attributes of other kinds or without
  metadata.
- A known attribute (its metadata's type is image-classification or object-detection) that is malformed counts as its
  parsed JSON.
- *Content* (`compare: strict`): all parsed JSON; numbers by value, so 1 and 1.0 are one number.
- What the service adds never counts. It is known by its shape, not by name alone: `errors`, `warnings` and `cl-errors`
  only as lists of code and message, `cl-metadata` only with `is_labeled`.

Sources: Custom Labels Developer Guide, "Image-level labels in manifest files", "Object localization in manifest files",
"Understanding training and testing validation result manifests"; API Reference, ListDatasetEntries. That listed lines
carry `cl-metadata` and `cl-errors` is seen in AWS's published examples only, so both spellings are read.

Refuses to know files, places and whether the service would take the line: that is `reconciler.manifest`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from reconciler.model import Entry, Mark

__all__ = [
    "BOXES_TYPE",
    "IMAGE_TYPE",
    "METADATA",
    "SERVICE_LISTS",
    "SOURCE_REF",
    "Attribute",
    "Box",
    "Meaning",
    "attributes",
    "bare_line",
    "compact",
    "digest_of",
    "entry_of",
    "key_of",
    "marks_of",
    "meaning_of",
    "parse_live",
    "without_service_fields",
]

SOURCE_REF: Final = "source-ref"
METADATA: Final = "-metadata"
IMAGE_TYPE: Final = "groundtruth/image-classification"
BOXES_TYPE: Final = "groundtruth/object-detection"
# Where the service may write lists of {code, message}.
SERVICE_LISTS: Final = ("errors", "warnings", "cl-errors")
_ERROR_LISTS: Final = ("errors", "cl-errors")
_CL_METADATA: Final = "cl-metadata"
_COORDINATES: Final = ("left", "top", "width", "height")
# Coordinates are compared in thousandths of a pixel.
_PER_PIXEL: Final = 1000
# A coordinate beyond this is no coordinate: the attribute is malformed. Python refuses to write very long integers.
_FARTHEST_PIXEL: Final = 10**12

Document = Mapping[str, Any]  # a parsed line


@dataclass(frozen=True, slots=True)
class Attribute:
    """A label attribute of a line: its name, value and metadata; `kind` is the metadata's type."""

    name: str
    value: Any
    metadata: Mapping[str, Any]
    kind: str


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A bounding box: label, and left, top, width, height in thousandths of a pixel."""

    label: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a line means to training.

    `image_labels` in order of first use and without repeats, `boxes` in the line's order, `sizes` the distinct image
    sizes (width, height) in thousandths of a pixel, `malformed` the known attributes that could not be read, as
    canonical JSON.
    """

    image_labels: tuple[str, ...]
    boxes: tuple[Box, ...]
    sizes: tuple[tuple[int, int], ...]
    malformed: tuple[str, ...]
    labelled: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The distinct labels of the image and its boxes, in order of first use."""
        return tuple(dict.fromkeys((*self.image_labels, *(box.label for box in self.boxes))))


def parse_live(line: str) -> dict[str, Any]:
    """Parse a line that the service listed.

    Raises:
        ValueError: the line is not a JSON object with a text `source-ref`.
    """
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        document = json.loads(line)  # takes what the fast decoder refuses, such as lone surrogates
    if not isinstance(document, dict) or not isinstance(document.get(SOURCE_REF), str):
        raise ValueError("the service listed a line without a source-ref")  # noqa: TRY004 - wrong data, not a wrong call
    return document


def key_of(line: str) -> str:
    """The key of a line that the service listed, and nothing else of it.

    Raises:
        ValueError: the line is not a JSON object with a text `source-ref`.
    """
    return str(parse_live(line)[SOURCE_REF])


def without_service_fields(document: Document) -> dict[str, Any]:
    """The line without what the service adds, at line, attribute, metadata and annotation level.

    The fields are known by their shape, so a label attribute called `errors` stays.
    """
    return {
        name: _own_attribute(value) if isinstance(value, dict) else value
        for name, value in document.items()
        if not _is_service_field(name, value)
    }


def marks_of(document: Document) -> tuple[Mark, ...]:
    """The errors that the service wrote into a line, at any level, in the line's order."""
    return tuple(_marks(document))


def attributes(document: Document) -> Iterator[Attribute]:
    """The label attributes of the kinds that Custom Labels knows, in the line's order.

    An attribute is known by its metadata: a member named `<attribute>-metadata` that holds one of the two types.
    """
    for name, metadata in document.items():
        if not name.endswith(METADATA) or not isinstance(metadata, dict):
            continue
        kind = metadata.get("type")
        if isinstance(kind, str) and kind in {IMAGE_TYPE, BOXES_TYPE}:
            attribute = name.removesuffix(METADATA)
            yield Attribute(attribute, document.get(attribute), metadata, kind)


def meaning_of(document: Document) -> Meaning:
    """Read what a line means; `document` is free of the service's fields."""
    image_labels: dict[str, None] = {}
    boxes: list[Box] = []
    sizes: dict[tuple[int, int], None] = {}
    malformed: list[str] = []
    labelled = False
    for attribute in attributes(document):
        labelled = True
        if attribute.kind == IMAGE_TYPE:
            name = _class_name(attribute)
            if name is not None:
                image_labels[name] = None
                continue
        else:
            read = _boxes(attribute)
            if read is not None:
                boxes.extend(read[0])
                sizes[read[1]] = None
                continue
        malformed.append(_canonical_attribute(attribute))
    return Meaning(tuple(image_labels), tuple(boxes), tuple(sizes), tuple(malformed), labelled)


def digest_of(meaning: Meaning) -> bytes:
    """16 bytes that two meanings share exactly when they are the same to training."""
    boxes = [[box.label, box.left, box.top, box.width, box.height] for box in sorted(meaning.boxes)]
    parts = [sorted(meaning.image_labels), boxes, sorted(meaning.sizes), sorted(meaning.malformed), meaning.labelled]
    return _hash(_encode(parts))


def entry_of(document: Document) -> Entry:
    """Everything that comparing needs to know of a line; it may still carry the service's fields."""
    own = without_service_fields(document)
    meaning = meaning_of(own)
    return Entry(
        key=own[SOURCE_REF],
        meaning=digest_of(meaning),
        content=_hash(_canonical(own)),
        labels=meaning.labels,
        boxes=len(meaning.boxes),
        labelled=meaning.labelled,
        marks=marks_of(document),
    )


def compact(document: Document) -> bytes:
    """A line as it is sent: compact JSON in UTF-8, members in the given order, without the service's fields."""
    return _encode(without_service_fields(document))


def bare_line(key: str) -> bytes:
    """The line of an unlabelled image: nothing but its key. Sent to make training ignore the image."""
    return _encode({SOURCE_REF: key})


def _is_service_field(name: str, value: object) -> bool:
    if name in SERVICE_LISTS:
        return _is_list_of_findings(value)
    return name == _CL_METADATA and isinstance(value, dict) and isinstance(value.get("is_labeled"), bool)


def _is_list_of_findings(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("code"), str) and isinstance(item.get("message"), str)
        for item in value
    )


def _own_attribute(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute's value or metadata without the service's lists, also inside its annotations."""
    own = {name: member for name, member in value.items() if not _is_service_list(name, member)}
    annotations = own.get("annotations")
    if isinstance(annotations, list):
        own["annotations"] = [_own_annotation(item) if isinstance(item, dict) else item for item in annotations]
    return own


def _own_annotation(annotation: dict[str, Any]) -> dict[str, Any]:
    if annotation.keys().isdisjoint(SERVICE_LISTS):
        return annotation
    return {name: member for name, member in annotation.items() if not _is_service_list(name, member)}


def _is_service_list(name: str, value: object) -> bool:
    return name in SERVICE_LISTS and _is_list_of_findings(value)


def _marks(document: Document) -> Iterator[Mark]:
    for name, value in document.items():
        if name in _ERROR_LISTS:
            yield from _listed(name, value)
        elif isinstance(value, dict):
            yield from _attribute_marks(value)


def _attribute_marks(value: dict[str, Any]) -> Iterator[Mark]:
    for name in _ERROR_LISTS:
        yield from _listed(name, value.get(name))
    annotations = value.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, dict):
            for name in _ERROR_LISTS:
                yield from _listed(name, annotation.get(name))


def _listed(name: str, value: object) -> Iterator[Mark]:
    if isinstance(value, list) and _is_service_list(name, value):
        for item in value:
            yield Mark(item["code"], item["message"])


def _class_name(attribute: Attribute) -> str | None:
    """The label of an image-level attribute; None when it is malformed."""
    name = attribute.metadata.get("class-name")
    if not isinstance(name, str) or not name or not isinstance(attribute.value, int | float | str):
        return None
    return name


def _boxes(attribute: Attribute) -> tuple[list[Box], tuple[int, int]] | None:
    """The boxes and the image's size of a bounding-box attribute; None when anything in it is malformed."""
    value = attribute.value
    size = _size(value.get("image_size")) if isinstance(value, dict) else None
    annotations = value.get("annotations") if isinstance(value, dict) else None
    class_map = attribute.metadata.get("class-map")
    if size is None or not isinstance(annotations, list) or not isinstance(class_map, dict):
        return None
    boxes = []
    for annotation in annotations:
        box = _box(annotation, class_map)
        if box is None:
            return None
        boxes.append(box)
    return boxes, size


def _size(image_size: object) -> tuple[int, int] | None:
    if not isinstance(image_size, list) or len(image_size) != 1 or not isinstance(image_size[0], dict):
        return None
    width, height = _thousandths(image_size[0].get("width")), _thousandths(image_size[0].get("height"))
    return None if width is None or height is None else (width, height)


def _box(annotation: object, class_map: Mapping[str, Any]) -> Box | None:
    if not isinstance(annotation, dict):
        return None
    label = class_map.get(_class_id(annotation.get("class_id")))
    if not isinstance(label, str) or not label:
        return None
    left, top, width, height = (_thousandths(annotation.get(name)) for name in _COORDINATES)
    if left is None or top is None or width is None or height is None:
        return None
    return Box(label, left, top, width, height)


def _class_id(value: object) -> str:
    """A class id as the class-map spells it; 1.0 is 1. Empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _thousandths(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(value * _PER_PIXEL) if abs(value) <= _FARTHEST_PIXEL else None


def _canonical_attribute(attribute: Attribute) -> str:
    """A malformed attribute as canonical JSON: its value and metadata; the name counts as little as any other name."""
    return _canonical([attribute.value, attribute.metadata]).decode("utf-8", "surrogatepass")


def _canonical(value: object) -> bytes:
    """JSON with sorted members and numbers by value: equal values give equal bytes."""
    plain = _by_value(value)
    try:
        return msgspec.json.encode(plain, order="deterministic")
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _by_value(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same value out
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _by_value(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_by_value(item) for item in value]
    return value


def _encode(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
