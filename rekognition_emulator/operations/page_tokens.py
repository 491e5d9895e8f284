"""NextToken: opaque, belongs to one listing, expires.

The mark in it is no secret: it only tells
the emulator's own tokens from invented ones, and stays the same over restarts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

import msgspec

from rekognition_emulator.errors import ServiceError

PAGE = 100
"""Documented default of MaxResults, for every listing."""

_LENGTH = 16


def _mark(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_LENGTH, person=b"NextToken").digest()


def scope(*parts: object) -> str:
    """A short name of one listing: operation, dataset, filters."""
    try:
        text = msgspec.json.encode(parts, order="deterministic")
    except UnicodeEncodeError:  # half a character, in a filter that finds nothing
        text = json.dumps(parts, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def write(listing: str, position: int, now: float) -> str:
    """The token for the page behind `position` of a listing."""
    text = msgspec.json.encode([listing, position, round(now, 3)])
    return base64.b64encode(_mark(text) + text).decode()


def read(token: str | None, listing: str, now: float, lifetime: float) -> int:
    """The position a token stands for; no token, and the empty one of AWS's samples, stand for the beginning.

    Raises:
        ServiceError: InvalidPaginationTokenException for a foreign, changed or expired token.
    """
    if not token:
        return 0
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("InvalidPaginationTokenException") from error
    mark, text = raw[:_LENGTH], raw[_LENGTH:]
    if mark != _mark(text):
        raise ServiceError("InvalidPaginationTokenException")
    made_for, position, issued = msgspec.json.decode(text)
    if made_for != listing or now - issued > lifetime:
        raise ServiceError("InvalidPaginationTokenException")
    return int(position)
