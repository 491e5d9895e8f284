"""Sending batches: one update at a time, each waited for, because the service has one lane a dataset.

Knows batches, waiting and progress. Refuses to know how the lines were chosen and what reading back will show.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.aws.clock import Clock
from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.batch import Batch, batches
from reconciler.errors import Interrupted, UpdateFailed
from reconciler.inert import inert
from reconciler.plan import Plan
from reconciler.progress import Progress, Reporter
from reconciler.sending import SendQueue

__all__ = ["Delivery", "looking"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends a queue to one dataset.

    `stop` is asked before each batch: it gives the reason to stop, None to go on. `listing_decides` is asked when the
    status never moved after a batch was accepted: it raises unless the batch's lines are live.
    """

    gateway: Gateway
    clock: Clock
    waiter: Waiter
    report: Reporter
    stop: Callable[[], Interrupted | None]
    listing_decides: Callable[[str, Batch], None]

    def send(self, queue: SendQueue, plan: Plan, arn: str) -> Iterator[Batch]:
        """Send batch after batch, each when the one before has ended; yields each batch that was confirmed.

        Raises:
            UpdateFailed: the service failed a batch. Interrupted: `stop` said so. ServiceError: a call failed.
        """
        progress = _Meter(self.clock, self.report, plan)
        for batch in batches(queue.changes()):
            reason = self.stop()
            if reason is not None:
                raise reason
            self._send_one(batch, plan, arn, progress)
            queue.confirm(batch)
            progress.confirmed(batch)
            yield batch

    def _send_one(self, batch: Batch, plan: Plan, arn: str, progress: "_Meter") -> None:
        progress.show("sending", batch)
        before = self.waiter.until_idle(arn, looking(self.report, "waiting for a running operation"))
        self.gateway.update_entries(arn, batch.body)
        after = self.waiter.until_updated(arn, before, lambda _now: progress.show("waiting", batch))
        if after is None:
            self.listing_decides(arn, batch)
        elif after.status == DatasetStatus.UPDATE_FAILED:
            raise UpdateFailed(f"{_named(batch, plan)} failed: {inert(after.message) or 'AWS gave no reason'}")


class _Meter:
    """Progress by bytes: the time left is what the rest takes at the pace so far."""

    def __init__(self, clock: Clock, report: Reporter, plan: Plan) -> None:
        self._clock, self._report, self._plan = clock, report, plan
        self._start, self._done = clock.now(), 0

    def confirmed(self, batch: Batch) -> None:
        self._done += len(batch.body)

    def show(self, doing: str, batch: Batch) -> None:
        fraction = self._done / self._plan.bytes if self._plan.bytes else 1.0
        left = (self._clock.now() - self._start) * (1 - fraction) / fraction if self._done else None
        self._report(Progress(doing, batch.number, self._plan.batches, fraction, left))


def looking(report: Reporter, doing: str) -> Callable[[DatasetDescription], None]:
    """What a waiter calls at each look, to say what is waited for."""
    return lambda now: report(Progress(f"{doing} ({now.status})"))


def _named(batch: Batch, plan: Plan) -> str:
    places = [change.place for change in batch.changes if change.place]
    where = f", {inert(str(places[0]))} to {inert(str(places[-1]))}" if places else ""
    return f"batch {batch.number} of {plan.batches} ({len(batch.changes):,} lines{where})"
