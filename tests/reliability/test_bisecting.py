"""Lines at fault in a batch that fails as a whole: found with few updates, wherever they are; the rest is live."""

from __future__ import annotations

import random
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.bad_lines import bisect
from tests.reliability.record import write
from tests.reliability.trial import plan_text
from tests.support.desk import Desk, kind_of
from tests.support.lines import labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rekognition_emulator import Emulator

LINES, MOST = 5000, 80
KEY = "s3://bucket/{:06}.jpg"
TEXT = "The manifest file contains something."


@settings(max_examples=300, deadline=None)
@given(st.sets(st.integers(0, LINES - 1), min_size=3, max_size=3))
def test_three_lines_at_fault_take_fewer_than_eighty_updates(faults: set[int]) -> None:
    """The batch itself, and the parts; anywhere in five thousand lines."""
    assert _updates(LINES, faults) <= MOST


@pytest.mark.parametrize(("lines", "many"), [(1, 1), (2, 1), (2, 2), (7, 3), (12, 3), (16, 2), (9, 9)])
def test_the_most_updates_are_reckoned_right(lines: int, many: int) -> None:
    """Tried at every place of small batches, so that what is reckoned for a large one can be believed."""
    tried = max(_updates(lines, set(faults)) for faults in combinations(range(lines), many))
    assert tried == 1 + _most_updates(lines, many)


def test_eighty_updates_find_three_lines_at_fault_anywhere() -> None:
    """All twenty thousand million places of three lines among five thousand, reckoned instead of tried."""
    assert 1 + _most_updates(LINES, 3) == 67 <= MOST


def _updates(lines: int, faults: set[int]) -> int:
    """How many updates a search in so many lines takes, with the batch itself; it finds just these faults."""
    sent: list[set[int]] = []

    def succeeds(part: Sequence[int]) -> bool:
        sent.append(set(part))
        return not faults & sent[-1]

    assert bisect(range(lines), succeeds) == sorted(faults)
    return 1 + len(sent)


@cache
def _most_updates(lines: int, faults: int, *, sent: bool = True) -> int:
    """The most updates that a part with so many faults takes, wherever they are; it was `sent` whole, or not."""
    if lines == 1:
        return 0 if sent else 1
    first = lines // 2
    return max(
        1 + _most_updates(lines - first, faults, sent=False)
        if not here
        else 2 + _most_updates(first, here) + (_most_updates(lines - first, faults - here) if here < faults else 0)
        for here in range(faults + 1)
        if here <= first and faults - here <= lines - first
    )


def test_three_lines_far_apart_are_named_and_all_others_are_live(emulator: Emulator) -> None:
    """At both ends and in the middle, which takes the most updates."""
    assert _searched(emulator, [0, LINES // 2, LINES - 1]) <= MOST


def test_a_batch_that_fails_half_applied_is_searched_all_the_same(emulator: Emulator) -> None:
    """Whether a failed update was applied in part is read."""
    assert _searched(emulator, [2000, 2001, 4000], share=0.3) <= MOST


@pytest.mark.slow
def test_three_lines_anywhere_are_named_and_all_others_are_live(emulator: Emulator) -> None:
    """Neighbours, the ends, and thirty draws."""
    chance = random.Random(3)  # noqa: S311 - repeatable on purpose
    draws = [sorted(chance.sample(range(LINES), 3)) for _draw in range(30)]
    places = [[0, 1, 2], [LINES - 3, LINES - 2, LINES - 1], [2499, 2500, 2501], *draws]
    updates = [_searched(emulator, where) for where in places]
    write("bisecting", {"searches": len(updates), "lines": LINES, "fewest": min(updates), "most": max(updates)})
    assert max(updates) <= MOST


def _searched(emulator: Emulator, faults: Sequence[int], share: float = 0.0) -> int:
    """Load five thousand lines of which these are poison; how many updates that took."""
    desk = Desk(emulator, f"b{emulator.count_calls()}")
    emulator.load_faults(plan_text(*_poison(faults, share)))
    ran = desk.run(*[labelled(KEY.format(number), "a") for number in range(LINES)])
    emulator.load_faults("")
    outcome = ran.outcome
    assert kind_of(outcome.error) == "UpdateFailed"
    assert [(one.key, one.place and one.place.line, one.reason) for one in outcome.rejected] == [
        (KEY.format(number), number + 1, f"AWS: {TEXT}") for number in faults
    ]
    assert (outcome.add, outcome.rejected_total, len(desk.live())) == (LINES - 3, 3, LINES - 3)
    return ran.calls["UpdateDatasetEntries"]


def _poison(faults: Iterable[int], share: float) -> Iterable[dict[str, object]]:
    """Rules that fail every update with one of these lines in it; the first share of the first one goes in."""
    rule = {"fault": "fail", "operation": "UpdateDatasetEntries", "code": "CLIENT_ERROR", "message": TEXT}
    for number in faults:
        yield rule | {"when": {"Changes.GroundTruth": f"*{KEY.format(number)}*"}}
    if share:
        yield rule | {"on": 1, "share": share}
