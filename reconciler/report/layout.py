"""How a review is laid out in lines: width, how much of everything, wrapping.

Knows lines and their roles. Refuses to know reviews and escape sequences.
"""

from collections.abc import Callable, Iterator
from typing import Literal

from reconciler.report.columns import shortened, wrapped

__all__ = ["Layout", "Line", "Painter", "Role", "more"]

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
