"""Text of others inside Markdown: shown as it is, acting as nothing.

Names go into code spans: GitHub, GitLab and others look for no mention, issue, link, emoji, commit or formula there
(GitHub Flavored Markdown, 6.1 and 6.9; GitHub's filters leave `code` elements alone). In a sentence the words that are
nothing but words stay prose, everything else goes into code spans too: text is trusted no more than names are.
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

# A word that is only a word, a number, or two of them joined: no markup can begin in it.
_WORD: Final = re.compile(r"[(\"']*[+-]?[^\W_]+(?:[-'\u2019.,/\xd7%+:][^\W_]+)*%?[)\"',.;:]*")
# What a word may still be to GitHub: an issue or a key of another tracker (GH-1), a commit, a link, a list item.
_LINKED: Final = re.compile(r"(?i:www\.|[^\W\d_]-\d|:\w+:|(?<!\w)[0-9a-f]{7,40}(?!\w)|^\d+\.$)")
# And where it begins a line, another form of list item; elsewhere it ends what is in brackets.
_ITEM: Final = re.compile(r"\d+\)")
_SIGNS: Final = {"->": "\N{RIGHTWARDS ARROW}", "-": "\\-", "+": "\\+", "=": "\\=", "%": "%", "/": "/"}
_TICKS: Final = re.compile("`+")
_CLOSING: Final = re.compile(r"[(\"']|[)\"',.;:]+")


def code(name: str, limit: int = _NAME) -> str:
    """A key, label or other name as a code span."""
    return _span(shown(name, limit))


def raw_code(name: str, limit: int = _NAME) -> str:
    """The same for inside an HTML block such as `<summary>`, where Markdown is not read."""
    return f"<code>{escape(shown(name, limit))}</code>"


def prose(words: str | Sentence, limit: int = SENTENCE, name_limit: int = _NAME) -> str:
    """Words, with names as code spans."""
    told = pieces((words,) if isinstance(words, str) else words, limit, name_limit)
    return "".join(_span(text) if is_name else _spaced(text) for text, is_name in told)


def cells(texts: Sequence[str]) -> str:
    """A row of a table; a pipe inside a cell is escaped, also in code spans (GitHub Flavored Markdown, 4.10)."""
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |\n"


def _span(text: str) -> str:
    """A code span around anything that has no line break: its fence is longer than any inside."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or (text[:1] == " " == text[-1:] and text.strip()) else ""
    return f"{fence}{pad}{text or ' '}{pad}{fence}"


def _spaced(text: str) -> str:
    """A part of a sentence, its spaces at both ends kept."""
    if not text.strip():
        return " " * bool(text)
    head, tail = " " * text.startswith(" "), " " * text.endswith(" ")
    return f"{head}{_sentence(text)}{tail}"


def _sentence(text: str) -> str:
    return " ".join(_runs(text.split()))


def _runs(words: Sequence[str]) -> Iterator[str]:
    """Words as prose, runs of anything else as one code span."""
    odd: list[str] = []
    for at, word in enumerate(words):
        plain = None if at == 0 and _ITEM.fullmatch(word) else _plain(word)
        if plain is None:
            odd.append(word)
            continue
        if odd:
            yield _spanned(odd)
            odd = []
        yield plain
    if odd:
        yield _spanned(odd)


def _spanned(words: Sequence[str]) -> str:
    """Words as one code span; the sign that ends a clause follows it."""
    text = " ".join(words)
    end = text[-1] if text[-1] in ",;:" and text[-2:-1].isalnum() and ":" not in text[:-1] else ""
    return f"{_span(text.removesuffix(end))}{end}"


def _plain(word: str) -> str | None:
    if word in _SIGNS:
        return _SIGNS[word]
    if _CLOSING.fullmatch(word):
        return word
    return word if _WORD.fullmatch(word) and not _LINKED.search(word) else None
