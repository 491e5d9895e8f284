"""Lines of JSON without anything odd, read several times as quickly as the others.

Plain is an object whose names are written without blanks before the colon, that repeats no name, nests no deeper than
allowed, and whose whole numbers fit 64 bits. That no name is repeated is seen by counting: the names in the text are as
many as the members in the object. Whatever is not plain, or no JSON at all, is left to the reader that can say why.

Knows when the quick reader (msgspec: RFC 8259, strict UTF-8, no half surrogates, no NaN) means the same as the slow
one; a property test holds that. Refuses to report.
"""

import re
from typing import Any, Final

import msgspec

from reconciler.limits import NESTING

__all__ = ["is_deep", "plain_object"]

# A name with blanks between it and its colon, which the count of names would miss.
_LOOSE_NAME: Final = re.compile(rb'"[ \t\r\n]+:')
_LEAST: Final = -(2**63)
_MOST: Final = 2**64


def plain_object(raw: bytes) -> dict[str, Any] | None:
    """The object that a line holds; None where that takes a closer look."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or _LOOSE_NAME.search(raw) or _members(value) != raw.count(b'":'):
        return None
    return None if raw.count(b"{") + raw.count(b"[") > NESTING and is_deep(value) else value


def is_deep(value: object) -> bool:
    """Whether lists and objects nest deeper than the limit."""
    level = [value]
    for _ in range(NESTING):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _members(document: dict[str, Any]) -> int:
    """How many members all objects have together, -1 where a whole number is beyond 64 bits."""
    count = 0
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            count += len(value)
            waiting.extend(value.values())
        elif type(value) is list:
            waiting.extend(value)
        elif type(value) is int and not _LEAST <= value < _MOST:
            return -1
    return count
