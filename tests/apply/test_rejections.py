"""What the service does not take, marks or stores differently, and what an apply says about it."""

import json
from collections.abc import Callable

import pytest

from reconciler.apply.outcome import LINES_KEPT
from reconciler.changes import Action
from reconciler.errors import Exit
from reconciler.model import Place
from reconciler.policy import Compare, Extra, Marking, Policy, Rejection
from tests.support.desk import Desk, kind_of
from tests.support.filling import FILE
from tests.support.lines import Document, bare, boxes, labelled

KEY = "s3://bucket/{}.jpg"
LINES = [labelled(KEY.format(number), "a") for number in range(1, 6)]


def broken(number: int) -> Document:
    """A line that the service keeps and marks: a box off the frame."""
    return boxes(KEY.format(number), ("RBC", 600, 400, 100, 100))


def test_lines_that_the_service_drops_in_silence_are_named_by_place(desk: Desk) -> None:
    """UPDATE_COMPLETE proves nothing; the next apply sends them again."""
    desk.fault("fault: lose, count: 2, on: 1")
    ran = desk.run(*LINES)
    outcome = ran.outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert outcome.error
    assert (outcome.error.exit_code, str(outcome.error)) == (Exit.REJECTED, "2 lines are not live as they were sent")
    assert [(one.key, one.place) for one in outcome.rejected] == [
        (KEY.format(1), Place(FILE, 1, 1)),
        (KEY.format(2), Place(FILE, 2, 1)),
    ]
    assert {one.reason for one in outcome.rejected} == {"the service dropped it without an error"}
    assert (outcome.add, len(desk.live())) == (3, 3)
    again = desk.run(*LINES)
    assert (again.outcome.error, again.outcome.add) == (None, 2)


def test_at_most_fifty_dropped_lines_are_named(desk: Desk) -> None:
    """Fifty of the dropped lines are named, and the total counts all of them."""
    desk.fault("fault: lose, count: 60, on: 1")
    outcome = desk.run(*[bare(KEY.format(number)) for number in range(70)]).outcome
    assert (len(outcome.rejected), outcome.rejected_total) == (LINES_KEPT, 60)
    assert str(outcome.error) == "60 lines are not live as they were sent"


def test_a_line_with_other_labels_than_sent_was_not_stored_as_sent(desk: Desk) -> None:
    """Here a service that merges instead of replacing."""
    desk.create(labelled(KEY.format(1), "a", "b"))
    desk.fault("fault: merge")
    outcome = desk.run(labelled(KEY.format(1), "a")).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert [(one.reason, one.place and one.place.line) for one in outcome.rejected] == [
        ("it was not stored as sent", 1)
    ]


def test_labels_that_were_not_taken_off_are_a_failure(desk: Desk) -> None:
    """A live-only entry has no place in the manifest."""
    desk.policy = Policy(extra=Extra.UNLABEL)
    desk.create(*LINES[:1], labelled(KEY.format(9), "x"))
    desk.fault("fault: merge")
    outcome = desk.run(*LINES[:1]).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert [(one.key, one.place, one.reason) for one in outcome.rejected] == [
        (KEY.format(9), None, "its labels were not removed")
    ]


def test_marked_entries_are_warnings_with_their_codes(desk: Desk) -> None:
    """The line is stored and counts as applied; new marks are told from old ones; a second apply sends nothing."""
    desk.create(broken(1))
    ran = desk.run(broken(1), broken(2), LINES[2])
    outcome = ran.outcome
    assert (outcome.error, outcome.rejected_total, outcome.add) == (None, 0, 2)
    assert (outcome.marked_total, outcome.marked_new) == (2, 1)
    assert [(one.place and one.place.line, one.is_new) for one in outcome.marked] == [(2, True), (1, False)]
    assert "ERROR_INVALID_BOUNDING_BOX" in {mark.code for mark in outcome.marked[0].marks}
    again = desk.run(broken(1), broken(2), LINES[2])
    assert (again.plan.action, again.plan.marked, again.outcome.marked_new) == (Action.NOTHING, 2, 0)


def test_marked_refuse_makes_marks_of_the_manifest_failures(desk: Desk) -> None:
    """All of them are counted, though fifty are named; live-only marks are not the manifest's fault."""
    desk.policy = Policy(marked=Marking.REFUSE)
    desk.create(broken(99))
    assert desk.run(*LINES).outcome.error is None
    outcome = desk.run(*[broken(number) for number in range(1, 61)]).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert str(outcome.error).startswith("the service marked 60 entries of the manifest with errors and the policy is")
    assert (len(outcome.marked), outcome.marked_total) == (LINES_KEPT, 61)


def test_a_repair_of_what_labels_mode_ignores_is_sent_to_a_marked_entry(desk: Desk) -> None:
    """The box's confidence is missing; labels and boxes are the same before and after."""
    whole = boxes(KEY.format(1), ("RBC", 68, 315, 100, 100))
    damaged = json.loads(json.dumps(whole))
    damaged["attribute-boxes-metadata"]["objects"] = []
    assert desk.run(damaged).outcome.marked_total == 1
    ran = desk.run(whole)
    assert (ran.plan.update, ran.plan.ignored, ran.outcome.error, ran.outcome.marked_total) == (1, 0, None, 0)


def test_a_failure_about_everything_says_why_and_which_lines(desk: Desk, small_batches: Callable[[int], None]) -> None:
    """AWS's message, made harmless; the batch and its lines; what was confirmed before stays counted."""
    small_batches(900)
    message = "The S3 bucket permissions are incorrect.\\x1b[31m"
    desk.fault(f'fault: fail, operation: UpdateDatasetEntries, on: 2, code: CLIENT_ERROR, message: "{message}"')
    outcome = desk.run(*LINES, *[labelled(KEY.format(number), "a") for number in range(6, 9)]).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert str(outcome.error) == f"batch 2 of 3 (3 lines, {FILE}:4:1 to {FILE}:6:1) failed: {message}"
    assert (outcome.add, outcome.batches, outcome.rejected_total) == (3, 2, 0)
    assert outcome.live is not None
    assert outcome.live.entries == 3
    desk.fault("")
    assert desk.run(*LINES).outcome.add == 2


def test_a_batch_that_fails_once_goes_in_by_parts(desk: Desk) -> None:
    """The search for lines at fault finds none alone at fault: everything is live and nothing is reported."""
    desk.fault('fault: fail, operation: UpdateDatasetEntries, on: 1, code: CLIENT_ERROR, message: "The file."')
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.add, ran.outcome.rejected_total) == (None, 5, 0)


def test_a_batch_that_went_in_by_half_and_fails_once_blames_nobody(desk: Desk) -> None:
    """What is left of it is sent as it is before any line of it is at fault."""
    desk.fault('fault: fail, operation: UpdateDatasetEntries, on: 1, code: CLIENT_ERROR, message: "The.", share: 0.8')
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.add, ran.outcome.rejected_total) == (None, 5, 0)
    assert [len(body.splitlines()) for body in desk.bodies()] == [5, 1]


def test_a_failed_update_without_a_reason_says_so(desk: Desk) -> None:
    """If AWS gives no message for a failed update, the error says that there is no reason."""
    desk.fault('fault: fail, operation: UpdateDatasetEntries, message: ""')
    assert str(desk.run(*LINES).outcome.error).endswith("failed: AWS gave no reason")


def test_what_strict_mode_finds_stored_differently_is_reported_once_and_remembered(desk: Desk) -> None:
    """Not sent for ever; sent again when the manifest's line changes."""
    desk.policy = Policy(compare=Compare.STRICT)
    lines = [line | {"note": 1} for line in LINES]
    desk.fault("fault: rewrite, what: [unknown]")
    first = desk.run(*lines).outcome
    assert (first.error, first.rejected_total, first.rewritten, len(first.settled)) == (None, 0, 5, 5)
    desk.settled = first.settled
    second = desk.run(*lines)
    assert (second.plan.action, second.calls["UpdateDatasetEntries"]) == (Action.NOTHING, 0)
    assert (second.outcome.error, second.outcome.rewritten, second.outcome.settled) == (None, 0, first.settled)
    third = desk.run(lines[0] | {"note": 2}, *lines[1:])
    assert (third.plan.update, third.outcome.rewritten, len(third.outcome.settled)) == (1, 1, 6)


def test_numbers_and_key_order_that_the_service_writes_anew_are_no_difference(desk: Desk) -> None:
    """In either mode of `compare`, different number forms and key orders are not changes."""
    desk.fault("fault: rewrite, what: [numbers, key-order]")
    for mode in Compare:
        desk.policy = Policy(compare=mode)
        assert desk.run(*LINES).outcome.rewritten == 0
        assert desk.run(*LINES).plan.action is Action.NOTHING


def test_what_somebody_else_changes_during_the_apply_is_named(desk: Desk) -> None:
    """An unchanged entry that is edited or goes away between the two listings."""
    desk.create(*LINES[:2])
    other = json.dumps(labelled(KEY.format(1), "else"))
    desk.fault(
        f"fault: edit, operation: UpdateDatasetEntries, lines: [{json.dumps(other)}], remove: ['{KEY.format(2)}']"
    )
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert [(one.place and one.place.line, one.reason) for one in outcome.rejected] == [
        (1, "somebody else changed it during the apply"),
        (2, "it was deleted during the apply"),
    ]
    assert str(outcome.error).startswith("2 lines are not live as in the manifest, because somebody else changed")


def test_what_somebody_overwrote_is_no_success_even_where_rejected_lines_are_skipped(desk: Desk) -> None:
    """`rejected: skip` is about what the service will not take."""
    desk.policy = Policy(rejected=Rejection.SKIP)
    desk.create(*LINES[:2])
    other = json.dumps(labelled(KEY.format(1), "else"))
    desk.fault(f"fault: edit, operation: UpdateDatasetEntries, lines: [{json.dumps(other)}]}}, {{fault: lose, on: 1")
    outcome = desk.run(*LINES).outcome
    assert (outcome.rejected_total, len(outcome.rejected)) == (2, 2)
    assert str(outcome.error).startswith("1 line is not live as in the manifest, because somebody else")


@pytest.mark.parametrize("mode", Compare)
def test_when_the_status_never_moves_a_listing_decides(desk: Desk, mode: Compare) -> None:
    """The lines are live: the batch is confirmed, after thirty seconds.

    Two of the three listings are made twice, because they disagree with the stale statistics.
    """
    desk.policy = Policy(compare=mode)
    desk.create(labelled(KEY.format(1), "b"))
    desk.fault("fault: stale-status, reads: 1000")
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.add, ran.outcome.update) == (None, 4, 1)
    assert ran.calls["ListDatasetEntries"] == 5
    assert 30 <= sum(desk.clock.slept) <= 40


def test_a_batch_that_was_accepted_but_is_not_live_is_sent_again(desk: Desk) -> None:
    """The status never moved and none of its lines is live: it was not taken."""
    desk.create(labelled(KEY.format(1), "b"))
    desk.fault("fault: stale-status, reads: 1000}, {fault: stale-listing, reads: 1000")
    ran = desk.run(*LINES)
    assert (ran.outcome.error, len(desk.live())) == (None, 5)
    assert ran.calls["UpdateDatasetEntries"] == 2


def test_a_line_that_was_not_taken_is_not_remembered_as_stored_differently(desk: Desk) -> None:
    """In strict mode the old line means the same; it must be sent again, not settled."""
    desk.policy = Policy(compare=Compare.STRICT)
    desk.create(*LINES)
    desk.fault("fault: stale-status, reads: 1000}, {fault: stale-listing, reads: 1000")
    outcome = desk.run(*[line | {"note": 1} for line in LINES]).outcome
    assert (outcome.error, outcome.settled, outcome.rewritten) == (None, frozenset(), 0)
    assert all(line["note"] == 1 for line in desk.live().values())


def test_labels_that_are_not_off_when_the_status_never_moves_are_taken_off_again(desk: Desk) -> None:
    """Live-only entries are looked at too."""
    desk.policy = Policy(extra=Extra.UNLABEL)
    desk.create(*LINES, labelled(KEY.format(9), "x"))
    desk.fault("fault: stale-status, reads: 1000}, {fault: stale-listing, reads: 1000")
    ran = desk.run(*LINES)
    assert (ran.outcome.error, ran.outcome.unlabel) == (None, 1)
    assert "attribute-0" not in desk.live()[KEY.format(9)]


@pytest.mark.parametrize("rejected", Rejection)
@pytest.mark.parametrize("mode", Compare)
def test_what_somebody_overwrites_after_the_last_batch_is_no_success(
    desk: Desk, rejected: Rejection, mode: Compare
) -> None:
    """`rejected: skip` is about lines that the service will not take; LastUpdatedTimestamp tells the difference."""
    desk.policy = Policy(rejected=rejected, compare=mode)
    theirs = json.dumps(labelled(KEY.format(1), "theirs"))
    desk.fault(f"fault: edit, operation: ListDatasetEntries, on: 1, lines: [{json.dumps(theirs)}]")
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert "because somebody else changed the dataset during the apply; run again" in str(outcome.error)
    assert [one.reason for one in outcome.rejected] == ["somebody else changed it during the apply"]
    assert desk.run(*LINES).outcome.error is None


@pytest.mark.parametrize("extra", [Extra.FAIL, Extra.REPLACE, Extra.UNLABEL])
def test_what_somebody_adds_under_an_apply_is_no_success_where_the_policy_says_what_may_be_live(
    desk: Desk, extra: Extra
) -> None:
    """The dataset is not as the policy wants it; the entry is named, and the next run sees to it."""
    desk.policy = Policy(extra=extra)
    theirs = json.dumps(labelled(KEY.format(9), "theirs"))
    desk.fault(f"fault: edit, operation: ListDatasetEntries, on: 1, lines: [{json.dumps(theirs)}]")
    outcome = desk.run(*LINES).outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert [(one.key, one.reason) for one in outcome.rejected] == [
        (KEY.format(9), "somebody else added it during the apply")
    ]


def test_what_somebody_adds_under_an_apply_may_stay_where_extra_entries_are_only_reported(desk: Desk) -> None:
    """Under `extra: report`, an entry that somebody adds during the apply is not an error."""
    theirs = json.dumps(labelled(KEY.format(9), "theirs"))
    desk.fault(f"fault: edit, operation: ListDatasetEntries, on: 1, lines: [{json.dumps(theirs)}]")
    outcome = desk.run(*LINES).outcome
    assert (outcome.error, outcome.rejected) == (None, ())
