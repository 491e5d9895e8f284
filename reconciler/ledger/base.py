"""Whose change a difference is, three ways: desired and live, each compared with the base.

The base is what the last apply left: for each key what manifest and live had in common then. A line that the service
would not take, an entry that the apply left as somebody had edited it, and one that only live had, are not applied:
what the manifest has of them (nothing, for the last) was never live.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

from msgspec import Struct

from reconciler.entries import entry_of, parse_live
from reconciler.ledger.database import Database
from reconciler.ledger.rows import key_bytes, key_text
from reconciler.model import Entry
from reconciler.policy import Compare

SCHEMA: Final = """
CREATE TABLE base (key BLOB PRIMARY KEY, meaning BLOB NOT NULL, content BLOB NOT NULL, live_only INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE pending (name BLOB PRIMARY KEY, kind TEXT NOT NULL, live BLOB) WITHOUT ROWID;
CREATE TABLE withheld (key BLOB PRIMARY KEY) WITHOUT ROWID;
"""
# The three digests of one key that are compared: of what a line means, of its content where that is compared.
_DIGESTS: Final = """
SELECT d.meaning, d.content, l.meaning, l.content, COALESCE(l.marks, '[]') <> '[]', b.meaning, b.content, b.live_only
FROM (SELECT ? AS key) k LEFT JOIN entries d ON d.key = k.key LEFT JOIN live l ON l.key = k.key
LEFT JOIN base b ON b.key = k.key
"""
# Live with the withheld entries as they were applied: a table of the columns that figures of one side are made of.
APPLIED: Final = """(
SELECT key, meaning, content, labelled, boxes, marks, retired FROM live WHERE key NOT IN withheld
UNION ALL SELECT key, meaning, content, labelled, boxes, '[]' AS marks, 0 AS retired FROM entries WHERE key IN withheld
)"""
# The labels of both sides together after an apply, without live-only entries that are not withheld.
WANTED: Final = (
    "(SELECT labels, declared FROM entries WHERE key NOT IN withheld"
    " UNION ALL SELECT labels, declared FROM live WHERE key IN withheld)"
)
# Live as it is copied, each line with what it is for a base; then the applied lines of withheld entries.
_COPIED: Final = """
SELECT CASE WHEN key IN withheld THEN 'k' WHEN pair IS NULL THEN '!' ELSE '=' END, marks,
       COALESCE(line, (SELECT d.line FROM desired d WHERE d.seq = pair))
FROM live ORDER BY seq
"""
_APPLIED_LINES: Final = "SELECT 'b', '[]', line FROM desired WHERE key IN withheld ORDER BY seq"
# Bytes of a digest that a state remembers.
_SHORT: Final = 8
_PENDING: Final = "([rwl])([0-9a-f]{16})((?:[0-9a-f]{16})?)"


class Whose(StrEnum):
    """Which side changed since the base. `UNKNOWN`: there is no base, and somebody edited live."""

    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"
    UNKNOWN = "ours-or-theirs"


class Then(NamedTuple):
    """Digests of one key in the base, of what was applied and of what was live; None: there was none.

    A state remembers the beginning of a digest only.
    """

    applied: bytes | None = None
    live: bytes | None = None


def whose(desired: bytes | None, live: bytes | None, then: Then) -> Whose:
    """Whose change a difference between `desired` and `live` is, by the digests of a key; None: a side lacks the key.

    Where neither changed, it is what the last apply could not do, or what a new policy asks for: ours.
    """
    if _same(live, then.live):
        return Whose.OURS
    return Whose.THEIRS if _same(desired, then.applied) else Whose.BOTH


def _same(now: bytes | None, then: bytes | None) -> bool:
    return now is then is None or bool(now and then and now.startswith(then))


class Kind(StrEnum):
    """Why manifest and live differed after an apply: a line was rejected, stored differently, or is live only."""

    REJECTED = "r"
    REWRITTEN = "w"
    LIVE_ONLY = "l"


class Pending(Struct, frozen=True):
    """An entry that an apply did not make as the manifest says, for a base that only has the manifest.

    `name` are eight bytes that identify the key, `live` those of what was live, None for nothing.
    """

    kind: Kind
    name: bytes
    live: bytes | None

    def __str__(self) -> str:
        return f"{self.kind.value}{self.name.hex()}{self.live.hex() if self.live else ''}"

    @classmethod
    def parse(cls, text: str) -> "Pending | None":
        """Read one back; None for a text of any other form."""
        form = re.fullmatch(_PENDING, text)
        return cls(Kind(form[1]), bytes.fromhex(form[2]), bytes.fromhex(form[3]) or None) if form else None


class BaseSide:
    """The base of one ledger; `Ledger.base` is it. Empty, every line counts as new on both sides."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fill(self, entries: Iterable[tuple[Entry, bool]], pending: Iterable[Pending] = ()) -> None:
        """Replace the base by these entries, each with whether it was live only, and by what differed then."""
        self._database.execute("DELETE FROM base")
        self._database.execute("DELETE FROM pending")
        self._database.executemany(
            "INSERT OR REPLACE INTO base VALUES (?, ?, ?, ?)",
            ((key_bytes(one.key), one.meaning, one.content, live_only) for one, live_only in entries),
        )
        self._database.executemany(
            "INSERT OR REPLACE INTO pending VALUES (?, ?, ?)", ((one.name, one.kind.value, one.live) for one in pending)
        )

    def whose(self, key: str, mode: Compare) -> Whose:
        """Whose change the difference of a key is; marked live entries are compared by content, as everywhere."""
        row = self._database.execute(_DIGESTS, (key_bytes(key),)).fetchone()
        strict = mode is Compare.STRICT or bool(row[4])
        desired, live, base = row[strict], row[2 + strict], row[5 + strict]
        return whose(desired, live, self._then(key, base, live_only=bool(row[7])))

    def pending(self, key: str, mode: Compare, kind: Kind) -> Pending:
        """What a state remembers of a key that differs after an apply."""
        row = self._database.execute(_DIGESTS, (key_bytes(key),)).fetchone()
        live = row[2 + (mode is Compare.STRICT or bool(row[4]))]
        return Pending(kind, _name(key), live[:_SHORT] if live else None)

    def withhold(self, keys: Iterable[str]) -> None:
        """Leave these keys out of what differs, and no others: somebody's edits of them stay live."""
        self._database.execute("DELETE FROM withheld")
        self._database.executemany("INSERT OR IGNORE INTO withheld VALUES (?)", ((key_bytes(key),) for key in keys))

    def withheld(self) -> int:
        """How many entries of the manifest are withheld."""
        return int(self._database.execute("SELECT COUNT(*) FROM entries WHERE key IN withheld").fetchone()[0])

    def withheld_keys(self) -> list[str]:
        """The withheld entries, by key."""
        return [key_text(key) for (key,) in self._database.execute("SELECT key FROM withheld ORDER BY key")]

    def withholds(self) -> bool:
        """Whether any entry is withheld."""
        return self._database.scan("SELECT 1 FROM withheld").fetchone() is not None

    def copied(self, *, live_only: bool = True) -> Iterator[bytes]:
        """Live, line by line as listed, in the form that `copied_entries` reads.

        Without `live_only` what the desired side does not have counts as applied: it is not the whole manifest.
        """
        begins = {"=": b"=\t", "!": b"!\t" if live_only else b"=\t", "k": b"k\t", "b": b"b\t"}
        for query in (_COPIED, _APPLIED_LINES):
            for use, marks, line in self._database.execute(query):
                begin = begins[use]
                yield (begin if marks == "[]" else begin[:1] + marks.encode("ascii") + b"\t") + line

    def _then(self, key: str, base: bytes | None, *, live_only: bool) -> Then:
        found = self._database.execute("SELECT kind, live FROM pending WHERE name = ?", (_name(key),)).fetchone()
        if found is None:
            return Then(None if live_only else base, base)
        kind, live = found
        applied = {Kind.REJECTED: live, Kind.REWRITTEN: base, Kind.LIVE_ONLY: None}
        return Then(applied[Kind(kind)], live)


def copied_entries(lines: Iterable[bytes]) -> Iterator[tuple[Entry, bool]]:
    """The base in lines of `BaseSide.copied`: each entry, and whether it was live only.

    Raises:
        ValueError: a line has another form.
    """
    for copied in lines:
        use, _tab, line = copied.partition(b"\t")
        if use[:1] in b"=!b" and use:
            entry = entry_of(parse_live(line.decode("utf-8", "surrogatepass")))
            yield entry, use[:1] == b"!"


def _name(key: str) -> bytes:
    return blake2b(key_bytes(key), digest_size=_SHORT).digest()
