"""A dataset with entries is never deleted without a whole snapshot of what was looked at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reconciler.changes import Action
from reconciler.errors import Interrupted, ReconcilerError, Refused
from reconciler.policy import Destroy, Extra, Policy
from reconciler.snapshots.places import NOWHERE
from tests.support.desk import Desk, KeptLines, kind_of
from tests.support.lines import bare, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.snapshots.snapshot import Snapshot
    from rekognition_emulator import Emulator

KEY = "s3://acme-vision/images/{:04}.jpg"
OLD = [labelled(KEY.format(number), "old") for number in range(3)]
NEW = [labelled(KEY.format(number), "new") for number in range(2, 8)]
REPLACE = Policy(extra=Extra.REPLACE)
DELETE = Policy(destroy=Destroy.DELETE)


@dataclass
class Meddling(KeptLines):
    """A keeper under which something happens: before it reads the first line, or after the last."""

    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    times: int = 1

    def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        """Take all lines."""
        happens = self.times > 0
        self.times -= 1
        if happens:
            self.before()
        kept = super().keep(dataset_arn, lines, sent)
        if happens:
            self.after()
        return kept


def keys(lines: Iterable[str]) -> list[str]:
    """The keys of kept lines."""
    return sorted(json.loads(line)["source-ref"] for line in lines)


def kept_by(desk: Desk) -> list[list[str]]:
    """What the desk's keeper keeps."""
    assert isinstance(desk.keeper, KeptLines)
    return desk.keeper.kept


@pytest.fixture
def old(desk: Desk) -> Desk:
    """A dataset with entries of which the manifest lacks two."""
    desk.policy = REPLACE
    desk.create(*OLD)
    return desk


def test_a_replace_keeps_every_line_as_it_was_listed(old: Desk) -> None:
    """Raw, with the fields that the service added; the outcome says where."""
    lines = [entry.line for entry in old.emulator.entries(old.arn)]
    ran = old.run(*NEW)
    assert (ran.plan.action, ran.outcome.error, ran.outcome.snapshots) == (Action.REPLACE, None, ("snapshot 1",))
    assert kept_by(old) == [lines]
    assert sorted(old.live()) == [KEY.format(number) for number in range(2, 8)]


def test_the_snapshot_comes_before_the_delete(old: Desk) -> None:
    """At the moment it is whole, the dataset is still there."""
    arn = old.arn
    seen: list[str] = []
    old.keeper = Meddling(after=lambda: seen.append(old.arn))
    old.run(*NEW)
    assert seen == [arn]


def test_without_live_only_entries_replace_just_loads(desk: Desk) -> None:
    """No snapshot, no delete: what is missing is added."""
    desk.policy = REPLACE
    arn = desk.create(NEW[0])
    ran = desk.run(*NEW)
    assert (ran.plan.action, ran.outcome.add, desk.arn, kept_by(desk)) == (Action.UPDATE, 5, arn, [])


def test_a_snapshot_that_cannot_be_written_stops_the_replace(old: Desk) -> None:
    """Nothing is deleted, nothing is sent, and the error says why."""

    class Full(KeptLines):
        def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
            super().keep(dataset_arn, lines, sent)
            raise ReconcilerError("no snapshot could be written: no space left; nothing was deleted")

    old.keeper = Full()
    arn = old.arn
    ran = old.run(*NEW)
    assert "no space left" in str(ran.outcome.error)
    assert (ran.calls["DeleteDataset"], ran.calls["UpdateDatasetEntries"], old.arn) == (0, 0, arn)
    assert ran.outcome.snapshots == ()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_colleagues_edit_under_the_snapshot_is_looked_at_first(old: Desk, when: str) -> None:
    """The dataset is listed, planned and written to a snapshot again: the last snapshot has the edit."""
    new = labelled(KEY.format(99), "colleague")

    def edit() -> None:
        old.clock.sleep(1)
        old.edit(new)

    old.keeper = Meddling(before=edit) if when == "before" else Meddling(after=edit)
    ran = old.run(*NEW)
    assert ran.outcome.error is None
    assert keys(kept_by(old)[-1]) == sorted([*(line["source-ref"] for line in OLD), KEY.format(99)])
    assert sorted(old.live()) == [KEY.format(number) for number in range(2, 8)]


def test_a_dataset_that_somebody_edits_all_the_time_is_not_deleted(old: Desk) -> None:
    """After some rounds the apply ends and says so."""

    def edit() -> None:
        old.clock.sleep(1)
        old.edit(labelled(KEY.format(99), f"at {old.clock.now()}"))

    old.keeper = Meddling(after=edit, times=99)
    ran = old.run(*NEW)
    assert "during this run; nothing was deleted" in str(ran.outcome.error)
    assert (ran.calls["DeleteDataset"], len(ran.outcome.snapshots)) == (0, len(kept_by(old)))


def test_a_listing_that_comes_up_short_is_no_snapshot(old: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale listing with fewer entries than were looked at deletes nothing; a whole one goes on."""
    entries = old.gateway.entries
    short = iter([False, False, True])  # the plan, the look before the delete, then the first snapshot

    def listed(arn: str) -> Iterable[str]:
        lines = list(entries(arn))
        return iter(lines[:-1] if next(short, False) else lines)

    monkeypatch.setattr(old.gateway, "entries", listed)
    ran = old.run(*NEW)
    assert ran.outcome.error is None
    assert [len(lines) for lines in kept_by(old)] == [2, 3]


def test_a_colleagues_delete_under_the_snapshot_leads_to_a_load(old: Desk) -> None:
    """What is gone need not be deleted."""
    old.keeper = Meddling(after=lambda: old.gateway.delete_dataset(old.arn))
    ran = old.run(*NEW)
    assert ran.outcome.error is None
    assert sorted(old.live()) == [KEY.format(number) for number in range(2, 8)]


def test_a_stop_that_comes_under_the_snapshot_deletes_nothing(old: Desk) -> None:
    """Ctrl-C while it is written: the dataset stays, the next run goes on."""
    stopped: list[Interrupted] = []
    old.stop = lambda: stopped[0] if stopped else None
    old.keeper = Meddling(after=lambda: stopped.append(Interrupted("stopped as asked")))
    ran = old.run(*NEW)
    assert kind_of(ran.outcome.error) == "Interrupted"
    assert (ran.calls["DeleteDataset"], sorted(old.live())) == (0, keys(map(json.dumps, OLD)))
    stopped.clear()
    assert old.run(*NEW).outcome.error is None


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 24))
def test_a_replace_that_is_killed_at_any_call_is_ended_by_the_next_run(
    old: Desk, call: int, when: str, monkeypatch: pytest.MonkeyPatch, small_batches: Callable[[int], None]
) -> None:
    """Before the call or after it did its work: live ends equal to desired, and the snapshot holds what was there."""
    small_batches(700)
    make = old.gateway.calls.make
    left = [call]

    def killed(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if left[0] == 0 and when == "before":
            raise Killed
        try:
            return make(*arguments, **named)  # type: ignore[arg-type]  # whatever `make` was called with
        finally:
            if left[0] == 0:
                raise Killed

    monkeypatch.setattr(old.gateway.calls, "make", killed)
    with pytest.raises(Killed):
        old.run(*NEW)
    monkeypatch.undo()
    small_batches(700)
    ran = old.run(*NEW)
    assert ran.outcome.error is None
    assert old.live().keys() == {line["source-ref"] for line in NEW}
    assert keys(kept_by(old)[0]) == keys(map(json.dumps, OLD))
    assert old.run(*NEW).plan.action is Action.NOTHING


def test_where_no_snapshot_outlives_the_run_a_replace_is_refused_in_the_plan(old: Desk) -> None:
    """Without a place for snapshots a replace is refused with the cure, before anything is sent."""
    old.keeper = NOWHERE
    arn = old.arn
    with pytest.raises(Refused, match="no snapshot location is set, so nothing can be deleted"):
        old.run(*NEW)
    assert (old.emulator.count_calls("DeleteDataset"), old.arn) == (0, arn)


def test_where_no_snapshot_outlives_the_run_other_plans_go_on(desk: Desk) -> None:
    """A plan that deletes nothing is applied, although there is no place for snapshots."""
    desk.keeper = NOWHERE
    desk.policy = REPLACE
    assert desk.run(*NEW).outcome.error is None
    assert desk.run(*NEW).plan.refusals == ()


def test_destroying_keeps_every_line_first(desk: Desk) -> None:
    """A destroy writes all entries to a snapshot, deletes the dataset and returns the snapshot's address."""
    desk.policy = DELETE
    arn = desk.create(*OLD)
    assert desk.destroy(arn) == ("snapshot 1",)
    assert (keys(kept_by(desk)[0]), desk.arn) == (keys(map(json.dumps, OLD)), "")


def test_destroying_an_empty_dataset_keeps_nothing(desk: Desk) -> None:
    """An empty dataset is deleted without a snapshot, also where none could be written."""
    desk.policy = DELETE
    desk.keeper = NOWHERE
    assert desk.destroy(desk.create()) == ()
    assert desk.arn == ""


def test_destroying_is_refused_where_no_snapshot_outlives_the_run(desk: Desk) -> None:
    """A destroy without a place for its snapshot is refused, and nothing is deleted."""
    desk.policy = DELETE
    desk.keeper = NOWHERE
    arn = desk.create(bare(KEY.format(1)))
    with pytest.raises(Refused, match=f"the dataset {arn} is not deleted: no snapshot location is set"):
        desk.destroy(arn)
    assert desk.arn == arn


def test_a_destroy_under_which_somebody_edits_keeps_the_edit_too(desk: Desk) -> None:
    """If the dataset is edited after its snapshot, a second snapshot with the edit is written."""
    desk.policy = DELETE
    arn = desk.create(*OLD)

    def edit() -> None:
        desk.clock.sleep(1)
        desk.edit(NEW[5])

    desk.keeper = Meddling(after=edit)
    assert desk.destroy(arn) == ("snapshot 1", "snapshot 2")
    assert [len(lines) for lines in kept_by(desk)] == [3, 4]
    assert desk.arn == ""


def test_a_running_operation_is_waited_for_before_the_snapshot(slow: Emulator) -> None:
    """The snapshot of a destroy has the entries of an update that was still running."""
    desk = Desk(slow, policy=DELETE)
    arn = desk.create()
    slow.clock.advance(10)
    desk.edit(*OLD)
    desk.gateway.update_entries(arn, json.dumps(NEW[5]).encode())
    desk.destroy(arn)
    assert keys(kept_by(desk)[-1]) == keys(map(json.dumps, [*OLD, NEW[5]]))
