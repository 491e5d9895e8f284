"""Text from manifests and the service, made safe to show: nothing in it can move a cursor, colour or reorder a line.

Also: a sentence as pieces (text and names), counts in words, and the known word nearest to an unknown one.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import Final

from msgspec import Struct

# A key may have 2,048 characters; a line that people read is shorter.
SHOWN_CHARACTERS: Final = 300

# Control characters (C0, DEL, C1), line and paragraph separators, bidirectional overrides and isolates, zero-width and
# other invisible format characters, tags, lone surrogates, the byte order mark.
# Source: Unicode categories Cc, Cf, Cs, Zl, Zp, but for the signs in Cf that are seen (Prepended_Concatenation_Mark).
_ACTING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def inert(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text with every acting character written as an escape, and its middle cut out beyond `limit` characters."""
    shown = _ACTING.sub(_escape, text)
    if len(shown) <= limit:
        return shown
    head = limit * 2 // 3
    return f"{shown[:head]}...{shown[len(shown) - (limit - head - 3) :]}"


def inert_lines(text: str) -> str:
    """A text of several lines, each whole and with every acting character written as an escape."""
    return "\n".join(_ACTING.sub(_escape, line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


# What is longer could be cut where it is shown, between its quotes.
_PASTED_CHARACTERS: Final = 200
# The same in the cure of a finding, which may have the name twice and is shown with at most `SHOWN_CHARACTERS`.
PASTED_IN_A_CURE: Final = 90
# Letters that are shown as an escape, because they look like nothing.
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0")


def for_shell(text: str, instead: str, limit: int = _PASTED_CHARACTERS) -> str:
    """Text of others as one argument of a command that people paste: `shlex.split` gives back exactly this text.

    `instead`, a word in capitals, takes its place where the text would not be shown as it is, or is too long.
    """
    quoted_text = shlex.quote(text)
    return quoted_text if is_shown_as_it_is(text) and len(quoted_text) <= limit else instead


def is_shown_as_it_is(text: str) -> bool:
    """Whether every view shows a text without an escape."""
    letters = all(one.isalnum() or (one.isascii() and one.isprintable()) for one in text)
    return letters and _BLANK_LETTERS.isdisjoint(text)


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


def figures(pairs: Iterable[tuple[int, str]]) -> str:
    """`3 to add, 2 live only`: those that are not zero."""
    return ", ".join(f"{number:,} {word}" for number, word in pairs if number)


def either(words: Sequence[str]) -> str:
    """`coco, voc or yolo`, of at least two words."""
    return f"{', '.join(words[:-1])} or {words[-1]}"


def counted(number: int, one: str, many: str) -> str:
    """`1 box`, `2,000 boxes`."""
    return f"{number:,} {one if number == 1 else many}"


_USER_IN_URL: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*://)[^/\s@]*@")


def without_sign_in(text: str) -> str:
    """The text with user names and passwords taken out of its URLs."""
    return _USER_IN_URL.sub(r"\1", text)


def did_you_mean(word: str, known: Iterable[str], question: str = "did you mean `{}`?") -> str:
    """A question in brackets to put behind a sentence, with a leading blank; empty when no known word is near.

    A word that differs in case, or in hyphens against underscores, is the nearest of all.
    """
    words = list(known)
    folded = _folded(word)
    near = [other for other in words if _folded(other) == folded] or get_close_matches(word, words, n=1)
    return f" ({question.format(near[0])})" if near else ""


def _folded(word: str) -> str:
    return word.casefold().replace("_", "-")
