"""Folded lines, measured by rich; loaded only for a terminal. Texts are inert before."""

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len, chop_cells

_LEAST: Final = 2  # a wide character takes two columns


def folded(text: str, width: int, start: str, hang: str) -> list[str]:
    """Lines of at most `width` columns, broken at spaces; the first begins with `start`, the others with `hang`.

    A longer word is not broken, because it may be a key that users copy: the terminal itself wraps it, and a copy of
    it is whole.
    """
    if cell_len(start) + cell_len(text) <= width:
        return [start + text]
    lines = _lines(text, width - max(cell_len(start), len(hang)))
    return [f"{hang if number else start}{line}" for number, line in enumerate(lines)]


def chopped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, longer words broken too: for cells side by side."""
    room = max(_LEAST, width)
    return [part for line in _lines(text, room) for part in chop_cells(line, room) or [""]]


def _lines(text: str, room: int) -> Iterator[str]:
    """The text broken at spaces, in lines of at most `room` columns or of one word."""
    line, columns = "", 0
    for word in text.split(" "):
        wide = cell_len(word)
        if columns and columns + 1 + wide > room:
            yield line.rstrip(" ")
            line, columns = "", 0
        line = f"{line} {word}" if columns else word
        columns += wide + (1 if columns else 0)
    yield line.rstrip(" ")
