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
from reconciler.manifest.yaml.entry import BOX_KEYS, CLASS_MAP, ENTRY_KEYS, TEXT_FIELDS, Head, is_date
from reconciler.manifest.yaml.expand import Shared, WrittenBox, WrittenEntry, line_of
from reconciler.manifest.yaml.nodes import MappingNode

# What begins plain text here, and what it goes on with: less than YAML allows, and alike in lists and braces.
_BEGINS: Final = r"[\w/.(+]"
_GOES_ON: Final = r"[^\s,\[\]{}:#?]"
_INSIDE: Final = r"[^\s,\[\]{}:?]"
_QUOTED: Final = r"""'[^'\n]*+'|"[^"\\\n]*+\""""
# Text in brackets or braces; text that is alone on its line may also have colons inside.
_FLOW: Final = rf"(?:{_BEGINS}{_INSIDE}*+(?: ++{_GOES_ON}{_INSIDE}*+)*+|{_QUOTED})"
_MORE: Final = rf"(?:{_INSIDE}++|:(?=\S))*+"
_TEXT: Final = rf"(?:{_BEGINS}{_MORE}(?: ++{_GOES_ON}{_MORE})*+|{_QUOTED})"
# Numbers of JSON, short enough to be finite.
_NUMBER: Final = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?"
_BOX: Final = (
    rf"\{{label: ({_FLOW}), left: ({_NUMBER}), top: ({_NUMBER}), width: ({_NUMBER}), height: ({_NUMBER})"
    rf"(?:, confidence: ({_NUMBER}))?\}}"
)
_PAIR: Final = rf"([a-z]+): +({_NUMBER}(?= *[,}}])|{_FLOW})"
_PAIRS: Final = re.sub(r"\((?!\?)", "(?:", _PAIR)
_ANY_BOX: Final = rf"\{{ *{_PAIRS}(?:, *{_PAIRS})* *\}}"
_LABELS: Final = rf"\[ *(?:{_FLOW}(?:, *{_FLOW})*)? *\]"
_BOXES: Final = rf"\[ *(?:{_ANY_BOX}(?:, *{_ANY_BOX})*)? *\]"
_SIDE: Final = "(0|[1-9][0-9]{0,8})"
_SIZE: Final = rf"\[ *{_SIDE}, *{_SIDE}(?:, *{_SIDE})? *\]"
_MEMBERS: Final = rf"[a-z-]+: +(?:{_FLOW}|{_LABELS}|{_BOXES})"
_END: Final = r" *(?: #.*)?"

_IS_TEXT: Final = re.compile(f"({_TEXT}){_END}")
_IS_IMAGE: Final = re.compile(f"({_TEXT}) *")  # what follows an image's name may be a comment or a part of it
_IS_NUMBER: Final = re.compile(f"({_NUMBER}){_END}")
_IS_SIZE: Final = re.compile(_SIZE + _END)
_IS_LABELS: Final = re.compile(f"({_LABELS}){_END}")
_IS_BOXES: Final = re.compile(f"({_BOXES}){_END}")
_IS_MEMBERS: Final = re.compile(rf"(\{{ *{_MEMBERS}(?:, *{_MEMBERS})* *\}}){_END}")
_IS_MEMBER: Final = re.compile(_MEMBERS)
_IS_FLOW: Final = re.compile(_FLOW)
_IS_PAIR: Final = re.compile(_PAIR)
_IS_ANY_BOX: Final = re.compile(_ANY_BOX)
_BOX_LINE: Final = re.compile(rf"( *)- {_BOX} *")
_OTHER_BOX_LINE: Final = re.compile(rf"( *)- ({_ANY_BOX}){_END}")
_PAIR_LINE: Final = re.compile(rf"( *)(- )?([a-z]+): +({_NUMBER}(?={_END}\Z)|{_TEXT}){_END}")
_LABEL_LINE: Final = re.compile(rf"( *)- ({_TEXT}){_END}")

# Keys of JSON that are too long for YAML's scanners, and whole numbers that are not read alike.
_NOT_ALIKE: Final = re.compile(r'"[^"]{1000}|[0-9]{20}|\\')
# The node of a value whose place nobody asks for.
_NOWHERE: Final = MappingNode({}, {}, 0, 0, 0)
_SIDES: Final = BOX_KEYS[1:5]
# A box as it is written: label, sides, and confidence where it has its own.
_Box = tuple[str, dict[str, float], float | None]


class _UncommonError(Exception):
    """An entry is not of the common form, or there is something to say about it."""


class CommonEntries:
    """Reads the entries of one list, whose keys begin behind `margin` blanks."""

    def __init__(self, margin: int, head: Head) -> None:
        self._head, self._margin = head, " " * margin
        self._key = re.compile(rf"{self._margin}([a-z-]+):(?: +|$)")
        self._inside = (f"{self._margin} ", f"{self._margin}- ")
        self._last_date: str | None = None

    def read(self, raw: bytes) -> dict[str, Any] | None:
        """The line of an entry, whose text is given from behind its dash; None where it is not of the common form."""
        try:
            text = raw.decode()
            if "\t" in text:
                return None
            if "\r" in text:
                text = text.replace("\r", "")  # each is before the end of a line
            if text.startswith('{"'):
                document = _json_of(text)
                if SOURCE_REF in document:
                    return _raw(document)
                members = _typed(document)
            elif text.startswith("{"):
                members = _members(_one_line(text))
            else:
                members = self._block((self._margin + text).split("\n"))
            return line_of(self._written(members))
        except (_UncommonError, KeyError, ValueError):
            return None

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
                raise _UncommonError
            value = line[match.end() :]
            if value and value[0] != "#":
                members[name] = _VALUES[name](value)
                continue
            first = at
            while at < end and (lines[at].startswith(self._inside) or _is_nothing(lines[at])):
                at += 1
            members[name] = _LISTS[name](lines[first:at])
        return members

    def _written(self, members: dict[str, Any]) -> WrittenEntry:
        head, image = self._head, members.pop("image")
        if not is_address(image):
            if head.prefix is None:
                raise _UncommonError
            image = key_of_image(head.prefix, image)
        labels, boxes = members.pop("labels", ()), members.pop("boxes", None)
        shared = self._shared(members) if members else head.shared
        names = dict.fromkeys(labels, _NOWHERE)
        if len(names) < len(labels) or (boxes is not None and shared.size is None):
            raise _UncommonError
        written = None if boxes is None else tuple(_written_box(box, shared.confidence) for box in boxes)
        return WrittenEntry(image, names, written, shared, _NOWHERE)

    def _shared(self, members: dict[str, Any]) -> Shared:
        """The values of an entry that the head may give, which are all that is left."""
        created, human, share = members.get("created"), members.get("human-annotated"), members.get("confidence")
        if created is not None and created != self._last_date:
            if not is_date(created):
                raise _UncommonError
            self._last_date = created
        if human not in (None, "yes", "no") or not (share is None or is_share(share)):
            raise _UncommonError
        size = tuple((side, _NOWHERE) for side in members.get("size", ()))
        return Shared(size or None, created, human, members.get("job-name"), share).over(self._head.shared)


def _written_box(box: _Box, usual: float | None) -> WrittenBox:
    label, sides, confidence = box
    if confidence is None:
        return WrittenBox(label, sides, usual, _NOWHERE)
    if not is_share(confidence):
        raise _UncommonError
    return WrittenBox(label, sides, confidence, _NOWHERE)


def _is_nothing(line: str) -> bool:
    """Whether a line is blank or a comment."""
    rest = line.lstrip(" ")
    return not rest or rest[0] == "#"


def _pass_over(line: str) -> None:
    if not _is_nothing(line):
        raise _UncommonError


def _one_line(text: str) -> str:
    """The one line of an entry in braces."""
    line, _, rest = text.partition("\n")
    for other in rest.split("\n"):
        _pass_over(other)
    return line


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise _UncommonError
    return match


def _unquoted(token: str) -> str:
    """The text of a scalar; never empty."""
    if token[0] not in "'\"":
        return token
    if len(token) == len("''"):
        raise _UncommonError
    return token[1:-1]


def _number(token: str) -> float:
    try:
        return int(token)
    except ValueError:
        return float(token)


def _members(text: str) -> dict[str, Any]:
    """The members of an entry in braces."""
    members: dict[str, Any] = {}
    for one in _IS_MEMBER.findall(_found(_IS_MEMBERS, text)[1]):
        name, _, value = one.partition(":")
        if name in members:
            raise _UncommonError
        members[name] = _VALUES[name](value.lstrip(" "))
    return members


def _box(pairs: list[tuple[str, str]]) -> _Box:
    """A box, from the names and the text of its members."""
    given = dict(pairs)
    label, known = _unquoted(given["label"]), len(_SIDES) + 1 + ("confidence" in given)
    numbers = {side: _number(_found(_IS_NUMBER, given[side])[1]) for side in _SIDES}
    if not known == len(given) == len(pairs):
        raise _UncommonError
    return label, numbers, _number(_found(_IS_NUMBER, given["confidence"])[1]) if "confidence" in given else None


def _box_lines(lines: list[str]) -> list[_Box]:
    """Boxes one below the other, nearly always each in braces with its members in the usual order."""
    boxes: list[_Box] = []
    indent = None
    for line in lines:
        match = _BOX_LINE.fullmatch(line)
        if match is None:
            return _other_box_lines(lines)
        blanks, label, left, top, width, height, confidence = match.groups()
        if blanks != indent:
            if indent is not None:
                raise _UncommonError
            indent = blanks
        boxes.append(
            (_unquoted(label), _sides(left, top, width, height), None if confidence is None else _number(confidence))
        )
    if not boxes:
        raise _UncommonError
    return boxes


def _sides(left: str, top: str, width: str, height: str) -> dict[str, float]:
    try:
        return {"left": int(left), "top": int(top), "width": int(width), "height": int(height)}
    except ValueError:
        return {"left": _number(left), "top": _number(top), "width": _number(width), "height": _number(height)}


def _other_box_lines(lines: list[str]) -> list[_Box]:
    """Boxes one below the other, each in braces or with a member on a line."""
    boxes: list[list[tuple[str, str]]] = []
    dash, is_open = None, False
    for line in lines:
        if _is_nothing(line):
            continue
        match = _OTHER_BOX_LINE.fullmatch(line)
        if match is not None:
            is_open, column = False, len(match[1])
            boxes.append(_IS_PAIR.findall(match[2]))
        else:
            match = _found(_PAIR_LINE, line)
            if match[2]:
                is_open = True
                boxes.append([])
            elif not is_open:
                raise _UncommonError
            column = len(match[1]) - (0 if match[2] else len("- "))
            boxes[-1].append((match[3], match[4]))
        if column != (dash := column if dash is None else dash):
            raise _UncommonError
    return list(map(_box, boxes))


def _label_lines(lines: list[str]) -> list[str]:
    """Labels one below the other."""
    matches = [_found(_LABEL_LINE, line) for line in lines if not _is_nothing(line)]
    if len({match[1] for match in matches}) != 1:
        raise _UncommonError
    return [_unquoted(match[2]) for match in matches]


def _text(value: str) -> str:
    return _unquoted(_found(_IS_TEXT, value)[1])


_VALUES: Final[Mapping[str, Callable[[str], Any]]] = {
    "image": lambda value: _unquoted(_found(_IS_IMAGE, value)[1]),
    "created": _text,
    "human-annotated": _text,
    "job-name": _text,
    "confidence": lambda value: _number(_found(_IS_NUMBER, value)[1]),
    "size": lambda value: [int(side) for side in _found(_IS_SIZE, value).groups() if side],
    "labels": lambda value: list(map(_unquoted, _IS_FLOW.findall(_found(_IS_LABELS, value)[1]))),
    "boxes": lambda value: [_box(_IS_PAIR.findall(box)) for box in _IS_ANY_BOX.findall(_found(_IS_BOXES, value)[1])],
}
# The values that may be lists with an item on a line.
_LISTS: Final[Mapping[str, Callable[[list[str]], Any]]] = {"labels": _label_lines, "boxes": _box_lines}


def _json_of(text: str) -> dict[str, Any]:
    """The members of an entry that is JSON."""
    line = _one_line(text)
    document = None if _NOT_ALIKE.search(line) else plain_object(line.encode())
    if document is None:
        raise _UncommonError
    return document


def _raw(document: dict[str, Any]) -> dict[str, Any]:
    """AWS's own line, when YAML reads the same of it: there a number is text where text belongs."""
    if not isinstance(document[SOURCE_REF], str) or not document.keys().isdisjoint(ENTRY_KEYS):
        raise _UncommonError
    for name, metadata in document.items():
        if not name.endswith(METADATA) or not isinstance(metadata, dict):
            continue
        labels = metadata.get(CLASS_MAP, {})
        texts = [metadata[field] for field in TEXT_FIELDS if field in metadata]
        texts += labels.values() if isinstance(labels, dict) else [labels]
        if not all(isinstance(text, str) for text in texts):
            raise _UncommonError
    return document


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    """The members of an entry in the short form that is JSON, when each is of its type."""
    return {name: _TYPES[name](value) for name, value in document.items()}


def _json_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _UncommonError
    return value


def _json_number(value: Any) -> float:  # noqa: ANN401 - any JSON value
    if type(value) is not int and type(value) is not float:
        raise _UncommonError
    return value


def _json_size(value: object) -> list[int]:
    if not isinstance(value, list) or len(value) not in (2, 3) or not all(type(side) is int for side in value):
        raise _UncommonError
    return value


def _json_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise _UncommonError
    return value


def _json_box(value: object) -> _Box:
    known = len(_SIDES) + 1
    if not isinstance(value, dict) or len(value) != known + ("confidence" in value):
        raise _UncommonError
    numbers = {side: _json_number(value[side]) for side in _SIDES}
    return _json_text(value["label"]), numbers, _json_number(value["confidence"]) if len(value) > known else None


_TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("image", "created", "human-annotated", "job-name"), _json_text),
    "confidence": _json_number,
    "size": _json_size,
    "labels": lambda value: list(map(_json_text, _json_list(value))),
    "boxes": lambda value: list(map(_json_box, _json_list(value))),
}
