"""Where something is written in a line of JSON: the offset of a member, and of what JSON or this program refuses."""

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from json import JSONDecodeError, loads
from typing import Final, NamedTuple

from reconciler.limits import NESTING
from reconciler.manifest.findings import MemberPath

_TOKEN: Final = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s,:\]}\[{"]+)')
_CONSTANTS: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def fault_words(exception: JSONDecodeError) -> str:
    """What the decoder says, without the place that its words lead to."""
    if exception.msg.startswith("Unterminated string"):
        return "an opening quote without a closing one"
    return (exception.msg[:1].lower() + exception.msg[1:]).removesuffix(" at").removesuffix(" starting")


class _Token(NamedTuple):
    """One token that has a place: the name of a member, or the first token of a value."""

    path: MemberPath
    offset: int
    text: str
    is_name: bool = False


def _tokens(line: str) -> Iterator[_Token]:
    """The names and values of a line, in order; ends where the text is not valid JSON or nests too deep."""
    path: list[str | int] = []  # a step for each open bracket: a name in an object, an index in a list
    name_next = False
    position = 0
    while len(path) <= NESTING and (match := _TOKEN.match(line, position)):
        position, text, offset = match.end(), match[1], match.start(1)
        if text in ("}", "]"):
            del path[-1:]
            name_next = False
        elif text == ",":
            name_next = bool(path) and isinstance(path[-1], str)
            if path and isinstance(path[-1], int):
                path[-1] += 1
        elif text == ":":
            name_next = False
        elif name_next:
            path[-1] = _text(text)
            yield _Token(tuple(path), offset, text, is_name=True)
        else:
            yield _Token(tuple(path), offset, text)
            if text in ("{", "["):
                path.append("" if text == "{" else 0)
                name_next = text == "{"


def offset_of(text: str, path: MemberPath) -> int:
    """The offset of the value at `path`, or of the innermost value around it when that member is missing."""
    best, found = -1, 0
    for token in _tokens(text):
        if not token.is_name and len(token.path) > best and token.path == path[: len(token.path)]:
            best, found = len(token.path), token.offset
            if best == len(path):
                break
    return found


def repeated_member(text: str) -> tuple[int, str]:
    """The offset and the name of the first member that repeats one of its object."""
    seen: set[MemberPath] = set()
    for token in _tokens(text):
        if token.is_name:
            if token.path in seen:
                return token.offset, str(token.path[-1])
            seen.add(token.path)
    return 0, ""


def too_deep(text: str) -> int:
    """The offset of the first bracket that nests deeper than the limit."""
    deep = (token.offset for token in _tokens(text) if token.text in ("{", "[") and len(token.path) >= NESTING)
    return next(deep, 0)


def bad_number(text: str) -> tuple[int, str]:
    """The offset and the text of the first number that JSON does not have or that does not fit a 64-bit float."""
    for token in _tokens(text):
        with suppress(ValueError):
            if not token.is_name and (token.text in _CONSTANTS or math.isinf(float(token.text))):
                return token.offset, token.text
    return 0, ""


def half_character(text: str) -> int:
    """The offset of the first text that holds a lone surrogate; 0 without one."""
    for token in _tokens(text):
        if token.text.startswith('"') and any("\ud800" <= character <= "\udfff" for character in _text(token.text)):
            return token.offset
    return 0


def _text(written: str) -> str:
    """The text that a string in quotes holds; anything else as it is written."""
    try:
        value = loads(written)
    except JSONDecodeError:
        return written
    return value if isinstance(value, str) else written
