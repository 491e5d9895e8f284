"""Lines of the common shape, read in one pass: most lines of most manifests, much faster than the general code does.

`CommonLines.read` gives what `own_entry` gives, for a line about which the judges of `reconciler.manifest` would say
nothing. None says nothing about a line: the general code reads it, and only that explains what is wrong.

A decoder is made for each set of label attributes. It takes what AWS's guide shows, with the guide's bounds, and no
more. Its members are in alphabetical order and integers are tried before floats, so that encoding again gives the
canonical JSON that digests are made of. Members that many lines share (class-map, image size, confidence) are read once
for all lines that spell them alike.

A line without a backslash repeats no member if it has as many colons as that. Where all its numbers are spelled as they
are encoded, nothing of it can be shorter than that, so one of the same length has neither blanks nor repeated members.

Source: Custom Labels Developer Guide, "Creating a manifest file"; the bounds are those of `reconciler.limits`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
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
from reconciler.model import Entry

_Share = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]
_Side = Annotated[int, Meta(ge=IMAGE_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
_WholeStart = Annotated[int, Meta(ge=0, le=IMAGE_SIDE_MAX_PX)]
_Start = _WholeStart | Annotated[float, Meta(ge=0, le=IMAGE_SIDE_MAX_PX)]
_WholeExtent = Annotated[int, Meta(gt=BOX_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
_Extent = _WholeExtent | Annotated[float, Meta(gt=BOX_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
_Label = Annotated[str, Meta(min_length=1, max_length=LABEL_CHARACTERS)]
# A part of what `manifest/judge/line.py` takes.
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?")


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


class _WholeBox(Struct, forbid_unknown_fields=True, gc=False):
    class_id: int
    height: _WholeExtent
    left: _WholeStart
    top: _WholeStart
    width: _WholeExtent


class _Boxes(Struct, forbid_unknown_fields=True, gc=False):
    annotations: Annotated[list[_Box], Meta(min_length=1, max_length=BOXES_PER_IMAGE)]
    image_size: Raw


class _WholeBoxes(Struct, forbid_unknown_fields=True, gc=False):
    annotations: Annotated[list[_WholeBox], Meta(min_length=1, max_length=BOXES_PER_IMAGE)]
    image_size: Raw


class _Object(Struct, forbid_unknown_fields=True, gc=False):
    confidence: _Share


class _BoxesMetadata(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    class_map: Raw = field(name="class-map")
    creation_date: str = field(name="creation-date")
    human_annotated: Literal["yes", "no"] = field(name="human-annotated")
    job_name: str | UnsetType = field(name="job-name", default=UNSET)
    objects: Raw
    type: Literal["groundtruth/object-detection"]


class _ImageMetadata(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    class_name: _Label = field(name="class-name")
    confidence: Raw
    creation_date: str = field(name="creation-date")
    human_annotated: Literal["yes", "no"] = field(name="human-annotated")
    job_name: str | UnsetType = field(name="job-name", default=UNSET)
    type: Literal["groundtruth/image-classification"]


_SIZES: Final = Decoder(Annotated[list[_Size], Meta(min_length=1, max_length=1)])
_OBJECTS: Final = Decoder(list[_Object])
_SHARE: Final[Decoder[float]] = Decoder(_Share)
# Shapes, dates and members of each kind that are remembered: a manifest with new ones in every line costs no memory.
_KEPT: Final = 256
_LONGEST: Final = 20_000
_LONGEST_NAME: Final = 200
_COLON: Final = b":"
_Names = tuple[str, ...]
_NO_NAMES: Final[_Names] = ()
_PER_PIXEL: Final = 1000
# What the service appends to every line that it lists.
_ADDED: Final = (b',"cl-metadata":{"is_labeled":true}}', b',"cl-metadata":{"is_labeled":false}}')
# A class id as JSON writes a number, which is how a class-map is asked for it.
_ID: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")


class CommonLine(Struct, frozen=True, gc=False):
    """A line of the common shape: its entry, and what notes on a manifest are made of.

    `shape` has the kinds of its attributes. `text` is the line as it is sent, None where it is not the bytes that were
    read.
    """

    entry: Entry
    shape: "Shape"
    text: bytes | None

    def text_of(self, raw: bytes) -> bytes:
        """The line as it is sent, from the bytes that were read."""
        return encoded(decode(raw)) if self.text is None else self.text


class Shape(NamedTuple):
    """A set of label attributes: how such a line is read, the kinds, and how each metadata begins in the line's order.

    `image` are the names of the members with image-level labels, `boxes` those of the one attribute with boxes, whose
    coordinates may be no integers unless `whole`.
    """

    decoder: Decoder[Any]
    kinds: frozenset[str]
    beginnings: tuple[bytes, ...]
    image: tuple[str, ...]
    boxes: tuple[str, str] | None
    whole: bool

    @classmethod
    def of(cls, kinds: dict[str, str], *, whole: bool) -> "Shape":
        """The shape of lines with these attributes, in this order, and the kind of each."""
        forms = {BOXES_TYPE: (_WholeBoxes if whole else _Boxes, _BoxesMetadata), IMAGE_TYPE: (int, _ImageMetadata)}
        members: dict[str, tuple[str, Any]] = {SOURCE_REF: ("key", str)}
        for number, (name, kind) in enumerate(kinds.items()):
            value, metadata = forms[kind]
            members[name] = f"value_{number}", value
            members[name + METADATA] = f"metadata_{number}", metadata
        fields = [(own, of, field(name=name)) for name, (own, of) in sorted(members.items())]
        line = defstruct("Line", fields, forbid_unknown_fields=True, gc=False)
        boxes = next((members[one][0] for one, kind in kinds.items() if kind == BOXES_TYPE), None)
        return cls(
            Decoder(line),
            frozenset(kinds.values()),
            tuple(f'"{name}{METADATA}"'.encode() for name in kinds),
            tuple(members[one + METADATA][0] for one, kind in kinds.items() if kind == IMAGE_TYPE),
            (boxes, boxes.replace("value", "metadata")) if boxes else None,
            whole,
        )


class _Member(NamedTuple):
    """A member that is written alike in many lines: what was read of it, its canonical form, whether it has that."""

    value: Any
    canonical: Raw
    is_exact: bool


class _Members(dict[bytes, _Member | None]):
    """Members by how they are written; None where one is not of the common shape."""

    def __init__(self, read: Callable[[bytes], _Member | None]) -> None:
        self._read = read

    def __missing__(self, raw: bytes) -> _Member | None:
        if len(self) >= _KEPT:
            self.clear()
        try:
            found = self._read(raw)
        except (MsgspecError, ValueError, RecursionError):
            found = None
        if len(raw) <= _LONGEST:
            self[raw] = found
        return found


class _Found(Struct, frozen=True, gc=False):
    meaning: bytes
    labels: tuple[str, ...]
    declared: tuple[str, ...]
    boxes: int
    box_counts: tuple[int, ...]
    said: tuple[Said, ...]
    is_exact: bool


class CommonLines:
    """Reads lines of the common shape; one reader remembers the shapes and members of one manifest or listing."""

    def __init__(self) -> None:
        self._shape = Shape.of({}, whole=True)
        self._shapes: dict[tuple[tuple[str, str], ...], tuple[Shape, ...]] = {}
        self._first: dict[bytes, Shape] = {}  # by the name of the member behind the key, which often tells the shape
        self._class_maps, self._sizes = _Members(_class_map), _Members(_size)
        self._objects, self._confidences = _Members(_objects), _Members(_confidence)
        self._dates = set[str]()

    def read(self, raw: bytes) -> CommonLine | None:
        """The line, or None where it is not of the common shape."""
        if b"\\" in raw:
            return None
        try:
            line = self._shape.decoder.decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            line = self._other_shape(raw)
            if line is None:
                return None
        return self._read(line, self._shape, raw)

    def _other_shape(self, raw: bytes) -> Any:  # noqa: ANN401 - made by `defstruct`
        """A line that the last shape's decoder refuses, read with its own, which then is the last; None if none can."""
        begin = raw.find(b'","') + 2
        name = raw[begin : raw.find(b":", begin)]
        guess = self._first.get(name)
        if guess is not None and (line := _decoded(guess, raw)) is not None:
            self._shape = guess
            return line
        for shape in self._shapes_of(raw):
            if shape is not self._shape and (line := _decoded(shape, raw)) is not None:
                self._shape = shape
                if len(self._first) < _KEPT and len(name) <= _LONGEST_NAME:
                    self._first[name] = shape
                return line
        return None

    def _shapes_of(self, raw: bytes) -> tuple[Shape, ...]:
        """The shapes of lines with the attributes of this one; none where these are unknown, or too many were seen."""
        try:
            document = decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            return ()
        kinds = _kinds(document) if isinstance(document, dict) else None
        if kinds is None:
            return ()
        name = tuple(kinds.items())
        if name not in self._shapes:
            if len(self._shapes) >= _KEPT:
                return ()
            forms = (True, False) if BOXES_TYPE in kinds.values() else (True,)
            self._shapes[name] = tuple(Shape.of(kinds, whole=whole) for whole in forms)
        return self._shapes[name]

    def _read(self, line: Any, shape: Shape, raw: bytes) -> CommonLine | None:  # noqa: ANN401 - made by `defstruct`
        if len(shape.beginnings) > 1 and not _is_in_order(raw, shape.beginnings):
            return None
        found = self._image_labels(line, shape.image)
        if found is not None and shape.boxes is not None:
            found = self._drawn(getattr(line, shape.boxes[0]), getattr(line, shape.boxes[1]), found)
        if found is None:
            return None
        text = encode(line)
        is_exact = found.is_exact and len(text) == len(raw)
        if not is_exact and (raw.count(_COLON) != text.count(_COLON) or (not shape.whole and _has_whole_float(text))):
            return None
        entry = Entry(
            line.key,
            found.meaning,
            blake2b(text, digest_size=16).digest(),  # as `hashed`, of which a call costs more
            found.labels,
            found.boxes,
            bool(shape.kinds),
            (),
            found.declared,
            found.box_counts,
            origin_of(found.said),
        )
        return CommonLine(entry, shape, raw if is_exact else None)

    def _image_labels(self, line: Any, names: _Names) -> "_Found | None":  # noqa: ANN401 - likewise
        """What a line without boxes has; it is encoded with canonical members from here on."""
        image, is_exact = _NO_NAMES, True
        said: tuple[Said, ...] = ()
        for name in names:
            metadata: _ImageMetadata = getattr(line, name)
            confidence = self._confidences[bytes(metadata.confidence)]
            if confidence is None or not (metadata.creation_date in self._dates or self._is_date(metadata)):
                return None
            metadata.confidence = confidence.canonical
            is_exact = is_exact and confidence.is_exact
            said = (*said, (metadata.human_annotated, _job(metadata), confidence.value, confidence.value))
            if metadata.class_name not in image:
                image = (*image, metadata.class_name)
        return _Found(_meaning_of_labels(image), image, image, 0, (), said, is_exact)

    def _drawn(self, value: _Boxes | _WholeBoxes, metadata: _BoxesMetadata, found: "_Found") -> "_Found | None":
        """What a line with boxes has besides its image-level labels; it too is encoded with canonical members."""
        size, class_map = self._sizes[bytes(value.image_size)], self._class_maps[bytes(metadata.class_map)]
        objects = self._objects[bytes(metadata.objects)]
        if size is None or class_map is None or objects is None or objects.value[0] < len(value.annotations):
            return None
        boxes, counts, is_whole = _read_boxes(value, class_map.value[0], *size.value)
        if not boxes or not (metadata.creation_date in self._dates or self._is_date(metadata)):
            return None
        value.image_size, metadata.class_map, metadata.objects = size.canonical, class_map.canonical, objects.canonical
        image, (across, down) = found.labels, size.value
        boxes.sort()
        meaning = encode((sorted(image), boxes, ((across * _PER_PIXEL, down * _PER_PIXEL),), (), True))
        labels, declared = _labels(image, tuple(counts), class_map.value[1])
        box_counts = tuple([counts.get(label, 0) for label in labels]) if image else tuple(counts.values())
        said = (*found.said, (metadata.human_annotated, _job(metadata), *objects.value[1:]))
        is_exact = found.is_exact and objects.is_exact and is_whole
        return _Found(
            blake2b(meaning, digest_size=16).digest(), labels, declared, len(boxes), box_counts, said, is_exact
        )

    def _is_date(self, metadata: _ImageMetadata | _BoxesMetadata) -> bool:
        date = metadata.creation_date
        if _DATE.fullmatch(date) is None:
            return False
        if len(self._dates) >= _KEPT:
            self._dates.clear()
        if len(date) <= _LONGEST:
            self._dates.add(date)
        return True


def _decoded(shape: Shape, raw: bytes) -> Any:  # noqa: ANN401 - made by `defstruct`
    """The line, None where it is of a different shape."""
    try:
        return shape.decoder.decode(raw)
    except (MsgspecError, ValueError, RecursionError):
        return None


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
    if names != document.keys() or not known or not {BOXES_TYPE, IMAGE_TYPE}.issuperset(kinds.values()):
        return None
    return kinds if list(kinds.values()).count(BOXES_TYPE) <= 1 else None


def _is_in_order(raw: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether the members come in this order; without a backslash no text holds a name in quotes."""
    return all(raw.find(one) < raw.find(other) for one, other in pairwise(names))


def _job(metadata: _ImageMetadata | _BoxesMetadata) -> str | None:
    return None if metadata.job_name is UNSET else metadata.job_name


def _has_whole_float(text: bytes) -> bool:
    """Whether an encoded line may have a float that is a whole number, which is not how it is compared."""
    return b".0" in text and (b".0," in text or b".0}" in text)


def _read_boxes(
    value: _Boxes | _WholeBoxes, labels: dict[int, str], across: int, down: int
) -> tuple[list[tuple[str, int, int, int, int]], dict[str, int], bool]:
    """Boxes as `meaning.Box` has them, how many have each label in order of first use, whether all numbers are whole.

    There are none where a box is not a good one.
    """
    boxes: list[Any] = []
    counts: dict[str, int] = {}
    for box in value.annotations:
        left, top, width, height = box.left, box.top, box.width, box.height
        label = labels.get(box.class_id)
        if label is None or left + width > across or top + height > down:
            return [], counts, False
        if label in counts:
            counts[label] += 1
        else:
            counts[label] = 1
        boxes.append((label, left * _PER_PIXEL, top * _PER_PIXEL, width * _PER_PIXEL, height * _PER_PIXEL))
    if type(value) is _WholeBoxes:
        return boxes, counts, True
    total = sum(sum(box[1:]) for box in boxes)
    return [(box[0], *map(round, box[1:])) for box in boxes], counts, type(total) is int


def _class_map(raw: bytes) -> _Member | None:
    """A class-map as labels by id and all labels; None where one is not usable text, or an id appears twice."""
    labels = decode(raw)
    if not isinstance(labels, dict) or not all(map(_is_label, labels.values())):
        return None
    text = canonical(labels)
    if raw.count(_COLON) != text.count(_COLON):
        return None
    by_id = {int(name): label for name, label in labels.items() if _ID.fullmatch(name)}
    return _Member((by_id, tuple(labels.values())), Raw(text), is_exact=True)


def _size(raw: bytes) -> _Member:
    """The image size as width and height."""
    sizes = _SIZES.decode(raw)
    return _Member((sizes[0].width, sizes[0].height), Raw(encode(sizes)), is_exact=True)


def _objects(raw: bytes) -> _Member | None:
    """The confidence of each box: how many there are, the lowest and the highest."""
    objects = _OBJECTS.decode(raw)
    text, stated = encode(objects), [one.confidence for one in objects]
    if b".0}" in text:
        return None
    return _Member((len(stated), min(stated, default=None), max(stated, default=None)), Raw(text), text == raw)


def _confidence(raw: bytes) -> _Member | None:
    """The confidence of an image-level label."""
    confidence = _SHARE.decode(raw)
    text = encode(confidence)
    return None if text.endswith(b".0") else _Member(confidence, Raw(text), text == raw)


def _is_label(label: object) -> bool:
    return isinstance(label, str) and 1 <= len(label) <= LABEL_CHARACTERS


@lru_cache(maxsize=_KEPT)
def _meaning_of_labels(image: _Names) -> bytes:
    """The digest of what a line without boxes means; such a line without labels is not labelled."""
    return hashed(encoded([sorted(image), [], [], [], bool(image)]))


@lru_cache(maxsize=4096)
def _labels(image: _Names, boxes: _Names, names: _Names) -> tuple[_Names, _Names]:
    """The distinct labels that are used, and with those of the class-map, in order of first use."""
    used = dict.fromkeys((*image, *boxes))
    return tuple(used), tuple(used | dict.fromkeys(names))
