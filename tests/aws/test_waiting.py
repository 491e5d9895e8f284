"""Whose status it is: waiting for an operation when the service gives no operation id."""

from random import Random

import pytest

from reconciler.aws.wait import Waiter
from reconciler.errors import Moved, NotFound, OutOfPatience
from reconciler.model import DatasetDescription
from tests.support.aws_doubles import Answer, FakeClock, ScriptedServer, dataset, failure, gateway_at

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"
GONE = failure("ResourceNotFoundException")
BEFORE = DatasetDescription("CREATE_COMPLETE", "", "SUCCESS", updated=1.0, entries=0, labelled=0, errors=0)


@pytest.fixture
def waiter(server: ScriptedServer, clock: FakeClock) -> Waiter:
    """Waits up to ten minutes without progress."""
    return Waiter(gateway_at(server.url, clock), clock, Random(0), patience=600)  # noqa: S311 - repeatable


def updated(waiter: Waiter, server: ScriptedServer, *answers: Answer) -> DatasetDescription | None:
    """What waiting for an update gives, when DescribeDataset answers so."""
    server.answers(*answers)
    return waiter.until_updated(ARN, BEFORE, lambda _now: None)


def test_a_terminal_status_is_ours_when_in_progress_was_seen(waiter: Waiter, server: ScriptedServer) -> None:
    """After UPDATE_IN_PROGRESS a final status is that of our update, whatever the timestamp."""
    found = updated(waiter, server, dataset("UPDATE_IN_PROGRESS"), dataset("UPDATE_COMPLETE"))
    assert found is not None
    assert found.status == "UPDATE_COMPLETE"
    assert len(server.requests) == 2


def test_a_terminal_status_is_ours_when_the_timestamp_moved(waiter: Waiter, server: ScriptedServer) -> None:
    """A short update is over before the first look; no time is lost then."""
    found = updated(waiter, server, dataset("UPDATE_FAILED", 1.001, "Why."))
    assert found is not None
    assert (found.status, found.message) == ("UPDATE_FAILED", "Why.")
    assert len(server.requests) == 1


def test_a_stale_terminal_status_is_waited_out(waiter: Waiter, server: ScriptedServer, clock: FakeClock) -> None:
    """A read that shows the time before the update is not taken for its end."""
    stale = dataset("CREATE_COMPLETE")
    found = updated(waiter, server, stale, stale, dataset("UPDATE_IN_PROGRESS"), dataset("UPDATE_COMPLETE", 2.0))
    assert found is not None
    assert found.status == "UPDATE_COMPLETE"
    assert clock.slept[0] >= 0.45


@pytest.mark.parametrize(("size", "pauses"), [(0, (0.5, 0.75)), (5_000_000, (3.0, 4.5)), (900_000_000, (5.0, 5.0))])
def test_pauses_follow_the_size_of_what_is_loaded(
    waiter: Waiter, server: ScriptedServer, clock: FakeClock, size: int, pauses: tuple[float, float]
) -> None:
    """A small update is looked at soon, a full batch after three seconds, a manifest as AWS's samples do."""
    running = dataset("UPDATE_IN_PROGRESS")
    server.answers(running, running, dataset("UPDATE_COMPLETE", 2.0))
    waiter.until_updated(ARN, BEFORE, lambda _now: None, size)
    assert clock.slept == [pytest.approx(pause, rel=0.1) for pause in pauses]


def test_reads_that_are_older_than_the_last_look_are_no_end(waiter: Waiter, server: ScriptedServer) -> None:
    """Another replica answers with an earlier time, or with the very description from before, after IN_PROGRESS."""
    older, same = dataset("UPDATE_COMPLETE", 0.5), dataset("CREATE_COMPLETE")
    running, done = dataset("UPDATE_IN_PROGRESS"), dataset("UPDATE_FAILED", 2.0, "Why.")
    found = updated(waiter, server, older, running, same, older, done)
    assert found is not None
    assert (found.status, len(server.requests)) == ("UPDATE_FAILED", 5)


def test_after_thirty_seconds_of_a_status_that_never_moved_a_listing_decides(
    waiter: Waiter, server: ScriptedServer, clock: FakeClock
) -> None:
    """If the status never moves, a listing decides after thirty seconds, not before and not much later."""
    assert updated(waiter, server, dataset("CREATE_COMPLETE")) is None
    assert 30 <= sum(clock.slept) <= 36


def test_a_long_update_is_waited_for_as_long_as_it_makes_progress(
    waiter: Waiter, server: ScriptedServer, clock: FakeClock
) -> None:
    """Every change of the description is progress; the thirty seconds do not hold once the operation was seen."""
    working = [dataset("UPDATE_IN_PROGRESS", entries=number // 100) for number in range(1000)]
    found = updated(waiter, server, *working, dataset("UPDATE_COMPLETE", 2.0))
    assert found is not None
    assert sum(clock.slept) > 4 * 600


def test_patience_ends_when_nothing_moves(waiter: Waiter, server: ScriptedServer, clock: FakeClock) -> None:
    """When patience ends, the error has the dataset, its status and what to do."""
    with pytest.raises(OutOfPatience, match=r"UPDATE_IN_PROGRESS without progress for 10 minutes; .*policy.patience"):
        updated(waiter, server, dataset("UPDATE_IN_PROGRESS"))
    assert 600 < sum(clock.slept) <= 612


def test_looks_come_soon_then_every_five_seconds(waiter: Waiter, server: ScriptedServer, clock: FakeClock) -> None:
    """Pauses grow: small batches end soon, and the account's calls per second are shared; they vary by a tenth."""
    server.answers(*[dataset("UPDATE_IN_PROGRESS")] * 20, dataset("UPDATE_COMPLETE", 2.0))
    seen: list[str] = []
    waiter.until_updated(ARN, BEFORE, lambda now: seen.append(now.status))
    assert seen == ["UPDATE_IN_PROGRESS"] * 20 + ["UPDATE_COMPLETE"]
    for pause, number in zip(clock.slept, range(20), strict=True):
        nominal = min(0.5 * 1.5**number, 5.0)
        assert 0.9 * nominal <= pause <= 1.1 * nominal
    assert len({round(pause, 6) for pause in clock.slept[-5:]}) > 1


def test_a_dataset_that_is_deleted_during_the_wait_is_an_error(waiter: Waiter, server: ScriptedServer) -> None:
    """While updating and while waiting for a running operation."""
    with pytest.raises(NotFound, match="somebody else deleted the dataset"):
        updated(waiter, server, dataset("UPDATE_IN_PROGRESS"), GONE)
    server.answers(dataset("CREATE_IN_PROGRESS"), GONE)
    with pytest.raises(NotFound, match="somebody else deleted the dataset"):
        waiter.until_idle(ARN, lambda _now: None)


def test_idle_is_any_status_that_is_not_running(waiter: Waiter, server: ScriptedServer) -> None:
    """Waiting ends with any final status, whoever started the operation."""
    server.answers(dataset("CREATE_IN_PROGRESS"), dataset("CREATE_FAILED"))
    assert waiter.until_idle(ARN, lambda _now: None).status == "CREATE_FAILED"


def test_deleted_is_when_it_is_not_found_any_more(waiter: Waiter, server: ScriptedServer) -> None:
    """There is no status for it; a deletion that hangs is told."""
    server.answers(dataset("DELETE_IN_PROGRESS"), dataset("DELETE_IN_PROGRESS"), GONE)
    seen: list[str] = []
    waiter.until_gone(ARN, lambda now: seen.append(now.status))
    assert seen == ["DELETE_IN_PROGRESS"] * 2
    server.answers(dataset("DELETE_IN_PROGRESS"))
    with pytest.raises(OutOfPatience):
        waiter.until_gone(ARN, lambda _now: None)


def test_a_deletion_that_does_not_happen_is_told_after_thirty_seconds(
    waiter: Waiter, server: ScriptedServer, clock: FakeClock
) -> None:
    """It was answered as if it had begun, but somebody else's operation was meant: look again."""
    server.answers(dataset("UPDATE_IN_PROGRESS"), dataset("UPDATE_COMPLETE", 2.0))
    with pytest.raises(Moved, match="is UPDATE_COMPLETE and not being deleted; run again"):
        waiter.until_gone(ARN, lambda _now: None)
    assert 30 <= sum(clock.slept) <= 36


def test_hostile_text_in_a_status_stays_text(waiter: Waiter, server: ScriptedServer) -> None:
    """The service's words reach messages without acting."""
    with pytest.raises(OutOfPatience, match=r"\\x1b\[31m_IN_PROGRESS"):
        updated(waiter, server, dataset("\x1b[31m_IN_PROGRESS"))
