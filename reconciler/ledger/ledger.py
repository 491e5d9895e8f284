"""Desired and live of one dataset side by side, on disk, so that memory does not grow with the dataset.

A desired line stays in the manifest where that has it as it is sent; a live line is stored only when it differs from
its desired line or has none, because it may be shown.

The database is SQLite's temporary file, which is deleted with the connection. Measured on 250,000 entries: 24 MB of
memory where a dictionary of digests takes 100 MB and two parsed manifests 3,300 MB.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final, Self

from reconciler.entries import entry_of
from reconciler.entries.image_names import Images
from reconciler.ledger import desired_side, live_side
from reconciler.ledger.base import APPLIED, BaseSide, Whose
from reconciler.ledger.base import SCHEMA as BASE_SCHEMA
from reconciler.ledger.database import Database, Seen
from reconciler.ledger.desired_side import Lines, Note, Opens, line_digest
from reconciler.ledger.live_side import LiveSide
from reconciler.ledger.rows import (
    ENTRY,
    Brief,
    Facts,
    LabelGroup,
    MarkedEntry,
    Row,
    key_bytes,
    key_text,
    names,
    numbers,
    origin_in,
    place_at,
    values_of,
)
from reconciler.ledger.send_queue import SendQueue
from reconciler.model import Change, DesiredEntry, Mark, Origin, Place
from reconciler.policy import Compare

_SCHEMA = """
PRAGMA page_size = 16384;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -2000;
"""

_JOINED = """
SELECT d.seq, d.key, d.line, d.file, d.line_number, d.line_column, d.labels, l.line, l.labels, l.key IS NOT NULL,
       d.meaning IS l.meaning, l.labelled, d.content, l.content, d.declared, l.declared,
       0
FROM desired d LEFT JOIN live l ON l.pair = d.seq
"""

# Live rows that the manifest does not have; and any live rows, in the columns of `_JOINED`.
_LEFT = "FROM live l WHERE l.pair IS NULL"
_LEFT_TO_US = f"{_LEFT} AND l.key NOT IN withheld"
_LIVE = (
    "SELECT l.seq, l.key, NULL, NULL, 0, 0, '[]', l.line, l.labels, 1, 0, l.labelled, NULL, l.content, '[]',"
    " l.declared, l.retired"
)

# The same rows in the columns of `Brief`.
_BRIEF = (
    "SELECT d.seq, d.key, d.size, l.key IS NOT NULL, COALESCE(l.labelled, 0), d.content, l.content,"
    " d.unusable <> '', 0 FROM entries d LEFT JOIN live l ON l.pair = d.seq"
)
_LIVE_BRIEF = "SELECT l.seq, l.key, 0, 1, l.labelled, NULL, l.content, 0, l.retired"

# How two lines of one key are compared: strictly when the policy says so, and where the service marked the live line,
# so that a fix of a field that labels mode ignores is sent.
_DIFFERS = "(CASE WHEN :strict OR l.marks <> '[]' THEN d.content <> l.content ELSE d.meaning <> l.meaning END)"

_DIFFERING = f"WHERE (l.key IS NULL OR {_DIFFERS}) AND d.key NOT IN withheld ORDER BY d.seq"

# Rows of both sides, and which of them differ only in fields that labels mode ignores.
_PAIRS = "entries d JOIN live l ON l.pair = d.seq"
_PAIRED_LINES = "desired d JOIN live l ON l.pair = d.seq"
_IGNORED = "d.meaning = l.meaning AND d.content <> l.content AND l.marks = '[]'"

_ACCEPT: Final = f"INSERT OR IGNORE INTO main.entries ({ENTRY}, {desired_side.PLACED}) VALUES"
_ONE: Final = f" (?, ?, ?, ?, ?, ?, ?, ?, ?{', ?' * len(desired_side.PLACED.split(','))})"

# Whose labels or keys are read; the last two are without retired entries.
LIVE: Final = "live"
DESIRED: Final = "entries"
# Live and manifest after an apply, but for what is live only.
MANIFEST: Final = (
    "(SELECT labels, box_counts, boxes, labelled, origin FROM entries WHERE key NOT IN withheld UNION ALL SELECT"
    " labels, box_counts, boxes, labelled, origin FROM live WHERE key IN withheld AND pair IS NOT NULL)"
)
LIVE_ONLY: Final = "live WHERE NOT retired AND pair IS NULL"
DESIRED_ONLY: Final = "entries WHERE seq NOT IN (SELECT pair FROM live WHERE pair IS NOT NULL)"
STAYING: Final = "live WHERE NOT retired"


class Ledger:
    """The two tables of one dataset. Use it as a context manager; it is not shared between threads.

    `retired` are the images that left the dataset on purpose; it is set before live is listed.
    """

    def __init__(self) -> None:
        self.is_part = False  # whether the desired side is some lines only, which say nothing about other live entries
        self._database = sqlite3.connect("", isolation_level=None, uri=True, factory=Database)
        self._seen: Seen | None = Seen()
        self._figures: dict[tuple[str, str], tuple[tuple[int, int], Facts]] = {}
        self._readings = 0  # of desired sides from files, which change no row
        self._lines = Lines(self._database)
        self._has_lines = True
        self._database.executescript(_SCHEMA + desired_side.SCHEMA + live_side.SCHEMA + BASE_SCHEMA)
        self._live = LiveSide(self._database)
        self._database.added = self._accepted
        self._database.execute("BEGIN")
        self.base = BaseSide(self._database)

    @property
    def retired(self) -> Images:
        """The images that left the dataset on purpose."""
        return self._live.retired

    @retired.setter
    def retired(self, images: Images) -> None:
        self._live.retired = images

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._database.close()

    def lines_are_in(self, names: Iterable[str], opens: Opens) -> None:
        """Leave the lines that files of the manifest have as they are sent in them, and read them again when asked.

        `names` are those that places have; `opens` opens a file by that name.
        """
        self._lines.are_in(names, opens)

    def leave_lines_out(self) -> None:
        """Keep no lines from here on: nobody will ask for one, nor compare them with what is live."""
        self._has_lines = False

    def accept(self, desired: DesiredEntry) -> Place | None:
        """Add a line of the manifest; for a repeated key nothing is added and the earlier line's place is returned."""
        place, line, start = desired.place, desired.line, desired.start
        if not self._has_lines:
            kept: tuple[bytes, int | None, bytes | None] = b"", None, None
        elif start is not None and self._lines.are_known:
            kept = line_digest(line), start, None
        else:
            kept = line_digest(line), None, line
        values = values_of(desired.entry)
        row = *values, _file(place.file), place.line, place.column, desired.unusable, len(line), *kept
        if self._seen is not None and self._seen.is_new(values[0]):
            self._database.add(_ACCEPT, row)
            return None
        seen = self._seen
        is_added = self._database.execute(_ACCEPT + _ONE, row).rowcount
        first = None if is_added else self._place_of(desired.entry.key)
        self._seen = seen  # these questions do not end the reading
        if not is_added:
            return first
        self._live.pair(values[0])
        return None

    def _accepted(self) -> None:
        """Find what was added, and what is live of it; a key that is added after that is looked for in the index."""
        desired_side.index(self._database)
        self._seen = None
        self._live.pair()

    def save_desired(self, path: Path, note: bytes) -> None:
        """Write the desired side, as it is, and a note to an empty file, for `use_desired` of a later ledger.

        Raises:
            sqlite3.Error: it cannot be written.
        """
        desired_side.save(self._database, path, note)

    def use_desired(self, path: Path, read: Callable[[bytes], Note]) -> Note:
        """Have the desired side that a file holds, of which nothing is copied; give its note as `read` reads it.

        Raises:
            sqlite3.Error: it cannot be read; the desired side is as before, also where `read` raises.
        """
        self._readings += 1
        note = desired_side.use(self._database, path, read)
        self._live.pair()
        return note

    def observe(self, *lines: str) -> None:
        """Add lines that the service listed; of a key that appears twice in a listing, the last line is kept.

        Raises:
            ValueError: a line is not a JSON object with a source-ref.
        """
        self._live.observe((line, None) for line in lines)

    def observe_copied(self, *lines: tuple[str, str]) -> None:
        """Add lines of a copy of a listing, which are without marks, each with its marks; else as `observe`."""
        self._live.observe(lines)

    def observe_desired(self, other: "Ledger") -> None:
        """Add what another ledger has as its desired side: it takes the place of live."""
        self._live.observe_desired(live_side.stored_desired(other._database))  # noqa: SLF001 - a ledger itself

    def observe_own(self) -> None:
        """Replace the live side by the desired side: live is known to be the same, without marks."""
        self._live.observe_own()

    def forget_live(self) -> None:
        """Empty the live side, before it is listed again."""
        self._live.forget()

    def forget_desired(self) -> None:
        """Empty the desired side, before the valid lines of a manifest with errors are read."""
        desired_side.own(self._database)
        desired_side.empty(self._database)
        self._seen = Seen()
        self._live.pair()

    def set_aside(self, rows: str) -> int:
        """Take out what only one side has (LIVE_ONLY or DESIRED_ONLY), and count it."""
        desired_side.own(self._database)
        table = "live" if rows == LIVE_ONLY else "main.entries"
        many = self._database.execute(f"DELETE FROM {table} WHERE seq IN (SELECT seq FROM {rows})").rowcount
        desired_side.forget_held(self._database)
        self._live.pair()
        return many

    def drop(self, keys: Iterable[str]) -> None:
        """Remove desired lines."""
        desired_side.own(self._database)
        self._database.executemany("DELETE FROM main.entries WHERE key = ?", ((key_bytes(key),) for key in keys))
        desired_side.forget_held(self._database)
        self._live.pair()

    def predicted_codes(self, keys: Iterable[str]) -> dict[str, str]:
        """With which codes the service will mark lines of the manifest, for those of these keys that it will mark."""
        query = "SELECT unusable FROM entries WHERE key = ? AND unusable <> ''"
        found = ((key, self._database.execute(query, (key_bytes(key),)).fetchone()) for key in keys)
        return {key: row[0] for key, row in found if row}

    def unusable(self) -> int:
        """How many lines of the manifest the service will mark with errors."""
        return int(self._database.scan("SELECT COUNT(*) FROM entries WHERE unusable <> ''").fetchone()[0])

    def send_queue(self, changes: Iterable[Change]) -> SendQueue:
        """The lines that one apply sends, in order; an earlier queue is emptied."""
        return SendQueue(self._database, changes)

    def desired_facts(self, mode: Compare) -> Facts:
        """What the manifest has; the digest is of what the entries mean in this mode."""
        return self._facts(DESIRED, mode, _column(mode), "'[]'", "0")

    def live_facts(self, mode: Compare, *, applied: bool = False) -> Facts:
        """What is live; the digest is of what the entries mean in this mode and of how they are marked.

        `applied`: withheld entries count as they are in the manifest, which is how they were applied.
        """
        meaning = "CASE WHEN marks <> '[]' THEN content ELSE meaning END"
        table, column = APPLIED if applied else LIVE, "content" if mode is Compare.STRICT else meaning
        return self._facts(table, mode, column, "marks", "retired")

    def differing(self, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[Row]:
        """Desired rows that are missing in live or differ from it, in manifest order.

        `settled` names pairs (see `Row`) that are left out: stored differently from how they were sent, or let go. What
        `base.withhold` names is left out too.
        """
        rows = self._rows(f"{_JOINED} {_DIFFERING}", {"strict": mode is Compare.STRICT})
        return (row for row in rows if not _is_settled(row, settled)) if settled else rows

    def brief_differing(self, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[Brief]:
        """What `differing` gives, without lines."""
        found = self._database.execute(f"{_BRIEF} {_DIFFERING}", {"strict": mode is Compare.STRICT})
        rows = map(Brief._make, found)
        return (row for row in rows if not _is_settled(row, settled)) if settled else rows

    def differences(self, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[tuple[Row, Whose]]:
        """What `differing` gives, then what is live only, each with whose change it is since the base."""
        for row in chain(self.differing(mode, settled), self.live_only()):
            yield row, self.base.whose(row.key, mode)

    def desired_rows(self) -> Iterator[Row]:
        """All desired rows, in manifest order."""
        return self._rows(f"{_JOINED} ORDER BY d.seq", {})

    def brief_desired(self) -> Iterator[Brief]:
        """What `desired_rows` gives, without lines."""
        return map(Brief._make, self._database.execute(f"{_BRIEF} ORDER BY d.seq"))

    def live_only(self, *, withheld: bool = True) -> Iterator[Row]:
        """Live rows that the manifest does not have, as listed; with those that are `withheld`, or without them.

        There are none where the desired side is a part of the dataset (a restore).
        """
        if self.is_part:
            return iter(())
        return self._rows(f"{_LIVE} {_LEFT if withheld else _LEFT_TO_US} ORDER BY l.seq", {})

    def brief_live_only(self, *, withheld: bool = True) -> Iterator[Brief]:
        """What `live_only` gives, without lines."""
        if self.is_part:
            return iter(())
        left = _LEFT if withheld else _LEFT_TO_US
        return map(Brief._make, self._database.execute(f"{_LIVE_BRIEF} {left} ORDER BY l.seq"))

    def desired_row(self, seq: int) -> Row:
        """The desired row with this number."""
        return next(self._rows(f"{_JOINED} WHERE d.seq = :seq", {"seq": seq}))

    def labelled(self, key: str) -> tuple[bool | None, bool | None]:
        """Whether a key's desired and live entry are labelled; None where there is no such entry."""
        desired, live = (f"SELECT labelled FROM {side} WHERE key = :key" for side in (DESIRED, LIVE))
        row = self._database.execute(f"SELECT ({desired}), ({live})", {"key": key_bytes(key)}).fetchone()
        in_desired, in_live = (None if one is None else bool(one) for one in row)
        return in_desired, in_live

    def labels_more(self) -> bool:
        """Whether any entry of the manifest is labelled and its live entry is not, or is missing."""
        query = "SELECT EXISTS (SELECT 1 FROM entries d LEFT JOIN live l ON l.pair = d.seq WHERE d.labelled AND"
        return bool(self._number(f"{query} NOT COALESCE(l.labelled, 0))"))

    def some_live_keys(self, limit: int = 100) -> list[str]:
        """Some keys that are live, the first that were listed."""
        rows = self._database.execute("SELECT key FROM live ORDER BY seq LIMIT ?", (limit,))
        return [key_text(key) for (key,) in rows]

    def live_row(self, seq: int) -> Row:
        """The live-only row with this number."""
        return next(self._rows(f"{_LIVE} FROM live l WHERE l.seq = :seq", {"seq": seq}))

    def marked(self) -> Iterator[MarkedEntry]:
        """Live entries that the service marked with errors: those of the manifest first, in its order."""
        query = (
            "SELECT l.key, l.marks, d.file, d.line_number, d.line_column FROM live l"
            " LEFT JOIN entries d ON d.seq = l.pair WHERE l.marks <> '[]' ORDER BY d.seq IS NULL, d.seq, l.seq"
        )
        for key, marks, file, line, column in self._database.execute(query):
            found = tuple(Mark(*pair) for pair in json.loads(marks))
            yield MarkedEntry(key_text(key), place_at(file, line, column), found)

    def ignored(self) -> int:
        """How many entries mean the same on both sides and differ in fields that labels mode ignores.

        Marked entries are not counted: they are compared strictly.
        """
        return self._number(f"SELECT COUNT(*) FROM {_PAIRS} WHERE {_IGNORED}")

    def digests(self, key: str, mode: Compare) -> tuple[bytes | None, bytes | None]:
        """The digests of a key's desired and live line, of what they mean or of all their content; None for no line."""
        desired, live = (f"SELECT {_column(mode)} FROM {side} WHERE key = :key" for side in (DESIRED, LIVE))
        desired, live = self._database.execute(f"SELECT ({desired}), ({live})", {"key": key_bytes(key)}).fetchone()
        return desired, live

    def origins(self, rows: str) -> Iterator[tuple[Origin, int]]:
        """The origins of labelled entries of LIVE, DESIRED, MANIFEST or LIVE_ONLY, and how many have each."""
        for origin, many in self._over(self._few(rows), "SELECT origin, COUNT(*)", "GROUP BY origin"):
            if found := origin_in(origin):
                yield found, many

    def other_origins(self) -> Iterator[tuple[str, Origin | None, Origin | None, bool]]:
        """The entries of both sides whose origin differs: live's, the manifest's, and whether that is ignored.

        In the manifest's order, without those that are withheld.
        """
        query = (
            f"SELECT d.key, l.origin, d.origin, {_IGNORED} FROM {_PAIRS}"
            " WHERE d.origin <> l.origin AND d.key NOT IN withheld ORDER BY d.seq"
        )
        for key, live, desired, ignored in self._database.execute(query):
            yield key_text(key), origin_in(live), origin_in(desired), bool(ignored)

    def ignored_lines(self) -> Iterator[tuple[Origin | None, Origin | None, bytes, bytes]]:
        """The entries that differ only in fields that labels mode ignores, without those that are withheld.

        Of each the origin of live and of the manifest, and both lines.
        """
        ignored = f"{_IGNORED} AND d.key NOT IN withheld ORDER BY d.seq"
        query = f"SELECT l.origin, d.origin, l.line, d.line FROM {_PAIRED_LINES} WHERE {ignored}"
        for live, desired, *lines in self._database.execute(query):
            yield origin_in(live), origin_in(desired), *lines

    def keys(self, rows: str = DESIRED) -> Iterator[tuple[str, bool]]:
        """Every key of the manifest, or of live (LIVE), in its order, and whether its entry is labelled."""
        for key, labelled in self._database.execute(f"SELECT key, labelled FROM {rows} ORDER BY seq"):
            yield key_text(key), bool(labelled)

    def only_desired(self) -> Iterator[tuple[str, bytes]]:
        """Keys that live does not have, each with the digest of what the line means, in manifest order."""
        query = f"SELECT key, meaning FROM {DESIRED_ONLY} ORDER BY seq"
        for key, meaning in self._database.execute(query):
            yield key_text(key), meaning

    def only_live(self) -> Iterator[tuple[str, bytes, bool]]:
        """Keys that the manifest does not have, each with the digest of what it means, and whether it is labelled.

        A retired entry counts as one without labels, which it becomes.
        """
        columns = "l.key, l.meaning, l.labelled AND NOT l.retired"
        for key, meaning, labelled in self._database.execute(f"SELECT {columns} {_LEFT} ORDER BY l.seq"):
            yield key_text(key), meaning, bool(labelled)

    def live_labelled(self) -> int:
        """How many live entries are labelled."""
        return self._number("SELECT COUNT(*) FROM live WHERE labelled")

    def losing_labels(self) -> int:
        """How many entries of the manifest are labelled live and are not labelled in it."""
        losing = "l.labelled AND NOT d.labelled AND d.key NOT IN withheld"
        return self._number(f"SELECT COUNT(*) FROM {_PAIRS} WHERE {losing}")

    def label_counts(self, rows: str = LIVE, *, declared: bool = False) -> dict[str, int]:
        """How many entries use each label: live ones, the manifest's (DESIRED), or live ones that it does not have.

        With `declared` the labels of class-maps that no box uses are counted too.
        """
        counts, column = Counter[str](), "declared" if declared else "labels"
        for labels, many in self._over(rows, f"SELECT {column}, COUNT(*)", f"GROUP BY {column}"):
            counts.update(dict.fromkeys(names(labels), many))
        return counts

    def label_groups(self, rows: str) -> Iterator[LabelGroup]:
        """The entries of LIVE, MANIFEST or LIVE_ONLY, those with the same labels and boxes together."""
        sums = "SELECT labels, box_counts, COUNT(*), SUM(labelled), SUM(boxes)"
        for labels, counts, *more in self._over(self._few(rows), sums, "GROUP BY labels, box_counts"):
            yield LabelGroup(names(labels), numbers(counts), *more)

    def left(self) -> int:
        """How many live entries the manifest does not have, retired ones too."""
        return self._number(f"SELECT COUNT(*) {_LEFT}")

    def live_keys_using(self, labels: Collection[str]) -> Iterator[str]:
        """The live entries that use any of these labels, as they were listed."""
        for key, used in self._database.execute("SELECT key, labels FROM live ORDER BY seq"):
            if not set(labels).isdisjoint(names(used)):
                yield key_text(key)

    def _few(self, rows: str) -> str:
        """These rows, read from one table where that has all of them, as nearly always."""
        return DESIRED if rows == MANIFEST and not self.base.withholds() else rows

    def _over(self, rows: str, select: str, group: str) -> sqlite3.Cursor:
        """The groups of these rows; what was read of the manifest is not sorted for that."""
        query = f"{select} FROM {rows} {group}"
        return self._database.scan(query) if rows in {DESIRED, LIVE} else self._database.execute(query)

    def _number(self, query: str, *values: object) -> int:
        return int(self._database.execute(query, values).fetchone()[0])

    def _place_of(self, key: str) -> Place | None:
        query = "SELECT file, line_number, line_column FROM entries WHERE key = ?"
        return place_at(*self._database.execute(query, (key_bytes(key),)).fetchone())

    def _facts(self, table: str, mode: Compare, column: str, marks: str, retired: str) -> Facts:
        """The figures of a side, made once for as long as no row of the database changes."""
        self._database.insert_waiting()
        state = self._database.total_changes, self._readings
        known = self._figures.get((table, column))
        if known is None or known[0] != state:
            known = self._figures[table, column] = state, self._counted(table, mode, column, marks, retired)
        return known[1]

    def _counted(self, table: str, mode: Compare, column: str, marks: str, retired: str) -> Facts:
        marked = f"COALESCE(SUM({marks} <> '[]'), 0)"
        sums = f"SELECT COUNT(*), COALESCE(SUM(labelled), 0), COALESCE(SUM(boxes), 0), {marked} FROM {table}"
        counts = self._database.execute(sums).fetchone()
        # The sign leaves the index out: to sort is faster than to look each up.
        entries = f"SELECT key, {column}, {marks}, NOT labelled, {retired} FROM {table} ORDER BY +key"
        rows = self._database.execute(entries)
        if mode is Compare.LABELS:
            return Facts.of(counts, rows)
        strict = (
            (key, content, found, bool(bare) and content == _bare_content(key), left)
            for key, content, found, bare, left in rows
        )
        return Facts.of(counts, strict)

    def _rows(self, query: str, values: dict[str, object]) -> Iterator[Row]:
        return map(Row.of, self._database.execute(query, values))


def _is_settled(row: Row | Brief, settled: frozenset[str]) -> bool:
    return row.let_go in settled or (bool(row.in_live) and row.pair in settled)


@lru_cache(maxsize=16)
def _file(name: str) -> bytes:
    return key_bytes(name)


def _bare_content(key: bytes) -> bytes:
    """The digest of all content of a bare line."""
    return entry_of({"source-ref": key_text(key)}).content


def _column(mode: Compare) -> str:
    return "content" if mode is Compare.STRICT else "meaning"
