"""Boxes matched one to one: optimal, symmetric, quick, and by documented thresholds."""

from __future__ import annotations

import sys
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.boxes import OVERLAP_OTHER_LABEL, OVERLAP_SAME_LABEL, Matching, matched, overlap
from reconciler.entries import Box

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

Boxes = list[Box]


def boxes(most: int = 5) -> st.SearchStrategy[Boxes]:
    """A few boxes close together, so that they overlap."""
    place, side = st.integers(0, 30), st.integers(0, 40)
    return st.lists(st.builds(Box, st.sampled_from("ab"), place, place, side, side), max_size=most)


def ties() -> st.SearchStrategy[Boxes]:
    """Boxes on a coarse grid: many pairs overlap alike."""
    return st.lists(
        st.builds(Box, st.just("a"), st.sampled_from([0, 10, 20]), st.just(0), st.just(40), st.just(40)), max_size=5
    )


def weight(one: Box, other: Box) -> float:
    """The overlap of two boxes that may be one object, else 0."""
    iou = overlap(one, other)
    least = OVERLAP_SAME_LABEL if one.label == other.label else OVERLAP_OTHER_LABEL
    return iou if iou >= least else 0.0


def best(before: Boxes, after: Boxes) -> float:
    """The greatest sum of overlaps, by trying everything."""
    few, many = sorted((before, after), key=len)
    return max(
        (
            sum(weight(one, other) for one, other in zip(few, order, strict=True))
            for order in permutations(many, len(few))
        ),
        default=0.0,
    )


def said(matching: Matching) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pairs and the boxes of one side only."""
    pairs = sorted((match.before, match.after) for match in (*matching.same, *matching.changed))
    return pairs, list(matching.removed), list(matching.added)


@settings(max_examples=300, deadline=None)
@given(boxes(), boxes())
def test_every_box_is_in_it_once(before: Boxes, after: Boxes) -> None:
    """In a pair, removed or added; equal boxes are paired with equal ones."""
    matching = matched(before, after)
    pairs, removed, added = said(matching)
    assert sorted([row for row, _column in pairs] + removed) == list(range(len(before)))
    assert sorted([column for _row, column in pairs] + added) == list(range(len(after)))
    assert all(before[match.before] == after[match.after] for match in matching.same)
    assert not {before[row] for row in removed} & {after[column] for column in added}


@settings(max_examples=300, deadline=None)
@given(boxes(), boxes())
def test_the_overlaps_are_the_greatest_possible(before: Boxes, after: Boxes) -> None:
    """Once equal boxes are gone, against brute force."""
    matching = matched(before, after)
    same_before = {match.before for match in matching.same}
    same_after = {match.after for match in matching.same}
    left = [box for row, box in enumerate(before) if row not in same_before]
    right = [box for column, box in enumerate(after) if column not in same_after]
    found = sum(weight(before[match.before], after[match.after]) for match in matching.changed)
    assert found == pytest.approx(best(left, right), abs=1e-7)


@settings(max_examples=300, deadline=None)
@given(boxes() | ties(), boxes() | ties())
def test_it_does_not_matter_which_side_is_called_before(before: Boxes, after: Boxes) -> None:
    """The same boxes are paired; equal boxes may stand for one another."""
    there, back = matched(before, after), matched(after, before)
    pairs = sorted((before[match.before], after[match.after]) for match in there.changed)
    assert pairs == sorted((before[match.after], after[match.before]) for match in back.changed)
    assert sorted(before[row] for row in there.removed) == sorted(before[column] for column in back.added)


def test_ties_are_broken_alike_from_both_sides() -> None:
    """Boxes on a grid of which several matchings are equally good."""
    before = [
        Box("a", left, top, side, 40)
        for left, top, side in [(10, 0, 50), (20, 0, 40), (0, 0, 40), (0, 10, 40), (20, 0, 40)]
    ]
    after = [
        Box("a", left, top, side, 40)
        for left, top, side in [(10, 10, 50), (0, 0, 50), (10, 10, 50), (0, 0, 40), (0, 0, 50)]
    ]
    pairs = sorted((before[match.before], after[match.after]) for match in matched(before, after).changed)
    assert pairs == sorted((before[match.after], after[match.before]) for match in matched(after, before).changed)


def test_labels_decide_where_overlaps_are_equal() -> None:
    """Two boxes in one place, moved together: neither is relabelled."""
    before = [Box("cat", 0, 0, 100, 100), Box("dog", 0, 0, 100, 100)]
    after = [Box("dog", 9, 0, 100, 100), Box("cat", 9, 0, 100, 100)]
    assert said(matched(before, after))[0] == [(0, 1), (1, 0)]


def test_a_box_keeps_its_label_where_it_can() -> None:
    """Of two boxes that overlap it alike, the one of its own label is its successor, whatever their order."""
    before, twins = [Box("b", 0, 0, 100, 100)], [Box("a", 9, 0, 100, 100), Box("b", 9, 0, 100, 100)]
    assert said(matched(before, twins)) == ([(0, 1)], [], [0])
    assert said(matched(before, twins[::-1])) == ([(0, 0)], [], [1])


@pytest.mark.parametrize(
    ("label", "left", "pairs"),
    [
        ("cat", 81, 1),  # 19 of 181: more than a tenth
        ("cat", 82, 0),  # 18 of 182: less
        ("dog", 33, 1),  # 67 of 133: more than half
        ("dog", 34, 0),  # 66 of 134: less
    ],
)
def test_the_thresholds_are_those_documented(label: str, left: int, pairs: int) -> None:
    """A tenth under one label, half under two."""
    matching = matched([Box("cat", 0, 0, 100, 100)], [Box(label, left, 0, 100, 100)])
    assert len(matching.changed) == pairs
    assert len(matching.removed) == len(matching.added) == 1 - pairs


def test_overlap_is_intersection_over_union() -> None:
    """Also where a box has no area, and where two do not touch."""
    assert overlap(Box("a", 0, 0, 2, 2), Box("b", 1, 0, 2, 2)) == pytest.approx(1 / 3)
    assert overlap(Box("a", 5, 5, 0, 0), Box("a", 5, 5, 0, 0)) == 1
    assert overlap(Box("a", 0, 0, 2, 2), Box("a", 2, 0, 2, 2)) == 0


@pytest.mark.parametrize(("spread", "limit"), [(600_000, 30_000), (60_000, 65_000), (0, 260_000)])
def test_fifty_boxes_on_both_sides_take_few_steps(spread: int, limit: int) -> None:
    """Spread over the picture, crowded, on one spot: lines of Python run, of which 2,500 pairs take 15,000."""
    chance = Random(1)  # noqa: S311 - repeatable

    def near(most: int) -> int:
        return chance.randint(0, most)

    before = [Box("a", near(spread), near(spread), 60_000 + near(9_000), 60_000 + near(9_000)) for _ in range(50)]
    after = [Box("a", box.left + near(5_000), box.top + near(5_000), box.width, box.height) for box in before]
    assert _steps(before, after) < limit


def _steps(before: Boxes, after: Boxes) -> int:
    """How many lines of Python `matched` runs."""
    steps = 0

    def trace(_frame: FrameType, event: str, _value: object) -> Callable[..., Any]:
        nonlocal steps
        steps += event == "line"
        return trace

    outer = sys.gettrace()
    sys.settrace(trace)
    try:
        matched(before, after)
    finally:
        sys.settrace(outer)
    return steps


class Counted(int):
    """A coordinate that counts how often it is compared."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        """Compare, and count it."""
        Counted.comparisons += 1
        return int(self) < int(other)

    def __gt__(self, other: int) -> bool:
        """Compare, and count it."""
        Counted.comparisons += 1
        return int(self) > int(other)


def crowd(count: int, seed: int, spread: int = 60_000) -> Boxes:
    """Boxes of which many overlap, drawn at random."""
    random = Random(seed)  # noqa: S311 - any boxes will do
    places = [(random.randrange(spread), random.randrange(spread)) for _ in range(count)]
    return [Box("a", Counted(left), Counted(top), 40_000 + random.randrange(900), 40_000) for left, top in places]


def comparisons(count: int) -> int:
    """How many comparisons it takes to match two crowds."""
    Counted.comparisons = 0
    matching = matched(crowd(count, 1), crowd(count, 2))
    assert len(matching.changed) > count / 2
    return Counted.comparisons


def test_many_boxes_take_comparisons_in_proportion() -> None:
    """Up to 200 boxes on a side every pair is compared, beyond that each box with at most 200 others."""
    small, large = comparisons(650), comparisons(1_300)
    assert large < 2.3 * small
    assert large < 1_300 * (2 * 200 + 60)
    assert comparisons(200) < 200 * (2 * 200 + 60)


def test_beyond_200_boxes_the_greatest_overlap_is_taken_first() -> None:
    """Every box is in the matching once, each pair may be one object, and a small shift of all is found."""
    before = crowd(700, 3, spread=6_000_000)
    after = [box._replace(left=box.left + 500 + number % 7, top=box.top + 300) for number, box in enumerate(before)]
    matching = matched(before, after)
    pairs, removed, added = said(matching)
    assert sorted([row for row, _column in pairs] + removed) == list(range(700))
    assert sorted([column for _row, column in pairs] + added) == list(range(700))
    assert sum(match.before == match.after for match in matching.changed) > 690
    assert all(match.iou >= OVERLAP_SAME_LABEL for match in matching.changed)
