"""A sentence as pieces: text, and names of others, whose look is up to each view."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from reconciler.text import SHOWN_CHARACTERS, inert


class Name(Struct, frozen=True, array_like=True, gc=False):
    """A key, label, path or other name in a sentence, as it is written; in JSON an array that holds it."""

    text: str


class Command(Name, frozen=True, array_like=True, gc=False):
    """A command or setting that people paste: views show it without quotes around it, and never fold it."""


# What is said of names, in pieces: text, and names, whose look is up to each view.
Sentence = tuple[str | Name, ...]

# A sentence names so many things of a kind; the rest is a count.
_NAMED: Final = 3


def sentence(*parts: str | Name | Sentence) -> Sentence:
    """The parts as one sentence: neighbouring text is one piece, and no piece is empty text."""
    pieces: list[str | Name] = []
    for piece in chain.from_iterable(part if isinstance(part, tuple) else (part,) for part in parts):
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece:
            pieces.append(piece)
    return tuple(pieces)


def joined(parts: Iterable[str | Name | Sentence], between: str = "; ") -> Sentence:
    """The parts as one sentence, with text between every two."""
    pieces: list[str | Name | Sentence] = []
    for part in parts:
        pieces += [between, part] if pieces else [part]
    return sentence(*pieces)


def listed(names: Sequence[str]) -> Sentence:
    """`a, b, c and 2 more`."""
    rest = len(names) - _NAMED
    return sentence(joined(map(Name, names[:_NAMED]), ", "), f" and {rest:,} more" if rest > 0 else "")


def names_in(words: Sentence) -> tuple[str, ...]:
    """The names of a sentence, in its order."""
    return tuple(piece.text for piece in words if isinstance(piece, Name))


def plain(words: Sentence) -> str:
    """A sentence as text: names as they are written, in quotes where their blanks would not be seen."""
    return "".join(
        piece if isinstance(piece, str) else piece.text if isinstance(piece, Command) else quoted(piece.text)
        for piece in words
    )


def safe(words: Sentence) -> str:
    """A sentence as text in which nothing acts, for errors and records; the middle of a long one is cut out."""
    return inert(plain(words), 2 * SHOWN_CHARACTERS)


def quoted(name: str) -> str:
    """A name as it is written; in quotes where its blanks would not be seen."""
    return f'"{name}"' if not name or name != name.strip(" ") or "  " in name else name
