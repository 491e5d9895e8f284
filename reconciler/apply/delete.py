"""Deleting a dataset: its entries are kept first, and what was kept is what was looked at.

The service gives no lock. So the LastUpdatedTimestamp must be that of the look before the snapshot is written, and
after it, right before the delete; anything else is somebody's work and is looked at first (`Moved`). A run that is
killed in between leaves a dataset that is whole, or one that is gone and has a snapshot: the next run goes on from
either.
"""

from collections.abc import Callable, Iterator
from typing import Final

from reconciler.apply.context import Context
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import InUse, Moved, NotFound, Refused
from reconciler.model import Destroy

# A dataset that somebody else changes again and again meanwhile: so often it is looked at anew.
_ROUNDS: Final = 6


def destroy(context: Context, arn: str) -> tuple[str, ...]:
    """Delete a dataset as `policy.destroy` says, and wait until it is gone; where snapshots of it are.

    Raises:
        Refused: the policy is `refuse` and the dataset has entries, or there is no place for a snapshot.
        Moved: somebody else changed it again and again meanwhile.
    """
    snapshots: list[str] = []
    error: Moved | None = None
    for _round in range(_ROUNDS):
        description = None if context.policy.destroy is Destroy.KEEP else context.gateway.describe(arn)
        if description is None:
            return tuple(snapshots)
        _refuse(context, arn, description)
        try:
            _delete(context, arn, description, snapshots)
        except Moved as moved:
            error = moved
        else:
            return tuple(snapshots)
    raise error or Moved(f"the dataset {arn} is not deleted; run again")


def delete_empty(context: Context, arn: str) -> None:
    """Delete a dataset that holds nothing, and wait until it is gone; one that is gone is fine."""
    description = context.gateway.describe(arn)
    if description is not None and description.status != DatasetStatus.DELETE_IN_PROGRESS:
        context.idle(arn)
        context.gateway.delete_dataset(arn)
    _wait_until_gone(context, arn)


def delete_kept(context: Context, arn: str, updated: float, entries: int, kept: Callable[[str], None]) -> None:
    """Keep all entries, tell `kept` where, delete the dataset and wait until it is gone.

    `updated` is the LastUpdatedTimestamp of the look that this was decided by, `entries` how many there were.

    Raises:
        Moved: it is not as it was looked at any more. Interrupted: `stop` said so. ReconcilerError: there is no
        snapshot. In all these cases nothing was deleted.
    """
    try:
        _must_not_have_moved(context, arn, updated)
        written = context.keeper.keep(arn, _lines(context, arn, entries))
        kept(written.where)
        _must_not_have_moved(context, arn, updated)
        if written.entries < entries:
            raise Moved(f"the service listed {written.entries:,} of {entries:,} entries of {arn}; run again")
        if (reason := context.stop()) is not None:
            raise reason
        context.gateway.delete_dataset(arn)
    except (InUse, NotFound) as error:
        raise Moved(str(error)) from None
    _wait_until_gone(context, arn)


def _delete(context: Context, arn: str, seen: DatasetDescription, snapshots: list[str]) -> None:
    if seen.entries and seen.status != DatasetStatus.DELETE_IN_PROGRESS:
        delete_kept(context, arn, seen.updated, seen.entries, snapshots.append)
    else:
        delete_empty(context, arn)


def _refuse(context: Context, arn: str, description: DatasetDescription) -> None:
    if not description.entries:
        return
    if context.policy.destroy is Destroy.REFUSE:
        raise Refused(
            f"the dataset {arn} has {description.entries:,} entries and the policy is `destroy: refuse`; to delete "
            "it, put its folder back, set `destroy: delete` (or `keep`, to leave it alone) in project.yaml, run "
            "`pulumi up` once, then destroy; to only forget it, run `pulumi state delete`"
        )
    if refusal := context.keeper.refusal():
        raise Refused(f"the dataset {arn} is not deleted: {refusal}")


def _wait_until_gone(context: Context, arn: str) -> None:
    context.waiter.until_gone(arn, context.looking("deleting the dataset"))


def _must_not_have_moved(context: Context, arn: str, updated: float) -> None:
    if context.idle(arn, updated).updated != updated:
        raise Moved(f"the dataset {arn} was changed by somebody else meanwhile; nothing was deleted, run again")


def _lines(context: Context, arn: str, total: int) -> Iterator[str]:
    for count, line in enumerate(context.gateway.entries(arn), start=1):
        yield line
        if count % 1000 == 0:
            context.tell("writing a snapshot", count, total)
