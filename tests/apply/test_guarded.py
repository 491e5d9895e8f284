"""Guards of an apply: they run before anything is sent, and again when somebody else changed the dataset."""

import json
from collections.abc import Callable

import pytest

from reconciler.apply import Target, apply
from reconciler.errors import Exit, Refused
from reconciler.model import DatasetType, Observation
from tests.support.desk import Desk, kind_of
from tests.support.filling import filled
from tests.support.lines import Document, labelled
from tests.support.plans import planned

KEY = "s3://bucket/{:03}.jpg"
# Between the second and the third batch of an apply without other faults.
LATE = "fault: edit, operation: DescribeDataset, on: {}, lines: {}"


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    """Every guard is on."""
    desk.guards = {}
    return desk


def _lines(first: int, last: int, label: str = "a") -> list[Document]:
    return [labelled(KEY.format(number), label) for number in range(first, last + 1)]


def _edit(lines: list[Document], look: int = 7) -> str:
    return LATE.format(look, json.dumps([json.dumps(line) for line in lines]))


def test_a_guard_that_trips_sends_nothing(guarded: Desk) -> None:
    """The sentence has the figures, and what overrides it."""
    guarded.create(*_lines(1, 20), *_lines(30, 30, "b"))
    with pytest.raises(Refused, match=r"(?s)guard updates: 20 of 21 .*\n  --allow updates=\"why\"") as refused:
        guarded.run(*_lines(1, 10, "b"), *_lines(11, 20, "c"))
    assert refused.value.exit_code == Exit.REFUSED
    assert guarded.bodies() == []


def test_a_reason_lets_the_plan_through(guarded: Desk) -> None:
    """Each guard by its own name."""
    guarded.create(*_lines(1, 20), *_lines(30, 30, "b"))
    guarded.allow = {"updates": "relabelled", "label-removed": "relabelled"}
    ran = guarded.run(*_lines(1, 10, "b"), *_lines(11, 20, "c"))
    assert ran.outcome.error is None
    assert ran.plan.overrides == (("updates", "relabelled"), ("label-removed", "relabelled"))


def test_a_colleagues_edit_that_trips_a_guard_stops_the_apply(
    guarded: Desk, small_batches: Callable[[int], None]
) -> None:
    """Twelve of our entries were relabelled while we sent others: they are not overwritten unseen."""
    small_batches(900)
    guarded.create(*_lines(1, 12), *_lines(50, 50, "b"))
    guarded.fault(_edit(_lines(1, 12, "b")))
    ran = guarded.run(*_lines(1, 24))
    assert ran.plan.refusals == ()
    assert kind_of(ran.outcome.error) == "Refused"
    assert "somebody else changed the dataset, and nothing more is sent: guard updates: 12 of" in str(ran.outcome.error)
    assert 0 < ran.outcome.add < 12
    assert guarded.live()[KEY.format(1)]["attribute-0-metadata"]["class-name"] == "b"


def test_an_override_holds_for_what_trips_later(guarded: Desk, small_batches: Callable[[int], None]) -> None:
    """The reason was given for the run."""
    small_batches(900)
    guarded.create(*_lines(1, 12), *_lines(50, 50, "b"))
    guarded.allow = {"updates": "git wins"}
    guarded.fault(_edit(_lines(1, 12, "b")))
    ran = guarded.run(*_lines(1, 24))
    assert (ran.outcome.error, ran.outcome.rejected_total) == (None, 0)


def test_a_colleagues_small_edit_does_not_stop_the_apply(guarded: Desk, small_batches: Callable[[int], None]) -> None:
    """What no guard minds is healed in the same run."""
    small_batches(900)
    guarded.create(*_lines(1, 12), *_lines(50, 50, "b"))
    guarded.fault(_edit(_lines(1, 2, "b")))
    assert guarded.run(*_lines(1, 24)).outcome.error is None


def test_our_own_first_batches_do_not_trip_a_share(guarded: Desk, small_batches: Callable[[int], None]) -> None:
    """Half-way, a manifest that is sorted by label is all of one label."""
    small_batches(20_000)
    guarded.create(*_lines(1, 100), *_lines(101, 200, "b"))
    guarded.fault(_edit(_lines(1, 1, "b")))
    desired = [*_lines(1, 100), *_lines(101, 200, "b"), *_lines(201, 320), *_lines(321, 440, "b")]
    ran = guarded.run(*desired)
    assert ran.calls["ListDatasetEntries"] > 3 * 3
    assert ran.outcome.error is None


def test_a_first_load_may_be_sorted_by_label(guarded: Desk, small_batches: Callable[[int], None]) -> None:
    """A colleague's edit in the middle of it makes it no accident."""
    small_batches(8_000)
    guarded.fault(_edit(_lines(1, 1, "b"), look=10))  # creating takes a look more
    ran = guarded.run(*_lines(1, 150), *_lines(151, 300, "b"))
    assert (ran.outcome.error, ran.outcome.update) == (None, 1)


def _test_set(desk: Desk, *lines: Document) -> None:
    """The project's test dataset."""
    desk.emulator.service.call("CreateDataset", {"ProjectArn": desk.target.project_arn, "DatasetType": "TEST"})
    desk.emulator.clock.advance(20)
    other = Desk(desk.emulator, "other")
    other.target = Target(desk.target.project_arn, DatasetType.TEST)
    project = other.gateway.project(desk.target.project_arn)
    assert project is not None
    arn = project.datasets[DatasetType.TEST]
    desk.emulator.edit_entries(arn, [json.dumps(line) for line in lines])


def test_entries_that_somebody_distributed_are_not_added_again(guarded: Desk) -> None:
    """DistributeDatasetEntries moved them to the test dataset, whose manifest does not have them."""
    guarded.create(*_lines(1, 8))
    _test_set(guarded, *_lines(9, 10))
    with pytest.raises(Refused, match=r"guard distributed: 2 entries that are missing .*DistributeDatasetEntries"):
        guarded.run(*_lines(1, 10))


def test_entries_that_both_manifests_have_were_not_distributed(guarded: Desk) -> None:
    """An image that is new in both sets is a different danger, and not a sign of DistributeDatasetEntries."""
    guarded.create(*_lines(1, 8))
    _test_set(guarded, *_lines(9, 10))
    guarded.test_keys = {KEY.format(9), KEY.format(10)}
    with pytest.raises(Refused, match=r"^guard leakage: 2 images would be labelled in train and in test: ") as refused:
        guarded.run(*_lines(1, 10))
    assert "distributed" not in str(refused.value)
    guarded.allow = {"leakage": "on purpose"}
    assert guarded.run(*_lines(1, 10)).outcome.error is None


def test_a_comparison_without_a_service_cannot_be_applied(desk: Desk) -> None:
    """Its guards refuse nothing, so the apply itself does, before the first request."""
    with filled(_lines(1, 3)) as ledger, pytest.raises(Refused, match="for reading only"):
        apply(desk.context(), ledger, planned(ledger, exists=False, offline=True), Observation(), desk.target)
    assert desk.arn == ""
