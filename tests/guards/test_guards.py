"""Guards: which plans are refused until somebody says why, and how that is said."""

import pytest

from reconciler.errors import BadInput
from reconciler.guards import Guard, check_guards, parse_allow, refusals
from reconciler.model import DatasetType, Extra, Guards, Policy
from reconciler.plan import make_plan
from tests.entries.lines import Document, bare, labelled
from tests.ledger.filling import filled

KEY = "s3://bucket/{:04}.jpg"


def _lines(count: int, label: str = "a", start: int = 0) -> list[Document]:
    return [labelled(KEY.format(number), label) for number in range(start, start + count)]


def _tripped(
    desired: list[Document],
    live: list[Document],
    kind: DatasetType = DatasetType.TRAIN,
    extra: Extra = Extra.REPORT,
    moved: int = 0,
) -> dict[str, str]:
    """The guards that trip under the recommended thresholds, with their sentences."""
    with filled(desired, live) as ledger:
        plan = make_plan(ledger, Policy(extra=extra), exists=True, bucket="bucket")
        tripped = check_guards(ledger, plan, kind, Guards.recommended(), moved)
    return {one.guard.value: one.message for one in tripped}


def test_updates_trip_over_thirty_percent_and_from_ten_entries_on() -> None:
    """31 of 100 do, 30 do not; 9 of 9 are too few to tell; adds never count."""
    many = _lines(100)
    assert "31 of 100" in _tripped(_lines(31, "b") + many[31:], many)["updates"]
    assert "updates" not in _tripped(_lines(30, "b") + many[30:], many)
    assert "updates" not in _tripped(_lines(9, "b"), _lines(9))
    assert "updates" not in _tripped(_lines(100), _lines(1))


def test_a_label_that_no_entry_would_use_any_more_trips() -> None:
    """Named, with its uses; a label that one entry keeps does not."""
    live = [*_lines(3), *_lines(2, "b", start=3)]
    assert "label b " in _tripped([*_lines(3), *_lines(2, "a", start=3)], live)["label-removed"]
    assert "label-removed" not in _tripped([*_lines(4), *_lines(1, "b", start=4)], live)


def test_a_share_that_moves_by_more_than_ten_points_trips_from_a_hundred_images_on() -> None:
    """50 % to 61 % of 100 images does; of 98 it does not."""
    live = [*_lines(50), *_lines(50, "b", start=50)]
    after = [*_lines(61), *_lines(39, "b", start=61)]
    assert "50% -> 39%" in (message := _tripped(after, live)["label-share"]) or "50% -> 61%" in message
    assert "label-share" not in _tripped([*_lines(60), *_lines(40, "b", start=60)], live)
    assert "label-share" not in _tripped(after[:98], live[:98])


def test_a_manifest_that_lost_a_tenth_of_live_trips() -> None:
    """11 of 100 do, 10 do not."""
    live = _lines(100)
    assert "11 of 100" in _tripped([*live[:89], *_lines(1, start=200)], live)["shrink"]
    assert "shrink" not in _tripped([*live[:90], *_lines(1, start=200)], live)


def test_a_test_set_is_guarded_more_closely() -> None:
    """Over a tenth updated, or any label taken off; a training set is not held to it."""
    live = _lines(20)
    changed = [*_lines(3, "b"), *live[3:]]
    assert "3 of 20" in _tripped(changed, live, DatasetType.TEST)["test-set"]
    assert "test-set" not in _tripped(changed, live)
    assert "lose their labels" in _tripped(live[:19], live, DatasetType.TEST, Extra.UNLABEL)["test-set"]


def test_entries_that_are_live_in_the_test_set_trip() -> None:
    """Somebody ran DistributeDatasetEntries."""
    assert "DistributeDatasetEntries" in _tripped(_lines(10), _lines(8), moved=2)["distributed"]


@pytest.mark.parametrize("live", [[], None])
def test_a_new_or_empty_dataset_trips_nothing(live: list[Document] | None) -> None:
    """There is nothing to lose."""
    with filled(_lines(50), live or []) as ledger:
        plan = make_plan(ledger, Policy(), exists=live is not None, bucket="bucket")
        assert check_guards(ledger, plan, DatasetType.TEST, Guards.recommended(), 50) == ()


def test_a_plan_that_sends_nothing_trips_nothing() -> None:
    """Live-only entries that were reported before do not stop anybody."""
    assert _tripped(_lines(50), [*_lines(50), *_lines(50, "b", start=50)]) == {}


def test_guards_are_off_unless_they_are_set() -> None:
    """No threshold, no refusal."""
    with filled([bare(KEY.format(number)) for number in range(100)], _lines(100)) as ledger:
        plan = make_plan(ledger, Policy(), exists=True, bucket="bucket")
        assert check_guards(ledger, plan, DatasetType.TEST, Guards(), 100) == ()
        assert check_guards(ledger, plan, DatasetType.TEST, Guards.recommended(), 100)


def test_a_reason_overrides_its_guard_and_no_other() -> None:
    """The refusal says how an override is written."""
    with filled(_lines(100, "b"), _lines(100)) as ledger:
        plan = make_plan(ledger, Policy(), exists=True, bucket="bucket")
        tripped = check_guards(ledger, plan, DatasetType.TRAIN, Guards.recommended())
    assert {one.guard for one in tripped} == {Guard.UPDATES, Guard.LABEL_REMOVED, Guard.LABEL_SHARE}
    left = refusals(tripped, parse_allow(['updates="relabelled by the new team"'], "--allow"))
    assert [sentence.split(":")[0] for sentence in left] == ["guard label-removed", "guard label-share"]
    assert '--allow label-removed="why"' in left[0]


@pytest.mark.parametrize(
    ("item", "said"),
    [("update=why", "did you mean updates?"), ("updates", "needs a reason"), ('updates=""', "needs a reason")],
)
def test_an_override_needs_a_known_guard_and_a_reason(item: str, said: str) -> None:
    """Anything else is refused with the cure."""
    with pytest.raises(BadInput, match=said.replace("?", r"\?")):
        parse_allow([item], "--allow")
