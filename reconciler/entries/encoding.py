"""JSON written in one way: compact as it is sent, canonical as it is compared; and its digest."""

import json
import re
from hashlib import blake2b
from typing import Any, Final

import msgspec

# How the encoder writes a float that is a whole number: 1.0, 1e+16. In text it means nothing, and costs a little time.
_WHOLE_FLOAT: Final = re.compile(rb"\.0[,\]}]|e(?<=[0-9]e)\+?[0-9]")


def canonical(value: object) -> bytes:
    """JSON with sorted members and numbers by value: equal values give equal bytes."""
    try:
        fast = msgspec.json.encode(value, order="deterministic")
        if not _WHOLE_FLOAT.search(fast):
            return fast
        return msgspec.json.encode(_by_value(value), order="deterministic")
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(_by_value(value), sort_keys=True, separators=(",", ":")).encode()


def encoded(value: object) -> bytes:
    """Compact JSON in UTF-8, members in the given order."""
    try:
        return msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def hashed(data: bytes) -> bytes:
    """16 bytes that name the data."""
    return blake2b(data, digest_size=16).digest()


def _by_value(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same value out
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _by_value(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_by_value(item) for item in value]
    return value
