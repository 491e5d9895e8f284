"""NextToken: opaque, valid for one listing, expires.

The checksum in it is not a secret. It only tells the emulator's own tokens from invented ones, and is the same after
a restart, so that tokens stay valid.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

import msgspec

from rekognition_emulator.errors import ServiceError

PAGE = 100
"""The documented default of MaxResults, for every listing."""

_LENGTH = 16


def _checksum(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_LENGTH, person=b"NextToken").digest()


def listing_id(*parts: object) -> str:
    """A short name of one listing, from its operation, dataset and filters."""
    try:
        text = msgspec.json.encode(parts, order="deterministic")
    except UnicodeEncodeError:  # a lone surrogate, in a filter that finds nothing
        text = json.dumps(parts, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def write_token(listing: str, position: int, now: float) -> str:
    """The token for the page after `position` of a listing, issued at `now` (seconds since the epoch)."""
    text = msgspec.json.encode([listing, position, round(now, 3)])
    return base64.b64encode(_checksum(text) + text).decode()


def read_token(token: str | None, listing: str, now: float, lifetime: float) -> int:
    """The position in a token; 0 without a token, or with the empty one that AWS's samples send.

    Raises:
        ServiceError: InvalidPaginationTokenException for an invented or changed token, for one of a different listing,
            and for one older than `lifetime` seconds.
    """
    if not token:
        return 0
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("InvalidPaginationTokenException") from error
    checksum, text = raw[:_LENGTH], raw[_LENGTH:]
    if checksum != _checksum(text):
        raise ServiceError("InvalidPaginationTokenException")
    made_for, position, issued = msgspec.json.decode(text)
    if made_for != listing or now - issued > lifetime:
        raise ServiceError("InvalidPaginationTokenException")
    return int(position)
