"""What the search for lines at fault promises."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.bad_lines import bisect


def _search(count: int, faults: set[int]) -> tuple[list[int], set[int], int]:
    """Search with a service that fails every part with a fault in it: lines found, lines delivered, updates."""
    sent: list[set[int]] = []

    def succeeds(part: Sequence[int]) -> bool:
        sent.append(set(part))
        return not faults & sent[-1]

    found = bisect(range(count), succeeds)
    return found, {line for part in sent if not faults & part for line in part}, len(sent)


@given(data=st.data(), count=st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_exactly_the_faults_are_found_and_all_others_delivered(data: st.DataObject, count: int) -> None:
    """Whatever lines are at fault, they are found in order, and every other line is delivered."""
    faults = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    found, delivered, _updates = _search(count, faults)
    assert found == sorted(faults)
    assert delivered == set(range(count)) - faults


@pytest.mark.parametrize(
    "faults", [{0, 1, 2}, {0, 2499, 4999}, {1666, 1667, 3333}, {4997, 4998, 4999}, {1250, 2500, 3750}]
)
def test_three_faults_in_5000_lines_take_few_updates(faults: set[int]) -> None:
    """Three faults among 5,000 lines, wherever they are, take fewer than 80 updates."""
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


def test_a_temporary_failure_rejects_no_line() -> None:
    """When every part succeeds after the failure, no line is at fault and all are delivered."""
    found, delivered, _updates = _search(7, set())
    assert (found, delivered) == ([], set(range(7)))
