"""Folded lines and tables, drawn by rich; loaded only for a terminal.

Texts are inert before, and rich gets them as `Text`: it reads no markup, emoji or highlighting in them.
"""

from collections.abc import Sequence
from io import StringIO
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

_LEAST: Final = 2  # a wide character takes two columns
_ELLIPSIS: Final = "..."
# Keys that take a larger share of the line have a line to themselves.
_KEY_SHARE: Final = 0.45


def folded(text: str, width: int, start: str, hang: str) -> list[str]:
    """Lines of at most `width` columns, broken at spaces; the first begins with `start`, the others with `hang`."""
    room = width - max(cell_len(start), len(hang))
    if cell_len(start) + cell_len(text) <= width:
        return [start + text]
    lines = Text(text).wrap(_console(room), max(_LEAST, room), overflow="fold")
    return [f"{hang if number else start}{line.plain.rstrip(' ')}" for number, line in enumerate(lines)]


def entry_lines(sign: str, key: str, room: int, words: str, width: int) -> list[str]:
    """A key with what changes beside it, or in the next line if keys are long; `room` is that of the widest key."""
    if room > width * _KEY_SHARE:
        return [f"    {sign} {shortened(key, max(8, width - 6))}", *folded(words, width, " " * 8, " " * 10)]
    return folded(words, width, f"    {sign} {key}{' ' * (room - cell_len(key))}  ", " " * (room + 8))


def shortened(text: str, width: int) -> str:
    """The text in at most `width` columns: its middle is left out, because keys often differ at their ends."""
    if cell_len(text) <= width:
        return text
    room = max(0, width - len(_ELLIPSIS))
    tail = set_cell_size(text[::-1], room * 2 // 3)[::-1]
    return f"{set_cell_size(text, room - cell_len(tail))}{_ELLIPSIS[: max(0, width)]}{tail}"


def table_lines(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """One line per row, at most `width` columns; the first cell takes less than half, its end is cut off."""
    console = _console(width)
    table = Table.grid(padding=(0, 2))
    for number in range(len(rows[0])):
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=None if number else width // 2 - 2)
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(table)
    return captured.get().split("\n")[:-1]


def _console(width: int) -> Console:
    """A console of this size, whatever the environment says; nothing is written to it."""
    return Console(file=StringIO(), width=max(_LEAST, width), height=25, color_system=None, legacy_windows=False)
