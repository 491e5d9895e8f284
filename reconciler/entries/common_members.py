"""Members that many common lines share, read once for all lines that spell them alike."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

from msgspec import Meta, MsgspecError, Raw
from msgspec.json import Decoder, decode, encode

from reconciler.entries.common_shapes import ClassName, Object, Share, Size
from reconciler.entries.meaning import canonical, encoded
from reconciler.limits import DATASET_LABELS

_SIZES: Final = Decoder(Annotated[list[Size], Meta(min_length=1, max_length=1)])
_CLASS_MAP: Final = Decoder(dict[str, ClassName])
_OBJECTS: Final = Decoder(list[Object])
_SHARE: Final[Decoder[float]] = Decoder(Share)
# Members of each kind that are remembered: a manifest with new ones in every line costs no memory.
KEPT: Final = 256
LONGEST: Final = 20_000
COLON: Final = b":"
# Has a line count as written differently from how it is sent: no line is so long.
_OTHER: Final = -(2**40)
# Whole numbers that have 64 bits; the general code reads others.
_LEAST, _MOST = -(2**63), 2**64
# A class id as JSON writes a number, which is how a class-map is asked for it.
_ID: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_IDS: Final = {str(number): number for number in range(DATASET_LABELS)}


class Member(NamedTuple):
    """A member that is written alike in many lines: what was read of it, and its canonical form.

    `more` is how many bytes it has more as it is sent than in that form, or `_OTHER` where it is written differently.
    """

    value: Any
    canonical: Raw
    more: int


class Members(dict[bytes, Member | None]):
    """Members by how they are written; None where one is not of the common shape."""

    def __init__(self, read: Callable[[bytes], Member | None]) -> None:
        self._read = read

    def __missing__(self, raw: bytes) -> Member | None:
        if len(self) >= KEPT:
            self.clear()
        try:
            found = self._read(raw)
        except (MsgspecError, ValueError, RecursionError):
            found = None
        if len(raw) <= LONGEST:
            self[raw] = found
        return found


def class_map_of(raw: bytes) -> Member | None:
    """A class-map as labels by id and all labels; None where one is not usable text, or an id appears twice."""
    labels = _CLASS_MAP.decode(raw)
    text = encode(labels, order="deterministic")
    if raw.count(COLON) != text.count(COLON):
        return None
    by_id = {}
    for name, label in labels.items():
        number = _IDS.get(name)
        if number is not None:
            by_id[number] = label
        elif _ID.fullmatch(name):
            by_id[int(name)] = label
    return Member((by_id, tuple(labels.values())), Raw(text), 0)


def size_of(raw: bytes) -> Member:
    """The image size as width and height."""
    sizes = _SIZES.decode(raw)
    return Member((sizes[0].width, sizes[0].height), Raw(encode(sizes)), 0)


def objects_of(raw: bytes) -> Member:
    """The confidence of each box: how many there are, the lowest and the highest."""
    objects = _OBJECTS.decode(raw)
    text, stated = encode(objects), [one.confidence for one in objects]
    for one in objects:
        one.confidence = _by_value(one.confidence)
    found = len(stated), min(stated, default=None), max(stated, default=None)
    return Member(found, *_in_canonical(objects, raw, text))


def confidence_of(raw: bytes) -> Member:
    """The confidence of an image-level label."""
    confidence = _SHARE.decode(raw)
    return Member(confidence, *_in_canonical(_by_value(confidence), raw, encode(confidence)))


def extra_of(raw: bytes) -> Member | None:
    """The value of a member that Custom Labels does not know; None for one that may have fields of the service."""
    value = decode(raw)
    if isinstance(value, dict | list) or (isinstance(value, int) and not _LEAST <= value < _MOST):
        return None
    text = canonical([value])[1:-1]  # it looks for what ends a number
    return Member(None, Raw(text), len(raw) - len(text) if encoded(value) == raw else _OTHER)


def _by_value(number: float) -> float:
    return int(number) if type(number) is float and number.is_integer() else number


def _in_canonical(value: object, raw: bytes, sent: bytes) -> tuple[Raw, int]:
    """The canonical form of a member without text, and how many bytes it has more as it is sent."""
    text = encode(value)
    return Raw(text), len(sent) - len(text) if sent == raw.translate(None, b" ") else _OTHER
