"""Interruptions, colleagues, and datasets that are half made or gone."""

import json
from collections.abc import Callable

import pytest

import rekognition_emulator
from reconciler.apply import Target, list_live, look_at, observe
from reconciler.changes import Action
from reconciler.errors import Exit, Interrupted, NotFound, Refused, ServiceError
from reconciler.ledger import Ledger, Statistics
from reconciler.model import Observation, Progress
from reconciler.policy import Destroy, Extra, Policy
from reconciler.views.lines import outcome_lines
from rekognition_emulator import Clock, Emulator, Latency
from tests.apply.conftest import START
from tests.support.desk import Desk, kind_of
from tests.support.lines import bare, labelled

KEY = "s3://bucket/{}.jpg"
LINES = [labelled(KEY.format(number), "a") for number in range(1, 9)]
# Service calls that fail for good.
DENIED = "fault: error, error: AccessDeniedException, operation: {}, on: {}"


def test_a_stop_comes_between_batches_and_what_was_sent_is_counted(
    desk: Desk, small_batches: Callable[[int], None]
) -> None:
    """The batch that runs is waited for; live is read back; the next run goes on where this one ended."""
    small_batches(900)
    desk.stop = lambda: Interrupted("stopped") if len(desk.bodies()) == 2 else None
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "Interrupted"
    assert outcome.error
    assert outcome.error.exit_code == Exit.SIGINT
    assert (outcome.add, outcome.batches, outcome.rejected_total) == (6, 2, 0)
    assert outcome.live is not None
    assert outcome.live.entries == 6
    desk.stop = lambda: None
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.add) == (None, 2)


def test_a_stop_ends_a_pause_within_a_second(desk: Desk) -> None:
    """The service failed by its own fault, and ten seconds pass before the batch is sent again."""
    desk.fault("fault: fail, operation: UpdateDatasetEntries, code: SERVICE_ERROR")
    stopped = desk.clock.now() + 8.0  # in the middle of them
    desk.stop = lambda: Interrupted("stopped") if desk.clock.now() >= stopped else None
    outcome = desk.run(*LINES).outcome
    assert (kind_of(outcome.error), len(desk.bodies())) == ("Interrupted", 1)
    assert desk.clock.now() < stopped + 2.0


def test_the_status_line_says_that_the_running_batch_is_the_last(
    desk: Desk, small_batches: Callable[[int], None]
) -> None:
    """It is shown at once, and once in a log."""
    small_batches(900)
    desk.stop = lambda: Interrupted("stopped") if len(desk.bodies()) == 2 else None
    desk.run(*LINES)
    ending = [one for one in desk.progress if one.doing == "stopping after batch 2 of 3, which AWS is processing"]
    assert ending
    assert [one.at_once for one in ending] == [True, *[False] * (len(ending) - 1)]


def test_a_call_that_fails_between_batches_keeps_what_was_confirmed(
    desk: Desk, small_batches: Callable[[int], None]
) -> None:
    """The outcome carries the error, not an exception."""
    small_batches(900)
    desk.fault(DENIED.format("UpdateDatasetEntries", 2))
    outcome = desk.run(*LINES).outcome
    assert "UpdateDatasetEntries: the credentials may not make this call" in str(outcome.error)
    assert (outcome.add, outcome.batches) == (3, 1)


def test_when_live_cannot_be_read_back_the_confirmed_lines_are_still_counted(desk: Desk) -> None:
    """The error says which call failed; nothing is known of live."""
    desk.fault(DENIED.format("ListDatasetEntries", 1))
    outcome = desk.run(*LINES).outcome
    assert "ListDatasetEntries: the credentials may not make this call" in str(outcome.error)
    assert (outcome.add, outcome.batches, outcome.live) == (8, 1, None)


def test_the_first_error_is_the_one_that_is_told(desk: Desk, small_batches: Callable[[int], None]) -> None:
    """The error of the apply is reported, and not the later one of reading back."""
    small_batches(900)
    desk.fault(DENIED.format("UpdateDatasetEntries", 2) + "}, {" + DENIED.format("ListDatasetEntries", 1))
    outcome = desk.run(*LINES).outcome
    assert str(outcome.error).startswith("UpdateDatasetEntries:")
    assert outcome.add == 3


def test_a_project_that_is_not_there_is_an_error_before_anything_is_sent(desk: Desk) -> None:
    """An apply to a missing project fails with the cure in its message."""
    desk.target = Target(desk.target.project_arn[:-1] + "9", desk.target.dataset_type)
    with pytest.raises(NotFound, match=r"there is no project .*create it, or fix the ARN or the region"):
        desk.run(*LINES)


def test_a_running_operation_is_waited_for_before_planning(slow: Emulator) -> None:
    """A colleague's update changes what must be sent."""
    desk = Desk(slow)
    arn = desk.create()
    slow.clock.advance(10)
    slow.client().update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": b'{"source-ref":"s3://bucket/9.jpg"}'})
    ran = desk.run(bare(KEY.format(9)))
    assert ran.plan.action is Action.NOTHING
    assert any("waiting for a running operation (UPDATE_IN_PROGRESS)" in one.doing for one in desk.progress)


def test_a_colleagues_update_between_plan_and_batch_is_waited_for_and_read(desk: Desk) -> None:
    """The service rejects a second update while one runs; ours is sent after it."""
    desk.create(*LINES[:1])
    desk.fault("fault: colleague-update, operation: UpdateDatasetEntries, on: 1, seconds: 20")
    ran = desk.run(*LINES)
    assert (ran.outcome.error, len(desk.live())) == (None, len(LINES))
    assert ran.calls["ListDatasetEntries"] == 3


@pytest.mark.parametrize("look", [3, 5, 7])
def test_a_colleagues_edit_that_ended_between_two_batches_is_read_before_going_on(
    desk: Desk, small_batches: Callable[[int], None], look: int
) -> None:
    """Only LastUpdatedTimestamp tells of it, right before a batch; what they changed of ours is sent again at once."""
    small_batches(900)
    desk.create(*LINES[:1])
    other = json.dumps(labelled(KEY.format(1), "else"))
    desk.fault(f"fault: edit, operation: DescribeDataset, on: {look}, lines: [{json.dumps(other)}]")
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.rejected_total) == (None, 0)
    assert ran.calls["ListDatasetEntries"] == 3
    assert desk.live()[KEY.format(1)]["attribute-0-metadata"]["class-name"] == "a"


def test_a_dataset_that_a_colleague_never_leaves_alone_ends_the_apply_with_a_sentence(desk: Desk) -> None:
    """The apply plans again a few times, then it fails with the reason; nothing was sent."""
    desk.create(*LINES[:1])
    desk.fault("fault: colleague-update, operation: UpdateDatasetEntries, seconds: 20")
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "Moved"
    assert "another operation is running" in str(outcome.error)
    assert outcome.sent == 0


def test_a_colleagues_entry_that_would_make_a_replace_of_an_update_is_shown_first(desk: Desk) -> None:
    """`extra: replace` deletes only after a plan that says so."""
    desk.policy = Policy(extra=Extra.REPLACE)
    old = desk.create(*LINES[:1])
    theirs = json.dumps(labelled(KEY.format(99), "x"))
    desk.fault(f"fault: colleague-update, operation: UpdateDatasetEntries, on: 1, lines: [{json.dumps(theirs)}]")
    ran = desk.run(*LINES)
    assert ran.plan.action is Action.UPDATE
    assert kind_of(ran.outcome.error) == "Refused"
    assert "run again to see that plan" in str(ran.outcome.error)
    assert (desk.arn, ran.calls["DeleteDataset"]) == (old, 0)
    again = desk.run(*LINES)
    assert (again.plan.action, again.outcome.error, len(desk.live())) == (Action.REPLACE, None, 8)


def test_statistics_that_disagree_with_the_listing_are_told(desk: Desk) -> None:
    """The listing stays stale, and only the count shows it."""
    desk.create(*LINES[:1])
    desk.fault("fault: stale-listing, reads: 1000")
    outcome = desk.run(*LINES).outcome
    assert outcome.live is not None
    assert (outcome.live.entries, outcome.counted) == (1, Statistics(8, 0))
    assert any("lists 1 entry, 0 of them" in line and "count 8 and 0" in line for line in outcome_lines(outcome))


def test_statistics_that_stay_behind_are_told_by_an_apply_that_sends_nothing_too(desk: Desk) -> None:
    """The description is the stale one; the listing is right, and a second apply has nothing to send."""
    desk.create(*LINES[:1])
    desk.fault("fault: stale-status, reads: 1000")
    for ran in (desk.run(*LINES), desk.run(*LINES)):
        assert ran.outcome.live is not None
        assert (ran.outcome.error, ran.outcome.live.entries, ran.outcome.counted) == (None, 8, Statistics(1, 0))
        assert any("lists 8 entries" in line for line in outcome_lines(ran.outcome))
    assert ran.plan.action is Action.NOTHING


def test_statistics_that_agree_are_not_worth_a_word(desk: Desk) -> None:
    """Nothing is said of statistics that agree, nor by an apply that sends nothing."""
    for _time in range(2):
        outcome = desk.run(*LINES).outcome
        assert outcome.counted == Statistics(8, 0)
        assert outcome_lines(outcome) == []


def test_patience_is_the_policys(slow: Emulator) -> None:
    """Twenty seconds are too short for nothing: a service that hangs is told, and lines sent are not counted."""
    desk = Desk(slow, policy=Policy(patience=5))
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "OutOfPatience"
    assert "raise `policy.patience`" in str(outcome.error)


def test_what_is_left_of_a_failed_creation_is_deleted_first(desk: Desk) -> None:
    """A CREATE_FAILED dataset holds the slot of its type."""
    desk.fault('fault: fail, operation: CreateDataset, on: 1, message: "Out of \\x1b[31mluck."')
    first = desk.run(*LINES).outcome
    assert "could not be created: Out of \\x1b[31mluck.; run again" in str(first.error)
    assert (first.dataset_arn, first.sent) == (desk.arn, 0)
    left = desk.arn
    assert left
    assert observe(desk.context(), desk.target) == Observation(leftover=left)
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.add, ran.calls["DeleteDataset"]) == (None, 8, 1)
    assert ran.outcome.dataset_arn == desk.arn != left


def test_a_creation_that_fails_without_a_reason_says_so(desk: Desk) -> None:
    """If AWS gives no message for a failed creation, the error says that there is no reason."""
    desk.fault("fault: fail, operation: CreateDataset, message: ''")
    assert str(desk.run(*LINES).outcome.error).endswith("could not be created: AWS gave no reason; run again")


def test_a_dataset_that_is_being_deleted_is_waited_for_and_made_anew(slow: Emulator) -> None:
    """An apply waits for a deletion that runs, sends no second one, and creates the dataset."""
    desk = Desk(slow)
    old = desk.create()
    slow.clock.advance(10)
    desk.gateway.delete_dataset(old)
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.add, ran.calls["DeleteDataset"]) == (None, 8, 0)
    assert any(one.doing == "deleting the dataset (DELETE_IN_PROGRESS)" for one in desk.progress)


def test_a_dataset_that_goes_away_while_we_send_is_told(desk: Desk, small_batches: Callable[[int], None]) -> None:
    """A dataset that is deleted between two batches is reported, and the next run creates it."""
    small_batches(900)
    desk.create()
    desk.fault("fault: recreate, operation: UpdateDatasetEntries, on: 2")
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "NotFound"
    assert (outcome.dataset_arn, outcome.add) == ("", 3)
    assert desk.run(*LINES).outcome.error is None


def test_a_replace_that_ends_between_deletion_and_creation_leaves_no_arn(desk: Desk) -> None:
    """The old one is gone; running again creates and loads."""
    desk.policy = Policy(extra=Extra.REPLACE)
    desk.create(labelled(KEY.format(99), "x"))
    desk.fault(DENIED.format("CreateDataset", 1))
    outcome = desk.run(*LINES).outcome
    assert "CreateDataset: the credentials may not" in str(outcome.error)
    assert (outcome.dataset_arn, outcome.sent, desk.arn) == ("", 0, "")
    ran = desk.run(*LINES)
    assert (ran.plan.action, ran.outcome.error, ran.outcome.add) == (Action.CREATE, None, 8)


def test_a_replace_whose_deletion_is_refused_leaves_the_dataset(desk: Desk) -> None:
    """Nothing is created and nothing sent."""
    desk.policy = Policy(extra=Extra.REPLACE)
    old = desk.create(labelled(KEY.format(99), "x"))
    desk.fault(DENIED.format("DeleteDataset", 1))
    ran = desk.run(*LINES)
    assert "DeleteDataset: the credentials may not" in str(ran.outcome.error)
    assert (ran.outcome.sent, ran.calls["CreateDataset"], desk.arn) == (0, 0, old)


def test_a_listing_of_what_is_no_entry_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listed line that is not an entry is an error with the dataset and whom to ask."""
    arn = desk.create()
    monkeypatch.setattr(desk.gateway, "entries", lambda _arn: iter(["nonsense"]))
    with Ledger() as ledger, pytest.raises(ServiceError, match=f"{arn}: .*report it to AWS"):
        list_live(desk.context(), ledger, arn)


def test_long_listings_tell_how_far_they_are(desk: Desk) -> None:
    """After every thousand entries, and of how many that the service says there are."""
    desk.create(*[bare(KEY.format(number)) for number in range(1001)])
    with Ledger() as ledger:
        list_live(desk.context(), ledger, desk.arn)
    assert desk.progress == [Progress("listing", 1000, 1001, "entries")]


@pytest.mark.parametrize("policy", Destroy)
def test_destroying_an_empty_dataset_follows_the_policy(desk: Desk, policy: Destroy) -> None:
    """`keep` leaves it; the others delete it, as there is nothing to lose."""
    arn = desk.create()
    desk.policy = Policy(destroy=policy)
    desk.destroy(arn)
    assert bool(desk.arn) == (policy is Destroy.KEEP)


@pytest.mark.parametrize("policy", Destroy)
def test_destroying_a_dataset_with_entries_follows_the_policy(slow: Emulator, policy: Destroy) -> None:
    """`refuse` names the ways out; `delete` waits until it is gone; `keep` makes no call."""
    desk = Desk(slow, policy=Policy(destroy=policy))
    arn = desk.create()
    slow.clock.advance(10)
    desk.edit(*LINES)
    calls = slow.count_calls()
    if policy is Destroy.REFUSE:
        with pytest.raises(Refused, match=r"has 8 entries .*`destroy: delete`.*`pulumi state delete`"):
            desk.destroy(arn)
    else:
        desk.destroy(arn)
    assert (slow.count_calls() == calls) == (policy is Destroy.KEEP)
    assert bool(desk.arn) == (policy is not Destroy.DELETE)


def test_destroying_what_is_gone_or_going_is_fine(slow: Emulator) -> None:
    """A destroy succeeds if the dataset is already deleted, or is being deleted."""
    desk = Desk(slow, policy=Policy(destroy=Destroy.DELETE))
    arn = desk.create()
    slow.clock.advance(10)
    desk.gateway.delete_dataset(arn)
    desk.destroy(arn)
    assert desk.gateway.describe(arn) is None
    desk.destroy(arn)
    assert slow.count_calls("DeleteDataset") == 1


def test_a_dataset_is_looked_at_by_its_arn(desk: Desk) -> None:
    """One that is not there gives an empty observation."""
    arn = desk.create(*LINES)
    seen = look_at(desk.context(), arn)
    assert (seen.arn, seen.leftover) == (arn, None)
    assert seen.description is not None
    assert seen.description.entries == 8
    desk.gateway.delete_dataset(arn)
    assert look_at(desk.context(), arn) == Observation()


def test_a_broken_network_during_the_whole_apply_is_ridden_out() -> None:
    """Every fifth call is cut, every seventh throttled, every ninth answered 500 after its work: live is as desired."""
    with rekognition_emulator.serve(clock=Clock(START), latency=Latency(create=3, update=3)) as emulator:
        desk = Desk(emulator)
        emulator.load_faults(
            "faults: [{fault: reset, every: 5}, {fault: error, error: ThrottlingException, every: 7},"
            " {fault: error, at: after, every: 9}, {fault: truncate, every: 11}]"
        )
        outcome = desk.run(*LINES).outcome
        desk.fault("")
        assert (outcome.error, outcome.add) == (None, 8)
        assert list(desk.live()) == [line["source-ref"] for line in LINES]


@pytest.mark.parametrize(
    "fault",
    [
        'fault: fail, operation: UpdateDatasetEntries, on: 1, code: CLIENT_ERROR, message: "The file."',
        "fault: stale-status, reads: 1000",
    ],
)
def test_live_is_listed_again_between_many_lines(desk: Desk, small_batches: Callable[[int], None], fault: str) -> None:
    """A listing in the middle of sending finds the ledger free, however many lines are left."""
    small_batches(1000)
    desk.create(*[labelled(f"s3://bucket/{number}.jpg", "a") for number in range(10)])
    desk.fault(fault)
    outcome = desk.run(*[labelled(f"s3://bucket/{number}.jpg", "a") for number in range(400)]).outcome
    assert (outcome.error, outcome.add, len(desk.live())) == (None, 390, 400)
