"""What the ledger's tables hold: rows, figures of one side, and how keys and entries are stored."""

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from math import inf
from typing import Any, Final, NamedTuple, Self

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from reconciler.model import Entry, Mark, Origin, Place

# Begins the name of a pair that was let go, among those that are stored differently.
LET_GO: Final = "-"
# Entries that are hashed with one call.
_AT_ONCE: Final = 500
_Names = tuple[str, ...]


class Row(Struct, frozen=True):
    """A key on either side.

    `desired` and `live` are the lines' text, `live` only where it was kept; `seq` orders rows as the manifest (for
    live-only rows, the listing) does; `same_meaning` is False where a side is missing. `declared` and `live_declared`
    are the labels of each side with those of class-maps that no box uses. `retired`: a live-only image that left the
    dataset on purpose.
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
    declared: tuple[str, ...]
    live_declared: tuple[str, ...]
    retired: bool = False

    @property
    def let_go(self) -> str:
        """The name of the pair where the service would not take the line and `rejected: skip` let go of it."""
        return f"{LET_GO}{self.pair}"

    @classmethod
    def of(cls, columns: tuple[Any, ...]) -> Self:
        """A row from the columns of a query."""
        seq, key, line, file, number, column, labels, live, live_labels, in_live, same, *more = columns
        labelled, want, have, declared, live_declared, retired = more
        place, used, live_used = place_at(file, number, column), names(labels), names(live_labels or "[]")
        pair = pair_digest(key_text(key), want or b"", have or b"")
        flags = bool(in_live), bool(same), bool(labelled)
        all_names = names(declared), names(live_declared or "[]")
        return cls(seq, key_text(key), line, live, place, used, live_used, *flags, pair, *all_names, bool(retired))


class Brief(NamedTuple):
    """A key on either side without its lines: what a plan is made of.

    `size` is how many bytes the line of the manifest has, `want` and `have` are the digests of the content of both
    sides (None: there is no such side), `unusable` is whether the service will mark the line of the manifest with
    errors. The other members are those of a `Row`.
    """

    seq: int
    stored_key: bytes
    size: int
    in_live: int
    live_labelled: int
    want: bytes | None
    have: bytes | None
    unusable: int
    retired: int

    @property
    def key(self) -> str:
        """The key as text."""
        return key_text(self.stored_key)

    @property
    def pair(self) -> str:
        """The name of the key with both contents."""
        return pair_digest(self.key, self.want or b"", self.have or b"")

    @property
    def let_go(self) -> str:
        """The name of the pair where the service would not take the line and `rejected: skip` let go of it."""
        return f"{LET_GO}{self.pair}"


class MarkedEntry(Struct, frozen=True):
    """A live entry that the service marked with errors, and the place of its line in the manifest (None: live only).

    `is_new` is whether it was not marked before an apply; None where there was no apply.
    """

    key: str
    place: Place | None
    marks: tuple[Mark, ...]
    is_new: bool | None = None


class Facts(Struct, frozen=True, eq=False):
    """Counts of one side: entries, entries with labels, boxes, entries marked with errors; and digests of the entries.

    The digests do not depend on the order of the entries. `labels_digest` leaves out bare lines, so that it stays the
    same when an unlabelled image is added, and changes when an entry loses its labels; "" where it is not known.
    `kept_digest` leaves out retired entries too, which are bare once an apply is done; it is stored nowhere.
    """

    entries: int
    labelled: int
    boxes: int
    marked: int
    digest: str
    labels_digest: str = ""
    kept_digest: str = ""

    def __eq__(self, other: object) -> bool:
        """Whether they are the same but for the digest that is stored nowhere."""
        return isinstance(other, Facts) and self._compared == other._compared

    def __hash__(self) -> int:
        """That of what is compared."""
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[object, ...]:
        return astuple(self)[:-1]

    @classmethod
    def of(cls, counts: tuple[int, int, int, int], rows: Iterable[tuple[bytes, bytes, str, bool, int]]) -> Self:
        """The facts from the counts, and from every entry in the order of keys.

        Of each: key, content, marks, whether it is bare, whether it is retired.
        """
        total = labels = kept = blake2b(digest_size=16)  # the same one until an entry is left out of one
        left = iter(rows)
        while some := list(islice(left, _AT_ONCE)):
            entries = [
                b"%b%b%b%b" % (len(key).to_bytes(4, "big"), key, content, _NO_MARKS if marks == "[]" else _codes(marks))
                for key, content, marks, _bare, _retired in some
            ]
            if any(row[3] or row[4] for row in some) and total is labels:
                labels, kept = total.copy(), total.copy()
            total.update(b"".join(entries))
            if labels is not total:
                labels.update(b"".join([one for one, row in zip(entries, some, strict=True) if not row[3]]))
                kept.update(b"".join([one for one, row in zip(entries, some, strict=True) if not (row[3] or row[4])]))
        return cls(*counts, total.hexdigest(), labels.hexdigest(), kept.hexdigest())


class Statistics(Struct, frozen=True, eq=False):
    """DescribeDataset's own counts, TotalEntries and ErrorEntries; and when live was listed.

    LabeledEntries is not compared with what was listed: which entries it counts is not documented where a label
    attribute is invalid. `listed` is when the listing began (UTC, ISO 8601), "" where that is not known; `copied`: in
    an earlier run, whose copy of it was taken.
    """

    entries: int
    marked: int
    labelled: int = 0
    listed: str = ""
    copied: bool = False

    def __eq__(self, other: object) -> bool:
        """Whether they count the same, whenever that was listed."""
        return isinstance(other, Statistics) and (self.entries, self.marked) == (other.entries, other.marked)

    def __hash__(self) -> int:
        """That of what is compared."""
        return hash((self.entries, self.marked))

    def agree_with(self, live: Facts) -> bool:
        """Whether they match what was listed."""
        return (self.entries, self.marked) == (live.entries, live.marked)


_NO_MARKS: Final = b"-"


def _codes(marks: str) -> bytes:
    """The codes of an entry's marks."""
    return json.dumps(sorted(code for code, _message in json.loads(marks))).encode()


def pair_digest(key: str, desired: bytes, live: bytes) -> str:
    """16 characters that identify one key with its desired and its live content, each empty where there is none."""
    return blake2b(desired + live + key_bytes(key), digest_size=8).hexdigest()


class LabelGroup(NamedTuple):
    """Entries with the same labels and as many boxes of each: how many, how many are labelled, all their boxes."""

    labels: tuple[str, ...]
    box_counts: tuple[int, ...]
    entries: int
    labelled: int
    boxes: int


# The columns that both tables have, in the order of `values_of`.
ENTRY: Final = "key, meaning, content, labelled, boxes, labels, declared, box_counts, origin"


def values_of(entry: Entry) -> tuple[bytes, bytes, bytes, int, int, str, str, str, str]:
    """An entry in the order of the columns that both tables have."""
    labels, declared = entry.labels, entry.declared
    return (
        key_bytes(entry.key),
        entry.meaning,
        entry.content,
        entry.labelled,
        entry.boxes,
        used := _written(labels),
        used if not declared or declared == labels else _written(declared),
        _written(entry.box_counts),
        "" if entry.origin is None else _origin_text(entry.origin),
    )


def origin_in(text: str) -> Origin | None:
    """A stored origin; None for that of an unlabelled line."""
    if not text:
        return None
    said, jobs, *confidences = _read(text)
    return Origin(tuple(said), tuple(jobs), *confidences)


def key_bytes(key: str) -> bytes:
    """A key as it is stored: a live key may not be valid text, and bytes sort the same everywhere."""
    return key.encode("utf-8", "surrogatepass")


def place_at(file: bytes | None, line: int, column: int) -> Place | None:
    """A place from its columns; None without a line."""
    return None if file is None else Place(key_text(file), line, column)


def key_text(key: bytes) -> str:
    """A stored key as text again."""
    return key.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)  # few sets of labels and counts, many rows
def _written(names: _Names | tuple[int, ...]) -> str:
    return _text(names)


@lru_cache(maxsize=4096)  # few origins, many rows
def _origin_text(origin: Origin) -> str:
    return json.dumps(origin) if inf in origin[2:] or -inf in origin[2:] else _text(origin)


def _text(value: tuple[object, ...]) -> str:
    """A tuple as it is stored."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, a number beyond 64 bits
        return json.dumps(value)


def _read(text: str) -> Any:  # noqa: ANN401 - what was stored
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


@lru_cache(maxsize=4096)
def names(labels: str) -> tuple[str, ...]:
    """A stored set of labels."""
    return tuple(_read(labels))


@lru_cache(maxsize=4096)
def numbers(counts: str) -> tuple[int, ...]:
    """Stored counts of boxes."""
    return tuple(_read(counts))
