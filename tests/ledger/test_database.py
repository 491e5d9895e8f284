"""The ledger's connection: rows that are added in batches."""

import sqlite3

import pytest

from reconciler.ledger.database import Database


def test_no_statement_works_on_less_than_was_added() -> None:
    """Where the disk is full, whoever goes on after the error gets it again, not the rows that happened to fit."""
    database = sqlite3.connect("", isolation_level=None, factory=Database)
    database.execute("CREATE TABLE entries (line BLOB)")
    database.execute("PRAGMA max_page_count = 10")
    database.execute("BEGIN")
    for _ in range(100):
        database.add("INSERT INTO entries VALUES", (bytes(10_000),))
    for statement in (database.settle, lambda: database.execute("SELECT COUNT(*) FROM entries")):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            statement()
