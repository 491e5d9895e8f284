"""Where in the text of a JSON line something stands.

Called only when there is a finding, so that reading good lines costs nothing.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from json import JSONDecodeError, loads
from typing import Final

from reconciler.limits import NESTING
from reconciler.manifest.line import Path

_TOKEN: Final = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s,:\]}\[{"]+)')
_OPEN: Final = {"{": "}", "[": "]"}
_CONSTANTS: Final = frozenset({"NaN", "Infinity", "-Infinity"})


class _Kind(Enum):
    NAME = auto()
    VALUE = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token that has a place: the name of a member, or the first token of a value."""

    kind: _Kind
    path: Path
    offset: int
    text: str


class _Walk:
    """The state of walking over the tokens: the path, and what each open bracket waits for."""

    def __init__(self) -> None:
        self.path: list[str | int] = []
        self.open: list[str] = []
        self.name_next = False

    def step(self, text: str, offset: int) -> Token | None:
        if text in ("}", "]"):
            self._close()
        elif text == ",":
            self._next()
        elif text == ":":
            self.name_next = False
        elif self.name_next:
            self.path[-1] = _text(text)
            return Token(_Kind.NAME, tuple(self.path), offset, text)
        else:
            found = Token(_Kind.VALUE, tuple(self.path), offset, text)
            if text in _OPEN:
                self._enter(text)
            return found
        return None

    def _enter(self, bracket: str) -> None:
        self.open.append(bracket)
        self.path.append("" if bracket == "{" else 0)
        self.name_next = bracket == "{"

    def _close(self) -> None:
        if self.open:
            self.open.pop()
            self.path.pop()
        self.name_next = False

    def _next(self) -> None:
        if self.open and self.open[-1] == "{":
            self.name_next = True
        elif self.path and isinstance(self.path[-1], int):
            self.path[-1] += 1


def _steps(text: str) -> Iterator[Token]:
    """The names and values of a line, in order; ends where the text is no JSON or nests too deep."""
    walk = _Walk()
    position = 0
    while len(walk.open) <= NESTING and (match := _TOKEN.match(text, position)):
        position = match.end()
        step = walk.step(match.group(1), match.start(1))
        if step is not None:
            yield step


def offset_of(text: str, path: Path) -> int:
    """The offset of the value at `path`, or of the innermost value around it when that member is missing."""
    best, found = -1, 0
    for step in _steps(text):
        if step.kind is _Kind.VALUE and len(step.path) > best and step.path == path[: len(step.path)]:
            best, found = len(step.path), step.offset
            if best == len(path):
                break
    return found


def repeated_member(text: str) -> tuple[int, str]:
    """The offset and the name of the first member that repeats one of its object."""
    seen: set[Path] = set()
    for step in _steps(text):
        if step.kind is _Kind.NAME:
            if step.path in seen:
                return step.offset, str(step.path[-1])
            seen.add(step.path)
    return 0, ""


def too_deep(text: str) -> int:
    """The offset of the first bracket that nests deeper than the limit."""
    for step in _steps(text):
        if step.text in _OPEN and len(step.path) >= NESTING:
            return step.offset
    return 0


def bad_number(text: str) -> tuple[int, str]:
    """The offset and the text of the first number that is none in JSON or does not fit a 64-bit float."""
    for step in _steps(text):
        if step.kind is _Kind.VALUE and (step.text in _CONSTANTS or _overflows(step.text)):
            return step.offset, step.text
    return 0, ""


def half_character(text: str) -> int:
    """The offset of the first text that holds a lone surrogate."""
    for step in _steps(text):
        if step.text.startswith('"') and any("\ud800" <= character <= "\udfff" for character in _text(step.text)):
            return step.offset
    return 0


def _overflows(token: str) -> bool:
    try:
        return math.isinf(float(token))
    except ValueError:
        return False


def _text(token: str) -> str:
    try:
        value = loads(token)
    except JSONDecodeError:
        return token
    return value if isinstance(value, str) else token
