"""Send batches: one update at a time, each waited for, because the service runs one operation per dataset.

The service gives no operation id and no lock. So before each batch the dataset must be idle and its
LastUpdatedTimestamp the one that we read last; otherwise somebody else changed the dataset, and it is listed again
before anything more is sent (`Moved`). In a batch that the service fails as a whole, the lines at fault are searched,
and the rest is sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.apply.bad_lines import bisect, concerns_everything, named_lines
from reconciler.apply.context import Context
from reconciler.apply.live import list_live
from reconciler.changes import Batch, batches
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import InUse, Moved, UpdateFailed
from reconciler.ledger import Ledger, SendQueue
from reconciler.model import Change, Progress
from reconciler.plan import Plan
from reconciler.text import inert

# How often a batch is sent that failed by the service's own fault (StatusMessageCode SERVICE_ERROR: "try again later").
_SERVICE_ERROR: Final = "SERVICE_ERROR"
_SERVICE_ERRORS: Final = 4
_SERVICE_ERROR_PAUSE: Final = 10.0
# The most updates that the search for lines at fault in one batch may take.
_SEARCH: Final = 200


@dataclass(slots=True)
class Lane:
    """Sends updates to one dataset, one after another; `updated` is the LastUpdatedTimestamp that was read last.

    `start` is the time by the clock, `done` counts bytes. `overwritten` are the places of the lines that were kept.
    """

    context: Context
    ledger: Ledger
    queue: SendQueue
    plan: Plan
    arn: str
    updated: float
    start: float
    overwritten: list[str]
    done: int = 0

    def show(self, doing: str, batch: Batch) -> None:
        """Report the progress by bytes; the time left is estimated from the pace so far."""
        now = Progress(doing, self.done, self.plan.bytes, "bytes", batch.number, self.plan.batches)
        left = (self.context.clock.now() - self.start) * (1 - now.fraction) / now.fraction if self.done else None
        self.context.report(replace(now, seconds_left=left))

    def keep(self) -> None:
        """Write the live lines that the queue would overwrite, each version once, before any of them is overwritten.

        Raises:
            ReconcilerError: they cannot be written; then nothing may be sent.
        """
        if next(self.queue.overwritten(), None) is None:
            return
        self.context.tell("keeping the lines to overwrite")
        live = (line for line, _sent in self.queue.overwritten())
        sent = (line for _live, line in self.queue.overwritten())
        where = self.context.keeper.keep(self.arn, live, sent).where
        self.queue.kept()
        if where:
            self.overwritten.append(where)
            self.context.overwrites(where)

    def left_of(self, changes: Sequence[Change]) -> list[Change]:
        """List again, and return which of these are not live as sent; `updated` becomes the listing's timestamp."""
        self.updated = list_live(self.context, self.ledger, self.arn).updated
        absent = {row.key for row in self.ledger.differing(self.plan.policy.compare)}
        absent |= {row.key for row in self.ledger.live_only() if row.live_labelled}
        return [change for change in changes if change.key in absent]

    def update(self, batch: Batch) -> DatasetDescription | None:
        """Send and wait; None when the update succeeded, else the description of its failure."""
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
        before = self.context.idle(self.arn, self.updated)
        if before.updated != self.updated:
            raise Moved(f"somebody else changed the dataset {self.arn} during the apply; run again to continue")
        try:
            sure = self.context.gateway.update_entries(self.arn, batch.body)
        except InUse as error:
            raise Moved(str(error)) from None
        after = self.context.waiter.until_updated(self.arn, before, lambda _now: self.show("waiting", batch))
        if after is not None:
            self.updated = after.updated
        if after is None or not (sure or after.status == DatasetStatus.UPDATE_FAILED):
            self._listing_decides(batch)
        return after

    def _listing_decides(self, batch: Batch) -> None:
        """The status never changed, or may be that of somebody else's update: this one is done when its lines are live.

        Raises:
            Moved: some of its lines are not live and must be sent again.
        """
        missing = self.left_of(batch.changes)
        self.queue.confirm(_without(batch.changes, missing))
        self.keep()
        if missing:
            raise Moved(
                f"{len(missing):,} of {len(batch.changes):,} lines of a batch are not live although the service "
                f"accepted it ({self.arn}); run again to continue"
            )


def send(lane: Lane) -> Iterator[Batch]:
    """Send the lane's queue batch after batch; yields each that is done: its lines are confirmed, or rejected by name.

    Raises:
        Moved: somebody else changed the dataset, or a batch was not stored: list the dataset again.
        UpdateFailed: the service would take none of the lines.
        Interrupted: `stop` returned it. ServiceError: a call failed.
    """
    if not lane.plan.loads_all:  # else live is empty, and a snapshot has what was there
        lane.keep()
    for batch in batches(lane.queue.changes()):
        lane.show("sending", batch)
        failure = lane.update(batch)
        if failure is None:
            lane.queue.confirm(batch.changes)
        else:
            _settle(lane, batch, failure)
        lane.done += len(batch.body)
        yield batch


def _settle(lane: Lane, batch: Batch, failure: DatasetDescription) -> None:
    """Handle a failed batch: list what was stored, find the lines at fault, send the rest."""
    message = inert(failure.message) or "AWS gave no reason"
    if _concerns_all(failure):
        raise UpdateFailed(f"{_named(batch, lane.plan)} failed: {message}")
    left = lane.left_of(batch.changes)
    lane.queue.confirm(_without(batch.changes, left))
    lane.keep()
    live_labels = set(lane.ledger.label_counts())
    named = named_lines(failure.message, left, lane.ledger.some_live_keys(), live_labels)
    lane.queue.reject(named, f"AWS: {message}")
    rest = _without(left, named)
    if rest and len(rest) < len(batch.changes) and lane.update(Batch.of(batch.number, rest)) is None:
        lane.queue.confirm(rest)
    elif rest:  # these lines failed together
        _search(lane, batch, rest)


def _search(lane: Lane, batch: Batch, changes: Sequence[Change]) -> None:
    """Find the lines at fault by sending parts; every part that succeeds is confirmed."""
    message, updates = "AWS gave no reason", 0

    def succeeds(part: Sequence[Change]) -> bool:
        nonlocal message, updates
        if updates == _SEARCH:
            raise UpdateFailed(
                f"{_named(batch, lane.plan)} failed: {message}; {updates} updates did not isolate all lines at fault, "
                "because there are many; use AWS's message to fix the manifest, then run again"
            )
        updates += 1
        failure = lane.update(Batch.of(batch.number, part))
        if failure is None:
            lane.queue.confirm(part)
            return True
        message = inert(failure.message) or message
        if _concerns_all(failure):
            raise UpdateFailed(f"{_named(batch, lane.plan)} failed: {message}")
        return False

    faults = bisect(changes, succeeds)
    lane.queue.reject(faults, f"AWS: {message}")


def _concerns_all(failure: DatasetDescription) -> bool:
    """Whether the failure is the service's own, or concerns all lines: no single line is at fault."""
    return failure.message_code == _SERVICE_ERROR or concerns_everything(failure.message)


def _without(changes: Sequence[Change], others: Sequence[Change]) -> list[Change]:
    keys = {change.key for change in others}
    return [change for change in changes if change.key not in keys]


def _named(batch: Batch, plan: Plan) -> str:
    places = [change.place for change in batch.changes if change.place]
    where = f", {inert(str(places[0]))} to {inert(str(places[-1]))}" if places else ""
    return f"batch {batch.number} of {plan.batches} ({len(batch.changes):,} lines{where})"
