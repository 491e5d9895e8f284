"""What an apply costs, estimated before it and measured after it, in the same figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reconciler.changes import Action
from reconciler.limits import DEFAULT_RATE, PROJECT_NAMES
from reconciler.review.model import Estimate
from reconciler.run import DatasetRun

if TYPE_CHECKING:
    from reconciler.plan import Plan

# Entries per page of ListDatasetEntries (API Reference, MaxResults).
PAGE: Final = 100
_LOOK_UP: Final = "DescribeProjects"
# DescribeDataset before and after a listing, to know that the dataset did not change in between.
_AROUND: Final = 2


def estimate_of(plan: "Plan", rate: float = DEFAULT_RATE) -> Estimate:
    """The least that an apply of one dataset takes: describe, list, send, wait, list again.

    Where live was not listed for the plan, the apply does not list it either before it sends. `rate` is how many calls
    per second the run makes of each operation.
    """
    calls = Counter({_LOOK_UP: 1})
    if plan.live is not None and plan.counted and plan.counted.copied:
        calls.update(DescribeDataset=1)
    elif plan.live is not None:
        calls.update(DescribeDataset=_AROUND, ListDatasetEntries=_pages(plan.live.entries))
    if plan.action is Action.REPLACE:
        calls.update(DeleteDataset=1, DescribeDataset=3)  # idle before, running, gone after
    if plan.action in {Action.CREATE, Action.REPLACE}:
        calls.update(CreateDataset=1, DescribeDataset=1)
    if plan.has_changes:
        calls.update(DescribeDataset=_AROUND)
        left = 0 if plan.action is Action.REPLACE else plan.live_only + plan.retired
        calls.update(ListDatasetEntries=_pages(plan.desired.entries + left))
    updates = Counter(UpdateDatasetEntries=plan.batches, DescribeDataset=2 * plan.batches)
    in_batches = _estimate(calls + updates, plan.batches, plan.bytes, rate)
    if not plan.is_loaded_from_s3:
        return in_batches
    return replace(
        _estimate(calls, 0, plan.bytes, rate),
        manifests=1,
        calls_in_batches=sum(in_batches.calls.values()),
        minutes_in_batches=in_batches.minutes,
    )


def spent(datasets: Sequence[DatasetRun]) -> Estimate | None:
    """What an apply of these datasets took, to compare with its estimate; None before an apply."""
    outcomes = [one.outcome for one in datasets if one.outcome]
    if not outcomes:
        return None
    calls, seconds = sum((one.calls for one in datasets), Counter[str]()), sum(one.seconds for one in datasets)
    batches, sent = sum(one.batches for one in outcomes), sum(one.bytes for one in outcomes)
    took = _estimate(calls, batches, sent, datasets[0].rate)
    manifests = sum(bool(one.manifest) for one in outcomes)
    return replace(took, minutes=_minutes(seconds), manifests=manifests)


def total(projects: Iterable[Sequence[Estimate]]) -> Estimate | None:
    """The sum of the datasets of several projects, of which ten are looked up by one call; None for none."""
    calls, known, looked_up = Counter[str](), list[Estimate](), 0
    for estimates in projects:
        known += estimates
        looked_up += any(_LOOK_UP in one.calls for one in estimates)
        for one in estimates:
            calls.update(one.calls)
    calls[_LOOK_UP] = -(-looked_up // PROJECT_NAMES)
    if not known:
        return None
    manifests = sum(one.manifests for one in known)
    in_batches = sum(one.calls_in_batches or sum(one.calls.values()) for one in known) if manifests else 0
    minutes = sum(one.minutes_in_batches or one.minutes for one in known) if manifests else 0.0
    return replace(
        _estimate(calls, sum(one.batches for one in known), sum(one.bytes for one in known), known[0].calls_per_second),
        manifests=manifests,
        calls_in_batches=in_batches,
        minutes_in_batches=minutes,
    )


def _estimate(calls: Mapping[str, int], batches: int, sent: int, rate: float) -> Estimate:
    """Figures whose time follows from the pace: that of the operation with the most calls, as each has its own."""
    some = {operation: many for operation, many in sorted(calls.items()) if many}
    seconds = max(some.values(), default=0) / rate
    return Estimate(calls=some, batches=batches, bytes=sent, minutes=_minutes(seconds), calls_per_second=rate)


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 2)


def _pages(entries: int) -> int:
    return max(1, -(-entries // PAGE))
