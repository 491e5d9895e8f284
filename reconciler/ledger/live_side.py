"""The live side of a ledger: what the service listed, or what a copy of a listing or another manifest has in its place.

A line whose text is that of the desired line of its key is not parsed: it is the same entry. Lines are looked at some
hundred at a time, because nearly always all of them are such.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple

from reconciler.entries import compact, entry_of, parse_live
from reconciler.entries.common_lines import CommonLines
from reconciler.entries.image_names import Images
from reconciler.entries.line_text import as_sent
from reconciler.ledger.database import Database
from reconciler.ledger.desired_side import line_digest
from reconciler.ledger.rows import ENTRY, key_text, values_of
from reconciler.model import Entry

SCHEMA: Final = """
CREATE TABLE live (
    seq INTEGER PRIMARY KEY, key BLOB NOT NULL, meaning BLOB NOT NULL, content BLOB NOT NULL,
    labelled INTEGER NOT NULL, boxes INTEGER NOT NULL, labels TEXT NOT NULL, declared TEXT NOT NULL,
    box_counts TEXT NOT NULL, origin TEXT NOT NULL, marks TEXT NOT NULL, line BLOB, retired INTEGER NOT NULL,
    pair INTEGER
);
"""
# A live line is added: its entry as `values_of` has it, marks, line, whether it is retired, its number (NULL: the next
# one), and the number of the desired row of its key. Of a key that is there twice the last line stays, once all are
# there. The line is not kept where the desired one has the same content. The second statement adds one whose text is
# that of the desired line: it is the same entry.
_ADD: Final = f"INSERT INTO live ({ENTRY}, marks, line, retired, seq, pair)"
_OBSERVE: Final = (
    f"{_ADD} SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
    " CASE WHEN d.content IS NOT ?3 THEN ?11 END, ?12, ?13, d.seq FROM (SELECT 1) LEFT JOIN entries d ON d.key = ?1"
)
_OBSERVE_EQUAL: Final = f"{_ADD} SELECT {ENTRY}, ?, NULL, ?, ?, seq FROM entries WHERE key = ? AND digest = ?"
_ADDED: Final = "SELECT seq FROM live WHERE seq > ?"
_LIVE: Final = "live"
_LAST: Final = "SELECT COALESCE(MAX(seq), 0) FROM live"
_PAIR: Final = "UPDATE live SET pair = (SELECT d.seq FROM entries d WHERE d.key = live.key)"

# How nearly every line begins.
_KEY_FIRST: Final = b'{"source-ref":"'


class Listed(NamedTuple):
    """A listed line with its number in the table.

    `copied` are the marks of one from a copy, whose lines are without them; `raw` is the line without what the service
    appends (None where it has half characters), `key` what nearly every such line has as its key.
    """

    number: int
    line: str
    copied: str | None
    raw: bytes | None
    key: bytes

    @classmethod
    def of(cls, number: int, line: str, copied: str | None) -> "Listed":
        """A line as it was listed, or copied."""
        raw = as_sent(line)
        is_usual = raw is not None and raw.startswith(_KEY_FIRST)
        key = raw[len(_KEY_FIRST) : raw.find(b'"', len(_KEY_FIRST))] if raw is not None and is_usual else b""
        return cls(number, line, copied, raw, key)


class LiveSide:
    """The live table of one ledger. `retired` are the images that left the dataset on purpose."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._common = CommonLines()
        self._last = 0  # the number of the line that was listed last
        self._is_loading = False
        self.retired = Images()

    def observe(self, lines: Iterable[tuple[str, str | None]]) -> None:
        """Add some lines, each with its marks where it is a copied one; of a key that appears twice, the last is kept.

        Raises:
            ValueError: a line is not a JSON object with a source-ref.
        """
        some = [Listed.of(number, *one) for number, one in enumerate(lines, start=self._last + 1)]
        first, self._last = self._last, self._last + len(some)
        rows = [
            (one.copied or "[]", self._is_retired(one.key), one.number, one.key, line_digest(one.raw))
            for one in some
            if one.raw is not None
        ]
        if self._load(_OBSERVE_EQUAL, rows) < len(some):
            added = self._database.load_rows(_LIVE, _ADDED, (first,))
            self._load(_OBSERVE, [self._row(one, *self._read(one)) for one in some if (one.number,) not in added])

    def _load(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Add rows, and count them."""
        if not self._is_loading:
            with suppress(sqlite3.OperationalError):  # a query is open: the indexes stay
                for column in ("key", "pair"):
                    self._database.execute(f"DROP INDEX IF EXISTS live_{column}")
            self._is_loading = True
        self._database.is_loading(_LIVE, self._finish)
        return self._database.load(_LIVE, statement, rows)

    def _finish(self) -> None:
        """Find rows by their key from here on; of those with the same key only the last stays."""
        self._is_loading = False
        for column in ("key", "pair"):
            self._database.execute(f"CREATE INDEX IF NOT EXISTS live_{column} ON live ({column})")
        if self._database.execute("SELECT 1 FROM live GROUP BY key HAVING COUNT(*) > 1 LIMIT 1").fetchone():
            self._database.execute("DELETE FROM live WHERE seq NOT IN (SELECT MAX(seq) FROM live GROUP BY key)")

    def observe_desired(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows of another ledger's desired side: an entry's columns, marks and line."""
        self._load(_OBSERVE, ((*row, key_text(row[0]) in self.retired, None) for row in rows))
        self._find_last()

    def observe_own(self) -> None:
        """Replace the live side by the desired side: live is known to be the same, without marks."""
        self.forget()
        self._load(f"{_ADD} SELECT {ENTRY}, '[]', NULL, 0, NULL, seq FROM entries ORDER BY seq", [()])
        self._find_last()

    def _find_last(self) -> None:
        """Number what is listed next after the rows that are there."""
        ((self._last,),) = self._database.load_rows(_LIVE, _LAST, ())

    def pair(self, key: bytes | None = None) -> None:
        """Find the desired row of each live one again, or of the one with a key, after rows came or went."""
        where = "" if key is None else " WHERE key = ?"
        values = () if key is None else (key,)
        self._database.execute(f"{_PAIR}{where}", values)

    def forget(self) -> None:
        """Empty the live side, before it is listed again."""
        self._database.execute("DELETE FROM live")
        self._last = 0

    def _is_retired(self, key: bytes) -> bool:
        return bool(self.retired) and key.decode("utf-8", "replace") in self.retired

    def _row(self, one: Listed, entry: Entry, text: bytes) -> tuple[Any, ...]:
        marks = one.copied or "[]"
        if one.copied is None and entry.marks:
            marks = json.dumps([[mark.code, mark.message] for mark in entry.marks])
        return *values_of(entry), marks, text, entry.key in self.retired, one.number

    def _read(self, one: Listed) -> tuple[Entry, bytes]:
        """The entry of a listed line, and its text."""
        found = self._common.read(one.raw) if one.raw is not None else None
        if found is not None:
            return found.entry, found.text()
        try:
            document = parse_live(one.line)
            return entry_of(document), compact(document)
        except RecursionError:
            raise ValueError("the service listed a line that is nested too deeply to be read") from None


def stored_desired(database: Database) -> Iterator[tuple[Any, ...]]:
    """The desired side as `observe_desired` of another ledger takes it, in manifest order."""
    return database.execute(f"SELECT {ENTRY}, '[]', line FROM desired ORDER BY seq")
