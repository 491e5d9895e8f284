"""The lines to send, fixed in order when an apply begins, and which of them the service confirmed.

It lives in the ledger's database, so that live can be listed again while batches are still being sent, and memory
stays flat. Knows order and confirmation. Refuses to know why a line is sent.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.batch import Batch
from reconciler.entries import bare_line
from reconciler.ledger import Ledger, key_bytes, key_text
from reconciler.model import Change, Place, Verb

__all__ = ["SendQueue"]

_SCHEMA: Final = (
    "CREATE TABLE queued (position INTEGER PRIMARY KEY, verb TEXT NOT NULL, key BLOB NOT NULL, seq INTEGER)",
    "CREATE TABLE confirmed (key BLOB PRIMARY KEY) WITHOUT ROWID",
)


class SendQueue:
    """The changes of one apply, in the order of sending."""

    def __init__(self, ledger: Ledger, changes: Iterable[Change]) -> None:
        self._database = ledger.database
        for table in ("queued", "confirmed"):
            self._database.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _SCHEMA:
            self._database.execute(statement)
        self._database.executemany(
            "INSERT INTO queued (verb, key, seq) VALUES (?, ?, ?)",
            (
                (change.verb.value, key_bytes(change.key), None if change.verb is Verb.UNLABEL else change.seq)
                for change in changes
            ),
        )

    def changes(self) -> Iterator[Change]:
        """The changes with the line each one sends, in order."""
        query = (
            "SELECT q.position, q.verb, q.key, d.line, d.file, d.line_number, d.line_column FROM queued q"
            " LEFT JOIN desired d ON d.seq = q.seq ORDER BY q.position"
        )
        for position, verb, key, line, file, number, column in self._database.execute(query):
            name = key_text(key)
            place = Place(file, number, column) if file is not None else None
            yield Change(Verb(verb), name, position, bare_line(name) if line is None else line, None, place)

    def confirm(self, batch: Batch) -> None:
        """The service has taken this batch."""
        self._database.executemany(
            "INSERT OR IGNORE INTO confirmed VALUES (?)", ((key_bytes(change.key),) for change in batch.changes)
        )

    def is_confirmed(self, key: str) -> bool:
        """Whether the line of this key was sent and its batch confirmed."""
        found = self._database.execute("SELECT 1 FROM confirmed WHERE key = ?", (key_bytes(key),))
        return found.fetchone() is not None

    def confirmed_by_verb(self) -> dict[Verb, int]:
        """How many confirmed lines there are of each verb."""
        query = "SELECT verb, COUNT(*) FROM queued WHERE key IN (SELECT key FROM confirmed) GROUP BY verb"
        return {Verb(verb): many for verb, many in self._database.execute(query)}
