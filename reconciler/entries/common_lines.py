"""Lines of the common shape, read in one pass: most lines of most manifests, much faster than the general code does.

`CommonLines.read` gives what `own_entry` gives, for a line about which the judges of `reconciler.manifest` would say
nothing but what `CommonLine` counts. None says nothing about a line: the general code reads it, and only that explains
what is wrong.

A decoder is made for each set of label attributes. It takes what AWS's guide shows, with the guide's bounds, and no
more. Its members are in alphabetical order and integers are tried before floats, so that encoding again gives the
canonical JSON that digests are made of. Members that many lines share (class-map, image size, confidence) are read once
for all lines that spell them alike.

Escapes of text that JSON need not escape are replaced first. A line without a backslash repeats no member if it has as
many colons as its canonical JSON. That is also how it is sent, but for the order of members and for floats that are
whole numbers. A float with an exponent apart, nothing can be written shorter than it is sent; so a line with the length
of that has neither blanks nor repeated members, and is sent as it is.

Source: Custom Labels Developer Guide, "Creating a manifest file"; the bounds are those of `reconciler.limits`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, pairwise
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
from reconciler.limits import (
    BOX_SIDE_MIN_PX,
    BOXES_PER_IMAGE,
    DATASET_LABELS,
    IMAGE_SIDE_MAX_PX,
    IMAGE_SIDE_MIN_PX,
    LABEL_CHARACTERS,
)
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
    annotations: Annotated[list[_Box], Meta(max_length=BOXES_PER_IMAGE)]
    image_size: Raw


class _WholeBoxes(Struct, forbid_unknown_fields=True, gc=False):
    annotations: Annotated[list[_WholeBox], Meta(max_length=BOXES_PER_IMAGE)]
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
_CLASS_MAP: Final = Decoder(dict[str, _Label])
_OBJECTS: Final = Decoder(list[_Object])
_SHARE: Final[Decoder[float]] = Decoder(_Share)
# Shapes, dates and members of each kind that are remembered: a manifest with new ones in every line costs no memory.
_KEPT: Final = 256
_LONGEST: Final = 20_000
_LONGEST_NAMES: Final = 200
_METADATA_ENDS: Final = b'-metadata":'
_COLON: Final = b":"
_Names = tuple[str, ...]
_NO_NAMES: Final[_Names] = ()
_PER_PIXEL: Final = 1000
# What the service appends to every line that it lists.
_ADDED: Final = (
    b',"cl-metadata":{"is_labeled":true}}',
    b',"cl-metadata":{"is_labeled":false}}',
    b', "cl-metadata": {"is_labeled": true}}',
    b', "cl-metadata": {"is_labeled": false}}',
)
# The kind of a member that Custom Labels does not know.
_EXTRA: Final = ""
# Has a line count as written differently from how it is sent: no line is so long.
_OTHER: Final = -(2**40)
# How floats that are whole numbers end; the members that have them.
_WHOLE: Final = b".0"
_SIDES: Final = ("left", "top", "width", "height")
# Digits as one digit, and one letter for an exponent.
_DIGITS: Final = bytes.maketrans(b"123456789E", b"000000000e")
# Whole numbers that have 64 bits; the general code reads others.
_LEAST, _MOST = -(2**63), 2**64
# Escapes that JSON needs, or does not have, though Python does; and those of half a character.
_NEEDED: Final = re.compile(rb"\\(?:U|u00[0-7])")
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
# A class id as JSON writes a number, which is how a class-map is asked for it.
_ID: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_IDS: Final = {str(number): number for number in range(DATASET_LABELS)}


class CommonLine(Struct, frozen=True, gc=False):
    """A line of the common shape: its entry, and what notes on a manifest are made of.

    `shape` has the kinds of its attributes and the names of its unknown members, `class_map` all labels of its
    class-maps, `empty` is how many attributes have zero boxes. `raw` is the line without escapes and without what the
    service appends, which is how it is sent where `is_exact`.
    """

    entry: Entry
    shape: "Shape"
    class_map: tuple[str, ...]
    empty: int
    raw: bytes
    is_exact: bool

    def text(self) -> bytes:
        """The line as it is sent."""
        return self.raw if self.is_exact else encoded(decode(self.raw))


class Shape(NamedTuple):
    """A set of label attributes: how such a line is read, the kinds, and how each metadata begins in the line's order.

    `image` are the names of the members with image-level labels, `boxes` those of the attributes with boxes, whose
    coordinates may be no integers unless `whole`, and `extras` those that Custom Labels does not know.
    """

    decoder: Decoder[Any]
    kinds: frozenset[str]
    beginnings: tuple[bytes, ...]
    image: tuple[str, ...]
    boxes: tuple[tuple[str, str], ...]
    extras: tuple[str, ...]
    whole: bool

    @classmethod
    def of(cls, kinds: dict[str, str], *, whole: bool) -> "Shape":
        """The shape of lines with these attributes, in this order, and the kind of each."""
        forms = {BOXES_TYPE: (_WholeBoxes if whole else _Boxes, _BoxesMetadata), IMAGE_TYPE: (int, _ImageMetadata)}
        members: dict[str, tuple[str, Any]] = {SOURCE_REF: ("key", str)}
        own = dict[str, list[tuple[str, str]]]()
        for number, (name, kind) in enumerate(kinds.items()):
            one = f"value_{number}", f"metadata_{number}"
            own.setdefault(kind, []).append(one)
            if kind == _EXTRA:
                members[name] = one[0], Raw
            else:
                members |= {name: (one[0], forms[kind][0]), name + METADATA: (one[1], forms[kind][1])}
        fields = [(own_name, of, field(name=name)) for name, (own_name, of) in sorted(members.items())]
        return cls(
            Decoder(defstruct("Line", fields, forbid_unknown_fields=True, gc=False)),
            frozenset(kinds.values()) - {_EXTRA},
            tuple(f'"{name}{METADATA}":'.encode() for name, kind in kinds.items() if kind != _EXTRA),
            tuple(metadata for _value, metadata in own.get(IMAGE_TYPE, ())),
            tuple(own.get(BOXES_TYPE, ())),
            tuple(value for value, _metadata in own.get(_EXTRA, ())),
            whole,
        )


class _Member(NamedTuple):
    """A member that is written alike in many lines: what was read of it, and its canonical form.

    `more` is how many bytes it has more as it is sent than in that form, or `_OTHER` where it is written differently.
    """

    value: Any
    canonical: Raw
    more: int


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
    more: int
    class_map: tuple[str, ...] = ()
    empty: int = 0


_BoxRow = tuple[str, int, int, int, int]


class _Drawn(Struct, gc=False):
    """What the boxes of a line say: those of each attribute, the sizes of its image, how many boxes have each label."""

    boxes: list[list[_BoxRow]]
    sizes: list[tuple[int, int]]
    counts: dict[str, int]
    class_map: _Names

    def take(
        self, value: _Boxes | _WholeBoxes, class_map: tuple[dict[int, str], _Names], size: tuple[int, int]
    ) -> bool:
        """Add the boxes of an attribute; False where a box is not a good one, or the boxes are those of another."""
        boxes = _read_boxes(value, class_map[0], *size, self.counts)
        if boxes is None or (boxes and boxes in self.boxes):
            return False
        self.boxes.append(boxes)
        pixels = size[0] * _PER_PIXEL, size[1] * _PER_PIXEL
        if pixels not in self.sizes:
            self.sizes.append(pixels)
        self.class_map = self.class_map + class_map[1] if self.class_map else class_map[1]
        return True

    def beside(self, image: _Names, said: tuple[Said, ...], more: int) -> _Found:
        """What a line has with these boxes and these image-level labels."""
        boxes = self.boxes[0] if len(self.boxes) == 1 else sorted(chain.from_iterable(self.boxes))
        meaning = encode((sorted(image), boxes, sorted(self.sizes), (), True))
        labels, declared = _labels(image, tuple(self.counts), self.class_map)
        counts = self.counts
        is_mixed = bool(image and counts)
        return _Found(
            blake2b(meaning, digest_size=16).digest(),
            labels,
            declared,
            len(boxes),
            tuple([counts.get(label, 0) for label in labels]) if is_mixed else tuple(counts.values()),
            said,
            more,
            self.class_map,
            sum(not one for one in self.boxes),
        )


class CommonLines:
    """Reads lines of the common shape; one reader remembers the shapes and members of one manifest or listing."""

    def __init__(self) -> None:
        self._shape = Shape.of({}, whole=True)
        self._shapes: dict[tuple[tuple[str, str], ...], tuple[Shape, ...]] = {}
        self._guesses: dict[tuple[bytes, ...], Shape] = {}  # by the names of attributes, which often tell the shape
        self._class_maps, self._sizes = _Members(_class_map), _Members(_size)
        self._objects, self._confidences = _Members(_objects), _Members(_confidence)
        self._extras, self._dates = _Members(_extra), set[str]()

    def read(self, raw: bytes) -> CommonLine | None:
        """The line, or None where it is not of the common shape."""
        if b"\\" in raw:
            raw = _without_escapes(raw)
            if b"\\" in raw:
                return None
        if raw.endswith(_ADDED):
            raw = _without_added(raw)
        shape = self._shape
        try:
            line = shape.decoder.decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            line = self._other_shape(raw)
            return None if line is None else self._read(line, self._shape, raw)
        if len(shape.beginnings) > 1 and not _is_in_order(raw, shape.beginnings):
            line = self._other_shape(raw)
            return None if line is None else self._read(line, self._shape, raw)
        return self._read(line, shape, raw)

    def _other_shape(self, raw: bytes) -> Any:  # noqa: ANN401 - made by `defstruct`
        """A line that the last shape's decoder refuses, read with its own, which then is the last; None if none can."""
        names = tuple([one[one.rfind(b'"') + 1 :] for one in raw.split(_METADATA_ENDS)[:-1]])
        guess = self._guesses.get(names)
        if guess is not None and _is_in_order(raw, guess.beginnings) and (line := _decoded(guess, raw)) is not None:
            self._shape = guess
            return line
        for shape in self._shapes_of(raw):
            if _is_in_order(raw, shape.beginnings) and (line := _decoded(shape, raw)) is not None:
                self._shape = shape
                if len(self._guesses) < _KEPT and sum(map(len, names)) <= _LONGEST_NAMES:
                    self._guesses[names] = shape
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
        found = self._image_labels(line, shape.image)
        if found is not None and shape.boxes:
            found = self._with_boxes(line, shape, found)
        if found is None:
            return None
        more = found.more
        for name in shape.extras:
            extra = self._extras[bytes(getattr(line, name))]
            if extra is None:
                return None
            setattr(line, name, extra.canonical)
            more += extra.more
        text = encode(line)
        if not shape.whole and _has_whole_float(text) and (count := _make_whole(line, shape)):
            text, more = encode(line), more + count * len(_WHOLE)
        is_exact = len(text) + more == len(raw) and (shape.whole or not _has_exponent(raw))
        if not is_exact and raw.count(_COLON) != text.count(_COLON):
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
        return CommonLine(entry, shape, found.class_map, found.empty, raw, is_exact)

    def _image_labels(self, line: Any, names: _Names) -> "_Found | None":  # noqa: ANN401 - likewise
        """What a line without boxes has; it is encoded with canonical members from here on."""
        image, more = _NO_NAMES, 0
        said: tuple[Said, ...] = ()
        for name in names:
            metadata: _ImageMetadata = getattr(line, name)
            confidence = self._confidences[bytes(metadata.confidence)]
            if confidence is None or not (metadata.creation_date in self._dates or self._is_date(metadata)):
                return None
            metadata.confidence = confidence.canonical
            more += confidence.more
            said = (*said, (metadata.human_annotated, _job(metadata), confidence.value, confidence.value))
            if metadata.class_name not in image:
                image = (*image, metadata.class_name)
        return _Found(_meaning_of_labels(image), image, image, 0, (), said, more)

    def _with_boxes(self, line: Any, shape: Shape, found: "_Found") -> "_Found | None":  # noqa: ANN401 - likewise
        """What a line has with its boxes, besides its image-level labels; it too is encoded with canonical members."""
        drawn = _Drawn([], [], {}, _NO_NAMES)
        said, more = found.said, found.more
        for name, of_metadata in shape.boxes:
            value: _Boxes | _WholeBoxes = getattr(line, name)
            metadata: _BoxesMetadata = getattr(line, of_metadata)
            size, labels = self._sizes[bytes(value.image_size)], self._class_maps[bytes(metadata.class_map)]
            objects = self._objects[bytes(metadata.objects)]
            if size is None or labels is None or objects is None or objects.value[0] < len(value.annotations):
                return None
            is_date = metadata.creation_date in self._dates or self._is_date(metadata)
            if not is_date or not drawn.take(value, labels.value, size.value):
                return None
            value.image_size, metadata.class_map, metadata.objects = size.canonical, labels.canonical, objects.canonical
            said = (*said, (metadata.human_annotated, _job(metadata), *objects.value[1:]))
            more += objects.more
        return drawn.beside(found.labels, said, more)

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
        return _without_added(line.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return None


def _without_added(raw: bytes) -> bytes:
    for added in _ADDED:
        if raw.endswith(added):
            raw = raw[: -len(added)] + b"}"
    return raw


def _kinds(document: dict[str, Any]) -> dict[str, str] | None:
    """The kind of each attribute, in the order of their metadata; None where a decoder would not be exact.

    Without attributes it has no members that are unknown: that is a fault, not a note.
    """
    kinds = {}
    for name, metadata in document.items():
        attribute = name.removesuffix(METADATA)
        if attribute != name and isinstance(metadata, dict) and attribute in document:
            kinds[attribute] = str(metadata.get("type"))
    names = kinds.keys() | {name + METADATA for name in kinds} | {SOURCE_REF}
    known = len(names) == 1 + 2 * len(kinds) and {BOXES_TYPE, IMAGE_TYPE}.issuperset(kinds.values())
    extras = [name for name in document if name not in names]
    if not known or any(name.endswith(METADATA) or name + METADATA in document for name in extras):
        return None
    if (extras and not kinds) or not all(name.isascii() and name for name in (*kinds, *extras)):
        return None
    return kinds | dict.fromkeys(extras, _EXTRA)


def _is_in_order(raw: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether these members are in the line, in this order; without a backslash no text holds a name with its colon."""
    return all(0 < raw.find(one) < raw.find(other) for one, other in pairwise(names))


def _job(metadata: _ImageMetadata | _BoxesMetadata) -> str | None:
    return None if metadata.job_name is UNSET else metadata.job_name


def _without_escapes(raw: bytes) -> bytes:
    """A line with the text that it escapes and need not; other escapes stay."""
    text = raw.replace(b"\\/", b"/") if b"\\/" in raw else raw
    if not text.isascii() or b"\\" not in text or _NEEDED.search(text):
        return text
    try:
        characters = text.decode("raw_unicode_escape")
        return characters.encode() if _HALF.search(text) is None else _with_pairs(characters)
    except ValueError:
        return raw


def _with_pairs(characters: str) -> bytes:
    """Text whose characters beyond 16 bits are in two halves each."""
    return characters.encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def _has_whole_float(text: bytes) -> bool:
    """Whether an encoded line may have a float that is a whole number, which is not how it is compared."""
    return _WHOLE in text and (b".0," in text or b".0}" in text)


def _has_exponent(raw: bytes) -> bool:
    """Whether a line may have a number with an exponent, which can be shorter than how it is sent."""
    return b"0e" in raw.translate(_DIGITS)


def _make_whole(line: Any, shape: Shape) -> int:  # noqa: ANN401 - made by `defstruct`
    """Have the coordinates of a line that are whole numbers as integers, and count those that were floats."""
    count = 0
    for box in chain.from_iterable(getattr(line, name).annotations for name, _metadata in shape.boxes):
        for side in _SIDES:
            number = getattr(box, side)
            if type(number) is float and number.is_integer():
                setattr(box, side, int(number))
                count += 1
    return count


def _read_boxes(
    value: _Boxes | _WholeBoxes, labels: dict[int, str], across: int, down: int, counts: dict[str, int]
) -> list[_BoxRow] | None:
    """Boxes as `meaning.Box` has them, sorted; counts how many have each label. None where a box is not a good one."""
    boxes: list[Any] = []
    for box in value.annotations:
        left, top, width, height = box.left, box.top, box.width, box.height
        label = labels.get(box.class_id)
        if label is None or left + width > across or top + height > down:
            return None
        if label in counts:
            counts[label] += 1
        else:
            counts[label] = 1
        boxes.append((label, left * _PER_PIXEL, top * _PER_PIXEL, width * _PER_PIXEL, height * _PER_PIXEL))
    if type(value) is not _WholeBoxes:
        boxes = [(box[0], round(box[1]), round(box[2]), round(box[3]), round(box[4])) for box in boxes]
    boxes.sort()
    return boxes


def _class_map(raw: bytes) -> _Member | None:
    """A class-map as labels by id and all labels; None where one is not usable text, or an id appears twice."""
    labels = _CLASS_MAP.decode(raw)
    text = encode(labels, order="deterministic")
    if raw.count(_COLON) != text.count(_COLON):
        return None
    by_id = {}
    for name, label in labels.items():
        number = _IDS.get(name)
        if number is not None:
            by_id[number] = label
        elif _ID.fullmatch(name):
            by_id[int(name)] = label
    return _Member((by_id, tuple(labels.values())), Raw(text), 0)


def _size(raw: bytes) -> _Member:
    """The image size as width and height."""
    sizes = _SIZES.decode(raw)
    return _Member((sizes[0].width, sizes[0].height), Raw(encode(sizes)), 0)


def _objects(raw: bytes) -> _Member:
    """The confidence of each box: how many there are, the lowest and the highest."""
    objects = _OBJECTS.decode(raw)
    text, stated = encode(objects), [one.confidence for one in objects]
    for one in objects:
        one.confidence = _by_value(one.confidence)
    found = len(stated), min(stated, default=None), max(stated, default=None)
    return _Member(found, *_in_canonical(objects, raw, text))


def _confidence(raw: bytes) -> _Member:
    """The confidence of an image-level label."""
    confidence = _SHARE.decode(raw)
    return _Member(confidence, *_in_canonical(_by_value(confidence), raw, encode(confidence)))


def _extra(raw: bytes) -> _Member | None:
    """The value of a member that Custom Labels does not know; None for one that may have fields of the service."""
    value = decode(raw)
    if isinstance(value, dict | list) or (isinstance(value, int) and not _LEAST <= value < _MOST):
        return None
    text = canonical([value])[1:-1]  # it looks for what ends a number
    return _Member(None, Raw(text), len(raw) - len(text) if encoded(value) == raw else _OTHER)


def _by_value(number: float) -> float:
    return int(number) if type(number) is float and number.is_integer() else number


def _in_canonical(value: object, raw: bytes, sent: bytes) -> tuple[Raw, int]:
    """A member's canonical form, and how many bytes it has more as it is sent."""
    text = encode(value)
    return Raw(text), len(sent) - len(text) if sent == raw else _OTHER


@lru_cache(maxsize=_KEPT)
def _meaning_of_labels(image: _Names) -> bytes:
    """The digest of what a line without boxes means; such a line without labels is not labelled."""
    return hashed(encoded([sorted(image), [], [], [], bool(image)]))


@lru_cache(maxsize=4096)
def _labels(image: _Names, boxes: _Names, names: _Names) -> tuple[_Names, _Names]:
    """The distinct labels that are used, and with those of the class-map, in order of first use."""
    used = dict.fromkeys((*image, *boxes))
    return tuple(used), tuple(used | dict.fromkeys(names))
