"""What an apply costs, before it and after it, in the same figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.changes import Action
from reconciler.plan import Plan
from reconciler.review.model import Estimate
from reconciler.run import DatasetRun

# Entries a page of ListDatasetEntries (API Reference, MaxResults).
PAGE: Final = 100
_CALLS_A_SECOND: Final = 5
_LOOK_UP: Final = "DescribeProjects"
# Looks at the dataset before and after a listing, to know that it did not move meanwhile.
_AROUND: Final = 2


def estimate_of(plan: Plan) -> Estimate:
    """The least that an apply of one dataset takes: look, list, send, wait, list again."""
    calls = Counter({_LOOK_UP: 1})
    if plan.live is not None:
        calls.update(DescribeDataset=_AROUND, ListDatasetEntries=_pages(plan.live.entries))
    if plan.action is Action.REPLACE:
        calls.update(DeleteDataset=1, DescribeDataset=3)  # idle before, running, gone after
    if plan.action in {Action.CREATE, Action.REPLACE}:
        calls.update(CreateDataset=1, DescribeDataset=1)
    if plan.has_changes:
        calls.update(UpdateDatasetEntries=plan.batches, DescribeDataset=2 * plan.batches + _AROUND)
        calls.update(ListDatasetEntries=_pages(_entries_after(plan)))
    return _estimate(calls, plan.batches, plan.bytes)


def spent(datasets: Sequence[DatasetRun]) -> Estimate | None:
    """What an apply of these datasets took, to compare with its estimate; None before an apply."""
    outcomes = [one.outcome for one in datasets if one.outcome]
    if not outcomes:
        return None
    return Estimate(
        calls=_some(sum((one.calls for one in datasets), Counter[str]())),
        batches=sum(one.batches for one in outcomes),
        bytes=sum(one.bytes for one in outcomes),
        minutes=round(sum(one.seconds for one in datasets) / 60, 2),
    )


def total(projects: Iterable[Sequence[Estimate]]) -> Estimate | None:
    """The sum of the datasets of several projects, each of which is looked up once; None for none."""
    calls, known = Counter[str](), list[Estimate]()
    for estimates in projects:
        known += estimates
        for number, one in enumerate(estimates):
            calls.update(one.calls)
            calls.subtract({_LOOK_UP: one.calls.get(_LOOK_UP, 0)} if number else {})
    return _estimate(calls, sum(one.batches for one in known), sum(one.bytes for one in known)) if known else None


def _estimate(calls: Mapping[str, int], batches: int, sent: int) -> Estimate:
    some = _some(calls)
    seconds = sum(some.values()) / _CALLS_A_SECOND
    return Estimate(calls=some, batches=batches, bytes=sent, minutes=round(seconds / 60, 2))


def _some(calls: Mapping[str, int]) -> dict[str, int]:
    return {operation: many for operation, many in sorted(calls.items()) if many}


def _entries_after(plan: Plan) -> int:
    return plan.desired.entries + (0 if plan.action is Action.REPLACE else plan.live_only)


def _pages(entries: int) -> int:
    return max(1, -(-entries // PAGE))
