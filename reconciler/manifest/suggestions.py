"""Did you mean: the known word nearest to an unknown one.

Knows spelling. Refuses to know what the words are for.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


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
