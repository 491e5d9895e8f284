"""The text of a line: what the service appends, escapes that JSON does not need, blanks, how numbers are spelled."""

import re
from itertools import pairwise
from typing import Final

# What the service appends to every line that it lists.
_ADDED: Final = (
    b',"cl-metadata":{"is_labeled":true}}',
    b',"cl-metadata":{"is_labeled":false}}',
    b', "cl-metadata": {"is_labeled": true}}',
    b', "cl-metadata": {"is_labeled": false}}',
)
# How floats that are whole numbers end.
WHOLE: Final = b".0"
# Digits as one digit, and one letter for an exponent.
_DIGITS: Final = bytes.maketrans(b"123456789E", b"000000000e")
# Escapes that JSON needs, or does not have, though Python does; and those of half a character.
_NEEDED: Final = re.compile(rb"\\(?:U|u00[0-7])")
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def as_sent(line: str) -> bytes | None:
    """A line that the service listed, without the `cl-metadata` that it appends; None where it has half characters."""
    try:
        return without_added(line.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return None


def is_appended(raw: bytes) -> bool:
    """Whether a line ends with what the service appends."""
    return raw.endswith(_ADDED)


def without_added(raw: bytes) -> bytes:
    """A line without what the service appends."""
    for added in _ADDED:
        if raw.endswith(added):
            raw = raw[: -len(added)] + b"}"
    return raw


def is_in_order(raw: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether these members are in the line, in this order; without a backslash no text holds a name with its colon."""
    return all(0 < raw.find(one) < raw.find(other) for one, other in pairwise(names))


def without_escapes(raw: bytes) -> bytes:
    """A line with the text that it escapes and need not; other escapes stay."""
    text = raw.replace(b"\\/", b"/") if b"\\/" in raw else raw
    if not text.isascii() or b"\\" not in text or _NEEDED.search(text):
        return text
    try:
        characters = text.decode("raw_unicode_escape")
        return characters.encode() if _HALF.search(text) is None else _with_pairs(characters)
    except ValueError:
        return raw


def _with_pairs(characters: str) -> bytes:
    """Text whose characters beyond 16 bits are in two halves each."""
    return characters.encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def without_blanks(raw: bytes, text: bytes) -> bytes:
    """A line without blanks, where its encoded text shows that they are in no text of it."""
    return raw if b" " in text else raw.translate(None, b" ")


def has_whole_float(text: bytes) -> bool:
    """Whether an encoded line may have a float that is a whole number, which is not how it is compared."""
    return WHOLE in text and (b".0," in text or b".0}" in text)


def has_exponent(raw: bytes) -> bool:
    """Whether a line may have a number with an exponent, which can be shorter than how it is sent."""
    return b"0e" in raw.translate(_DIGITS)
