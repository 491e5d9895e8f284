"""The layout of a review in lines: indents, tables, and how much is shown.

On a terminal rich folds long lines and draws tables; without a width lines stay whole, and rich is not loaded.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

Role = Literal["plain", "header", "add", "update", "unlabel", "live-only", "bad", "warning", "dim"]
Painter = Callable[[str, Role], str]
Line = tuple[str, Role]


def cells(text: str) -> int:
    """How many columns a text takes: wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


class Layout:
    """The width of lines (columns; None: unlimited) and how much they show.

    `changes` are shown of a dataset unless `entries` gives a number; with `verbose` nothing is left out.
    """

    def __init__(self, width: int | None, changes: int, *, verbose: bool, entries: int | None = None) -> None:
        self.width, self.changes, self.verbose, self.entries = width, changes, verbose, entries

    def limit(self, number: int) -> int | None:
        """At most this number; None for all."""
        return None if self.verbose else number

    def wrap(self, text: str, role: Role = "plain", indent: int = 2, hang: int = 4) -> Iterator[Line]:
        """The text as one line, or folded into several: the first at `indent`, the others at `hang`."""
        start = " " * indent
        if self.width is None:
            yield start + text, role
        else:
            from reconciler.views.terminal.drawn import folded  # noqa: PLC0415 - rich is for terminals

            yield from ((line, role) for line in folded(text, self.width, start, " " * hang))

    def entry(self, sign: str, key: str, room: int, words: str, role: Role) -> Iterator[Line]:
        """A key with what changes beside it; `room` is the columns of the widest key."""
        if self.width is None:
            yield f"    {sign} {key}  {words}", role
        else:
            from reconciler.views.terminal.drawn import entry_lines  # noqa: PLC0415 - likewise

            yield from ((line, role) for line in entry_lines(sign, key, room, words, self.width))

    def table(self, rows: Sequence[tuple[Role, Sequence[str]]]) -> Iterator[Line]:
        """One line per row, its cells in columns."""
        if self.width is None:
            wide = [max(map(cells, column)) for column in zip(*(row for _role, row in rows), strict=True)]
            lines = [
                "".join(f"{cell}{' ' * (2 + room - cells(cell))}" for cell, room in zip(row, wide, strict=True))
                for _role, row in rows
            ]
        else:
            from reconciler.views.terminal.drawn import table_lines  # noqa: PLC0415 - likewise

            lines = table_lines([row for _role, row in rows], self.width)
        yield from ((line.rstrip(), role) for line, (role, _row) in zip(lines, rows, strict=True))


def more(left: int, what: str, layout: Layout, indent: int = 2) -> Iterator[Line]:
    """A line that counts what is left out, if anything is."""
    if left > 0:
        yield from layout.wrap(f"... and {left:,} {what}", "dim", indent, indent + 2)
