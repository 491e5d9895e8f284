"""The desired side of a ledger: the entries of a manifest, and their lines, which mostly stay in the manifest.

A line that is in the manifest as it is sent has its place there in place of its text, and a digest: it is read again
when it is shown or sent, and refused where the file has another text there. The lines of an apply are read before the
first is sent (`hold`), so that an edit of the manifest during an apply does not stop it halfway.

The entries can be written to a file, SQLite with a note, that a later ledger reads in place of the manifest. It is
attached read-only: nothing is copied, and a ledger that changes its desired side copies it first.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from reconciler.errors import BadInput
from reconciler.ledger.database import Database
from reconciler.ledger.rows import key_text
from reconciler.text import inert

Note = TypeVar("Note")
# Opens a file of the manifest by the name that places have.
Opens = Callable[[str], BinaryIO]

_COLUMNS: Final = """
    seq INTEGER PRIMARY KEY, key BLOB NOT NULL, meaning BLOB NOT NULL, content BLOB NOT NULL,
    labelled INTEGER NOT NULL, boxes INTEGER NOT NULL, labels TEXT NOT NULL, declared TEXT NOT NULL,
    box_counts TEXT NOT NULL, origin TEXT NOT NULL, unusable TEXT NOT NULL, line_column INTEGER NOT NULL,
    line_number INTEGER NOT NULL, file BLOB NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL, start INTEGER"""
# Also the form of the file: whoever keeps one has to know whether this text has changed since. `size` and `digest` are
# those of the line, `start` is where the file has it, and `line` its text where the file has it in no such place.
_ENTRIES: Final = f"({_COLUMNS}, line BLOB)"
_NAMES: Final = ", ".join(column.split()[0] for column in _COLUMNS.split(","))
_LINE: Final = (
    "COALESCE(line, (SELECT h.line FROM held h WHERE h.seq = entries.seq), manifest_line(file, start, size, digest))"
)
_VIEW: Final = f"CREATE TEMP VIEW desired AS SELECT {_NAMES}, {_LINE} AS line FROM"
SCHEMA: Final = f"""
CREATE TABLE entries {_ENTRIES};
CREATE INDEX main.unusable ON entries (seq) WHERE unusable <> '';
CREATE TABLE held (seq INTEGER PRIMARY KEY, line BLOB NOT NULL);
{_VIEW} main.entries;
"""
# Made when all entries are there; whoever adds one after that finds a repeated key by it.
_INDEX: Final = "CREATE UNIQUE INDEX IF NOT EXISTS {}.entries_key ON entries (key)"
# The values of an entry that every line has besides those of `values_of`.
PLACED: Final = "file, line_number, line_column, unusable, size, digest, start, line"
# Files of a manifest that stay open, so that one that is replaced during a run is still read.
_OPEN: Final = 16
# Bytes that are read at once where lines are read in the order of the file.
_BLOCK: Final = 2**18


def line_digest(line: bytes) -> bytes:
    """The digest of a line's text."""
    return sha256(line, usedforsecurity=False).digest()[:16]


class Lines:
    """The lines of a manifest's files, read again; none until it is told where they are (`are_known`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.are_known = False
        self._opens: Opens | None = None
        self._handles: dict[bytes, BinaryIO] = {}
        self._block, self._from, self._name, self._next = b"", 0, b"", 0
        database.create_function("manifest_line", 4, self._read)
        database.closing = self.close

    def are_in(self, names: Iterable[str], opens: Opens) -> None:
        """Read lines in these files from here on, with `opens` by the name that places have."""
        self.close()
        self._opens, self.are_known = opens, True
        for name in list(names)[:_OPEN]:
            with suppress(OSError, ValueError):  # it is said when a line is read
                self._handles[name.encode("utf-8", "surrogatepass")] = opens(name)

    def close(self) -> None:
        """Close the files."""
        for handle in self._handles.values():
            handle.close()
        self._handles, self._block = {}, b""

    def _read(self, file: bytes, start: int, size: int, digest: bytes) -> bytes:
        """The text of a line; where the file has a different one there, the database says why it raises."""
        try:
            line = self._bytes(file, start, size)
        except Exception as exception:
            self._database.cause = exception
            raise
        if line_digest(line) != digest:
            name = inert(key_text(file))
            self._database.cause = BadInput(f"{name} was changed while it was in use; run again to use it as it is now")
            raise self._database.cause
        return line

    def _bytes(self, file: bytes, start: int, size: int) -> bytes:
        at = start - self._from
        if file == self._name and at >= 0 and at + size <= len(self._block):
            return self._block[at : at + size]
        handle = self._handle(file)
        if file != self._name:
            self._block = b""  # it is of the other file
        follows = file == self._name and 0 <= start - self._next <= 2  # the end of a line, LF or CRLF
        self._name, self._next = file, start + size
        if not follows:
            return os.pread(handle.fileno(), size, start)
        self._block, self._from = os.pread(handle.fileno(), max(size, _BLOCK), start), start
        return self._block[:size]

    def _handle(self, file: bytes) -> BinaryIO:
        if file not in self._handles:
            if self._opens is None:
                raise ValueError("a line has a place and no file")
            if len(self._handles) >= _OPEN:
                self.close()
            self._handles[file] = self._opens(key_text(file))
        return self._handles[file]


def index(database: Database) -> None:
    """Make the index of keys, of which none is repeated so far."""
    database.execute(_INDEX.format("main"))


def empty(database: Database) -> None:
    """Forget all entries, and the index of their keys, which is made again."""
    with suppress(sqlite3.OperationalError):  # a query is open: the index stays
        database.execute("DROP INDEX IF EXISTS main.entries_key")
    database.execute("DELETE FROM main.entries")
    forget_held(database)


def forget_held(database: Database) -> None:
    """Forget the text of lines that were queued: entries get other numbers."""
    database.execute("DELETE FROM held")


def hold(database: Database) -> None:
    """Have the text of the lines that are queued, whatever becomes of the manifest.

    Raises:
        BadInput: it has changed already.
    """
    database.execute(
        "INSERT OR IGNORE INTO held SELECT seq, line FROM desired WHERE start IS NOT NULL AND seq IN"
        " (SELECT seq FROM queued)"
    )


def save(database: Database, path: Path, note: bytes) -> None:
    """Write the desired side and a note to an empty file.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    database.settle()  # a transaction cannot begin with one database and end with two
    try:
        database.execute("ATTACH ? AS saved", (f"{path.absolute().as_uri()}?mode=rw",))
        try:
            database.executescript(
                "PRAGMA saved.page_size = 16384; PRAGMA saved.journal_mode = OFF;"
                "PRAGMA saved.synchronous = OFF; BEGIN;"
                "CREATE TABLE saved.note (text BLOB NOT NULL)"
            )
            database.execute(f"CREATE TABLE saved.entries {_ENTRIES}")
            database.execute(_INDEX.format("saved"))
            database.execute("INSERT INTO saved.entries SELECT * FROM main.entries")
            database.execute("INSERT INTO saved.note VALUES (?)", (note,))
            database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
            database.execute("DETACH saved")
    finally:
        database.execute("BEGIN")


def use(database: Database, path: Path, read: Callable[[bytes], Note]) -> Note:
    """Read the desired side from a file from here on, and give its note as `read` reads it.

    The file has to be one that `save` wrote, of the manifest as it is; nobody changes the file while it is in use.

    Raises:
        sqlite3.Error: it cannot be read; the desired side is as before, also where `read` raises.
    """
    database.settle()
    try:
        database.execute("ATTACH ? AS saved", (f"{path.absolute().as_uri()}?mode=ro&immutable=1",))
        try:
            note = read(bytes(database.execute("SELECT text FROM saved.note").fetchone()[0]))
            database.execute("SELECT seq FROM saved.entries LIMIT 1")
            database.execute("DROP TABLE main.entries")
        except BaseException:
            database.execute("DETACH saved")
            raise
        _see(database, "saved.entries")
        forget_held(database)
    finally:
        database.execute("BEGIN")
    return note


def own(database: Database) -> None:
    """Copy a desired side that is in a file into the ledger, so that it can be changed; else do nothing."""
    if not any(name == "saved" for _seq, name, _file in database.execute("PRAGMA database_list")):
        return
    database.execute(f"CREATE TABLE main.entries {_ENTRIES}")
    database.execute(_INDEX.format("main"))
    database.execute("INSERT INTO main.entries SELECT * FROM saved.entries")
    _see(database, "main.entries")
    database.execute("COMMIT")
    database.execute("DETACH saved")
    database.execute("BEGIN")


def _see(database: Database, entries: str) -> None:
    """Have these entries as the desired side."""
    database.execute("DROP VIEW temp.desired")
    database.execute(f"{_VIEW} {entries}")
