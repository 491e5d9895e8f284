"""What was live before an apply is kept once, whatever happens during it; nothing is overwritten that is not kept."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcilerError
from reconciler.ledger import Ledger
from reconciler.model import Change, Verb
from reconciler.policy import Extra, Policy
from tests.support.desk import Desk, KeptLines
from tests.support.filling import as_text, desired_entry
from tests.support.lines import bare, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reconciler.snapshots.snapshot import Snapshot
    from tests.support.lines import Document

KEY = "s3://bucket/{}.jpg"
OLD = [labelled(KEY.format(number), "old") for number in range(1, 7)]
NEW = [labelled(KEY.format(number), "new") for number in range(1, 7)]


@pytest.fixture
def old(desk: Desk, small_batches: Callable[[int], None]) -> Desk:
    """A dataset with six entries that the manifest relabels, in several batches."""
    desk.create(*OLD)
    small_batches(900)
    return desk


def kept_by(desk: Desk) -> list[tuple[Document, Document]]:
    """Each line that the desk's keeper keeps as overwritten, with the line that was sent in its place."""
    assert isinstance(desk.keeper, KeptLines)
    return [(json.loads(line), json.loads(sent)) for lines in desk.keeper.overwritten for line, sent in lines]


def test_every_overwritten_line_is_kept_with_the_line_that_replaces_it(old: Desk) -> None:
    """In one copy, which is written before the first batch; the outcome names it."""
    ran = old.run(*NEW, labelled(KEY.format(9), "added"))
    assert kept_by(old) == list(zip(OLD, NEW, strict=True))
    assert (ran.outcome.error, ran.outcome.overwritten) == (None, ("overwritten 1",))
    assert ran.calls["UpdateDatasetEntries"] > 1


@pytest.mark.parametrize(
    "fault",
    [
        f"fault: edit, operation: UpdateDatasetEntries, on: 2, lines: [{as_text(bare(KEY.format(99)))}]",
        "fault: fail, operation: UpdateDatasetEntries, on: 2, code: CLIENT_ERROR, message: x",
        "fault: fail, operation: UpdateDatasetEntries, on: 1, code: SERVICE_ERROR, message: x",
        "fault: lose, count: 2, on: 1",
        "fault: stale-status, reads: 1000",
        "fault: fail, operation: UpdateDatasetEntries, on: 1, share: 0.5, message: x",
    ],
    ids=["plan", "search", "again", "lost", "status", "half"],
)
def test_a_line_that_is_sent_more_than_once_is_kept_once(old: Desk, fault: str) -> None:
    """Rounds that plan again, the search for bad lines, and re-sends find our own lines live, which nobody misses."""
    old.fault(fault)
    old.run(*NEW)
    assert [line for line, _sent in kept_by(old)] == OLD


def test_a_version_that_a_colleague_made_during_the_apply_is_kept_too(old: Desk) -> None:
    """The last entry is edited before its batch goes; the apply plans again and overwrites the edit."""
    theirs, batches = labelled(KEY.format(6), "theirs"), count(1)

    def edit() -> None:
        if next(batches) == 2:
            old.clock.sleep(1)
            old.edit(theirs)

    old.stop = edit  # it is asked before each batch
    ran = old.run(*NEW)
    assert ran.outcome.error is None
    assert [line for line, _sent in kept_by(old)] == [*OLD, theirs]
    assert ran.outcome.overwritten == ("overwritten 1", "overwritten 2")


def test_an_apply_that_sent_nothing_overwrote_nothing(old: Desk) -> None:
    """Somebody else sent the same lines first: the copy that was written before is not offered as a way back."""
    asked = count(1)

    def edit() -> None:
        if next(asked) == 2:
            old.clock.sleep(1)
            old.edit(*NEW)

    old.stop = edit
    ran = old.run(*NEW)
    assert kept_by(old) == list(zip(OLD, NEW, strict=True))
    assert (ran.outcome.error, ran.outcome.overwritten) == (None, ())


def test_unlabelling_keeps_the_labels_and_bare_lines_are_not_kept(desk: Desk) -> None:
    """A bare line overwrites a labelled one; a labelled line that overwrites a bare one loses nothing."""
    desk.policy = Policy(extra=Extra.UNLABEL)
    desk.create(OLD[0], bare(KEY.format(2)))
    assert desk.run(NEW[1]).outcome.error is None
    assert kept_by(desk) == [(OLD[0], bare(KEY.format(1)))]


def test_what_cannot_be_kept_is_not_sent(old: Desk) -> None:
    """The outcome has the error; not one batch goes."""

    class Full(KeptLines):
        def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
            del dataset_arn, lines, sent
            raise ReconcilerError("no space left")

    old.keeper = Full()
    ran = old.run(*NEW)
    assert "no space left" in str(ran.outcome.error)
    assert (ran.calls["UpdateDatasetEntries"], ran.outcome.batches) == (0, 0)
    assert list(old.live()) == [line["source-ref"] for line in OLD]


def test_a_replace_keeps_a_snapshot_and_no_second_copy(desk: Desk) -> None:
    """All lines are in the snapshot; live is empty when the new ones are sent."""
    desk.policy = Policy(extra=Extra.REPLACE)
    desk.create(*OLD)
    assert desk.run(*NEW[:3]).outcome.error is None
    assert isinstance(desk.keeper, KeptLines)
    assert (len(desk.keeper.kept), kept_by(desk)) == (1, [])


def test_overwritten_lines_are_read_one_after_another() -> None:
    """The first line comes before the second is read, so that memory does not grow with a dataset."""
    with Ledger() as ledger:
        for number, (before, after) in enumerate(zip(OLD, NEW, strict=True), start=1):
            ledger.accept(desired_entry(after, number))
            ledger.observe(as_text(before))
        queue = ledger.send_queue(_updates(ledger))
        lines = queue.overwritten()
        assert json.loads(next(lines)[0]) == OLD[0]
        assert len(list(lines)) == len(OLD) - 1
        queue.kept()
        assert list(queue.overwritten()) == []


def _updates(ledger: Ledger) -> Iterator[Change]:
    return (Change(Verb.UPDATE, row.key, row.seq, row.desired, row.live, row.place) for row in ledger.desired_rows())
