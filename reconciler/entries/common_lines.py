"""Lines of the common shape, read in one pass: most lines of most manifests, much faster than the general code does.

`CommonLines.read` gives what `own_entry` gives, for a line about which the judges of `reconciler.manifest` would say
nothing. None says nothing about a line: the general code reads it, and only that explains what is wrong.

A decoder is made for each set of label attributes. It takes what AWS's guide shows, with the guide's bounds, and no
more. Its members are in alphabetical order and integers are tried before floats, so that encoding again gives the
canonical JSON that digests are made of. A line without a backslash repeats no member if it has as many colons as that.

Source: Custom Labels Developer Guide, "Creating a manifest file"; the bounds are those of `reconciler.limits`.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import UNSET, Meta, MsgspecError, Raw, Struct, UnsetType, defstruct, field
from msgspec.json import Decoder, decode, encode

from reconciler.entries.meaning import (
    BOXES_TYPE,
    IMAGE_TYPE,
    METADATA,
    SOURCE_REF,
    Said,
    canonical,
    encoded,
    hashed,
    origin_of,
)
from reconciler.limits import BOX_SIDE_MIN_PX, BOXES_PER_IMAGE, IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX, LABEL_CHARACTERS
from reconciler.model import Entry, Origin

_Share = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]
_Side = Annotated[int, Meta(ge=IMAGE_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
_Start = Annotated[int, Meta(ge=0, le=IMAGE_SIDE_MAX_PX)] | Annotated[float, Meta(ge=0, le=IMAGE_SIDE_MAX_PX)]
_Extent = (
    Annotated[int, Meta(gt=BOX_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
    | Annotated[float, Meta(gt=BOX_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
)
_Label = Annotated[str, Meta(min_length=1, max_length=LABEL_CHARACTERS)]
# A part of what `manifest/judge/line.py` takes.
_Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?$(?![\s\S])")]


class _Size(Struct, forbid_unknown_fields=True, gc=False):
    depth: Annotated[int, Meta(ge=0, le=100)]
    height: _Side
    width: _Side


class _Box(Struct, forbid_unknown_fields=True, gc=False):
    class_id: int
    height: _Extent
    left: _Start
    top: _Start
    width: _Extent


class _Boxes(Struct, forbid_unknown_fields=True):
    annotations: Annotated[list[_Box], Meta(min_length=1, max_length=BOXES_PER_IMAGE)]
    image_size: Annotated[list[_Size], Meta(min_length=1, max_length=1)]


class _Object(Struct, forbid_unknown_fields=True, gc=False):
    confidence: _Share


class _BoxesMetadata(Struct, forbid_unknown_fields=True, kw_only=True):
    class_map: Raw = field(name="class-map")
    creation_date: _Date = field(name="creation-date")
    human_annotated: Literal["yes", "no"] = field(name="human-annotated")
    job_name: str | UnsetType = field(name="job-name", default=UNSET)
    objects: list[_Object]
    type: Literal["groundtruth/object-detection"]


class _ImageMetadata(Struct, forbid_unknown_fields=True, kw_only=True):
    class_name: _Label = field(name="class-name")
    confidence: _Share
    creation_date: _Date = field(name="creation-date")
    human_annotated: Literal["yes", "no"] = field(name="human-annotated")
    job_name: str | UnsetType = field(name="job-name", default=UNSET)
    type: Literal["groundtruth/image-classification"]


_FORMS: Final = {BOXES_TYPE: (_Boxes, _BoxesMetadata), IMAGE_TYPE: (int, _ImageMetadata)}
# Shapes and class-maps that are remembered: a manifest with new ones in every line costs no memory.
_KEPT: Final = 256
_COLON: Final = b":"
_Names = tuple[str, ...]
_PER_PIXEL: Final = 1000
# What the service appends to every line that it lists.
_ADDED: Final = (b',"cl-metadata":{"is_labeled":true}}', b',"cl-metadata":{"is_labeled":false}}')
# A class id as JSON writes a number, which is how a class-map is asked for it.
_ID: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")


class CommonLine(NamedTuple):
    """A line of the common shape: what its `Entry` holds, and what notes on a manifest are made of.

    `shape` has the kinds of its attributes. `text` is the line as it is sent, None where it is not the bytes that were
    read.
    """

    key: str
    content: bytes
    shape: "Shape"
    text: bytes | None
    meaning: bytes
    labels: tuple[str, ...]
    declared: tuple[str, ...]
    box_counts: tuple[int, ...]
    boxes: int
    origin: Origin | None

    @property
    def entry(self) -> Entry:
        """What `own_entry` makes of the line."""
        labelled, marks = bool(self.shape.kinds), ()
        known = self.key, self.meaning, self.content, self.labels, self.boxes
        return Entry(*known, labelled, marks, self.declared, self.box_counts, self.origin)

    def text_of(self, raw: bytes) -> bytes:
        """The line as it is sent, from the bytes that were read."""
        return encoded(decode(raw)) if self.text is None else self.text


class Shape(NamedTuple):
    """A set of label attributes: how such a line is read, the kinds, and how each metadata begins in the line's order.

    `image` are the names of the members with image-level labels, `boxes` those of the one attribute with boxes.
    """

    decoder: Decoder[Any]
    kinds: frozenset[str]
    beginnings: tuple[bytes, ...]
    image: tuple[str, ...]
    boxes: tuple[str, str] | None

    @classmethod
    def of(cls, kinds: dict[str, str]) -> "Shape":
        """The shape of lines with these attributes, in this order, and the kind of each."""
        members: dict[str, tuple[str, Any]] = {SOURCE_REF: ("key", str)}
        for number, (name, kind) in enumerate(kinds.items()):
            value, metadata = _FORMS[kind]
            members[name] = f"value_{number}", value
            members[name + METADATA] = f"metadata_{number}", metadata
        fields = [(own, of, field(name=name)) for name, (own, of) in sorted(members.items())]
        line = defstruct("Line", fields, forbid_unknown_fields=True)
        boxes = next((members[one][0] for one, kind in kinds.items() if kind == BOXES_TYPE), None)
        return cls(
            Decoder(line),
            frozenset(kinds.values()),
            tuple(f'"{name}{METADATA}"'.encode() for name in kinds),
            tuple(members[one + METADATA][0] for one, kind in kinds.items() if kind == IMAGE_TYPE),
            (boxes, boxes.replace("value", "metadata")) if boxes else None,
        )


class _Found(NamedTuple):
    meaning: bytes
    labels: tuple[str, ...]
    declared: tuple[str, ...]
    box_counts: tuple[int, ...] = ()
    boxes: int = 0
    said: Said | None = None
    is_as_written: bool = True


class _ClassMap(NamedTuple):
    labels: dict[int, str]
    names: tuple[str, ...]
    canonical: Raw


class CommonLines:
    """Reads lines of the common shape; one reader remembers the shapes and class-maps of one manifest or listing."""

    def __init__(self) -> None:
        self._shape = Shape.of({})
        self._shapes: dict[tuple[tuple[str, str], ...], Shape] = {}
        self._class_maps: dict[bytes, _ClassMap | None] = {}
        self._confidences: dict[bytes, tuple[float, float]] = {}

    def read(self, raw: bytes) -> CommonLine | None:
        """The line, or None where it is not of the common shape."""
        if b"\\" in raw:
            return None
        shape = self._shape
        try:
            line = shape.decoder.decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            other = self._other_shape(raw)
            if other is None or other is shape:
                return None
            shape = self._shape = other
            try:
                line = shape.decoder.decode(raw)
            except (MsgspecError, ValueError, RecursionError):
                return None
        return self._read(line, shape, raw)

    def _other_shape(self, raw: bytes) -> Shape | None:
        """The shape of a line that the last one's decoder refuses."""
        try:
            document = decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            return None
        kinds = _kinds(document) if isinstance(document, dict) else None
        if kinds is None:
            return None
        name = tuple(kinds.items())
        if name not in self._shapes:
            if len(self._shapes) >= _KEPT:
                return None
            self._shapes[name] = Shape.of(kinds)
        return self._shapes[name]

    def _read(self, line: Any, shape: Shape, raw: bytes) -> CommonLine | None:  # noqa: ANN401 - made by `defstruct`
        if len(shape.beginnings) > 1 and not _is_in_order(raw, shape.beginnings):
            return None
        image = tuple(dict.fromkeys([getattr(line, name).class_name for name in shape.image]))
        if shape.boxes is None:
            found: _Found | None = _without_boxes(image, labelled=bool(shape.image))
        else:
            found = self._boxes(getattr(line, shape.boxes[0]), getattr(line, shape.boxes[1]), image, raw)
        if found is None:
            return None
        said = [found.said] if found.said else []
        text = encode(line)
        if raw.count(_COLON) != text.count(_COLON) or b".0," in text or b".0}" in text:
            return None
        is_as_written = len(text) == len(raw) and found.is_as_written
        if is_as_written and shape.image:
            is_as_written = all(_is_as_written(getattr(line, name).confidence, raw) for name in shape.image)
        origin = origin_of(tuple([_said_by_label(getattr(line, name)) for name in shape.image] + said))
        kept = raw if is_as_written else None
        return CommonLine(line.key, hashed(text), shape, kept, *found[:-2], origin)

    def _boxes(self, value: _Boxes, metadata: _BoxesMetadata, image: _Names, raw: bytes) -> "_Found | None":
        written = bytes(metadata.class_map)
        class_map = self._class_maps.get(written) or self._new_class_map(written)
        if class_map is None or len(metadata.objects) < len(value.annotations):
            return None
        metadata.class_map = class_map.canonical  # the line is encoded with it
        boxes, has_floats = _read_boxes(value, class_map.labels)
        if not boxes:
            return None
        size = value.image_size[0]
        sizes = ((size.width * _PER_PIXEL, size.height * _PER_PIXEL),)
        drawn: dict[str, int] = {}
        for box in boxes:
            drawn[box[0]] = drawn.get(box[0], 0) + 1
        labels, declared = _labels(image, tuple(drawn), class_map.names)
        box_counts = tuple([drawn.get(label, 0) for label in labels])
        meaning = hashed(encode((sorted(image), sorted(boxes), sizes, (), True)))
        objects = encode(metadata.objects)
        said = metadata.human_annotated, _job(metadata), *self._range(metadata.objects, objects)
        return _Found(meaning, labels, declared, box_counts, len(boxes), said, not has_floats and objects in raw)

    def _range(self, objects: list[_Object], written: bytes) -> tuple[float, float]:
        """The lowest and the highest confidence of boxes, which are the same in many lines."""
        known = self._confidences.get(written)
        if known is None:
            if len(self._confidences) >= _KEPT:
                self._confidences.clear()
            stated = [one.confidence for one in objects]
            known = self._confidences[written] = min(stated), max(stated)
        return known

    def _new_class_map(self, raw: bytes) -> _ClassMap | None:
        if raw not in self._class_maps:
            if len(self._class_maps) >= _KEPT:
                self._class_maps.clear()
            try:
                self._class_maps[raw] = _class_map(decode(raw), raw)
            except (MsgspecError, ValueError, RecursionError):
                return None
        return self._class_maps[raw]


def as_sent(line: str) -> bytes | None:
    """A line that the service listed, without the `cl-metadata` that it appends; None where it has half characters."""
    try:
        raw = line.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    for added in _ADDED:
        if raw.endswith(added):
            raw = raw[: -len(added)] + b"}"
    return raw


def _kinds(document: dict[str, Any]) -> dict[str, str] | None:
    """The kind of each attribute, in the order of their metadata; None where a decoder would not be exact."""
    kinds = {}
    for name, metadata in document.items():
        attribute = name.removesuffix(METADATA)
        if attribute != name and isinstance(metadata, dict) and attribute in document:
            kinds[attribute] = str(metadata.get("type"))
    names = kinds.keys() | {name + METADATA for name in kinds} | {SOURCE_REF}
    known = len(names) == 1 + 2 * len(kinds) and all(name.isascii() for name in kinds) and "" not in kinds
    if names != document.keys() or not known or not _FORMS.keys() >= set(kinds.values()):
        return None
    return kinds if list(kinds.values()).count(BOXES_TYPE) <= 1 else None


def _is_in_order(raw: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether the members come in this order; without a backslash no text holds a name in quotes."""
    return all(raw.find(one) < raw.find(other) for one, other in pairwise(names))


def _said_by_label(metadata: _ImageMetadata) -> Said:
    return metadata.human_annotated, _job(metadata), metadata.confidence, metadata.confidence


def _job(metadata: _ImageMetadata | _BoxesMetadata) -> str | None:
    return metadata.job_name if isinstance(metadata.job_name, str) else None


def _is_as_written(confidence: float, raw: bytes) -> bool:
    """Whether the confidence of an image-level label is spelled in a line as it is encoded again."""
    written = b'"confidence":' + encode(confidence)
    return type(confidence) is int or written + b"," in raw or written + b"}" in raw


def _read_boxes(value: _Boxes, labels: dict[int, str]) -> tuple[list[tuple[str, int, int, int, int]], bool]:
    """The boxes as `meaning.Box` has them, and whether any number is a float; none where a box is not a good one."""
    size = value.image_size[0]
    boxes: list[Any] = []
    across, down = size.width, size.height
    total: float = 0
    for box in value.annotations:
        left, top, width, height = box.left, box.top, box.width, box.height
        label = labels.get(box.class_id)
        if label is None or left + width > across or top + height > down:
            return [], False
        total += left + top + width + height
        boxes.append((label, left * _PER_PIXEL, top * _PER_PIXEL, width * _PER_PIXEL, height * _PER_PIXEL))
    if type(total) is int:
        return boxes, False
    return [(box[0], round(box[1]), round(box[2]), round(box[3]), round(box[4])) for box in boxes], True


def _class_map(labels: object, raw: bytes) -> _ClassMap | None:
    """A class-map and how it is written; None where a label is not usable text, or an id appears twice."""
    if not isinstance(labels, dict) or not all(_is_label(label) for label in labels.values()):
        return None
    text = canonical(labels)
    if raw.count(_COLON) != text.count(_COLON):
        return None
    by_id = {int(name): label for name, label in labels.items() if _ID.fullmatch(name)}
    return _ClassMap(by_id, tuple(labels.values()), Raw(text))


def _is_label(label: object) -> bool:
    return isinstance(label, str) and 1 <= len(label) <= LABEL_CHARACTERS


@lru_cache(maxsize=_KEPT)
def _without_boxes(image: tuple[str, ...], *, labelled: bool) -> _Found:
    meaning = hashed(encoded([sorted(image), [], [], [], labelled]))
    return _Found(meaning, image, image)


@lru_cache(maxsize=4096)
def _labels(image: _Names, boxes: _Names, names: _Names) -> tuple[_Names, _Names]:
    """The distinct labels that are used, and with those of the class-map, in order of first use."""
    used = dict.fromkeys((*image, *boxes))
    return tuple(used), tuple(used | dict.fromkeys(names))
