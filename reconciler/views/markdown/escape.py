"""Text inside Markdown: names shown as they are, acting as nothing.

Names go into code spans: GitHub, GitLab and others look for no mention, issue, link, emoji, commit or formula there
(GitHub Flavored Markdown, 6.1 and 6.9; GitHub's filters leave `code` elements alone). The text of a sentence is the
program's own, but a document is read from a file too: text in which Markdown could find anything but a code span is a
code span as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from reconciler.text import Sentence
from reconciler.views.words import pieces, shown

# A key may have 2,048 characters; a comment that people read holds its ends.
_NAME: Final = 180
SENTENCE: Final = 700

# Letters, figures, the signs of a sentence and arrows: nothing else can begin in them.
_TEXT: Final = re.compile(r"(?:[^\W_]|[ ,;:.()'\"%/?+=\u2019\xd7\u2192-]|->)*")
# What is a link, an issue (GH-1), an emoji, a commit or a list item to GitHub or GitLab though it has no other sign.
_LINKED: Final = re.compile(
    r"(?i:www\.|://|mailto:|xmpp:|[^\W\d_]-\d|:\w+:|(?<!\w)[0-9a-f]{7,40}(?!\w))|^\s*(?:[-+=](?!>)|\d+[.)](?:\s|$))"
)
_TICKS: Final = re.compile("`+")
_QUOTED: Final = re.compile("`([^`]+)`")


def code(name: str, limit: int = _NAME) -> str:
    """A key, label or other name as a code span."""
    return _span(shown(name, limit))


def raw_code(name: str, limit: int = _NAME) -> str:
    """The same for inside an HTML block such as `<summary>`, where Markdown is not read."""
    return f"<code>{escape(shown(name, limit))}</code>"


def prose(words: str | Sentence, limit: int = SENTENCE, name_limit: int = _NAME) -> str:
    """Words, with names as code spans."""
    told = pieces((words,) if isinstance(words, str) else words, limit, name_limit)
    parts = (part for text, is_name in told for part in ([_span(text)] if is_name else _text(text)))
    line = ""
    for part in parts:
        line += f" {part}" if line.endswith("`") and part.startswith("`") else part
    return line


def cells(texts: Sequence[str]) -> str:
    """A row of a table; a pipe inside a cell is escaped, also in code spans (GitHub Flavored Markdown, 4.10)."""
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |\n"


def _span(text: str) -> str:
    """A code span around anything that has no line break: its fence is longer than any inside."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or (text[:1] == " " == text[-1:] and text.strip()) else ""
    return f"{fence}{pad}{text or ' '}{pad}{fence}"


def _text(text: str) -> Iterator[str]:
    """A part of a sentence, what it quotes and what could act as code, its spaces at both ends kept."""
    for number, part in enumerate(_QUOTED.split(text)):
        inner = part.strip(" ")
        if number % 2:
            yield _span(part)
        elif not inner or (_TEXT.fullmatch(part) and not _LINKED.search(part)):
            yield part.replace("->", "\N{RIGHTWARDS ARROW}")
        else:
            yield f"{' ' * part.startswith(' ')}{_span(inner)}{' ' * part.endswith(' ')}"
