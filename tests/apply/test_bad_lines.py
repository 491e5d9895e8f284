"""What the search for lines at fault promises."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.bad_lines import bisect


def _search(count: int, faults: set[int]) -> tuple[list[int], set[int], int]:
    """Run a search over a service that fails every part with a fault in it: found, delivered, updates."""
    delivered: set[int] = set()
    updates = 0
    search = bisect(list(range(count)))
    try:
        part = next(search)
        while True:
            updates += 1
            went_through = not faults & set(part)
            if went_through:
                delivered |= set(part)
            part = search.send(went_through)
    except StopIteration as stop:
        return stop.value, delivered, updates


@given(data=st.data(), count=st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_exactly_the_faults_are_found_and_all_others_delivered(data: st.DataObject, count: int) -> None:
    """Whatever lines are at fault, they are found in order, and every other line went through."""
    faults = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    found, delivered, _updates = _search(count, faults)
    assert found == sorted(faults)
    assert delivered == set(range(count)) - faults


@pytest.mark.parametrize(
    "faults", [{0, 1, 2}, {0, 2499, 4999}, {1666, 1667, 3333}, {4997, 4998, 4999}, {1250, 2500, 3750}]
)
def test_three_faults_in_5000_lines_take_few_updates(faults: set[int]) -> None:
    """Three faults among 5,000 lines, wherever they stand, take fewer than 80 updates."""
    found, _delivered, updates = _search(5000, faults)
    assert found == sorted(faults)
    assert updates < 80


@given(data=st.data(), count=st.integers(2, 5000))
@settings(max_examples=60, deadline=None)
def test_updates_stay_below_the_bound(data: st.DataObject, count: int) -> None:
    """The number of updates stays below the bound that the module names."""
    faults = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=6))
    _found, _delivered, updates = _search(count, faults)
    many = len(faults)
    assert updates <= 2 * many * (math.log2(count / many) + 1) + 3 * many


def test_a_failure_that_passes_blames_no_line() -> None:
    """Every part goes through afterwards: no line is at fault, all are delivered."""
    found, delivered, _updates = _search(7, set())
    assert (found, delivered) == ([], set(range(7)))
