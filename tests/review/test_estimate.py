"""What an apply costs, and how it is held against what it did cost."""

from collections import Counter

import pytest

from reconciler.apply.outcome import Outcome
from reconciler.ledger import Ledger, Statistics
from reconciler.plan import plan
from reconciler.policy import Extra, Policy
from reconciler.review.estimate import estimate_of, spent, total
from reconciler.review.model import Estimate
from reconciler.views.words import estimate_words
from tests.support.filling import filled
from tests.support.lines import Document, labelled
from tests.support.plans import planned, run_of


def estimated(live: list[Document] | None, desired: list[Document], extra: Extra = Extra.REPORT) -> Estimate:
    """The estimate of the plan from live to desired."""
    with filled(desired, live or []) as ledger:
        return estimate_of(planned(ledger, Policy(extra=extra), exists=live is not None, bucket=None))


def lines(count: int, label: str = "a") -> list[Document]:
    """So many images."""
    return [labelled(f"s3://b/{number}", label) for number in range(count)]


@pytest.mark.parametrize(
    ("live", "desired", "extra", "calls"),
    [
        (lines(250), lines(250), Extra.REPORT, {"DescribeDataset": 2, "ListDatasetEntries": 3}),
        (
            lines(250),
            lines(250, "b"),
            Extra.REPORT,
            {"DescribeDataset": 6, "ListDatasetEntries": 6, "UpdateDatasetEntries": 1},
        ),
        (
            None,
            lines(101),
            Extra.REPORT,
            {"CreateDataset": 1, "DescribeDataset": 5, "ListDatasetEntries": 2, "UpdateDatasetEntries": 1},
        ),
        (
            lines(2),
            lines(1),
            Extra.REPLACE,
            {
                "CreateDataset": 1,
                "DeleteDataset": 1,
                "DescribeDataset": 10,
                "ListDatasetEntries": 2,
                "UpdateDatasetEntries": 1,
            },
        ),
    ],
)
def test_calls_are_counted_by_operation(
    live: list[Document] | None, desired: list[Document], extra: Extra, calls: dict[str, int]
) -> None:
    """A hundred entries per page, listed before and after; an update and two descriptions per batch, two per list."""
    assert estimated(live, desired, extra).calls == {"DescribeProjects": 1, **calls}


def test_what_was_not_listed_for_the_plan_is_not_listed_before_sending() -> None:
    """One description proves an earlier listing; after sending, live is listed in any case."""
    known = Statistics(250, 0, 250, "2026-01-31T00:00:00.000000Z", copied=True)
    for label, calls in (("a", {}), ("b", {"ListDatasetEntries": 3, "UpdateDatasetEntries": 1})):
        with filled(lines(250, label), lines(250)) as ledger:
            request = planned(ledger).request
            made = estimate_of(plan(ledger, request, exists=True, counted=known)).calls
        assert made == {"DescribeProjects": 1, "DescribeDataset": 5 if calls else 1, **calls}


@pytest.mark.parametrize(("rate", "minutes"), [(4.0, 20.83), (1.0, 83.33), (5.0, 16.67)])
def test_the_time_is_that_of_the_pace_of_the_run(rate: float, minutes: float) -> None:
    """250,000 entries take 2,500 pages, listed twice; other operations have paces of their own beside that."""
    calls = {"DescribeDataset": 60, "ListDatasetEntries": 5_000}
    known = total([[Estimate(calls=calls, batches=0, bytes=0, minutes=0, calls_per_second=rate)]])
    assert known is not None
    assert known.minutes == pytest.approx(minutes, abs=0.01)
    with filled(lines(2, "b"), lines(2)) as ledger:
        assert estimate_of(planned(ledger), rate).calls_per_second == rate
    assert (
        estimate_words(known)
        .partition(" batches, ")[2]
        .startswith(f"0 B, {minutes:.0f} min at {rate:g} call{'' if rate == 1 else 's'} per second")
    )


def test_datasets_share_the_quota() -> None:
    """Their calls, bytes and minutes add up, ten projects by one call; nothing was estimated for no dataset."""
    one = Estimate(calls={"DescribeProjects": 1, "A": 300}, batches=2, bytes=10, minutes=1)
    other = Estimate(calls={"DescribeProjects": 1, "A": 298}, batches=1, bytes=5, minutes=1)
    assert total([[one, other], [one]]) == Estimate(
        calls={"A": 898, "DescribeProjects": 1}, batches=5, bytes=25, minutes=2.99
    )
    assert total([]) is None
    assert total([[], []]) is None


def test_what_was_spent_is_by_the_clock() -> None:
    """The same figures as the estimate's, except for the time, which was measured; nothing before an apply."""
    with Ledger() as ledger:
        applied = run_of(
            ledger, outcome=Outcome("arn", batches=2, bytes=10), calls=Counter({"A": 300, "B": 0}), seconds=90
        )
        left_out = run_of(ledger, calls=Counter({"A": 1}))
        took = Estimate(calls={"A": 301}, batches=2, bytes=10, minutes=1.5, calls_per_second=4)
        assert spent([applied, left_out]) == took
        assert spent([left_out]) is None
