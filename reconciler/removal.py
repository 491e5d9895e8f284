"""Deleting a dataset: its entries are kept first, and what was kept is what was looked at.

The service gives no lock. So the LastUpdatedTimestamp must be that of the look before the snapshot is written, and
after it, right before the delete; anything else is somebody's work and is looked at first (`Moved`). A run that is
killed in between leaves a dataset that is whole, or one that is gone and has a snapshot: the next run goes on from
either.

Knows this order. Refuses to know why a dataset goes and where snapshots are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.aws.gateway import DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.delivery import looking
from reconciler.errors import Interrupted, InUse, Moved, NotFound
from reconciler.keeping import Keeper
from reconciler.progress import Progress, Reporter

__all__ = ["Removal"]

_WAITING = "waiting for a running operation"


@dataclass(frozen=True, slots=True)
class Removal:
    """Deletes datasets. `stop` is asked before a dataset with entries is deleted: it gives the reason not to."""

    gateway: Gateway
    waiter: Waiter
    report: Reporter
    stop: Callable[[], Interrupted | None]
    keeper: Keeper

    def delete(self, arn: str) -> None:
        """Delete a dataset that holds nothing, and wait until it is gone; one that is gone is fine."""
        description = self.gateway.describe(arn)
        if description is not None and description.status != DatasetStatus.DELETE_IN_PROGRESS:
            self.waiter.until_idle(arn, looking(self.report, _WAITING))
            self.gateway.delete_dataset(arn)
        self.wait_until_gone(arn)

    def delete_kept(self, arn: str, updated: float, entries: int, kept: Callable[[str], None]) -> None:
        """Keep all entries, tell `kept` where, delete the dataset and wait until it is gone.

        `updated` is the LastUpdatedTimestamp of the look that this was decided by, `entries` how many there were.

        Raises:
            Moved: it is not as it was looked at any more. Interrupted: `stop` said so. ReconcilerError: there is no
            snapshot. In all these cases nothing was deleted.
        """
        try:
            self._must_not_have_moved(arn, updated)
            written = self.keeper.keep(arn, self._lines(arn))
            kept(written.where)
            self._must_not_have_moved(arn, updated)
            if written.entries < entries:
                raise Moved(f"the service listed {written.entries:,} of {entries:,} entries of {arn}; run again")
            if (reason := self.stop()) is not None:
                raise reason
            self.gateway.delete_dataset(arn)
        except (InUse, NotFound) as error:
            raise Moved(str(error)) from None
        self.wait_until_gone(arn)

    def wait_until_gone(self, arn: str) -> None:
        """Wait until a dataset that is being deleted is gone."""
        self.waiter.until_gone(arn, looking(self.report, "deleting the dataset"))

    def _must_not_have_moved(self, arn: str, updated: float) -> None:
        now = self.waiter.until_idle(arn, looking(self.report, _WAITING), not_before=updated)
        if now.updated != updated:
            raise Moved(f"the dataset {arn} was changed by somebody else meanwhile; nothing was deleted, run again")

    def _lines(self, arn: str) -> Iterator[str]:
        for count, line in enumerate(self.gateway.entries(arn), start=1):
            yield line
            if count % 1000 == 0:
                self.report(Progress(f"writing a snapshot: {count:,} entries"))
