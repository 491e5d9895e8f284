"""Text from manifests and the service, made safe to show: nothing in it can move a cursor, colour or reorder a line.

Also: counts in words, and the known word nearest to an unknown one. Sentences as pieces are in `sentences`; their names
are here too, loaded when they are first asked for, because `reconciler --help` needs none of them.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.text.sentences import Command as Command
    from reconciler.text.sentences import Name as Name
    from reconciler.text.sentences import Sentence as Sentence
    from reconciler.text.sentences import joined as joined
    from reconciler.text.sentences import listed as listed
    from reconciler.text.sentences import names_in as names_in
    from reconciler.text.sentences import plain as plain
    from reconciler.text.sentences import quoted as quoted
    from reconciler.text.sentences import safe as safe
    from reconciler.text.sentences import sentence as sentence

# A key may have 2,048 characters; a line that people read is shorter.
SHOWN_CHARACTERS: Final = 300

# Control characters (C0, DEL, C1), line and paragraph separators, bidirectional overrides and isolates, zero-width and
# other invisible format characters, tags, lone surrogates, the byte order mark.
# Source: Unicode categories Cc, Cf, Cs, Zl, Zp, but for the signs in Cf that are seen (Prepended_Concatenation_Mark).
ACTING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def inert(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text with every acting character written as an escape, and its middle cut out beyond `limit` characters."""
    shown = ACTING.sub(_escape, text)
    if len(shown) <= limit:
        return shown
    head = limit * 2 // 3
    return f"{shown[:head]}...{shown[len(shown) - (limit - head - 3) :]}"


def inert_lines(text: str) -> str:
    """A text of several lines, each whole and with every acting character written as an escape."""
    return "\n".join(ACTING.sub(_escape, line) for line in text.split("\n"))


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


def path_for_shell(path: str, instead: str, limit: int = _PASTED_CHARACTERS) -> str:
    """`for_shell` of the path of a file: one that begins with a hyphen would be read as an option."""
    return for_shell(f"./{path}" if path.startswith("-") else path, instead, limit)


def is_shown_as_it_is(text: str) -> bool:
    """Whether every view shows a text without an escape."""
    letters = all(one.isalnum() or (one.isascii() and one.isprintable()) for one in text)
    return letters and _BLANK_LETTERS.isdisjoint(text)


def figures(pairs: Iterable[tuple[int, str]]) -> str:
    """`3 to add, 2 live only`: those that are not zero."""
    return ", ".join(f"{number:,} {word}" for number, word in pairs if number)


def either(words: Sequence[str]) -> str:
    """`coco, voc or yolo`, of at least two words."""
    return f"{', '.join(words[:-1])} or {words[-1]}"


def counted(number: int, one: str, many: str) -> str:
    """`1 box`, `2,000 boxes`."""
    return f"{number:,} {one if number == 1 else many}"


_USER_IN_URL: Final = r"([a-zA-Z][a-zA-Z0-9+.\-]*://)[^/\s@]*@"


def without_sign_in(text: str) -> str:
    """The text with user names and passwords taken out of its URLs."""
    return re.sub(_USER_IN_URL, r"\1", text)


def did_you_mean(word: str, known: Iterable[str], question: str = "did you mean `{}`?") -> str:
    """A question in brackets to put behind a sentence, with a leading blank; empty when no known word is near.

    A word that differs in case, or in hyphens against underscores, is the nearest of all.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - few runs guess

    words = list(known)
    folded = _folded(word)
    near = [other for other in words if _folded(other) == folded] or get_close_matches(word, words, n=1)
    return f" ({question.format(near[0])})" if near else ""


def _folded(word: str) -> str:
    return word.casefold().replace("_", "-")


if not TYPE_CHECKING:  # the checker sees the names above, and no other

    def __getattr__(name: str) -> object:
        """A name of `sentences` (PEP 562).

        Raises:
            AttributeError: there is none.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        value = globals()[name] = getattr(import_module(f"{__name__}.sentences"), name)
        return value
