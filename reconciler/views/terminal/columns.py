"""Text in columns of a terminal: how many cells it takes, cut in the middle, wrapped, put into a table.

How a review is laid out in lines: width, how much of everything, wrapping.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

_ELLIPSIS: Final = "..."


def cells(text: str) -> int:
    """How many columns a text takes: wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def head_of(text: str, width: int) -> str:
    """As much of the text's beginning as fits `width` columns."""
    kept, used = 0, 0
    for character in text:
        used += _cells(character)
        if used > width:
            break
        kept += 1
    return text[:kept]


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text, filled with spaces to `width` columns; with `right` they come first."""
    space = " " * max(0, width - cells(text))
    return f"{space}{text}" if right else f"{text}{space}"


def shortened(text: str, width: int) -> str:
    """The text in at most `width` columns: its middle is left out, as the ends of keys tell them apart."""
    if cells(text) <= width:
        return text
    room = max(0, width - len(_ELLIPSIS))
    tail = head_of(text[::-1], room * 2 // 3)[::-1]
    return f"{head_of(text, room - cells(tail))}{_ELLIPSIS[: max(0, width)]}{tail}"


def wrapped(text: str, width: int | None, indent: str = "", hang: str = "") -> list[str]:
    """Lines of at most `width` columns, broken at spaces where there are any; the first after `indent`, others `hang`.

    With no `width` it is one line.
    """
    if width is None:
        return [indent + text]
    lines, line, begun = [], indent, False
    for word in _words(text, max(1, width - max(len(indent), len(hang)))):
        candidate = f"{line} {word}" if begun else f"{line}{word}"
        if begun and cells(candidate) > width:
            lines.append(line)
            candidate = f"{hang}{word}"
        line, begun = candidate, True
    return [*lines, line]


def _words(text: str, width: int) -> Iterable[str]:
    for word in text.split(" "):
        rest = word
        while cells(rest) > width:
            head = head_of(rest, width) or rest[:1]
            yield head
            rest = rest[len(head) :]
        yield rest


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


Role = Literal["plain", "header", "add", "update", "unlabel", "live-only", "bad", "warning", "dim"]
Painter = Callable[[str, Role], str]
Line = tuple[str, Role]


class Layout:
    """How wide, how much of everything: `changes` of a dataset where none tells more of it, `entries` if asked for."""

    def __init__(self, width: int | None, changes: int, *, verbose: bool, entries: int | None = None) -> None:
        self.width = width
        self.entries = entries
        self.verbose = verbose
        self.changes = changes

    def limit(self, number: int) -> int | None:
        """So many at most; None for all."""
        return None if self.verbose else number

    def wrap(self, text: str, role: Role = "plain", indent: int = 2, hang: int = 4, sign: str = "") -> Iterator[Line]:
        """A line that may go on in the next."""
        for line in wrapped(text, self.width, " " * indent + sign, " " * hang):
            yield line, role

    def cut(self, text: str, role: Role = "plain") -> Line:
        """A line that may not."""
        return (text if self.width is None else shortened(text, self.width)), role


def more(left: int, what: str, layout: Layout, indent: int = 2) -> Iterator[Line]:
    """A line that counts what is left out; none when nothing is."""
    if left > 0:
        yield from layout.wrap(f"... and {left:,} {what}", "dim", indent, indent + 2)
