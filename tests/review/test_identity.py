"""Plan ids: the same for the same changes, another for any other, and words for what moved."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan import moved, run_id
from reconciler.policy import Extra, Policy
from tests.support.filling import filled
from tests.support.lines import Document, labelled, shuffled
from tests.support.plans import planned

Lines = list[Document]
LABEL = st.sampled_from("abc")
SIDE = st.dictionaries(st.sampled_from(["s3://b/1", "s3://b/2", "s3://b/3"]), LABEL).map(
    lambda labels: [labelled(key, label) for key, label in labels.items()]
)


def named(live: Lines, desired: Lines, extra: Extra = Extra.REPORT, title: str = "cells train") -> str:
    """The id of the plan from live to desired."""
    with filled(desired, live) as ledger:
        return planned(ledger, Policy(extra=extra), title=title).id


@settings(max_examples=100, deadline=None)
@given(SIDE, SIDE, st.integers(0, 100))
def test_the_order_of_entries_and_members_does_not_count(live: Lines, desired: Lines, seed: int) -> None:
    """Neither in the listing nor in the manifest."""
    chance = Random(seed)  # noqa: S311 - repeatable
    other_live = [shuffled(line, chance) for line in reversed(live)]
    other_desired = [shuffled(line, chance) for line in reversed(desired)]
    assert named(live, desired) == named(other_live, other_desired)


@settings(max_examples=100, deadline=None)
@given(SIDE, SIDE, SIDE, SIDE)
def test_other_changes_have_another_id(live: Lines, desired: Lines, other_live: Lines, other_desired: Lines) -> None:
    """The deciding part is the same exactly when verbs, keys, desired and live lines of all changes are."""

    def changes(before: Lines, after: Lines) -> set[tuple[str, str, str]]:
        old, new = ({line["source-ref"]: json.dumps(line) for line in side} for side in (before, after))
        return {
            (key, old.get(key, ""), new.get(key, "")) for key in old.keys() | new.keys() if old.get(key) != new.get(key)
        }

    def kind(before: Lines, after: Lines) -> bool:
        return any(new != "" for _key, _old, new in changes(before, after))

    same = changes(live, desired) == changes(other_live, other_desired) and kind(live, desired) == kind(
        other_live, other_desired
    )
    assert (named(live, desired)[:24] == named(other_live, other_desired)[:24]) is same


def test_the_name_and_what_happens_to_live_only_entries_are_part_of_it() -> None:
    """The same lines of another dataset, or unlabelled instead of reported, make a different plan."""
    live, desired = [labelled("s3://b/1", "a")], [labelled("s3://b/2", "a")]
    ids = {named(live, desired), named(live, desired, Extra.UNLABEL), named(live, desired, title="cells test")}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("live", "desired", "words"),
    [
        ("a", "b", ""),
        ("c", "b", "live entries changed since the review; the manifest is as it was reviewed"),
        ("a", "c", "the manifest changed since the review; live is as it was then"),
        ("c", "d", "both changed"),
    ],
)
def test_what_moved_since_the_review_is_said(live: str, desired: str, words: str) -> None:
    """By the id alone; the plan that was reviewed is still itself."""
    reviewed = named([labelled("s3://b/1", "a")], [labelled("s3://b/1", "b")])
    now = named([labelled("s3://b/1", live)], [labelled("s3://b/1", desired)])
    told = moved(reviewed, now)
    assert told == words or (words == "both changed" and words in told)


def test_a_dataset_finds_its_part_in_the_id_of_a_run() -> None:
    """In any order; a run with a dataset that was not planned has no id."""
    one = named([], [labelled("s3://b/1", "a")])
    other = named([], [labelled("s3://b/1", "a")], title="cells test")
    whole = run_id([one, other])
    assert whole == run_id([other, one])
    assert moved(whole, one) == moved(whole.upper() + " ", other) == ""
    assert moved(one, other)
    assert run_id([one, ""]) == ""
