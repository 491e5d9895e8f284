"""What AWS's public material leaves open: whichever way the service answers, an apply ends and a second is empty."""

import pytest

import rekognition_emulator
from reconciler.changes import Action
from reconciler.policy import Compare, Extra, Policy
from rekognition_emulator import Clock, Latency, Switches
from tests.apply.conftest import START
from tests.support.desk import Desk
from tests.support.lines import bare, boxes, labelled

KEY = "s3://bucket/{}.jpg"
LINES = [
    labelled(KEY.format(1), "a", "errors"),
    boxes(KEY.format(2), ("RBC", 68, 315, 100, 100)),
    boxes(KEY.format(3)),
    bare(KEY.format(4)),
    boxes(KEY.format(5), ("RBC", 600, 400, 100, 100)),  # off the frame: marked
    labelled(KEY.format(6), "a") | {"attribute-0": "0"},
]


@pytest.mark.parametrize("compare", Compare)
@pytest.mark.parametrize(
    "switches",
    [
        Switches(error_key="errors"),
        Switches(bare_line="marked"),
        Switches(zero_boxes="unlabeled"),
        Switches(string_label_value="marked"),
        Switches(labels_counted="used"),
        Switches(list_while_updating="ResourceInUseException"),
        Switches(create_failed_keeps_slot=False),
        Switches(empty_reply="nothing"),
        Switches(listed_form="byte for byte"),
        Switches(inferred_error_places="line"),
        Switches(service_fields_sent="kept"),
        Switches(update_shows_after=3.0),
    ],
    ids=["errors", "bare", "zero", "string", "used", "list", "slot", "empty", "bytes", "places", "kept", "late"],
)
def test_an_apply_ends_and_a_second_one_sends_nothing(switches: Switches, compare: Compare) -> None:
    """With labels, boxes, no boxes, nothing, a marked entry, and live-only entries that lose their labels."""
    latency = Latency(create=10, update=10)
    with rekognition_emulator.serve(clock=Clock(START), latency=latency, switches=switches) as emulator:
        desk = Desk(emulator, policy=Policy(extra=Extra.UNLABEL, compare=compare))
        desk.create()
        emulator.clock.advance(10)
        desk.edit(labelled(KEY.format(9), "x"), labelled(KEY.format(1), "b"))
        ran = desk.run(*LINES)
        assert ran.outcome.error is None
        assert (ran.outcome.add, ran.outcome.update, ran.outcome.unlabel) == (5, 1, 1)
        again = desk.run(*LINES)
        assert (again.plan.action, again.outcome.error) == (Action.NOTHING, None)
        assert again.calls["UpdateDatasetEntries"] == 0
        assert again.plan.marked == ran.outcome.marked_total > 0


@pytest.mark.parametrize("compare", Compare)
def test_a_service_that_drops_foreign_attributes_is_at_rest_all_the_same(compare: Compare) -> None:
    """Strict mode remembers what is not stored as sent; labels mode never looks at it."""
    with rekognition_emulator.serve(clock=Clock(START)) as emulator:
        desk = Desk(emulator, policy=Policy(compare=compare))
        desk.fault("fault: rewrite, what: [unknown, numbers, key-order]")
        noted = [line | {"note": 1} for line in LINES]
        first = desk.run(*noted).outcome
        assert first.error is None
        assert bool(first.settled) >= (compare is Compare.STRICT)
        desk.settled = first.settled
        assert desk.run(*noted).plan.action is Action.NOTHING
