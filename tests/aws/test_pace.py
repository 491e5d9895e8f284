"""The pace: calls of an operation at equal distances, for all threads together; a throttled operation is slower."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.aws.pace import Pace, Paces
from reconciler.limits import DEFAULT_RATE, rate_of
from tests.support.aws_doubles import FakeClock


class Still:
    """A clock that nobody moves; it notes for how long each thread was told to sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        """Always the same."""
        return 7.0

    def sleep(self, seconds: float) -> None:
        """Note it."""
        self.slept.append(seconds)


def test_threads_share_one_pace() -> None:
    """Eight threads that want to call at once get a turn each, a quarter of a second apart."""
    clock = Still()
    pace = Pace(clock, DEFAULT_RATE)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pace.keep, ["DescribeDataset"] * 40))
    assert sorted(clock.slept) == [number / 4 for number in range(1, 40)]


def test_calls_come_at_equal_distances_for_each_operation() -> None:
    """The first call of an operation waits for nothing, and the calls of one operation do not slow another."""
    clock = FakeClock()
    pace = Pace(clock, 4)
    for operation in ("ListDatasetEntries", "ListDatasetEntries", "DescribeDataset", "ListDatasetEntries"):
        pace.keep(operation)
    assert clock.slept == [0.25, 0.25]


def test_a_throttled_operation_is_slower_until_it_was_answered_often() -> None:
    """Half as many calls per second, never fewer than one in two seconds, and the rate again after many answers."""
    clock = FakeClock()
    pace = Pace(clock, 4)

    def distance() -> float:
        start = clock.now()
        pace.keep("ListDatasetEntries")
        pace.keep("ListDatasetEntries")
        clock.sleep(2)
        return clock.now() - start - 2

    assert distance() == 0.25
    pace.slow_down("ListDatasetEntries")
    pace.slow_down("ListDatasetEntries")  # a call that was on its way at the same time
    assert distance() == 0.5
    for _number in range(9):
        clock.sleep(1)
        pace.slow_down("ListDatasetEntries")
    assert distance() == 2
    for _number in range(200):
        pace.answered("ListDatasetEntries")
    assert distance() == 0.25
    assert pace.throttled == {"ListDatasetEntries": 11}


def test_credentials_share_a_pace_until_their_accounts_are_known_to_differ() -> None:
    """Those without a role may be of any account until AWS answers with an ARN of theirs; each Region has its own."""
    paces = Paces()

    def of(account: str, region: str = "eu-west-1") -> Pace:
        return paces.of(account, region, lambda: Pace(FakeClock()))

    assert of("111122223333") is not of("444455556666")
    shared = of("")
    assert shared is of("111122223333") is of("444455556666")
    assert shared is not of("111122223333", "us-east-1")
    paces.answered_with("arn:aws:rekognition:eu-west-1:111122223333:project/cells/1")
    assert shared is of("") is of("111122223333")
    assert shared is not of("444455556666")


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "inf", "nan", "101", "1e3", "4 ", "٤", "", "1.", ".5"])
def test_what_is_not_a_number_of_calls_per_second_is_refused(text: str) -> None:
    """A rate is a plain decimal number, above 0 and at most 100."""
    assert rate_of(text) is None
    assert (rate_of("4"), rate_of("0.5"), rate_of("100")) == (4.0, 0.5, 100.0)
