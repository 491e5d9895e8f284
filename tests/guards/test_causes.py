"""One cause, one guard: a change that the program knows to be one thing needs one override, for train and test."""

import shlex
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import BadInput
from reconciler.guards import override_of, parse_allow, read_variable, thing_of
from reconciler.model import DatasetType, GuardState
from reconciler.plan import Plan
from reconciler.policy import Extra, Policy, Threshold
from reconciler.text import safe
from tests.support.filling import filled
from tests.support.lines import Document, Drawn, boxes, labelled
from tests.support.plans import planned

KEY = "s3://b/{:03}.jpg"


def _lines(first: int, last: int, label: str) -> list[Document]:
    return [labelled(KEY.format(number), label) for number in range(first, last + 1)]


def _plan(
    desired: list[Document],
    live: list[Document],
    *allow: str,
    kind: DatasetType = DatasetType.TRAIN,
    extra: Extra = Extra.REPORT,
    guards: Mapping[str, Threshold] | None = None,
) -> Plan:
    """The plan under the default thresholds and those given."""
    allowed = parse_allow(allow, "--allow")
    with filled(desired, live) as ledger:
        return planned(ledger, Policy(extra=extra), kind=kind, guards=guards or {}, allow=allowed)


def _blocking(plan: Plan) -> list[str]:
    return [one.override for one in plan.guards if one.state is GuardState.TRIPPED]


RENAMED = ([*_lines(1, 120, "Red cell"), *_lines(121, 150, "WBC")], [*_lines(1, 120, "RBC"), *_lines(121, 150, "WBC")])


def test_a_renamed_label_trips_one_guard_with_one_override() -> None:
    """Updates, a label that is gone and a share that moves are the same rename, told once."""
    plan = _plan(*RENAMED)
    assert _blocking(plan) == ["rename:RBC->Red cell"]
    assert safe(*plan.refusals).startswith("guard rename: label RBC renamed to Red cell on 120 entries (80%")
    assert plan.override
    assert plan.override.options == "--allow 'rename:RBC->Red cell=why'"
    overridden = _plan(*RENAMED, "rename:RBC->Red cell=agreed in #12")
    assert (overridden.refusals, overridden.overrides) == ((), (("rename:RBC->Red cell", "agreed in #12"),))


def test_the_override_of_a_thing_lets_no_other_through() -> None:
    """A second rename, or the same label renamed to something else, still blocks."""
    assert _blocking(_plan(*RENAMED, "rename:RBC->Rot=why")) == ["rename:RBC->Red cell"]
    other = [*_lines(1, 120, "Red cell"), *_lines(121, 150, "White")]
    assert _blocking(_plan(other, RENAMED[1], "rename:RBC->Red cell=why")) == ["rename:WBC->White"]


def test_todays_names_go_on_working() -> None:
    """All guards that a rename stands in for, overridden by their names, let it through."""
    names = ("updates=a", "label-removed=b", "label-share=c")
    plan = _plan(*RENAMED, *names)
    assert (plan.refusals, plan.overrides) == ((), (("updates", "a"), ("label-removed", "b"), ("label-share", "c")))
    assert _blocking(_plan(*RENAMED, *names[:2])) == ["rename:RBC->Red cell"]


def test_what_the_rename_does_not_explain_still_counts_as_updates() -> None:
    """Entries that change otherwise too are not left out, and neither are those of other changes."""
    desired = [*_lines(1, 60, "Red cell"), *_lines(61, 100, "WBC"), *_lines(101, 150, "other")]
    live = [*_lines(1, 60, "RBC"), *_lines(61, 100, "RBC2"), *_lines(101, 150, "WBC")]
    plan = _plan([*desired, *_lines(151, 160, "RBC2")], [*live, *_lines(151, 160, "RBC2")])
    assert "rename:RBC->Red cell" in _blocking(plan)
    assert "updates" in _blocking(plan)
    (updates,) = (one for one in plan.guards if one.name == "updates")
    assert updates.count == 90


def test_a_rename_never_silences_the_guard_of_a_test_set() -> None:
    """The score changes with every entry of a test set."""
    assert _blocking(_plan(*RENAMED, kind=DatasetType.TEST)) == ["test-set", "rename:RBC->Red cell"]


def test_a_label_merged_into_another_has_its_guard() -> None:
    """The other label was there before, so a reviewer cannot undo it by a second rename."""
    desired = [*_lines(1, 40, "cell"), *_lines(41, 150, "cell")]
    assert _blocking(_plan(desired, [*_lines(1, 40, "RBC"), *_lines(41, 150, "cell")])) == ["merge:RBC->cell"]


def test_a_small_rename_is_left_alone_where_its_guards_are_off() -> None:
    """It trips by the threshold of the guard that it stands in for."""
    desired, live = [*_lines(1, 20, "x"), *_lines(21, 150, "b")], [*_lines(1, 20, "a"), *_lines(21, 150, "b")]
    off: dict[str, Threshold] = {"label-removed": False, "label-share": False}
    assert _blocking(_plan(desired, live, guards=off)) == []
    assert _blocking(_plan(desired, live, guards={**off, "updates": 0.1})) == ["rename:a->x"]


def test_moved_keys_trip_once_and_not_in_a_test_set() -> None:
    """Another prefix with the same content is one move; a test set's `shrink` is never silenced."""
    live = [labelled(f"s3://b/old/{number}.jpg", "a") for number in range(40)]
    desired = [labelled(f"s3://b/new/{number}.jpg", "a") for number in range(40)]
    assert _blocking(_plan(desired, live)) == ["move:s3://b/old/->s3://b/new/"]
    assert _blocking(_plan(desired, live, kind=DatasetType.TEST)) == ["shrink"]


def test_boxes_that_all_moved_by_one_amount_trip_once() -> None:
    """A converter that is off by a pixel is one cause."""

    def image(number: int, by: float) -> Document:
        found: list[Drawn] = [("cell", 10.0 + by + number + 20 * box, 20.0 + by, 30.0, 40.0) for box in range(3)]
        return boxes(KEY.format(number), *found)

    plan = _plan([image(number, 4) for number in range(40)], [image(number, 0) for number in range(40)])
    assert _blocking(plan) == ["boxes:shifted 4,4"]


def test_a_removed_label_may_be_overridden_by_its_name() -> None:
    """`label-removed:LABEL` lets this label go and no other."""
    desired, live = _lines(1, 12, "a"), [*_lines(1, 10, "a"), *_lines(11, 11, "b"), *_lines(12, 12, "c")]
    desired = [*_lines(1, 10, "a"), boxes(KEY.format(11)), boxes(KEY.format(12))]
    assert _blocking(_plan(desired, live, "label-removed:b=why")) == ["label-removed"]
    assert _blocking(_plan(desired, live, "label-removed:b=why", "label-removed:c=why")) == []


LABELS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    ["a=b", "a;b", "a->b", 'say "x"', "it's", "back\\slash", " blank ", "$HOME", "`ls`", "; rename:x=y", "a\nb", "-"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=4))
def test_the_printed_override_parses_back_to_the_same(pairs: list[tuple[str, str]]) -> None:
    """Whatever characters labels have: as options and as the variable, pasted in a shell."""
    names = [f"rename:{thing_of((old,), (new,))}" for old, new in pairs]
    override = override_of(names, "0" * 32)
    options = shlex.split(override.options)
    assert options[::2] == ["--allow"] * len(names)
    assert parse_allow(options[1::2], "--allow") == dict.fromkeys(names, "why")
    (variable,) = shlex.split(override.variable)
    assert read_variable(dict([variable.split("=", 1)])) == dict.fromkeys(names, "why")


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("rename=why", "rename:OLD->NEW=why"),
        ("shrink:a=why", "overridden as a whole"),
        ("renames:a->b=why", "did you mean `rename`"),
        ("rename:a->b", "needs a reason"),
    ],
)
def test_a_cause_is_named_with_what_it_is_about(item: str, said: str) -> None:
    """Anything else is refused with the cure."""
    with pytest.raises(BadInput, match=said):
        parse_allow([item], "--allow")
