"""A document that must not exceed a limit: the least risky parts are left out, and counted.

Blocks are in reading order; their pieces are taken by risk until one does not fit, so that nothing is shown that is
less risky than something left out. A block's frame counts with its first piece.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct, field

from reconciler.text import counted

# The line that counts the pieces left out of a block.
_NOTE: Final = 120


class Piece(Struct, frozen=True):
    """A part that is shown whole or not at all: its risk, and its text, made when it is needed."""

    risk: float
    text: Callable[[], str]


class Block(Struct, frozen=True):
    """Pieces of one kind (`what`, as in "12 more entries") between a head and a foot; none of it without a piece.

    `beyond` counts what was left out before it came here. A block without `what` is not counted.
    """

    pieces: Sequence[Piece]
    what: str = ""
    head: str = ""
    foot: str = ""
    beyond: int = 0
    note: Callable[[int], str] = field(default=lambda _left: "")


def length(text: str) -> int:
    """UTF-16 code units, of which a text has at least as many as characters: every way of counting is kept within."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def within(blocks: Sequence[Block], limit: int) -> tuple[str, Mapping[str, int]]:
    """The text in at most `limit`, and how many pieces of which kind are not in it."""
    chosen = _chosen(blocks, limit)
    left: Counter[str] = Counter()
    text = []
    for number, block in enumerate(blocks):
        texts = chosen.get(number, {})
        missing = len(block.pieces) - len(texts) + block.beyond
        if block.what and missing:
            left[block.what] += missing
        if texts:
            note = block.note(missing) if missing else ""
            text += [block.head, *(texts[at] for at in sorted(texts)), note, block.foot]
    return "".join(text), left


def _chosen(blocks: Sequence[Block], limit: int) -> dict[int, dict[int, str]]:
    """For each block the texts of the pieces that fit, by their number."""
    order = [(-piece.risk, number, at) for number, block in enumerate(blocks) for at, piece in enumerate(block.pieces)]
    chosen: dict[int, dict[int, str]] = {}
    used = 0
    for _risk, number, at in sorted(order):
        block = blocks[number]
        text = block.pieces[at].text()
        frame = 0 if number in chosen else length(block.head) + length(block.foot) + _NOTE
        used += length(text) + frame
        if used > limit:
            break
        chosen.setdefault(number, {})[at] = text
    return chosen


def piece(risk: float, text: Callable[..., str], *arguments: object) -> Piece:
    """A piece whose text is a function of some arguments."""
    return Piece(risk, partial(text, *arguments))


def left_out(one: str, many: str, start: str = "\n... and ") -> Callable[[int], str]:
    """What a block says of the lines that it has no room for."""
    return lambda left: f"{start}{counted(left, one, many)}\n"
