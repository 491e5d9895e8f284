"""The ledger's connection: rows that are added in batches."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ledger import Ledger
from reconciler.ledger import database as module
from reconciler.ledger.database import Database, Seen
from tests.support.filling import desired_entry


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


@given(keys=st.lists(st.integers(0, 60)), few=st.integers(1, 20))
def test_a_key_is_new_once(keys: list[int], few: int) -> None:
    """However many keys there are, in a set or in a table that grows, each is new the first time and never again."""
    seen, asked = Seen(), set[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FEW", few)
        for key in keys:
            assert seen.is_new(b"%d" % key) is (key not in asked)
            asked.add(key)


def test_of_lines_with_one_key_the_last_that_was_listed_is_live() -> None:
    """Whether it is in the same part of a listing or in a later one, and whatever was asked between."""
    first, second = (f'{{"source-ref":"s3://b/{name}.jpg"}}' for name in ("1", "2"))
    labelled = first.replace("}", ',"a":1}')
    for parts in ([[first, second, labelled]], [[first], [second, labelled]], [[labelled, first], [labelled]]):
        for asks in (False, True):
            with Ledger() as ledger:
                for part in parts:
                    ledger.observe(*part)
                    if asks:
                        assert ledger.left()
                lines = [row.live for row in ledger.live_only()]
                assert lines[-1] == labelled.encode()
                assert len(lines) == len({line for part in parts for line in part} - {first})


def test_a_repeated_key_is_found_after_a_question_and_after_all_was_forgotten() -> None:
    """Whatever was asked between two lines with one key, the second is told the place of the first."""
    one, two = (desired_entry({"source-ref": f"s3://b/{name}.jpg"}, number) for number, name in enumerate("12", 1))
    with Ledger() as ledger:
        for _ in range(2):
            assert ledger.accept(one) is None
            assert ledger.unusable() == 0
            assert ledger.accept(one) == one.place
            assert len(list(ledger.desired_rows())) == 1
            assert [ledger.accept(two), ledger.accept(one), ledger.accept(two)] == [None, one.place, two.place]
            ledger.forget_desired()
            assert list(ledger.desired_rows()) == []


def test_what_is_listed_after_the_manifest_took_the_place_of_live_is_added_to_it() -> None:
    """Lines are numbered after the rows that are there."""
    with Ledger() as ledger:
        ledger.accept(desired_entry({"source-ref": "s3://b/1.jpg"}))
        ledger.observe_own()
        ledger.observe('{"source-ref":"s3://b/2.jpg"}')
        assert [row.key for row in ledger.live_only()] == ["s3://b/2.jpg"]
