"""Sending batches: one update at a time, each waited for, because the service has one lane a dataset.

The service gives no operation id and no lock. So before each batch the dataset must be idle and its
LastUpdatedTimestamp that of our last look; anything else is a colleague's work, which is read before we go on
(`Moved`).
A batch that the service fails as a whole is searched for the lines at fault, and the rest goes in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.apply.bad_lines import bisect, concerns_everything, named_lines
from reconciler.apply.context import Context
from reconciler.apply.list_live import list_live
from reconciler.aws.clock import Clock
from reconciler.changes import Batch, batches
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import InUse, Moved, UpdateFailed
from reconciler.ledger import Ledger, SendQueue
from reconciler.model import Change, Progress, Reporter
from reconciler.plan import Plan
from reconciler.text import inert

# A batch that failed by the service's own fault (StatusMessageCode SERVICE_ERROR: "try again later") is sent so often.
_SERVICE_ERROR: Final = "SERVICE_ERROR"
_SERVICE_ERRORS: Final = 4
_SERVICE_ERROR_PAUSE: Final = 10.0
# The search for lines at fault in one batch stops after so many updates and names what is left.
_SEARCH: Final = 200


@dataclass(frozen=True, slots=True)
class Delivered:
    """A batch that is done, and the LastUpdatedTimestamp that it left: with another one, somebody else was there."""

    batch: Batch
    updated: float


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
        now = Progress(doing, self._done, self._plan.bytes, "bytes", batch.number, self._plan.batches)
        left = (self._clock.now() - self._start) * (1 - now.fraction) / now.fraction if self._done else None
        self._report(replace(now, seconds_left=left))


@dataclass(slots=True)
class Lane:
    """The one lane of a dataset: updates one after another; `updated` is the LastUpdatedTimestamp of our last look."""

    context: Context
    ledger: Ledger
    queue: SendQueue
    plan: Plan
    arn: str
    updated: float
    meter: _Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = _Meter(self.context.clock, self.context.report, self.plan)

    def left_of(self, changes: Sequence[Change]) -> list[Change]:
        """List again: which of these are not live as sent; the listing's timestamp is the new one to go by."""
        self.updated = list_live(self.context, self.ledger, self.arn).updated
        absent = {row.key for row in self.ledger.differing(self.plan.policy.compare)}
        absent |= {row.key for row in self.ledger.live_only() if row.live_labelled}
        return [change for change in changes if change.key in absent]

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
            self.context.clock.sleep(_SERVICE_ERROR_PAUSE * attempt)
        return None

    def _attempt(self, batch: Batch) -> DatasetDescription | None:
        reason = self.context.stop()
        if reason is not None:
            raise reason
        before = self._idle()
        try:
            sure = self.context.gateway.update_entries(self.arn, batch.body)
        except InUse as error:
            raise Moved(str(error)) from None
        after = self.context.waiter.until_updated(self.arn, before, lambda _now: self.meter.show("waiting", batch))
        if after is not None:
            self.updated = after.updated
        if after is None or not (sure or after.status == DatasetStatus.UPDATE_FAILED):
            self._listing_decides(batch)
        return after

    def _idle(self) -> DatasetDescription:
        """The dataset, idle and as we left it.

        Raises:
            Moved: somebody else's operation ended since.
        """
        before = self.context.idle(self.arn, self.updated)
        if before.updated != self.updated:
            raise Moved(f"the dataset {self.arn} was changed by somebody else meanwhile; run again to go on")
        return before

    def _listing_decides(self, batch: Batch) -> None:
        """The status never moved, or it is not certain that it is ours: the update is done when its lines are live.

        Raises:
            Moved: lines of it are not live: they must be sent again.
        """
        missing = self.left_of(batch.changes)
        self.queue.confirm(_without(batch.changes, missing))
        if missing:
            raise Moved(
                f"{len(missing):,} of {len(batch.changes):,} lines of a batch are not live although the service "
                f"accepted it ({self.arn}); run again to go on"
            )


def send(lane: Lane) -> Iterator[Delivered]:
    """Send the lane's queue batch after batch; yields each that is done: its lines are confirmed, or rejected by name.

    Raises:
        Moved: somebody else changed the dataset, or a batch was not taken: look again.
        UpdateFailed: no line would be taken.
        Interrupted: `stop` said so. ServiceError: a call failed.
    """
    for batch in batches(lane.queue.changes()):
        lane.meter.show("sending", batch)
        failure = lane.update(batch)
        if failure is None:
            lane.queue.confirm(batch.changes)
        else:
            _settle(lane, batch, failure)
        lane.meter.confirmed(batch)
        yield Delivered(batch, lane.updated)


def _settle(lane: Lane, batch: Batch, failure: DatasetDescription) -> None:
    """A failed batch: what did go in is read, the lines at fault are found, the rest is sent."""
    message = inert(failure.message) or "AWS gave no reason"
    if _blames_nobody(failure):
        raise UpdateFailed(f"{_named(batch, lane.plan)} failed: {message}")
    left = lane.left_of(batch.changes)
    lane.queue.confirm(_without(batch.changes, left))
    live_labels = set(lane.ledger.live_label_counts())
    named = named_lines(failure.message, left, lane.ledger.some_live_keys(), live_labels)
    lane.queue.reject(named, f"AWS: {message}")
    rest = _without(left, named)
    if len(rest) < len(batch.changes) and lane.part(rest, batch) is None:
        lane.queue.confirm(rest)
    elif rest:  # these lines have failed together
        _search(lane, batch, rest)


def _search(lane: Lane, batch: Batch, changes: Sequence[Change]) -> None:
    """Find the lines at fault by sending parts; every part that goes through is confirmed."""
    search = bisect(changes)
    message, updates = "AWS gave no reason", 0
    try:
        part = next(search)
        while True:
            failure = lane.part(part, batch)
            if failure is None:
                lane.queue.confirm(part)
            else:
                message = inert(failure.message) or message
                if _blames_nobody(failure):
                    raise UpdateFailed(f"{_named(batch, lane.plan)} failed: {message}")
            updates += 1
            if updates > _SEARCH:
                raise UpdateFailed(
                    f"{_named(batch, lane.plan)} failed: {message}; after {updates} updates the lines at fault are "
                    "still not alone: there are many of them; mend the manifest by AWS's sentence and run again"
                )
            part = search.send(failure is None)
    except StopIteration as found:
        lane.queue.reject(found.value, f"AWS: {message}")


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
