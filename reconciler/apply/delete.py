"""Deleting a dataset: its entries are kept first, and what was kept is what was looked at.

The service gives no lock. So the LastUpdatedTimestamp must be that of the look before the snapshot is written, and
after it, right before the delete; anything else is somebody's work and is looked at first (`Moved`). A run that is
killed in between leaves a dataset that is whole, or one that is gone and has a snapshot: the next run goes on from
either.

Destroying: a dataset goes as its policy says, after its entries were kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.apply.send import looking
from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.errors import Interrupted, InUse, Moved, NotFound, Refused
from reconciler.model import Destroy, Progress, Reporter
from reconciler.snapshots.places import Keeper

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


# A dataset that somebody else changes again and again meanwhile: so often it is looked at anew.
_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True)
class Destroying:
    """Deletes datasets under one policy."""

    gateway: Gateway
    removal: Removal
    keeper: Keeper
    policy: Destroy

    def destroy(self, arn: str) -> tuple[str, ...]:
        """Delete a dataset as `policy.destroy` says, and wait until it is gone; where snapshots of it are.

        Raises:
            Refused: the policy is `refuse` and the dataset has entries, or there is no place for a snapshot.
            Moved: somebody else changed it again and again meanwhile.
        """
        snapshots: list[str] = []
        error: Moved | None = None
        for _round in range(_ROUNDS):
            description = None if self.policy is Destroy.KEEP else self.gateway.describe(arn)
            if description is None:
                return tuple(snapshots)
            self._refuse(arn, description)
            try:
                self._delete(arn, description, snapshots)
            except Moved as moved:
                error = moved
            else:
                return tuple(snapshots)
        raise error or Moved(f"the dataset {arn} is not deleted; run again")

    def _delete(self, arn: str, seen: DatasetDescription, snapshots: list[str]) -> None:
        if seen.entries and seen.status != DatasetStatus.DELETE_IN_PROGRESS:
            self.removal.delete_kept(arn, seen.updated, seen.entries, snapshots.append)
        else:
            self.removal.delete(arn)

    def _refuse(self, arn: str, description: DatasetDescription) -> None:
        if not description.entries:
            return
        if self.policy is Destroy.REFUSE:
            raise Refused(
                f"the dataset {arn} has {description.entries:,} entries and the policy is `destroy: refuse`; to delete "
                "it, put its folder back, set `destroy: delete` (or `keep`, to leave it alone) in project.yaml, run "
                "`pulumi up` once, then destroy; to only forget it, run `pulumi state delete`"
            )
        if refusal := self.keeper.refusal():
            raise Refused(f"the dataset {arn} is not deleted: {refusal}")
