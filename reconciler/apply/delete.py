"""Delete a dataset, after its entries were written to a snapshot.

The service gives no lock. So LastUpdatedTimestamp must be the one that was read before, both before the snapshot is
written and right before the delete; otherwise somebody else changed the dataset, and it is read again (`Moved`). A run
that is killed in between leaves either the whole dataset, or no dataset and a snapshot; the next run continues from
there.
"""

from collections.abc import Callable, Iterator
from typing import Final

from reconciler.apply.context import Context
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import InUse, Moved, NotFound, Refused
from reconciler.model import Destroy

# How often the dataset is described again while somebody else keeps changing it.
_ROUNDS: Final = 6


def destroy(context: Context, arn: str) -> tuple[str, ...]:
    """Delete a dataset as `policy.destroy` says, and wait until it is deleted; returns the places of its snapshots.

    Raises:
        Refused: the policy is `refuse` and the dataset has entries, or there is no place for a snapshot.
        Moved: somebody else kept changing the dataset.
    """
    snapshots: list[str] = []
    for left in reversed(range(_ROUNDS)):
        description = None if context.policy.destroy is Destroy.KEEP else context.gateway.describe(arn)
        if description is None:
            break
        _check(context, arn, description)
        try:
            if description.entries and description.status != DatasetStatus.DELETE_IN_PROGRESS:
                delete_kept(context, arn, description.updated, description.entries, snapshots.append)
            else:
                delete_empty(context, arn)
            break
        except Moved:
            if not left:
                raise
    return tuple(snapshots)


def delete_empty(context: Context, arn: str) -> None:
    """Delete a dataset without entries, and wait until it is deleted; it may be deleted already."""
    description = context.gateway.describe(arn)
    if description is not None and description.status != DatasetStatus.DELETE_IN_PROGRESS:
        context.idle(arn)
        context.gateway.delete_dataset(arn)
    context.waiter.until_gone(arn, context.looking("deleting the dataset"))


def delete_kept(context: Context, arn: str, updated: float, entries: int, kept: Callable[[str], None]) -> None:
    """Write all entries to a snapshot, call `kept` with its place, delete the dataset and wait until it is deleted.

    `updated` and `entries` are the dataset's LastUpdatedTimestamp and number of entries when this was decided.

    Raises:
        Moved: the dataset changed since. Interrupted: `stop` returned it. ReconcilerError: the snapshot could not be
        written. In all these cases nothing was deleted.
    """
    try:
        _check_unchanged(context, arn, updated)
        written = context.keeper.keep(arn, _lines(context, arn, entries))
        kept(written.where)
        _check_unchanged(context, arn, updated)
        if written.entries < entries:
            raise Moved(f"the service listed {written.entries:,} of {entries:,} entries of {arn}; run again")
        if (reason := context.stop()) is not None:
            raise reason
        context.gateway.delete_dataset(arn)
    except (InUse, NotFound) as error:
        raise Moved(str(error)) from None
    context.waiter.until_gone(arn, context.looking("deleting the dataset"))


def _check(context: Context, arn: str, description: DatasetDescription) -> None:
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


def _check_unchanged(context: Context, arn: str, updated: float) -> None:
    if context.idle(arn, updated).updated != updated:
        raise Moved(f"somebody else changed the dataset {arn} during this run; nothing was deleted, run again")


def _lines(context: Context, arn: str, total: int) -> Iterator[str]:
    for count, line in enumerate(context.gateway.entries(arn), start=1):
        yield line
        if count % 1000 == 0:
            context.tell("writing a snapshot", count, total)
