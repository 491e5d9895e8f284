"""What the ledger's tables hold: rows, figures of one side, and how keys and entries are stored."""

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from reconciler.model import Entry, Mark, Place


@dataclass(frozen=True, slots=True)
class Row:
    """A key on either side.

    `desired` and `live` are the lines' text, `live` only where it was kept; `seq` orders rows as the manifest (or, for
    live-only rows, the listing) does; `same_meaning` is False where a side is missing.
    """

    seq: int
    key: str
    desired: bytes | None
    live: bytes | None
    place: Place | None
    labels: tuple[str, ...]
    live_labels: tuple[str, ...]
    in_live: bool
    same_meaning: bool
    live_labelled: bool
    pair: str


@dataclass(frozen=True, slots=True)
class MarkedEntry:
    """A live entry that the service marked with errors, and the place of its line in the manifest (None: live only).

    `is_new` is whether it was not marked before an apply; None where there was no apply.
    """

    key: str
    place: Place | None
    marks: tuple[Mark, ...]
    is_new: bool | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What one side holds: entries, those with labels, boxes, live entries marked with errors, and a digest of it all.

    The digest is the same for the same entries in any order.
    """

    entries: int
    labelled: int
    boxes: int
    marked: int
    digest: str


def pair_digest(key: str, desired: bytes, live: bytes) -> str:
    """Names "this desired content is stored as that live content" for one key, in 16 characters."""
    return blake2b(desired + live + key_bytes(key), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredSide:
    """One line as it is stored: its labels (a JSON array), how many boxes, whether it is labelled, its text."""

    labels: str
    boxes: int
    labelled: bool
    line: bytes


def values_of(entry: Entry) -> tuple[bytes, bytes, bytes, int, int, str]:
    """An entry in the order of the columns that both tables have."""
    return key_bytes(entry.key), entry.meaning, entry.content, entry.labelled, entry.boxes, json.dumps(entry.labels)


def key_bytes(key: str) -> bytes:
    """A key as it is stored: a live key may hold what is no valid text, and bytes sort the same everywhere."""
    return key.encode("utf-8", "surrogatepass")


def place_at(file: bytes | None, line: int, column: int) -> Place | None:
    """A place as the tables hold it; None for no line."""
    return None if file is None else Place(key_text(file), line, column)


def key_text(key: bytes) -> str:
    """A stored key as text again."""
    return key.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)  # few sets of labels, many rows
def names(labels: str) -> tuple[str, ...]:
    """A stored set of labels."""
    return tuple(json.loads(labels))


def mark_codes(marks: str) -> bytes:
    """Stored marks as they count in a digest: their codes, sorted."""
    if marks == "[]":
        return b"-"
    return json.dumps(sorted(code for code, _message in json.loads(marks))).encode()
