"""The guard `leakage`: no plan labels an image that the project's other dataset is labelled with too."""

import pytest

from reconciler.model import DatasetType, GuardCheck, GuardState
from reconciler.plan import Sibling
from reconciler.plan.leakage import Keys
from reconciler.policy import Extra, Leftover, Policy
from reconciler.text import plain
from tests.support.filling import filled
from tests.support.lines import Document, bare, labelled
from tests.support.plans import planned

KEY = "s3://b/{:03}.jpg"


def _lines(first: int, last: int) -> list[Document]:
    return [labelled(KEY.format(number), "a") for number in range(first, last + 1)]


def _keys(first: int, last: int, *, is_labelled: bool = True) -> Keys:
    return lambda: [(KEY.format(number), is_labelled) for number in range(first, last + 1)]


def _leakage(
    desired: list[Document],
    live: list[Document],
    sibling: Sibling,
    extra: Extra = Extra.REPORT,
    kind: DatasetType = DatasetType.TEST,
) -> GuardCheck:
    with filled(desired, live) as ledger:
        plan = planned(ledger, Policy(extra=extra), kind=kind, guards={}, sibling=sibling, exists=bool(live))
    return next(one for one in plan.guards if one.name == "leakage")


@pytest.mark.parametrize("live", [[], _lines(1, 4)])
def test_an_image_that_both_manifests_have_trips_on_a_first_load_too(live: list[Document]) -> None:
    """Images that are labelled here for the first time and in the other manifest count."""
    check = _leakage(_lines(1, 10), live, Sibling("train.jsonl", _keys(9, 20), tuple))
    assert check.state is GuardState.TRIPPED
    assert plain(check.words) == (
        "2 images would be labelled in train and in test: s3://b/009.jpg, s3://b/010.jpg; the score would look better "
        "than the model is; remove them from one of the two (compared with train.jsonl)"
    )


def test_what_both_sets_have_already_is_counted_and_does_not_trip() -> None:
    """A guard judges what the plan adds, not what an earlier one did."""
    check = _leakage(_lines(1, 11), _lines(1, 10), Sibling("train.jsonl", _keys(9, 10), tuple))
    assert (check.state, check.count) == (GuardState.PASSED, 2)
    assert "2 are in both already" in plain(check.words)


def test_bare_lines_on_either_side_are_no_leakage() -> None:
    """An image without labels is not used for training."""
    here = [*_lines(1, 8), *[bare(KEY.format(number)) for number in (9, 10)]]
    assert _leakage(here, [], Sibling("train.jsonl", _keys(9, 20), tuple)).state is GuardState.PASSED
    there = Sibling("train.jsonl", _keys(1, 20, is_labelled=False), tuple)
    assert _leakage(_lines(1, 8), [], there).state is GuardState.PASSED


@pytest.mark.parametrize(
    ("leftover", "state"),
    [
        (Leftover.STAYS, GuardState.TRIPPED),
        (Leftover.UNLABELLED, GuardState.PASSED),
        (Leftover.GONE, GuardState.PASSED),
    ],
)
def test_live_only_entries_of_the_other_set_count_while_they_keep_their_labels(
    leftover: Leftover, state: GuardState
) -> None:
    """Its manifest does not have them, but the next training uses them unless its policy takes the labels off."""
    other = Sibling("train.jsonl", tuple, _keys(9, 10), leftover)
    assert _leakage(_lines(1, 10), _lines(1, 8), other).state is state


def test_live_only_entries_here_count_once_the_other_manifest_has_them_only_as_before() -> None:
    """They were labelled before this plan, so it adds nothing; under `unlabel` they are not shared at all."""
    other = Sibling("train.jsonl", _keys(9, 10), tuple)
    new = _lines(50, 50)
    assert _leakage(_lines(1, 9) + new, _lines(1, 10), other).count == 2
    assert _leakage(_lines(1, 8) + new, _lines(1, 10), other, Extra.UNLABEL).count == 0


def test_without_a_manifest_live_is_compared_and_named() -> None:
    """The sentence says which side was used; where none could be read, the guard says so and does not say zero."""
    check = _leakage(_lines(1, 10), _lines(1, 8), Sibling(live=_keys(9, 10)))
    assert check.state is GuardState.TRIPPED
    assert plain(check.words).endswith("(compared with live)")
    unread = _leakage(_lines(1, 10), _lines(1, 8), Sibling(live=lambda: None))
    assert plain(unread.words).endswith("(compared with nothing; live could not be listed)")


def test_live_is_not_listed_for_a_plan_that_labels_nothing_more() -> None:
    """A listing of the other dataset costs calls."""

    def listed() -> list[tuple[str, bool]]:
        raise AssertionError

    assert _leakage(_lines(1, 5), _lines(1, 8), Sibling(live=listed)).state is GuardState.PASSED
