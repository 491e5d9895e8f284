"""Lines as documents, and values as text that any JSON can hold."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

# A field's value is shown, not kept: the line itself is in the manifest.
VALUE_CHARACTERS: Final = 200

Document = Mapping[str, Any]


def document_of(line: bytes | None) -> Document:
    """A line of the ledger, parsed; without a line an empty document."""
    if not line:
        return {}
    document: Document
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        document = json.loads(line)  # takes what the fast decoder refuses, such as lone surrogates
    return document


def value_text(value: object, limit: int = VALUE_CHARACTERS) -> str:
    """Any JSON value as compact JSON, its end cut off beyond `limit` characters."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
