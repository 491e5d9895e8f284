"""What a line means to training: its label attributes, labels, boxes and image size; JSON as it is compared, digests.

Source: Custom Labels Developer Guide, "Creating a manifest file".
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from math import isnan
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from reconciler.model import Origin

SOURCE_REF: Final = "source-ref"
METADATA: Final = "-metadata"
IMAGE_TYPE: Final = "groundtruth/image-classification"
# Written by AWS's own converter of Ground Truth's multi-label output, while the guide names IMAGE_TYPE alone. It means
# an image-level label where it has a `class-name`; Ground Truth's own lines have a list of classes instead.
# Source: Custom Labels Developer Guide, "Transforming multi-label SageMaker AI Ground Truth manifest files".
MULTILABEL_TYPE: Final = "groundtruth/image-classification-multilabel"
BOXES_TYPE: Final = "groundtruth/object-detection"

Document = Mapping[str, Any]  # a parsed line


class Attribute(NamedTuple):
    """A label attribute of a line: its name, value and metadata; `kind` is the metadata's type."""

    name: str
    value: Any
    metadata: Mapping[str, Any]
    kind: str


def attributes(document: Document) -> Iterator[Attribute]:
    """The label attributes of the kinds that Custom Labels knows, in the line's order.

    An attribute is known by its metadata: a member named `<attribute>-metadata` that holds one of the two types.
    """
    for name, metadata in document.items():
        if not name.endswith(METADATA) or not isinstance(metadata, dict):
            continue
        kind = kind_of_labels(metadata)
        if kind in {IMAGE_TYPE, BOXES_TYPE}:
            attribute = name.removesuffix(METADATA)
            yield Attribute(attribute, document.get(attribute), metadata, kind)


def confidences(attribute: Attribute) -> list[float]:
    """The confidences that an attribute states: its own, or its boxes'."""
    objects = attribute.metadata.get("objects")
    stated = objects if isinstance(objects, list) else [attribute.metadata]
    values = [one.get("confidence") for one in stated if isinstance(one, dict)]
    return [value for value in values if type(value) is int or type(value) is float]


# What one attribute says of its origin: `human-annotated`, `job-name`, its lowest and its highest confidence.
Said = tuple[str | None, str | None, float | None, float | None]


def said_by(attribute: Attribute) -> Said:
    """What an attribute says; what is not text, or not a number, says nothing."""
    stated = [value for value in confidences(attribute) if not isnan(value)]
    human, job = attribute.metadata.get("human-annotated"), attribute.metadata.get("job-name")
    return (
        human if isinstance(human, str) else None,
        job if isinstance(job, str) else None,
        min(stated, default=None),
        max(stated, default=None),
    )


@lru_cache(maxsize=4096)  # few origins, many lines
def origin_of(said: tuple[Said, ...]) -> Origin | None:
    """The origin of a line, from what its label attributes say; None without any."""
    if not said:
        return None
    if len(said) == 1:  # nearly always
        human, job, lowest, highest = said[0]
        humans, jobs = () if human is None else (human,), () if job is None else (job,)
        return Origin(humans, jobs, lowest, highest, lowest if human == "no" else None)
    return Origin(
        tuple(sorted({human for human, _job, _low, _high in said if human is not None})),
        tuple(sorted({job for _human, job, _low, _high in said if job is not None})),
        min((low for _human, _job, low, _high in said if low is not None), default=None),
        max((high for _human, _job, _low, high in said if high is not None), default=None),
        min((low for human, _job, low, _high in said if human == "no" and low is not None), default=None),
    )


# Coordinates are compared in thousandths of a pixel.
_PER_PIXEL: Final = 1000
# An attribute with a coordinate beyond this is malformed. Python refuses to write very long integers.
_FARTHEST_PIXEL: Final = 10**12


class Box(NamedTuple):
    """A bounding box: label, and left, top, width, height in thousandths of a pixel.

    A tuple, because manifests have millions: they are made, sorted and compared in C.
    """

    label: str
    left: int
    top: int
    width: int
    height: int


class Meaning(Struct, frozen=True):
    """What a line means to training.

    `image_labels` in order of first use and without repeats, `boxes` in the line's order, `sizes` the distinct image
    sizes (width, height) in thousandths of a pixel, `malformed` the known attributes that could not be read, as
    canonical JSON. `declared` are the labels of the class-maps, with those that no box uses: they mean nothing to
    training, and the service may count them.
    """

    image_labels: tuple[str, ...]
    boxes: tuple[Box, ...]
    sizes: tuple[tuple[int, int], ...]
    malformed: tuple[str, ...]
    labelled: bool
    declared: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The distinct labels of the image and its boxes, in order of first use."""
        return tuple(dict.fromkeys((*self.image_labels, *(box.label for box in self.boxes))))


def kind_of_labels(metadata: Mapping[str, Any]) -> str:
    """The kind of labels that an attribute has: its type, empty where it is not text."""
    kind = metadata.get("type")
    if kind == MULTILABEL_TYPE and "class-name" in metadata:
        return IMAGE_TYPE
    return kind if isinstance(kind, str) else ""


def meaning_of(document: Document) -> Meaning:
    """Read what a line means; `document` is free of the service's fields."""
    image_labels: dict[str, None] = {}
    boxes: list[Box] = []
    sizes: dict[tuple[int, int], None] = {}
    malformed: list[str] = []
    declared: dict[str, None] = {}
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
                declared |= dict.fromkeys(
                    name for name in attribute.metadata["class-map"].values() if isinstance(name, str)
                )
                continue
        # Like all names of attributes, that of a malformed one does not count.
        malformed.append(canonical([attribute.value, attribute.metadata]).decode("utf-8", "surrogatepass"))
    return Meaning(tuple(image_labels), tuple(boxes), tuple(sizes), tuple(malformed), labelled, tuple(declared))


def digest_of(meaning: Meaning) -> bytes:
    """16 bytes that two meanings share exactly when they are the same to training."""
    parts = [
        sorted(meaning.image_labels),
        sorted(meaning.boxes),
        sorted(meaning.sizes),
        sorted(meaning.malformed),
        meaning.labelled,
    ]
    return hashed(encoded(parts))


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
    number = annotation.get("class_id")
    label = class_map.get(str(number) if type(number) is int else _class_id(number))
    if not isinstance(label, str) or not label:
        return None
    left = _thousandths(annotation.get("left"))
    top = _thousandths(annotation.get("top"))
    width = _thousandths(annotation.get("width"))
    height = _thousandths(annotation.get("height"))
    if left is None or top is None or width is None or height is None:
        return None
    return Box(label, left, top, width, height)


def _class_id(value: object) -> str:
    """A class id as the class-map spells it; 1.0 is 1. Empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _thousandths(value: object) -> int | None:
    if type(value) is int:  # nearly always
        return value * _PER_PIXEL if -_FARTHEST_PIXEL <= value <= _FARTHEST_PIXEL else None
    if not isinstance(value, float):
        return None
    return round(value * _PER_PIXEL) if abs(value) <= _FARTHEST_PIXEL else None


# How the encoder writes a float that is a whole number: 1.0, 1e+16. In text it means nothing, and costs a little time.
_WHOLE_FLOAT: Final = re.compile(rb"\.0[,\]}]|e(?<=[0-9]e)\+?[0-9]")


def canonical(value: object) -> bytes:
    """JSON with sorted members and numbers by value: equal values give equal bytes."""
    try:
        fast = msgspec.json.encode(value, order="deterministic")
        if not _WHOLE_FLOAT.search(fast):
            return fast
        return msgspec.json.encode(_by_value(value), order="deterministic")
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(_by_value(value), sort_keys=True, separators=(",", ":")).encode()


def encoded(value: object) -> bytes:
    """Compact JSON in UTF-8, members in the given order."""
    try:
        return msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def hashed(data: bytes) -> bytes:
    """16 bytes that name the data."""
    return blake2b(data, digest_size=16).digest()


def _by_value(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same value out
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _by_value(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_by_value(item) for item in value]
    return value
