"""Lines of the common shape, read in one pass: most lines of most manifests, much faster than the general code does.

`CommonLines.read` gives what `own_entry` gives, for a line about which the judges of `reconciler.manifest` would say
nothing but what `CommonLine` counts. None says nothing about a line: the general code reads it, and only that explains
what is wrong.

The decoder of a set of label attributes (`common_shapes`) gives the canonical JSON that digests are made of; members
that many lines share are read once (`common_members`).

Escapes of text that JSON need not escape are replaced first. A line without a backslash repeats no member if it has as
many colons as its canonical JSON. That is also how it is sent, but for the order of members and for floats that are
whole numbers. A float with an exponent apart, nothing can be written shorter than it is sent; so a line with the length
of that has neither blanks nor repeated members, and is sent as it is.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any, Final

from msgspec import MsgspecError, Struct
from msgspec.json import decode, encode

from reconciler.entries.common_members import (
    COLON,
    KEPT,
    LONGEST,
    Members,
    class_map_of,
    confidence_of,
    extra_of,
    objects_of,
    size_of,
)
from reconciler.entries.common_shapes import (
    Boxes,
    BoxesMetadata,
    ImageMetadata,
    Shape,
    WholeBoxes,
    decoded,
    job_of,
    kinds_of,
    make_whole,
)
from reconciler.entries.line_text import (
    WHOLE,
    has_exponent,
    has_whole_float,
    is_appended,
    is_in_order,
    without_added,
    without_blanks,
    without_escapes,
)
from reconciler.entries.meaning import BOXES_TYPE, Said, encoded, hashed, origin_of
from reconciler.model import Entry

# A part of what `manifest/judge/line.py` takes.
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?")
_LONGEST_NAMES: Final = 200
_METADATA_ENDS: Final = b'-metadata":'
_Names = tuple[str, ...]
_NO_NAMES: Final[_Names] = ()
_PER_PIXEL: Final = 1000


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

    def take(self, value: Boxes | WholeBoxes, class_map: tuple[dict[int, str], _Names], size: tuple[int, int]) -> bool:
        """Add the boxes of an attribute; False where a box is not a good one, or the boxes are those of another."""
        boxes: list[Any] = []
        (across, down), labels, counts = size, class_map[0], self.counts
        for box in value.annotations:
            left, top, width, height = box.left, box.top, box.width, box.height
            label = labels.get(box.class_id)
            if label is None or left + width > across or top + height > down:
                return False
            if label in counts:
                counts[label] += 1
            else:
                counts[label] = 1
            boxes.append((label, left * _PER_PIXEL, top * _PER_PIXEL, width * _PER_PIXEL, height * _PER_PIXEL))
        if type(value) is not WholeBoxes:
            boxes = [(box[0], round(box[1]), round(box[2]), round(box[3]), round(box[4])) for box in boxes]
        boxes.sort()
        if self.boxes and boxes and boxes in self.boxes:
            return False
        self.boxes.append(boxes)
        pixels = size[0] * _PER_PIXEL, size[1] * _PER_PIXEL
        if pixels not in self.sizes:
            self.sizes.append(pixels)
        self.class_map = self.class_map + class_map[1] if self.class_map else class_map[1]
        return True

    def beside(self, image: _Names, said: tuple[Said, ...], more: int) -> _Found:
        """What a line has with these boxes and these image-level labels."""
        boxes, sizes, counts = self.boxes[0], self.sizes, self.counts
        if len(self.boxes) > 1:
            boxes, sizes = sorted(chain.from_iterable(self.boxes)), sorted(sizes)
        meaning = encode((sorted(image) if image else image, boxes, sizes, (), True))
        labels, declared = _labels(image, tuple(counts), self.class_map)
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
            self.boxes.count([]),
        )


class CommonLines:
    """Reads lines of the common shape; one reader remembers the shapes and members of one manifest or listing."""

    def __init__(self) -> None:
        self._shape = Shape.of({}, whole=True)
        self._shapes: dict[tuple[tuple[str, str], ...], tuple[Shape, ...]] = {}
        self._guesses: dict[tuple[bytes, ...], Shape] = {}  # by the names of attributes, which often tell the shape
        self._class_maps, self._sizes = Members(class_map_of), Members(size_of)
        self._objects, self._confidences = Members(objects_of), Members(confidence_of)
        self._extras, self._dates = Members(extra_of), set[str]()

    def read(self, raw: bytes) -> CommonLine | None:
        """The line, or None where it is not of the common shape."""
        if b"\\" in raw:
            raw = without_escapes(raw)
            if b"\\" in raw:
                return None
        if is_appended(raw):
            raw = without_added(raw)
        shape = self._shape
        try:
            line = shape.decoder.decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            line = self._other_shape(raw)
            return None if line is None else self._read(line, self._shape, raw)
        if len(shape.beginnings) > 1 and not is_in_order(raw, shape.beginnings):
            line = self._other_shape(raw)
            return None if line is None else self._read(line, self._shape, raw)
        return self._read(line, shape, raw)

    def _other_shape(self, raw: bytes) -> Any:  # noqa: ANN401 - made by `defstruct`
        """A line that the last shape's decoder refuses, read with its own, which then is the last; None if none can."""
        names = tuple([one[one.rfind(b'"') + 1 :] for one in raw.split(_METADATA_ENDS)[:-1]])
        guess = self._guesses.get(names)
        if guess is not None and is_in_order(raw, guess.beginnings) and (line := decoded(guess, raw)) is not None:
            self._shape = guess
            return line
        for shape in self._shapes_of(raw):
            if is_in_order(raw, shape.beginnings) and (line := decoded(shape, raw)) is not None:
                self._shape = shape
                if len(self._guesses) < KEPT and sum(map(len, names)) <= _LONGEST_NAMES:
                    self._guesses[names] = shape
                return line
        return None

    def _shapes_of(self, raw: bytes) -> tuple[Shape, ...]:
        """The shapes of lines with the attributes of this one; none where these are unknown, or too many were seen."""
        try:
            document = decode(raw)
        except (MsgspecError, ValueError, RecursionError):
            return ()
        kinds = kinds_of(document) if isinstance(document, dict) else None
        if kinds is None:
            return ()
        name = tuple(kinds.items())
        if name not in self._shapes:
            if len(self._shapes) >= KEPT:
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
        if not shape.whole and has_whole_float(text) and (count := make_whole(line, shape)):
            text, more = encode(line), more + count * len(WHOLE)
        if len(text) + more < len(raw):
            raw = without_blanks(raw, text)
        is_exact = len(text) + more == len(raw) and (shape.whole or not has_exponent(raw))
        if not is_exact and raw.count(COLON) != text.count(COLON):
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
            metadata: ImageMetadata = getattr(line, name)
            confidence = self._confidences[bytes(metadata.confidence)]
            if confidence is None or not (metadata.creation_date in self._dates or self._is_date(metadata)):
                return None
            metadata.confidence = confidence.canonical
            more += confidence.more
            said = (*said, (metadata.human_annotated, job_of(metadata), confidence.value, confidence.value))
            if metadata.class_name not in image:
                image = (*image, metadata.class_name)
        return _Found(_meaning_of_labels(image), image, image, 0, (), said, more)

    def _with_boxes(self, line: Any, shape: Shape, found: "_Found") -> "_Found | None":  # noqa: ANN401 - likewise
        """What a line has with its boxes, besides its image-level labels; it too is encoded with canonical members."""
        drawn = _Drawn([], [], {}, _NO_NAMES)
        said, more = found.said, found.more
        for name, of_metadata in shape.boxes:
            value: Boxes | WholeBoxes = getattr(line, name)
            metadata: BoxesMetadata = getattr(line, of_metadata)
            size, labels = self._sizes[bytes(value.image_size)], self._class_maps[bytes(metadata.class_map)]
            objects = self._objects[bytes(metadata.objects)]
            if size is None or labels is None or objects is None or objects.value[0] < len(value.annotations):
                return None
            is_date = metadata.creation_date in self._dates or self._is_date(metadata)
            if not is_date or not drawn.take(value, labels.value, size.value):
                return None
            value.image_size, metadata.class_map, metadata.objects = size.canonical, labels.canonical, objects.canonical
            said = (*said, (metadata.human_annotated, job_of(metadata), *objects.value[1:]))
            more += objects.more
        return drawn.beside(found.labels, said, more)

    def _is_date(self, metadata: ImageMetadata | BoxesMetadata) -> bool:
        date = metadata.creation_date
        if _DATE.fullmatch(date) is None:
            return False
        if len(self._dates) >= KEPT:
            self._dates.clear()
        if len(date) <= LONGEST:
            self._dates.add(date)
        return True


@lru_cache(maxsize=KEPT)
def _meaning_of_labels(image: _Names) -> bytes:
    """The digest of what a line without boxes means; such a line without labels is not labelled."""
    return hashed(encoded([sorted(image), [], [], [], bool(image)]))


@lru_cache(maxsize=4096)
def _labels(image: _Names, boxes: _Names, names: _Names) -> tuple[_Names, _Names]:
    """The distinct labels that are used, and with those of the class-map, in order of first use."""
    used = dict.fromkeys((*image, *boxes))
    return tuple(used), tuple(used | dict.fromkeys(names))
