"""The desired side of a ledger as a file that a later ledger reads in place of the manifest.

The file is SQLite, with the ledger's own table and a note. It is attached read-only: nothing is copied, and a ledger
that changes its desired side copies it first.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

Note = TypeVar("Note")

# Also the form of the file: whoever keeps one has to know whether this text has changed since.
DESIRED: Final = """(
    seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, meaning BLOB NOT NULL, content BLOB NOT NULL,
    labelled INTEGER NOT NULL, boxes INTEGER NOT NULL, labels TEXT NOT NULL, declared TEXT NOT NULL,
    box_counts TEXT NOT NULL, origin TEXT NOT NULL, file BLOB NOT NULL, line_number INTEGER NOT NULL,
    line_column INTEGER NOT NULL, unusable TEXT NOT NULL, line BLOB NOT NULL
)"""


def save(database: sqlite3.Connection, path: Path, note: bytes) -> None:
    """Write the desired side and a note to an empty file.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    database.execute("COMMIT")  # a transaction cannot begin with one database and end with two
    try:
        database.execute("ATTACH ? AS saved", (f"{path.absolute().as_uri()}?mode=rw",))
        try:
            database.executescript(
                "PRAGMA saved.page_size = 16384; PRAGMA saved.journal_mode = OFF;"
                "PRAGMA saved.synchronous = OFF; BEGIN;"
                "CREATE TABLE saved.note (text BLOB NOT NULL)"
            )
            database.execute(f"CREATE TABLE saved.desired {DESIRED}")
            database.execute("INSERT INTO saved.desired SELECT * FROM main.desired")
            database.execute("INSERT INTO saved.note VALUES (?)", (note,))
            database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
            database.execute("DETACH saved")
    finally:
        database.execute("BEGIN")


def use(database: sqlite3.Connection, path: Path, read: Callable[[bytes], Note]) -> Note:
    """Read the desired side from a file from here on, and give its note as `read` reads it.

    The file has to be one that `save` wrote, which nobody changes while it is in use.

    Raises:
        sqlite3.Error: it cannot be read; the desired side is as before, also where `read` raises.
    """
    database.execute("COMMIT")
    try:
        database.execute("ATTACH ? AS saved", (f"{path.absolute().as_uri()}?mode=ro&immutable=1",))
        try:
            note = read(bytes(database.execute("SELECT text FROM saved.note").fetchone()[0]))
            database.execute("DROP TABLE main.desired")  # from here on `desired` is that of the file
        except BaseException:
            database.execute("DETACH saved")
            raise
    finally:
        database.execute("BEGIN")
    return note


def own(database: sqlite3.Connection) -> None:
    """Copy a desired side that is in a file into the ledger, so that it can be changed; else do nothing."""
    if not any(name == "saved" for _seq, name, _file in database.execute("PRAGMA database_list")):
        return
    database.execute(f"CREATE TABLE main.desired {DESIRED}")
    database.execute("INSERT INTO main.desired SELECT * FROM saved.desired")
    database.execute("COMMIT")
    database.execute("DETACH saved")
    database.execute("BEGIN")
