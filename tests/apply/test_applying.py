"""What an apply does, call by call, when nothing goes wrong."""

from collections.abc import Callable

import pytest

from reconciler.apply import observe
from reconciler.changes import Action
from reconciler.entries import compact
from reconciler.errors import Refused
from reconciler.model import DatasetType
from reconciler.policy import Compare, Extra, Policy
from rekognition_emulator import Emulator
from tests.support.desk import Desk
from tests.support.lines import bare, boxes, labelled

KEY = "s3://bucket/{}.jpg"
THREE = [labelled(KEY.format(1), "a"), boxes(KEY.format(2), ("RBC", 68, 315, 213, 163)), bare(KEY.format(3))]


def test_a_missing_dataset_is_created_loaded_and_read_back(desk: Desk) -> None:
    """The first apply creates, loads and reads back a dataset with exactly these calls."""
    ran = desk.run(*THREE)
    assert ran.calls == {
        "DescribeProjects": 1,
        "CreateDataset": 1,
        "DescribeDataset": 5,  # created, before the batch, after it, before and after the listing
        "UpdateDatasetEntries": 1,
        "ListDatasetEntries": 1,
    }
    outcome = ran.outcome
    assert (outcome.error, outcome.dataset_arn) == (None, desk.arn)
    assert (outcome.add, outcome.update, outcome.unlabel, outcome.batches, outcome.sent) == (3, 0, 0, 1, 3)
    assert outcome.live is not None
    assert (outcome.live.entries, outcome.live.labelled, outcome.live.boxes) == (3, 2, 1)
    assert outcome.live.digest == ran.plan.desired.digest
    assert list(desk.live()) == [line["source-ref"] for line in THREE]


def test_an_existing_dataset_is_taken_over_and_updated(desk: Desk) -> None:
    """Equal lines are not sent again; exactly these calls."""
    desk.create(THREE[0], labelled(KEY.format(2), "b"))
    ran = desk.run(*THREE)
    assert ran.calls == {
        "DescribeProjects": 1,
        "DescribeDataset": 6,  # found, after the listing, before the batch, after it, around the second listing
        "ListDatasetEntries": 2,
        "UpdateDatasetEntries": 1,
    }
    assert (ran.plan.action, ran.outcome.add, ran.outcome.update) == (Action.UPDATE, 1, 1)
    (sent,) = (
        call.request["Changes"]["GroundTruth"] for call in desk.emulator.calls if call.operation.startswith("Upd")
    )
    assert sent == compact(THREE[1]) + b"\n" + compact(THREE[2]) + b"\n"


def test_an_apply_without_changes_only_reads(desk: Desk) -> None:
    """Once, and it says what it saw."""
    desk.create(*THREE)
    ran = desk.run(*reversed(THREE))
    assert ran.calls == {"DescribeProjects": 1, "DescribeDataset": 2, "ListDatasetEntries": 1}
    assert (ran.outcome.error, ran.outcome.sent, ran.outcome.batches) == (None, 0, 0)
    assert ran.outcome.live == ran.plan.live


def test_an_empty_manifest_creates_an_empty_dataset(desk: Desk) -> None:
    """An empty manifest creates the dataset, and no update is sent."""
    ran = desk.run()
    assert (ran.outcome.error, ran.calls["UpdateDatasetEntries"]) == (None, 0)
    assert desk.arn == ran.outcome.dataset_arn
    assert desk.run().plan.action is Action.NOTHING


def test_listing_costs_a_call_for_each_hundred_entries(desk: Desk) -> None:
    """Each listing of 250 entries, before and after the apply, costs a call per hundred."""
    lines = [labelled(KEY.format(number), "a") for number in range(250)]
    desk.create(*lines[:150])
    assert desk.run(*lines).calls["ListDatasetEntries"] == 2 + 3


def test_batches_go_one_after_another_each_when_the_one_before_has_ended(
    slow: Emulator, small_batches: Callable[[int], None]
) -> None:
    """The service has one lane a dataset: no call is refused, and progress is told by batch, share and time."""
    small_batches(900)
    desk = Desk(slow)
    lines = [labelled(KEY.format(number), "a") for number in range(8)]
    ran = desk.run(*lines)
    assert ran.outcome.error is None
    assert (ran.plan.batches, ran.outcome.batches, ran.calls["UpdateDatasetEntries"]) == (3, 3, 3)
    assert not [call for call in slow.calls if call.error]
    assert [call.operation for call in slow.calls if call.operation == "UpdateDatasetEntries"] == [
        "UpdateDatasetEntries"
    ] * 3
    sending = [one for one in desk.progress if one.doing == "sending"]
    assert [(one.batch, one.batches) for one in sending] == [(1, 3), (2, 3), (3, 3)]
    assert [one.fraction for one in sending] == sorted(one.fraction for one in sending)
    assert (sending[0].fraction, sending[0].seconds_left) == (0.0, None)
    assert sending[1].seconds_left == pytest.approx(2 * 10, rel=0.5)
    assert any(one.doing.startswith("creating the dataset (CREATE_IN_PROGRESS)") for one in desk.progress)
    assert any(one.doing == "waiting" for one in desk.progress)


def test_each_line_arrives_whole_and_the_service_s_fields_are_not_sent(desk: Desk) -> None:
    """Desired lines that were copied from a listing."""
    listed = THREE[0] | {"cl-metadata": {"is_labeled": True}}
    desk.run(listed)
    assert desk.bodies() == [compact(THREE[0]) + b"\n"]
    assert desk.run(THREE[0]).plan.action is Action.NOTHING


def test_report_leaves_live_only_entries_alone(desk: Desk) -> None:
    """The service cannot delete an entry."""
    desk.create(labelled(KEY.format(9), "x"))
    ran = desk.run(THREE[0])
    assert (ran.outcome.error, ran.plan.live_only) == (None, 1)
    assert set(desk.live()) == {KEY.format(9), KEY.format(1)}


def test_unlabel_takes_the_labels_off_and_is_at_rest(desk: Desk) -> None:
    """Under `unlabel` a live-only entry loses its labels once; the next run has nothing to send."""
    desk.policy = Policy(extra=Extra.UNLABEL)
    desk.create(labelled(KEY.format(9), "x"), bare(KEY.format(8)), THREE[0])
    ran = desk.run(THREE[0])
    assert (ran.outcome.error, ran.outcome.unlabel, ran.outcome.sent) == (None, 1, 1)
    assert desk.live()[KEY.format(9)] == bare(KEY.format(9)) | {"cl-metadata": {"is_labeled": False}}
    again = desk.run(THREE[0])
    assert (again.plan.action, again.calls["UpdateDatasetEntries"]) == (Action.NOTHING, 0)


def test_fail_sends_nothing(desk: Desk) -> None:
    """Under `extra: fail` nothing is sent, not even what the manifest adds."""
    desk.policy = Policy(extra=Extra.FAIL)
    desk.create(labelled(KEY.format(9), "x"))
    with pytest.raises(Refused, match="1 live entry is not in the manifest"):
        desk.run(*THREE)
    assert desk.emulator.count_calls("UpdateDatasetEntries") == 0
    assert list(desk.live()) == [KEY.format(9)]


def test_replace_deletes_creates_and_loads(slow: Emulator) -> None:
    """A new ARN, and nothing of the old entries; the waiting is over deletion, creation and update."""
    desk = Desk(slow, policy=Policy(extra=Extra.REPLACE))
    old = desk.create()
    slow.clock.advance(10)
    desk.edit(labelled(KEY.format(9), "x"), THREE[0])
    ran = desk.run(*THREE)
    assert ran.outcome.error is None
    assert ran.outcome.dataset_arn == desk.arn != old
    assert list(desk.live()) == [line["source-ref"] for line in THREE]
    assert (ran.outcome.add, ran.calls["DeleteDataset"], ran.calls["CreateDataset"]) == (3, 1, 1)
    assert not [call for call in slow.calls if call.error not in ("", "ResourceNotFoundException")]


def test_train_and_test_are_two_datasets(desk: Desk) -> None:
    """Each is found by its type."""
    desk.run(*THREE)
    train = desk.arn
    test = desk.gateway.create_dataset(desk.target.project_arn, DatasetType.TEST)
    assert desk.arn == train != test
    assert observe(desk.context(), desk.target).arn == train


def test_strict_mode_sends_what_labels_mode_ignores(desk: Desk) -> None:
    """Strict mode sends what labels mode ignores, and then neither has anything to send."""
    noted = [line | {"note": 1} for line in THREE]
    desk.create(*THREE)
    assert desk.run(*noted).plan.ignored == 3
    desk.policy = Policy(compare=Compare.STRICT)
    assert desk.run(*noted).outcome.update == 3
    assert desk.run(*noted).plan.action is Action.NOTHING
