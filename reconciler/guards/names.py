"""How an override names a guard, and the thing that it is about: `updates`, `rename:RBC->Red cell`.

A label or prefix with a character that means something in an override is written as a JSON string.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from reconciler.text import is_shown_as_it_is

# Guards of one cause, which are overridden with the thing that they are about.
CAUSES: Final = ("rename", "merge", "move", "boxes")
# The guard of the setting `theirs`, which has no threshold.
THEIRS: Final = "theirs"
# A guard that may be overridden for one thing too.
WITH_THING: Final = (*CAUSES, "label-removed")

_ARROW: Final = "->"
_PLAIN: Final = r"[^\s=;\"'\\`$>-](?:[^=;\"'\\`$>\x00-\x1f]*[^\s=;\"'\\`$>-])?"
_TERM: Final = r'(?:"(?:[^"\\]|\\.)*"|(?:(?!->)[^=;"])+)'
_HEAD: Final = re.compile(rf"\s*(?P<guard>[A-Za-z-]*)(?::(?P<old>{_TERM})(?:->(?P<new>{_TERM}))?)?\s*(?:=|$)")


def thing_of(old: Sequence[str], new: Sequence[str] = ()) -> str:
    """What a guard is about, as an override names it: a label, or what became what."""
    return _ARROW.join(_written(one) for one in (*old, *new))


def head_of(text: str, position: int = 0) -> tuple[str, str, int]:
    """The guard and the thing at the beginning of an override, and where its reason begins; `("", "", 0)` without one.

    The thing is written as `thing_of` writes it, however it was written.
    """
    match = _HEAD.match(text, position)
    if match is None:
        return "", "", 0
    terms = [_read(term.strip()) for term in match.group("old", "new") if term is not None]
    return match["guard"], thing_of(terms), match.end()


def _written(name: str) -> str:
    plain = re.fullmatch(_PLAIN, name) and _ARROW not in name and is_shown_as_it_is(name) and "  " not in name
    return name if plain else json.dumps(name)


def _read(term: str) -> str:
    try:
        return str(json.loads(term)) if term.startswith('"') else term
    except ValueError:
        return term
