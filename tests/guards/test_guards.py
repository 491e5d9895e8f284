"""Guards: which plans are blocked until overridden with a reason, and how an override is written."""

from collections.abc import Mapping

import pytest

from reconciler.changes import batches, loads
from reconciler.errors import BadInput
from reconciler.guards import GUARDS, OFF, Labels, judged, parse_allow, read_threshold, read_variable
from reconciler.model import DatasetType, GuardCheck, GuardState
from reconciler.plan import Plan, Sibling
from reconciler.plan.figures import PlanFigures, labels_of_live
from reconciler.policy import FROZEN, Compare, Extra, Policy, Threshold
from reconciler.text import safe
from tests.support.filling import filled
from tests.support.lines import Document, bare, labelled
from tests.support.plans import planned

KEY = "s3://bucket/{:04}.jpg"


def _lines(count: int, label: str = "a", start: int = 0) -> list[Document]:
    return [labelled(KEY.format(number), label) for number in range(start, start + count)]


def _bare(count: int, start: int = 0) -> list[Document]:
    return [bare(KEY.format(number)) for number in range(start, start + count)]


def _checks(
    desired: list[Document],
    live: list[Document],
    kind: DatasetType = DatasetType.TRAIN,
    *,
    extra: Extra = Extra.REPORT,
    guards: Mapping[str, Threshold] | None = None,
    sibling: Sibling | None = None,
    before: Labels | None = None,
    unusable: bool = False,
) -> dict[str, GuardCheck]:
    """What every guard says by itself, under the default thresholds unless told otherwise."""
    with filled(desired, live, unusable=unusable) as ledger:
        plan = planned(ledger, Policy(extra=extra), kind=kind, guards=guards or {}, sibling=sibling, before=before)
        figures = PlanFigures(ledger, plan, sibling)
        return {one.name: one for one in judged(figures, plan.policy.guards, plan.request.asked)}


def _tripped(
    desired: list[Document],
    live: list[Document],
    kind: DatasetType = DatasetType.TRAIN,
    *,
    extra: Extra = Extra.REPORT,
    sibling: Sibling | None = None,
) -> dict[str, str]:
    """The guards that trip under the default thresholds, with their sentences."""
    checks = _checks(desired, live, kind, extra=extra, sibling=sibling).values()
    tripped = [one for one in checks if one.state is GuardState.TRIPPED]
    return {one.name: safe(one.words) for one in tripped}


def _guarded(desired: list[Document], live: list[Document], allow: dict[str, str]) -> Plan:
    with filled(desired, live) as ledger:
        return planned(ledger, bucket="bucket", guards={}, allow=allow)


def test_updates_trip_over_thirty_percent_and_from_ten_entries_on() -> None:
    """31 of 100 do, 30 do not; 9 of 9 are too few to tell, 10 of 10 are enough; adds never count."""
    many = _lines(100)
    assert "31 of 100" in _tripped(_lines(31, "b") + many[31:], many)["updates"]
    assert "updates" not in _tripped(_lines(30, "b") + many[30:], many)
    assert "updates" not in _tripped(_lines(9, "b"), _lines(9))
    assert "10 of 10" in _tripped(_lines(10, "b"), _lines(10))["updates"]
    assert "updates" not in _tripped(_lines(100), _lines(1))


def test_labels_for_entries_that_have_none_are_adds() -> None:
    """Whoever labels images that somebody uploaded overwrites nothing."""
    live = [*_lines(10), *_bare(30, start=10)]
    checks = _checks(_lines(40), live)
    assert (checks["updates"].state, checks["updates"].count) == (GuardState.PASSED, 0)
    assert "updates" in _tripped([*_lines(10, "b"), *_bare(20, start=10)], [*_lines(10), *_bare(20, start=10)])


def test_what_a_replace_loads_otherwise_counts_as_updated() -> None:
    """Deleting the dataset on the way makes a wrong relabelling no better."""
    live = [*_lines(100), *_lines(1, start=500)]
    desired = [*_lines(40, "b"), *_lines(60, start=40)]
    assert "40 of 101" in _tripped(desired, live, extra=Extra.REPLACE)["updates"]


def test_a_label_that_no_entry_would_use_any_more_trips() -> None:
    """Named, with its uses; a label that one entry keeps does not."""
    live = [*_lines(3), *_lines(2, "b", start=3)]
    assert "label b would" in _tripped([*_lines(3), *_lines(2, "a", start=3)], live)["label-removed"]
    assert "label-removed" not in _tripped([*_lines(4), *_lines(1, "b", start=4)], live)


def test_the_entries_that_use_a_label_last_are_named() -> None:
    """So that a person sees at once whose label it is; of many the first."""
    desired = _lines(50)
    one = _tripped(desired, [*_lines(7), *_lines(1, "new", start=7), *_lines(42, start=8)])["label-removed"]
    assert one == "the label new would no longer be used (now 1 use: s3://bucket/0007.jpg)"
    many = _tripped(desired, [*_lines(46), *_lines(4, "new", start=46)])["label-removed"]
    assert many == "the label new would no longer be used (now 4 uses, the first in s3://bucket/0046.jpg)"
    three = _tripped(desired, [*_lines(48), *_lines(1, "x", start=48), *_lines(1, "y\x1b", start=49)])["label-removed"]
    assert three == (
        "2 labels would no longer be used (now 2 uses: s3://bucket/0048.jpg, s3://bucket/0049.jpg): x, y\\x1b"
    )


def test_a_label_of_a_live_only_entry_is_used_as_long_as_the_entry_keeps_it() -> None:
    """Reported entries do, unlabelled and replaced ones do not."""
    live, desired = [*_lines(3), *_lines(1, "b", start=3)], _lines(4, start=4)
    assert "label-removed" not in _tripped(desired, live)
    assert "label b would" in _tripped(_lines(4), live, extra=Extra.UNLABEL)["label-removed"]
    assert "label b would" in _tripped([*desired, *_lines(3)], live, extra=Extra.REPLACE)["label-removed"]


def test_a_share_that_moves_by_more_than_ten_points_trips_from_a_hundred_images_on() -> None:
    """50 % to 61 % of 100 images does, to 60 % does not; of 98 images nothing does."""
    live = [*_lines(50), *_lines(50, "b", start=50)]
    after = [*_lines(61), *_lines(39, "b", start=61)]
    assert "50% -> 39%" in (message := _tripped(after, live)["label-share"]) or "50% -> 61%" in message
    assert "label-share" not in _tripped([*_lines(60), *_lines(40, "b", start=60)], live)
    assert "label-share" not in _tripped(after[:98], live[:98])


def test_adds_move_a_share_too() -> None:
    """A folder of another class, imported by mistake."""
    live = [*_lines(60), *_lines(60, "b", start=60)]
    assert "label-share" in _tripped([*live, *_lines(40, start=120)], live)
    assert "label-share" not in _tripped([*live, *_lines(20, start=120)], live)


def test_the_rest_of_a_first_load_does_not_trip() -> None:
    """The first batch of a manifest that is sorted by label is in: the next run must not be refused for the second."""
    padding = "x" * 40_000  # so that 240 lines are two batches
    desired = [{**line, "note": padding} for line in (*_lines(140), *_lines(100, "b", start=140))]
    with filled(desired) as ledger:
        plan = planned(ledger, Policy(), exists=False, bucket="bucket")
        assert plan.batches > 1
        first = len(next(batches(loads(ledger))).changes)
    assert _checks(desired, desired[:first])["label-share"].state is GuardState.PASSED
    for live, state in ((desired[:first], GuardState.PASSED), (desired[: first - 1], GuardState.TRIPPED)):
        assert _checks(desired, live, DatasetType.TEST, guards={"test-set": FROZEN})["test-set"].state is state
    assert _checks(desired, desired[: first - 1])["label-share"].state is GuardState.TRIPPED
    assert _checks(desired, desired[1 : first + 1])["label-share"].state is GuardState.TRIPPED


def test_shares_are_compared_with_what_was_live_before_the_apply() -> None:
    """While an apply plans again, its own first batches are live already."""
    before_apply = [*_lines(100), *_lines(100, "b", start=100)]
    desired = [*before_apply, *_lines(100, start=200), *_lines(100, "b", start=300)]
    half_way = [*before_apply, *_lines(100, start=200)]
    with filled(desired, before_apply) as ledger:
        before = labels_of_live(ledger)
    assert _checks(desired, half_way)["label-share"].state is GuardState.TRIPPED
    assert _checks(desired, half_way, before=before)["label-share"].state is GuardState.PASSED


def test_a_manifest_that_lost_a_tenth_of_live_trips() -> None:
    """11 of 100 do, 10 do not; 9 of 20 are too few to tell."""
    live = _lines(100)
    assert "11 of 100" in _tripped([*live[:89], *_lines(1, start=200)], live)["shrink"]
    assert "shrink" not in _tripped([*live[:90], *_lines(1, start=200)], live)
    assert "shrink" not in _tripped([*live[:11], *_lines(1, start=200)], live[:20])


def test_entries_that_lose_their_labels_shrink_a_dataset_too() -> None:
    """Whether the manifest has them still, without labels, or `extra: unlabel` takes them off."""
    live = _lines(100)
    assert "11 of 100" in _tripped([*live[:89], *_bare(11, start=89)], live)["shrink"]
    assert "12 of 100" in _tripped([*live[:88], *_bare(6, start=88)], live)["shrink"]
    assert "11 of 100" in _tripped(live[:89], live, extra=Extra.UNLABEL)["shrink"]
    assert "shrink" not in _tripped([*live[:90], *_bare(10, start=90)], live)


def test_live_only_entries_without_labels_have_nothing_to_lose_unless_they_are_deleted() -> None:
    """What an earlier apply unlabelled stays live for ever: it must not stop every later one."""
    live = [*_lines(80), *_bare(20, start=80)]
    desired = [*_lines(80), *_lines(1, start=200)]
    assert "shrink" not in _tripped(desired, live)
    assert "20 of 100" in _tripped(desired, live, extra=Extra.REPLACE)["shrink"]


def test_a_test_set_is_guarded_more_closely() -> None:
    """Over a tenth updated, or any label taken off; a training set is not held to it."""
    live = _lines(20)
    changed = [*_lines(3, "b"), *live[3:]]
    assert "3 of 20" in _tripped(changed, live, DatasetType.TEST)["test-set"]
    assert "test-set" not in _tripped([*_lines(2, "b"), *live[2:]], live, DatasetType.TEST)
    assert "test-set" not in _tripped(changed, live)


@pytest.mark.parametrize("extra", [Extra.UNLABEL, Extra.REPLACE])
def test_a_test_set_keeps_every_label(extra: Extra) -> None:
    """One entry that goes, or that the manifest has without its label, is enough."""
    live = _lines(20)
    assert "lose its labels" in _tripped(live[:19], live, DatasetType.TEST, extra=extra)["test-set"]
    assert "lose its labels" in _tripped([*live[:19], *_bare(1, start=19)], live, DatasetType.TEST)["test-set"]


def test_a_frozen_test_set_takes_no_entry_and_no_change() -> None:
    """An entry that is added, changed or labelled trips; a training set, a first load do not."""
    live = [*_lines(19), *_bare(1, start=19)]
    frozen = {"test-set": read_threshold("test-set", "frozen")}

    def said(desired: list[Document], kind: DatasetType = DatasetType.TEST, live: list[Document] = live) -> GuardCheck:
        return _checks(desired, live, kind, guards=frozen)["test-set"]

    for desired in ([*live, *_lines(1, start=20)], [*_lines(1, "b"), *live[1:]], _lines(20)):
        assert said(desired).state is GuardState.TRIPPED
        assert safe(said(desired).words) == "1 entry would be added to or changed in the test set, which is frozen"
    assert "would lose their labels" in safe(said([*_lines(18), *_bare(2, start=18)]).words)
    assert said(live).state is GuardState.PASSED
    assert said(_lines(9), live=[]).state is GuardState.PASSED
    assert said([*live, *_lines(1, start=20)], DatasetType.TRAIN).state is GuardState.PASSED


@pytest.mark.parametrize("name", [name for name in GUARDS if name != "test-set"])
def test_only_the_test_set_can_be_frozen(name: str) -> None:
    """No guard of training data takes the word."""
    with pytest.raises(ValueError, match="frozen"):
        read_threshold(name, "frozen")


def test_entries_that_are_live_in_the_test_set_trip() -> None:
    """Entries that DistributeDatasetEntries moved to the test set trip the guard `distributed`, and no other."""
    moved = Sibling("test.jsonl", tuple, lambda: [(KEY.format(number), True) for number in (8, 9)])
    tripped = _tripped(_lines(10), _lines(8), sibling=moved)
    assert list(tripped) == ["distributed"]
    assert tripped["distributed"].endswith("perhaps DistributeDatasetEntries moved them")


@pytest.mark.parametrize("live", [[], None])
def test_a_new_or_empty_dataset_trips_nothing(live: list[Document] | None) -> None:
    """A dataset that is new or empty has nothing to lose, so every guard passes."""
    with filled(_lines(50), live or []) as ledger:
        plan = planned(ledger, exists=live is not None, kind=DatasetType.TEST, guards={})
    assert {one.state for one in plan.guards} == {GuardState.PASSED}


def test_a_plan_that_sends_nothing_trips_nothing() -> None:
    """Live-only entries that were reported before do not stop anybody."""
    assert _tripped(_lines(50), [*_lines(50), *_lines(50, "b", start=50)]) == {}


def test_every_guard_is_on_unless_it_is_switched_off() -> None:
    """The default thresholds are the recommended ones; off is off."""
    assert [row.default for row in GUARDS.values()] == [0.3, True, 0.1, 0.1, 0.1, True, True, 0.2]
    desired, live = [*_bare(100), *_lines(2, "new", start=200)], [*_lines(60), *_lines(60, "b", start=60)]
    other = [(KEY.format(number), True) for number in (200, 201)]
    sibling = Sibling("other.jsonl", lambda: other[:1], lambda: other)
    tripped = set()
    for kind in DatasetType:
        on = _checks(desired, live, kind, sibling=sibling, unusable=True)
        off = _checks(desired, live, kind, sibling=sibling, guards=OFF)
        tripped |= {name for name, one in on.items() if one.state is GuardState.TRIPPED}
        assert {one.state for one in off.values()} == {GuardState.OFF}
    assert tripped == set(GUARDS)


def test_a_guard_tells_its_figures_and_threshold() -> None:
    """A guard that passes has its figures too, so that a view can show how near it was."""
    checks = _checks([*_lines(20, "b"), *_lines(80, start=20)], _lines(100), guards={"updates": 0.5})
    updates = checks["updates"]
    assert (updates.state, updates.count, updates.of, updates.share, updates.threshold) == (
        GuardState.PASSED,
        20,
        100,
        0.2,
        0.5,
    )
    share = checks["label-share"]
    assert (share.state, share.threshold) == (GuardState.TRIPPED, 0.1)
    assert share.share == pytest.approx(0.2)
    assert list(checks) == list(GUARDS)


def test_a_label_cannot_act_on_a_terminal() -> None:
    """Names of labels are somebody else's text."""
    tripped = _tripped(_lines(5), _lines(5, "b\x1b[2J"))
    assert "\x1b" not in tripped["label-removed"]
    assert "\\x1b[2J" in tripped["label-removed"]


def test_a_reason_overrides_its_guard_and_no_other() -> None:
    """The plan says which were overridden and why, and how the rest are: for one run, or for this manifest."""
    desired = [*_lines(50, "b"), *_lines(50, "c", start=50)]
    plan = _guarded(desired, _lines(100), parse_allow(['updates="relabelled by the new team"'], "--allow"))
    assert plan.overrides == (("updates", "relabelled by the new team"),)
    assert [safe(words).split(":")[0] for words in plan.refusals] == ["guard label-removed", "guard label-share"]
    assert plan.override
    assert plan.override.options == '--allow label-removed="why" --allow label-share="why"'
    assert plan.override.variable == "RECONCILER_ALLOW='label-removed=why; label-share=why'"
    with filled(desired) as ledger:
        digest = ledger.desired_facts(Compare.STRICT).digest
    assert f"{{guard: label-removed, reason: why, manifest: {digest}}}" in plan.override.configuration
    assert plan.refusal.endswith(str(plan.override))


def test_a_plan_without_refusals_tells_no_way_to_override() -> None:
    """A reason for a guard that does not trip does not count as an override."""
    plan = _guarded(_lines(100), _lines(99), {"updates": "not needed"})
    assert (plan.refusals, plan.override, plan.refusal, plan.overrides) == ((), None, "", ())


@pytest.mark.parametrize(
    ("item", "said"),
    [("update=why", "did you mean `updates`?"), ("updates", "needs a reason"), ('updates=""', "needs a reason")],
)
def test_an_override_needs_a_known_guard_and_a_reason(item: str, said: str) -> None:
    """Anything else is refused with the cure."""
    with pytest.raises(BadInput, match=said.replace("?", r"\?")):
        parse_allow([item], "--allow")


def test_the_variable_holds_several_overrides() -> None:
    """Semicolons separate them, and a reason may contain semicolons."""
    written = "updates=relabelled; see the ticket; shrink = 'moved to another project';"
    assert read_variable({"RECONCILER_ALLOW": written}) == {
        "updates": "relabelled; see the ticket",
        "shrink": "moved to another project",
    }
    assert read_variable({}) == {}


@pytest.mark.parametrize("written", ["updatse=why", "updates", "updates=; shrink=why", "shrink=why; updatse=why"])
def test_a_variable_that_is_malformed_is_refused(written: str) -> None:
    """The error for a malformed variable has the variable's name."""
    with pytest.raises(BadInput, match="RECONCILER_ALLOW"):
        read_variable({"RECONCILER_ALLOW": written})
