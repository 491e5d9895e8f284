"""The head that nearly every request has, read at once.

Knows the plain case: `POST /`, complete, every header once. Refuses to know anything else: http.server reads that, with
a mail parser that takes longer than the emulator's whole work on a small call.
"""

from __future__ import annotations

import re

REQUEST_LINE = b"POST / HTTP/1.1\r\n"

_END = b"\r\n\r\n"
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]*([^\r\n]*)")
_UNUSUAL = frozenset({"expect", "transfer-encoding"})


def plain_headers(waiting: bytes) -> tuple[dict[str, str], int] | None:
    """The headers at the beginning of `waiting`, with lower-case names, and the length of them with the blank line.

    None for headers that are incomplete or not plain.
    """
    end = waiting.find(_END)
    if end < 0:
        return None
    lines = [_HEADER.fullmatch(line) for line in waiting[:end].decode("iso-8859-1").split("\r\n")]
    headers = {found[1].lower(): found[2].rstrip(" \t") for found in lines if found}
    if len(headers) < len(lines) or not _UNUSUAL.isdisjoint(headers):
        return None
    if headers.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return headers, end + len(_END)
