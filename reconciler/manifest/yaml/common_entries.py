"""Entries in the common written form, read line by line without a scanner of YAML, at a small part of its price.

`CommonEntries.read` gives the line that the general code (`read`, `nodes`, `entry`) gives, for an entry about which
that code has nothing to say. None says nothing about an entry: the general code reads it, and only that explains what
is wrong and knows where each value is.

The common form is what `manifest/write.py` writes and what people write: a key on a line, boxes and labels in brackets
and braces or one below the other, text without quotes or in quotes without escapes, numbers as JSON spells them,
comments; an entry in braces on one line; AWS's own line as JSON.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.entries import METADATA, SOURCE_REF
from reconciler.entries.image_names import is_address, key_of_image
from reconciler.manifest.jsonl import plain_object
from reconciler.manifest.judge.label_attributes import is_share
from reconciler.manifest.yaml.common_blocks import block_of
from reconciler.manifest.yaml.common_text import (
    ANY_BOXES,
    BOX_SIDES,
    END,
    FLOW,
    NOWHERE,
    NUMBER,
    TEXT,
    UncommonError,
    boxes_in_brackets,
    boxes_on_lines,
    compiled,
    found,
    is_nothing,
    number,
    unquoted,
    written_box,
)
from reconciler.manifest.yaml.entry import CLASS_MAP, ENTRY_KEYS, TEXT_FIELDS, Head, is_date
from reconciler.manifest.yaml.expand import Shared, WrittenBox, WrittenEntry, line_of

_LABELS: Final = rf"\[ *(?:{FLOW} *(?:, *{FLOW} *)*)?\]"
_SIDE: Final = "(0|[1-9][0-9]{0,8})"
_SIZE: Final = rf"\[ *{_SIDE}, *{_SIDE}(?:, *{_SIDE})? *\]{END}"
_MEMBER: Final = rf"[a-z-]+: +(?:{FLOW}|{_LABELS}|{ANY_BOXES}) *"
_MEMBERS: Final = rf"(\{{ *{_MEMBER}(?:, *{_MEMBER})*\}}){END}"
_LABEL_LINE: Final = rf"( *)- ({TEXT}){END}"
_FIRST_LINE: Final = rf"image: +({TEXT}) *"  # a comment behind an image's name gets a note
_SOURCE_REF: Final = f"{SOURCE_REF}: "
# Keys of JSON that are too long for YAML's scanners, and whole numbers that are not read alike.
_NOT_ALIKE: Final = r'"[^"]{1000}|[0-9]{20}|\\'
# Ends of entries that are remembered, and the longest.
_KEPT: Final = 256
_LONGEST: Final = 2_000


class CommonEntries:
    """Reads the entries of one list, whose keys begin behind `margin` blanks, in a file that `chunks` cuts."""

    def __init__(self, margin: int, head: Head) -> None:
        self._head, self._margin = head, " " * margin
        self._key = re.compile(rf"{self._margin}([a-z-]+):(?: +|$)")
        self._inside = (f"{self._margin} ", f"{self._margin}- ")
        self._last_date: str | None = None
        self._ends: dict[str, dict[str, Any]] = {}  # what a line has besides its key, by what follows `image`

    def read(self, raw: bytes) -> dict[str, Any] | None:
        """The line of an entry, whose text is given from behind its dash; None where it is not of the common form."""
        try:
            text = raw.decode()
            if "\t" in text:
                return None
            if "\r" in text:
                text = text.replace("\r", "")  # each is before the end of a line
            if text.startswith("{"):
                return self._in_braces(text)
            first, _, rest = text.partition("\n")
            if first.startswith(_SOURCE_REF):
                return _raw(_document(first, self._margin, rest))
            match, end = compiled(_FIRST_LINE).fullmatch(first), self._ends.get(rest)
            if match is not None and end is not None:
                return {SOURCE_REF: self._address(unquoted(match[1])), **end}
            members = self._block((self._margin + text).split("\n"))
            is_kept = match is not None and "boxes" not in members and len(rest) <= _LONGEST
            line = line_of(self._written(members))
        except (UncommonError, KeyError, ValueError):
            return None
        if is_kept:
            if len(self._ends) >= _KEPT:
                self._ends.clear()
            self._ends[rest] = {name: member for name, member in line.items() if name != SOURCE_REF}
        return line

    def _in_braces(self, text: str) -> dict[str, Any]:
        if not text.startswith('{"'):
            return line_of(self._written(_members(_one_line(text))))
        document = _json_of(text)
        return _raw(document) if SOURCE_REF in document else line_of(self._written(_typed(document)))

    def _address(self, image: str) -> str:
        if is_address(image):
            return image
        if self._head.prefix is None:
            raise UncommonError
        return key_of_image(self._head.prefix, image)

    def _block(self, lines: list[str]) -> dict[str, Any]:
        """The members of an entry that has a key on a line."""
        members: dict[str, Any] = {}
        at, end = 0, len(lines)
        while at < end:
            line = lines[at]
            at += 1
            match = self._key.match(line)
            if match is None:
                _pass_over(line)
                continue
            name = match[1]
            if name in members:
                raise UncommonError
            value = line[match.end() :]
            if value and value[0] != "#":
                members[name] = _VALUES[name](value)
                continue
            first = at
            while at < end and (lines[at].startswith(self._inside) or is_nothing(lines[at])):
                at += 1
            members[name] = _LISTS[name](lines[first:at])
        return members

    def _written(self, members: dict[str, Any]) -> WrittenEntry:
        key, labels, boxes = self._address(members.pop("image")), members.pop("labels", ()), members.pop("boxes", None)
        shared = self._shared(members) if members else self._head.shared
        names = dict.fromkeys(labels, NOWHERE)
        if len(names) < len(labels) or (boxes is not None and shared.size is None):
            raise UncommonError
        return WrittenEntry(key, names, boxes, shared, NOWHERE)

    def _shared(self, members: dict[str, Any]) -> Shared:
        """The values of an entry that the head may give, which are all that is left."""
        created, human, share = members.get("created"), members.get("human-annotated"), members.get("confidence")
        if created is not None and created != self._last_date:
            if not is_date(created):
                raise UncommonError
            self._last_date = created
        if human not in (None, "yes", "no") or not (share is None or is_share(share)):
            raise UncommonError
        size = tuple((side, NOWHERE) for side in members.get("size", ()))
        return Shared(size or None, created, human, members.get("job-name"), share).over(self._head.shared)


def _pass_over(line: str) -> None:
    if not is_nothing(line):
        raise UncommonError


def _one_line(text: str) -> str:
    """The one line of an entry in braces."""
    line, _, rest = text.partition("\n")
    for other in rest.split("\n"):
        _pass_over(other)
    return line


def _members(text: str) -> dict[str, Any]:
    """The members of an entry in braces."""
    members: dict[str, Any] = {}
    for one in compiled(_MEMBER).findall(found(_MEMBERS, text)[1]):
        name, _, value = one.partition(":")
        if name in members:
            raise UncommonError
        members[name] = _VALUES[name](value.lstrip(" "))
    return members


def _label_lines(lines: list[str]) -> list[str]:
    """Labels one below the other."""
    matches = [found(_LABEL_LINE, line) for line in lines if not is_nothing(line)]
    if len({match[1] for match in matches}) != 1:
        raise UncommonError
    return [unquoted(match[2]) for match in matches]


def _labels(value: str) -> list[str]:
    return list(map(unquoted, compiled(FLOW).findall(found(f"({_LABELS}){END}", value)[1])))


def _text(value: str) -> str:
    return unquoted(found(f"({TEXT}){END}", value)[1])


_VALUES: Final[Mapping[str, Callable[[str], Any]]] = {
    "image": lambda value: unquoted(found(f"({TEXT}) *", value)[1]),
    "created": _text,
    "human-annotated": _text,
    "job-name": _text,
    "confidence": lambda value: number(found(f"({NUMBER}){END}", value)[1]),
    "size": lambda value: [int(side) for side in found(_SIZE, value).groups() if side],
    "labels": _labels,
    "boxes": boxes_in_brackets,
}
# The values that may be lists with an item on a line.
_LISTS: Final[Mapping[str, Callable[[list[str]], Any]]] = {"labels": _label_lines, "boxes": boxes_on_lines}


def _document(first: str, margin: str, rest: str) -> dict[str, Any]:
    """The members of AWS's own line, in a mapping; a comment behind its key gets a note."""
    if "#" in first:
        raise UncommonError
    return block_of([margin + first, *rest.split("\n")], len(margin))


def _json_of(text: str) -> dict[str, Any]:
    """The members of an entry that is JSON."""
    line = _one_line(text)
    document = None if compiled(_NOT_ALIKE).search(line) else plain_object(line.encode())
    if document is None:
        raise UncommonError
    return document


def _raw(document: dict[str, Any]) -> dict[str, Any]:
    """AWS's own line, when YAML reads the same of it: there a number is text where text belongs."""
    if not isinstance(document[SOURCE_REF], str) or not document.keys().isdisjoint(ENTRY_KEYS):
        raise UncommonError
    for name, metadata in document.items():
        if not name.endswith(METADATA) or not isinstance(metadata, dict):
            continue
        labels = metadata.get(CLASS_MAP, {})
        texts = [metadata[field] for field in TEXT_FIELDS if field in metadata]
        texts += labels.values() if isinstance(labels, dict) else [labels]
        if not all(isinstance(text, str) for text in texts):
            raise UncommonError
    return document


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    """The members of an entry in the short form that is JSON, when each is of its type."""
    return {name: _TYPES[name](value) for name, value in document.items()}


def _json_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise UncommonError
    return value


def _json_number(value: Any) -> float:  # noqa: ANN401 - any JSON value
    if type(value) is not int and type(value) is not float:
        raise UncommonError
    return value


def _json_size(value: object) -> list[int]:
    if not isinstance(value, list) or len(value) not in (2, 3) or not all(type(side) is int for side in value):
        raise UncommonError
    return value


def _json_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise UncommonError
    return value


def _json_box(value: object) -> WrittenBox:
    known = len(BOX_SIDES) + 1
    if not isinstance(value, dict) or len(value) != known + ("confidence" in value):
        raise UncommonError
    sides = {side: _json_number(value[side]) for side in BOX_SIDES}
    confidence = _json_number(value["confidence"]) if len(value) > known else None
    return written_box(_json_text(value["label"]), sides, confidence)


_TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("image", "created", "human-annotated", "job-name"), _json_text),
    "confidence": _json_number,
    "size": _json_size,
    "labels": lambda value: list(map(_json_text, _json_list(value))),
    "boxes": lambda value: tuple(map(_json_box, _json_list(value))),
}
