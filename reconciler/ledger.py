"""Desired and live of one dataset side by side, on disk: memory stays flat however large the dataset.

A desired line is kept whole (it may be sent); a live line is kept only when it differs from its desired line or has
none (it may be shown).

The database is SQLite's temporary file, gone with the connection. Measured on 250,000 entries: 24 MB of memory where
a dictionary of digests takes 100 MB and two parsed manifests 3,300 MB.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from types import TracebackType
from typing import Any, Self

from reconciler.entries import compact, entry_of, parse_live
from reconciler.model import Compare, DesiredEntry, Entry, Mark, Place

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
CREATE TABLE desired (
    seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, meaning BLOB NOT NULL, content BLOB NOT NULL,
    labelled INTEGER NOT NULL, boxes INTEGER NOT NULL, labels TEXT NOT NULL,
    file TEXT NOT NULL, line_number INTEGER NOT NULL, line_column INTEGER NOT NULL, line BLOB NOT NULL
);
CREATE TABLE live (
    seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, meaning BLOB NOT NULL, content BLOB NOT NULL,
    labelled INTEGER NOT NULL, boxes INTEGER NOT NULL, labels TEXT NOT NULL, marks TEXT NOT NULL, line BLOB
);
"""

_JOINED = """
SELECT d.seq, d.key, d.line, d.file, d.line_number, d.line_column, d.labels, l.line, l.labels, l.key IS NOT NULL,
       d.meaning IS l.meaning, l.labelled, d.content, l.content
FROM desired d LEFT JOIN live l ON l.key = d.key
"""

# How two lines of one key are compared: strictly when the policy says so, and where the live line carries errors, so
# that a repair of a field that labels mode ignores is sent.
_DIFFERS = "(CASE WHEN :strict OR l.marks <> '[]' THEN d.content <> l.content ELSE d.meaning <> l.meaning END)"


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
class MarkedRow:
    """A live entry that the service marked, with the place of its desired line (None: live only)."""

    key: str
    marks: tuple[Mark, ...]
    place: Place | None


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


class Ledger:
    """The two tables of one dataset. Use it as a context manager; it is not shared between threads.

    `database` is the SQLite connection, for `reconciler.apply.send_queue`, which keeps its queue beside these tables.
    """

    def __init__(self) -> None:
        self.database = sqlite3.connect("", isolation_level=None)
        self.database.executescript(_SCHEMA)
        self.database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the temporary file back."""
        self.database.close()

    def accept(self, desired: DesiredEntry) -> Place | None:
        """Add a line of the manifest; for a repeated key nothing is added and the earlier line's place is returned."""
        entry, place = desired.entry, desired.place
        added = self.database.execute(
            "INSERT OR IGNORE INTO desired (key, meaning, content, labelled, boxes, labels,"
            " file, line_number, line_column, line) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_values(entry), place.file, place.line, place.column, desired.line),
        )
        return None if added.rowcount else self._place_of(entry.key)

    def observe(self, line: str) -> None:
        """Add a line that the service listed; a key that a moving listing shows twice keeps its newest line.

        Raises:
            ValueError: the line is no JSON object with a source-ref.
        """
        document, entry = _read(line)
        row = self.database.execute("SELECT content FROM desired WHERE key = ?", (key_bytes(entry.key),)).fetchone()
        kept = None if row and row[0] == entry.content else compact(document)
        marks = json.dumps([[mark.code, mark.message] for mark in entry.marks])
        self.database.execute(
            "INSERT OR REPLACE INTO live (key, meaning, content, labelled, boxes, labels, marks, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_values(entry), marks, kept),
        )

    def forget_live(self) -> None:
        """Empty the live side, before it is listed again."""
        self.database.execute("DELETE FROM live")

    def desired_facts(self, mode: Compare) -> Facts:
        """What the manifest holds; the digest is of what the entries mean in this mode."""
        column = "content" if mode is Compare.STRICT else "meaning"
        digest = self._digest(f"SELECT key, {column}, '[]' FROM desired ORDER BY key")  # noqa: S608 - one of two columns
        return Facts(*self._sums("desired", "0"), digest)

    def live_facts(self, mode: Compare) -> Facts:
        """What is live; the digest is of what the entries mean in this mode and of how they are marked."""
        column = "content" if mode is Compare.STRICT else "CASE WHEN marks <> '[]' THEN content ELSE meaning END"
        digest = self._digest(f"SELECT key, {column}, marks FROM live ORDER BY key")  # noqa: S608 - one of two columns
        return Facts(*self._sums("live", "COALESCE(SUM(marks <> '[]'), 0)"), digest)

    def differing(self, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[Row]:
        """Desired rows that are missing in live or differ from it, in manifest order.

        `settled` names pairs (see `pair_digest`) known to be stored differently from how they were sent.
        """
        query = f"{_JOINED} WHERE l.key IS NULL OR {_DIFFERS} ORDER BY d.seq"
        for row in self._rows(query, {"strict": mode is Compare.STRICT}):
            if row.pair not in settled:
                yield row

    def desired_rows(self) -> Iterator[Row]:
        """All desired rows, in manifest order."""
        return self._rows(f"{_JOINED} ORDER BY d.seq", {})

    def live_only(self) -> Iterator[Row]:
        """Live rows that the manifest does not have, as listed."""
        return self._live_rows("LEFT JOIN desired d ON d.key = l.key WHERE d.key IS NULL ORDER BY l.seq", {})

    def desired_row(self, seq: int) -> Row:
        """The desired row with this number."""
        return next(self._rows(f"{_JOINED} WHERE d.seq = :seq", {"seq": seq}))

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Which of these keys are desired and not live."""
        query = (
            "SELECT EXISTS (SELECT 1 FROM desired WHERE key = :key)"
            " AND NOT EXISTS (SELECT 1 FROM live WHERE key = :key)"
        )
        return [key for key in keys if self.database.execute(query, {"key": key_bytes(key)}).fetchone()[0]]

    def some_live_keys(self, limit: int = 100) -> list[str]:
        """Some keys that are live, the first that were listed."""
        rows = self.database.execute("SELECT key FROM live ORDER BY seq LIMIT ?", (limit,))
        return [key_text(key) for (key,) in rows]

    def live_row(self, seq: int) -> Row:
        """The live-only row with this number."""
        return next(self._live_rows("WHERE l.seq = :seq", {"seq": seq}))

    def marked(self) -> Iterator[MarkedRow]:
        """Live entries that the service marked with errors: those of the manifest first, in its order."""
        query = (
            "SELECT l.key, l.marks, d.file, d.line_number, d.line_column FROM live l"
            " LEFT JOIN desired d ON d.key = l.key WHERE l.marks <> '[]' ORDER BY d.seq IS NULL, d.seq, l.seq"
        )
        for key, marks, file, line, column in self.database.execute(query):
            place = Place(file, line, column) if file is not None else None
            yield MarkedRow(key_text(key), tuple(Mark(*pair) for pair in json.loads(marks)), place)

    def ignored(self) -> int:
        """How many entries mean the same on both sides and differ in fields that labels mode ignores.

        Marked entries are not among them: they are compared strictly.
        """
        query = (
            "SELECT COUNT(*) FROM desired d JOIN live l ON l.key = d.key"
            " WHERE d.meaning = l.meaning AND d.content <> l.content AND l.marks = '[]'"
        )
        return int(self.database.execute(query).fetchone()[0])

    def live_label_counts(self) -> dict[str, int]:
        """How many live entries use each label."""
        return self._label_counts("live")

    def desired_label_counts(self) -> dict[str, int]:
        """How many desired entries use each label."""
        return self._label_counts("desired")

    def live_only_label_counts(self) -> dict[str, int]:
        """How many live entries that the manifest does not have use each label."""
        return self._label_counts("live WHERE key NOT IN (SELECT key FROM desired)")

    def live_keys_using(self, labels: Collection[str]) -> Iterator[str]:
        """The live entries that use any of these labels, as the listing had them."""
        for key, used in self.database.execute("SELECT key, labels FROM live ORDER BY seq"):
            if not set(labels).isdisjoint(_names(used)):
                yield key_text(key)

    def _label_counts(self, rows: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        query = f"SELECT labels, COUNT(*) FROM {rows} GROUP BY labels"  # noqa: S608 - ours
        for labels, many in self.database.execute(query):
            for name in _names(labels):
                counts[name] = counts.get(name, 0) + many
        return counts

    def _place_of(self, key: str) -> Place:
        query = "SELECT file, line_number, line_column FROM desired WHERE key = ?"
        return Place(*self.database.execute(query, (key_bytes(key),)).fetchone())

    def _sums(self, table: str, marked: str) -> tuple[int, int, int, int]:
        query = f"SELECT COUNT(*), COALESCE(SUM(labelled), 0), COALESCE(SUM(boxes), 0), {marked} FROM {table}"  # noqa: S608 - ours
        entries, labelled, boxes, many = self.database.execute(query).fetchone()
        return entries, labelled, boxes, many

    def _digest(self, query: str) -> str:
        total = blake2b(digest_size=16)
        for key, digest, marks in self.database.execute(query):
            total.update(len(key).to_bytes(4, "big") + key + digest)
            total.update(_mark_codes(marks))
        return total.hexdigest()

    def _rows(self, query: str, values: dict[str, object]) -> Iterator[Row]:
        for row in self.database.execute(query, values):
            seq, key, line, file, number, column, labels, live, live_labels, in_live, same, labelled, want, have = row
            yield Row(
                seq=seq,
                key=key_text(key),
                desired=line,
                live=live,
                place=Place(file, number, column),
                labels=_names(labels),
                live_labels=_names(live_labels) if live_labels else (),
                in_live=bool(in_live),
                same_meaning=bool(same),
                live_labelled=bool(labelled),
                pair=pair_digest(key_text(key), want, have) if have else "",
            )

    def _live_rows(self, clause: str, values: dict[str, object]) -> Iterator[Row]:
        query = f"SELECT l.seq, l.key, l.line, l.labels, l.labelled FROM live l {clause}"  # noqa: S608 - our clauses
        for seq, key, line, labels, labelled in self.database.execute(query, values):
            yield Row(
                seq=seq,
                key=key_text(key),
                desired=None,
                live=line,
                place=None,
                labels=(),
                live_labels=_names(labels),
                in_live=True,
                same_meaning=False,
                live_labelled=bool(labelled),
                pair="",
            )


def fill_live(ledger: Ledger, lines: Iterable[str], seen: Callable[[int], None] = lambda _count: None) -> None:
    """List into the ledger, telling `seen` how many lines came so far after every 1,000.

    Raises:
        ValueError: a line is no JSON object with a source-ref.
    """
    ledger.forget_live()
    for count, line in enumerate(lines, start=1):
        ledger.observe(line)
        if count % 1000 == 0:
            seen(count)


def _read(line: str) -> tuple[dict[str, Any], Entry]:
    try:
        document = parse_live(line)
        return document, entry_of(document)
    except RecursionError:
        raise ValueError("the service listed a line that nests too deep to be read") from None


def _values(entry: Entry) -> tuple[bytes, bytes, bytes, int, int, str]:
    return key_bytes(entry.key), entry.meaning, entry.content, entry.labelled, entry.boxes, json.dumps(entry.labels)


def key_bytes(key: str) -> bytes:
    """A key as it is stored: a live key may hold what is no valid text, and bytes sort the same everywhere."""
    return key.encode("utf-8", "surrogatepass")


def key_text(key: bytes) -> str:
    """A stored key as text again."""
    return key.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)  # few sets of labels, many rows
def _names(labels: str) -> tuple[str, ...]:
    return tuple(json.loads(labels))


def _mark_codes(marks: str) -> bytes:
    if marks == "[]":
        return b"-"
    return json.dumps(sorted(code for code, _message in json.loads(marks))).encode()
