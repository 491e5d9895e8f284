"""The desired side of a ledger as a file that a later ledger reads in place of the manifest.

The file is SQLite, with the ledger's own table and a note. It is attached read-only: nothing is copied, and a ledger
that changes its desired side copies it first. A line that is in the manifest as it is sent has its place there and a
digest in place of its text: it is read again when it is sent or shown, and refused where the file has changed.
"""

import os
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from reconciler.errors import BadInput
from reconciler.ledger.database import Database
from reconciler.ledger.rows import key_text
from reconciler.text import inert

Note = TypeVar("Note")
# Opens a file of the manifest by the name that places have.
Opens = Callable[[str], BinaryIO]

_COLUMNS: Final = """
    seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, meaning BLOB NOT NULL, content BLOB NOT NULL,
    labelled INTEGER NOT NULL, boxes INTEGER NOT NULL, labels TEXT NOT NULL, declared TEXT NOT NULL,
    box_counts TEXT NOT NULL, origin TEXT NOT NULL, unusable TEXT NOT NULL, line_column INTEGER NOT NULL,
    line_number INTEGER NOT NULL, file BLOB NOT NULL"""
# Also the form of the file: whoever keeps one has to know whether this text has changed since.
DESIRED: Final = f"({_COLUMNS}, line BLOB NOT NULL)"
_SAVED: Final = f"({_COLUMNS}, line BLOB, start INTEGER, size INTEGER, digest BLOB)"
_NAMES: Final = ", ".join(column.split()[0] for column in _COLUMNS.split(","))
_INSERT: Final = f"INSERT INTO saved.desired VALUES ({', '.join('?' * len(_SAVED.split(',')))})"
_VIEW: Final = f"SELECT {_NAMES}, COALESCE(line, manifest_line(file, start, size, digest)) AS line FROM saved.desired"
# More than a line has that is sent.
_CHUNK: Final = 2**21


def save(database: Database, path: Path, note: bytes, opens: Opens) -> None:
    """Write the desired side and a note to an empty file.

    Raises:
        sqlite3.Error: it cannot be written. OSError, ValueError: the manifest cannot be read.
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
            database.execute(f"CREATE TABLE saved.desired {_SAVED}")
            database.executemany(_INSERT, _rows(database, opens))
            database.execute("INSERT INTO saved.note VALUES (?)", (note,))
            database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
            database.execute("DETACH saved")
    finally:
        database.execute("BEGIN")


def _rows(database: Database, opens: Opens) -> Iterator[tuple[Any, ...]]:
    """The rows to save: with the text of the line, or with where the manifest has it."""
    name, number, start, raw = b"", 0, 0, b""
    lines: Iterator[tuple[int, int, bytes]] = iter(())
    for *known, line in database.execute(f"SELECT {_NAMES}, line FROM main.desired ORDER BY seq"):
        *_others, wanted, file = known
        if file != name:
            name, number, lines = file, 0, _numbered(opens(key_text(file)))
        while number < wanted:
            number, start, raw = next(lines, (wanted, 0, b""))
        if raw.startswith(line):
            yield (*known, None, start, len(line), _digest(line))
        else:
            yield (*known, line, None, None, None)


def _numbered(handle: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """The lines of a file: number, where it begins, and its text, or the beginning of a long one."""
    with handle:
        number = start = 0
        while raw := handle.readline(_CHUNK):
            number += 1
            yield number, start, raw
            start += len(raw)
            while not raw.endswith(b"\n") and (raw := handle.readline(_CHUNK)):
                start += len(raw)


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=8).digest()


class _Lines:
    """Lines of a manifest, read again."""

    def __init__(self, database: Database, opens: Opens) -> None:
        self._database, self._opens = database, opens
        self._name = b""
        self._handle: BinaryIO | None = None

    def read(self, file: bytes, start: int, size: int, digest: bytes) -> bytes:
        """The text of a line; where the file has a different one there, the database says why it raises."""
        try:
            if self._handle is None or file != self._name:
                self.close()
                self._name, self._handle = file, self._opens(key_text(file))
            line = os.pread(self._handle.fileno(), size, start)
        except (OSError, ValueError) as exception:
            self._database.cause = exception
            raise
        if _digest(line) != digest:
            name = inert(key_text(file))
            self._database.cause = BadInput(f"{name} was changed while it was in use; run again to use it as it is now")
            raise self._database.cause
        return line

    def close(self) -> None:
        """Close the file that was read last."""
        if self._handle is not None:
            self._handle.close()
        self._handle = None


def use(database: Database, path: Path, read: Callable[[bytes], Note], opens: Opens) -> Note:
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
            lines = _Lines(database, opens)
            database.create_function("manifest_line", 4, lines.read)
            database.closing = lines.close
            database.execute(f"CREATE TEMP VIEW desired AS {_VIEW}")
            database.execute("DROP TABLE main.desired")  # from here on `desired` is that of the file
        except BaseException:
            database.execute("DETACH saved")
            raise
    finally:
        database.execute("BEGIN")
    return note


def own(database: Database) -> None:
    """Copy a desired side that is in a file into the ledger, so that it can be changed; else do nothing."""
    if not any(name == "saved" for _seq, name, _file in database.execute("PRAGMA database_list")):
        return
    database.execute(f"CREATE TABLE main.desired {DESIRED}")
    database.execute("INSERT INTO main.desired SELECT * FROM temp.desired")
    database.execute("DROP VIEW temp.desired")
    database.execute("COMMIT")
    database.execute("DETACH saved")
    database.execute("BEGIN")
