"""Sending batches: one update at a time, each waited for, because the service has one lane a dataset.

The service gives no operation id and no lock. So before each batch the dataset must be idle and its
LastUpdatedTimestamp that of our last look; anything else is a colleague's work, which is read before we go on
(`Moved`).
A batch that the service fails as a whole is searched for the lines at fault, and the rest goes in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from reconciler.apply.bad_lines import bisect, concerns_everything, named_lines
from reconciler.aws.clock import Clock
from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.errors import Interrupted, InUse, Moved, UpdateFailed
from reconciler.ledger import SendQueue
from reconciler.model import Change, Progress, Reporter
from reconciler.plan.batches import Batch, batches
from reconciler.plan.plan import Plan
from reconciler.text import inert

# A batch that failed by the service's own fault (StatusMessageCode SERVICE_ERROR: "try again later") is sent so often.
_SERVICE_ERROR: Final = "SERVICE_ERROR"
_SERVICE_ERRORS: Final = 4
_SERVICE_ERROR_PAUSE: Final = 10.0
# The search for lines at fault in one batch stops after so many updates and names what is left.
_SEARCH: Final = 200


class LiveView(Protocol):
    """Live, read anew when the status cannot tell."""

    def missing(self, arn: str, changes: Sequence[Change]) -> tuple[list[Change], float]:
        """List again: which of the changes are not live as sent, and the LastUpdatedTimestamp that holds for it."""

    def sample(self) -> tuple[list[str], set[str]]:
        """Of the last listing: some keys that are live, and all labels in use."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A batch that is done, and the LastUpdatedTimestamp that it left: with another one, somebody else was there."""

    batch: Batch
    updated: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends a queue to one dataset. `stop` is asked before each update: it gives the reason to stop, or None."""

    gateway: Gateway
    clock: Clock
    waiter: Waiter
    report: Reporter
    stop: Callable[[], Interrupted | None]
    live: LiveView

    def send(self, queue: SendQueue, plan: Plan, arn: str, updated: float) -> Iterator[Delivered]:
        """Send batch after batch; yields each that is done: its lines are confirmed, or rejected by name.

        `updated` is the LastUpdatedTimestamp of the listing that the queue was made from.

        Raises:
            Moved: somebody else changed the dataset, or a batch was not taken: look again.
            UpdateFailed: no line would be taken.
            Interrupted: `stop` said so. ServiceError: a call failed.
        """
        lane = _Lane(self, arn, updated, queue, _Meter(self.clock, self.report, plan))
        for batch in batches(queue.changes()):
            lane.meter.show("sending", batch)
            failure = lane.update(batch)
            if failure is None:
                queue.confirm(batch.changes)
            else:
                self._settle(lane, queue, batch, plan, failure)
            lane.meter.confirmed(batch)
            yield Delivered(batch, lane.updated)

    def _settle(self, lane: "_Lane", queue: SendQueue, batch: Batch, plan: Plan, failure: DatasetDescription) -> None:
        """A failed batch: what did go in is read, the lines at fault are found, the rest is sent."""
        message = inert(failure.message) or "AWS gave no reason"
        if _blames_nobody(failure):
            raise UpdateFailed(f"{_named(batch, plan)} failed: {message}")
        left = lane.left_of(batch.changes)
        queue.confirm(_without(batch.changes, left))
        named = named_lines(failure.message, left, *self.live.sample())
        queue.reject(named, f"AWS: {message}")
        rest = _without(left, named)
        if len(rest) < len(batch.changes) and lane.part(rest, batch) is None:
            queue.confirm(rest)
        elif rest:  # these lines have failed together
            self._search(lane, queue, batch, rest, plan)

    def _search(self, lane: "_Lane", queue: SendQueue, batch: Batch, changes: Sequence[Change], plan: Plan) -> None:
        """Find the lines at fault by sending parts; every part that goes through is confirmed."""
        search = bisect(changes)
        message, updates = "AWS gave no reason", 0
        try:
            part = next(search)
            while True:
                failure = lane.part(part, batch)
                if failure is None:
                    queue.confirm(part)
                else:
                    message = inert(failure.message) or message
                    if _blames_nobody(failure):
                        raise UpdateFailed(f"{_named(batch, plan)} failed: {message}")
                updates += 1
                if updates > _SEARCH:
                    raise UpdateFailed(
                        f"{_named(batch, plan)} failed: {message}; after {updates} updates the lines at fault are "
                        "still not alone: there are many of them; mend the manifest by AWS's sentence and run again"
                    )
                part = search.send(failure is None)
        except StopIteration as found:
            queue.reject(found.value, f"AWS: {message}")


class _Lane:
    """The one lane of a dataset: updates one after another, and the timestamp that the last of them left."""

    def __init__(self, delivery: Delivery, arn: str, updated: float, queue: SendQueue, meter: "_Meter") -> None:
        self._to, self._arn, self._updated, self._queue = delivery, arn, updated, queue
        self.meter = meter

    @property
    def updated(self) -> float:
        """The LastUpdatedTimestamp of our last look."""
        return self._updated

    def left_of(self, changes: Sequence[Change]) -> list[Change]:
        """Which of these are not live as sent; the listing's timestamp is the new one to go by."""
        left, self._updated = self._to.live.missing(self._arn, changes)
        return left

    def part(self, changes: Sequence[Change], batch: Batch) -> DatasetDescription | None:
        """Send a part of a batch; None when it went through."""
        return self.update(Batch.of(batch.number, changes)) if changes else None

    def update(self, batch: Batch) -> DatasetDescription | None:
        """Send and wait; None when the update went through, else the description of its failure."""
        for attempt in range(1, _SERVICE_ERRORS + 1):
            after = self._attempt(batch)
            if after is None or after.status != DatasetStatus.UPDATE_FAILED:
                return None
            if after.message_code != _SERVICE_ERROR or attempt == _SERVICE_ERRORS:
                return after
            self._to.clock.sleep(_SERVICE_ERROR_PAUSE * attempt)
        return None

    def _attempt(self, batch: Batch) -> DatasetDescription | None:
        reason = self._to.stop()
        if reason is not None:
            raise reason
        before = self._idle()
        try:
            sure = self._to.gateway.update_entries(self._arn, batch.body)
        except InUse as error:
            raise Moved(str(error)) from None
        after = self._to.waiter.until_updated(self._arn, before, lambda _now: self.meter.show("waiting", batch))
        if after is not None:
            self._updated = after.updated
        if after is None or not (sure or after.status == DatasetStatus.UPDATE_FAILED):
            self._listing_decides(batch)
        return after

    def _idle(self) -> DatasetDescription:
        """The dataset, idle and as we left it.

        Raises:
            Moved: somebody else's operation ended since.
        """
        before = self._to.waiter.until_idle(
            self._arn, looking(self._to.report, "waiting for a running operation"), not_before=self._updated
        )
        if before.updated != self._updated:
            raise Moved(f"the dataset {self._arn} was changed by somebody else meanwhile; run again to go on")
        return before

    def _listing_decides(self, batch: Batch) -> None:
        """The status never moved, or it is not certain that it is ours: the update is done when its lines are live.

        Raises:
            Moved: lines of it are not live: they must be sent again.
        """
        missing = self.left_of(batch.changes)
        self._queue.confirm(_without(batch.changes, missing))
        if missing:
            raise Moved(
                f"{len(missing):,} of {len(batch.changes):,} lines of a batch are not live although the service "
                f"accepted it ({self._arn}); run again to go on"
            )


class _Meter:
    """Progress by bytes: the time left is what the rest takes at the pace so far."""

    def __init__(self, clock: Clock, report: Reporter, plan: Plan) -> None:
        self._clock, self._report, self._plan = clock, report, plan
        self._start, self._done = clock.now(), 0

    def confirmed(self, batch: Batch) -> None:
        """A batch more is done."""
        self._done += len(batch.body)

    def show(self, doing: str, batch: Batch) -> None:
        """Tell how far it is."""
        fraction = min(1.0, self._done / self._plan.bytes) if self._plan.bytes else 1.0
        left = (self._clock.now() - self._start) * (1 - fraction) / fraction if self._done else None
        self._report(Progress(doing, batch.number, self._plan.batches, fraction, left))


def looking(report: Reporter, doing: str) -> Callable[[DatasetDescription], None]:
    """What a waiter calls at each look, to say what is waited for; nothing when nothing is."""

    def look(now: DatasetDescription) -> None:
        if now.is_running:
            report(Progress(f"{doing} ({inert(now.status)})"))

    return look


def _blames_nobody(failure: DatasetDescription) -> bool:
    """Whether the failure is the service's own, or about everything: no line of the batch is to be blamed for it."""
    return failure.message_code == _SERVICE_ERROR or concerns_everything(failure.message)


def _without(changes: Sequence[Change], others: Sequence[Change]) -> list[Change]:
    keys = {change.key for change in others}
    return [change for change in changes if change.key not in keys]


def _named(batch: Batch, plan: Plan) -> str:
    places = [change.place for change in batch.changes if change.place]
    where = f", {inert(str(places[0]))} to {inert(str(places[-1]))}" if places else ""
    return f"batch {batch.number} of {plan.batches} ({len(batch.changes):,} lines{where})"
