"""What ended an apply never swallows what it did: the outcome so far has it, whatever the exception."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.apply import Outcome, apply, observe, plan_against_live
from reconciler.ledger import Ledger, SendQueue
from reconciler.policy import Extra, Policy
from tests.apply.test_replace import KEY, NEW, OLD
from tests.support.desk import Desk
from tests.support.filling import desired_entry
from tests.support.lines import labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.model import Change
    from rekognition_emulator import Emulator
    from tests.support.lines import Document

LINES = [labelled(KEY.format(number), "cat") for number in range(9)]
# What may end an apply besides the service: a full disk under the temporary database, any other OSError, a bug.
ENDINGS = (
    sqlite3.OperationalError("database or disk is full"),
    sqlite3.DatabaseError("database disk image is malformed"),
    OSError(28, "No space left on device"),
    MemoryError(),
    AssertionError("a bug"),
)


def run(desk: Desk, told: list[Outcome], *lines: Document) -> Outcome:
    """The whole loop once; `told` receives the outcomes so far."""
    context = replace(desk.context(), so_far=told.append)
    with Ledger() as ledger:
        for number, line in enumerate(lines, start=1):
            ledger.accept(desired_entry(line, number))
        seen = observe(context, desk.target)
        plan = plan_against_live(context, ledger, seen, desk.target, bucket="acme-vision")
        return apply(context, ledger, plan, seen, desk.target)


def failing(patch: pytest.MonkeyPatch, error: BaseException, *, after: int) -> None:
    """Let the confirmation of a batch fail after this number of batches."""
    confirm, left = SendQueue.confirm, [after]

    def confirmed(self: SendQueue, changes: Iterable[Change]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error
        confirm(self, changes)

    patch.setattr(SendQueue, "confirm", confirmed)


@pytest.mark.parametrize("error", ENDINGS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_the_outcome_has_what_was_done_whatever_ended_it(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    small_batches: Callable[[int], None],
    error: Exception,
    after: int,
) -> None:
    """ARN, batches and confirmed lines, and the error as a sentence; the next run continues."""
    small_batches(900)
    with monkeypatch.context() as patch:
        failing(patch, error, after=after)
        outcome = run(desk, [], *LINES)
    assert (outcome.dataset_arn, outcome.batches) == (desk.arn, after + 1)
    assert outcome.add == after * (len(desk.live()) // (after + 1))
    assert outcome.error is not None
    assert str(error) in outcome.error.message or isinstance(error, OSError)
    assert run(desk, [], *LINES).error is None
    assert len(desk.live()) == len(LINES)


@pytest.mark.parametrize("error", ENDINGS, ids=lambda error: type(error).__name__)
def test_a_disk_that_is_full_while_live_is_read_back_hides_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """All lines went in; the listing after that fails: the counts are there, and live is not known."""
    arn = desk.create()

    def full(*_arguments: object, **_named: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.apply.reconciliation.list_live", full)
        outcome = run(desk, [], *LINES)
    assert (outcome.dataset_arn, outcome.add, outcome.batches, outcome.live) == (arn, len(LINES), 1, None)
    assert outcome.error


def test_an_interrupt_passes_on_after_the_outcome_was_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, small_batches: Callable[[int], None]
) -> None:
    """Ctrl-C in the second batch: the shell knows the ARN and the lines of the first."""
    small_batches(900)
    told: list[Outcome] = []
    failing(monkeypatch, KeyboardInterrupt(), after=1)
    with pytest.raises(KeyboardInterrupt):
        run(desk, told, *LINES)
    assert (told[-1].dataset_arn, told[-1].batches) == (desk.arn, 2)
    assert told[-1].add > 0


def test_the_arn_is_told_while_the_dataset_is_created(slow: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while CreateDataset runs: the ARN that AWS gave is known."""
    desk, told = Desk(slow), list[Outcome]()
    sleep = desk.clock.sleep

    def interrupted(seconds: float) -> None:
        sleep(seconds)
        if desk.arn:
            raise KeyboardInterrupt

    monkeypatch.setattr(desk.clock, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(desk, told, *LINES)
    assert told[-1].dataset_arn == desk.arn != ""


def test_the_place_of_a_snapshot_is_told_before_the_delete(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens to the delete: at the moment that it is sent, the shell knows the snapshot."""
    desk.policy = Policy(extra=Extra.REPLACE)
    desk.create(*OLD)
    told: list[Outcome] = []
    known: list[tuple[str, ...]] = []
    delete = desk.gateway.delete_dataset

    def deleted(arn: str) -> None:
        known.append(told[-1].snapshots)
        delete(arn)

    monkeypatch.setattr(desk.gateway, "delete_dataset", deleted)
    assert run(desk, told, *NEW).error is None
    assert known == [("snapshot 1",)]


def test_a_dataset_that_was_deleted_and_not_made_again_is_not_in_the_outcome(desk: Desk) -> None:
    """`extra: replace`, and CreateDataset is denied: there is no dataset at the end, so the outcome names none."""
    desk.policy = Policy(extra=Extra.REPLACE)
    desk.create(*OLD)
    desk.fault("fault: error, error: AccessDeniedException, operation: CreateDataset, on: 1")
    outcome = run(desk, [], *NEW)
    assert "CreateDataset" in str(outcome.error)
    assert (outcome.dataset_arn, outcome.snapshots, desk.arn) == ("", ("snapshot 1",), "")


def test_credentials_that_expire_after_a_delete_leave_its_snapshot_in_the_outcome(
    slow: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`extra: replace`: AWS accepted the deletion, then every call is refused; the outcome says both."""
    desk = Desk(slow, policy=Policy(extra=Extra.REPLACE))
    desk.create()
    desk.clock.sleep(10)
    desk.edit(*OLD)
    delete = desk.gateway.delete_dataset

    def expire(of: str) -> None:
        delete(of)
        desk.fault("fault: error, error: ExpiredTokenException, operation: '*', on: '1-1000'")

    monkeypatch.setattr(desk.gateway, "delete_dataset", expire)
    outcome = run(desk, [], *NEW)
    assert outcome.snapshots == ("snapshot 1",)
    assert "AWS accepted the deletion" in str(outcome.error)
