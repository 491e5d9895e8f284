"""The lines to send, in order, and their results: confirmed or rejected by the service.

It is in the ledger's database, so that live can be listed again between batches, and memory does not grow.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.entries import bare_line
from reconciler.ledger.database import Database
from reconciler.ledger.desired_side import hold
from reconciler.ledger.rows import key_bytes, key_text, place_at
from reconciler.model import Change, Verb

_SCHEMA: Final = """
DROP TABLE IF EXISTS queued;
DROP TABLE IF EXISTS confirmed;
DROP TABLE IF EXISTS rejected;
CREATE TABLE queued (position INTEGER PRIMARY KEY, verb TEXT NOT NULL, key BLOB NOT NULL, seq INTEGER);
CREATE TABLE confirmed (key BLOB PRIMARY KEY, verb TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rejected (key BLOB PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
DROP TABLE IF EXISTS kept;
DELETE FROM held;
CREATE TABLE kept (key BLOB NOT NULL, content BLOB NOT NULL, PRIMARY KEY (key, content)) WITHOUT ROWID;
"""

# Lines that are read together.
_AT_ONCE: Final = 50

# The live lines that the queue would overwrite, as they were listed last: not those that this apply has sent itself,
# nor those that were kept before, nor bare lines (a comma before a quoted name begins a second member).
_OVERWRITTEN: Final = """
FROM queued q JOIN live l ON l.key = q.key LEFT JOIN desired d ON d.seq = q.seq
LEFT JOIN confirmed c ON c.key = q.key LEFT JOIN kept k ON k.key = q.key AND k.content = l.content
WHERE l.line IS NOT NULL AND instr(l.line, CAST(',"' AS BLOB)) AND k.key IS NULL
AND NOT (c.key IS NOT NULL AND l.meaning IS d.meaning)
"""


class SendQueue:
    """The changes of one apply, in the order of sending; `Ledger.send_queue` makes it."""

    def __init__(self, database: Database, changes: Iterable[Change]) -> None:
        self._database = database
        for statement in _SCHEMA.split(";"):
            self._database.execute(statement)
        self.refill(changes)

    def refill(self, changes: Iterable[Change]) -> None:
        """Replace the changes to send by these, without those that the service has rejected in this apply."""
        self._database.execute("DELETE FROM queued")
        self._database.executemany(
            "INSERT INTO queued (verb, key, seq) SELECT verb, key, seq FROM (SELECT ? AS verb, ? AS key, ? AS seq)"
            " WHERE key NOT IN (SELECT rejected.key FROM rejected)",
            (
                (change.verb.value, key_bytes(change.key), None if change.verb is Verb.UNLABEL else change.seq)
                for change in changes
            ),
        )
        hold(self._database)

    def changes(self) -> Iterator[Change]:
        """The changes with the line each one sends, in order."""
        query = (
            "SELECT q.position, q.verb, q.key, d.line, d.file, d.line_number, d.line_column FROM queued q"
            " LEFT JOIN desired d ON d.seq = q.seq WHERE q.position > ? ORDER BY q.position LIMIT ?"
        )
        position = 0
        # No query stays open between two batches, where live may be listed again.
        while some := list(self._database.execute(query, (position, _AT_ONCE))):
            for position, verb, key, line, file, number, column in some:
                name, place = key_text(key), place_at(file, number, column)
                yield Change(Verb(verb), name, position, bare_line(name) if line is None else line, None, place)

    def overwritten(self) -> Iterator[tuple[str, str]]:
        """The live lines that would be overwritten and were not kept yet, each with the line to send, in order."""
        query = f"SELECT q.key, l.line, d.line {_OVERWRITTEN} ORDER BY q.position"
        for key, live, line in self._database.execute(query):
            yield key_text(live), key_text(bare_line(key_text(key)) if line is None else line)

    def kept(self) -> None:
        """The lines of `overwritten` were kept."""
        self._database.execute(f"INSERT INTO kept SELECT q.key, l.content {_OVERWRITTEN}")

    def stored_differently(self) -> Iterator[str]:
        """The live lines in place of kept ones that mean what was sent and differ from it in other fields."""
        query = (
            "SELECT l.line FROM live l JOIN entries d ON d.seq = l.pair WHERE l.line IS NOT NULL AND l.meaning IS"
            " d.meaning AND l.key IN (SELECT kept.key FROM kept JOIN confirmed c ON c.key = kept.key) ORDER BY l.key"
        )
        yield from (key_text(line) for (line,) in self._database.execute(query))

    def confirm(self, changes: Iterable[Change]) -> None:
        """The service has accepted these lines, except those that were rejected before."""
        self._database.executemany(
            "INSERT OR REPLACE INTO confirmed SELECT key, verb FROM (SELECT ? AS key, ? AS verb)"
            " WHERE key NOT IN (SELECT rejected.key FROM rejected)",
            ((key_bytes(change.key), change.verb.value) for change in changes),
        )

    def reject(self, changes: Iterable[Change], reason: str) -> None:
        """The service rejects these lines, for this reason."""
        self._database.executemany(
            "INSERT OR REPLACE INTO rejected VALUES (?, ?)", ((key_bytes(change.key), reason) for change in changes)
        )

    def retract(self, keys: Iterable[str]) -> None:
        """The service accepted these lines, but they are not live."""
        self._database.executemany("DELETE FROM confirmed WHERE key = ?", ((key_bytes(key),) for key in keys))

    def unusable(self) -> int:
        """How many confirmed lines the service marked with errors, or will mark."""
        query = (
            "SELECT COUNT(*) FROM confirmed c JOIN entries d ON d.key = c.key LEFT JOIN live l ON l.key = c.key"
            " WHERE d.unusable OR COALESCE(l.marks, '[]') <> '[]'"
        )
        return int(self._database.execute(query).fetchone()[0])

    def is_confirmed(self, key: str) -> bool:
        """Whether the line of this key was sent and its batch confirmed."""
        found = self._database.execute("SELECT 1 FROM confirmed WHERE key = ?", (key_bytes(key),))
        return found.fetchone() is not None

    def rejection(self, key: str) -> str | None:
        """Why the service rejects the line of this key; None when it does not."""
        found = self._database.execute("SELECT reason FROM rejected WHERE key = ?", (key_bytes(key),)).fetchone()
        return None if found is None else str(found[0])

    def confirmed_by_verb(self) -> dict[Verb, int]:
        """How many confirmed lines there are of each verb."""
        query = "SELECT verb, COUNT(*) FROM confirmed GROUP BY verb"
        return {Verb(verb): many for verb, many in self._database.execute(query)}
