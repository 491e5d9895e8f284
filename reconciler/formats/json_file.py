"""Annotations that are one JSON value per file."""

import json
from typing import Any, Final, NoReturn

from reconciler.formats import conversion
from reconciler.formats.conversion import Unreadable, refuse_mistaken
from reconciler.manifest.json_places import fault_words
from reconciler.model import Place
from reconciler.rule import error
from reconciler.text import inert

JSON: Final = error("json", "not valid JSON: {reason}", conversion.SAVE_AGAIN, "RFC 8259")


def json_of(content: bytes, place: Place) -> object:
    """The value that a file holds; `place` is the file.

    Raises:
        Unreadable: it is not UTF-8, not JSON, a name appears twice in one object, or it is something else, such as a
            pointer of Git LFS.
    """
    refuse_mistaken(place.file, content)
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=members_once)
    except UnicodeDecodeError as fault:
        raise Unreadable(conversion.ENCODING, place, byte=fault.start) from fault
    except json.JSONDecodeError as fault:
        raise Unreadable(JSON, Place(place.file, fault.lineno, fault.colno), reason=fault_words(fault)) from fault
    except (ValueError, RecursionError) as fault:  # NaN, a number without end, or nesting without end
        raise Unreadable(JSON, place, reason=str(fault)) from fault


def members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object, for `json.loads`.

    Raises:
        ValueError: a name appears twice.
    """
    members = dict(pairs)
    if len(members) != len(pairs):  # the parser would take the last one and lose what the first holds
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the name "{inert(name, 120)}" appears twice in one object')
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
