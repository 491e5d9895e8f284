"""Delete a dataset: every DeleteDataset of this program is sent by `delete`, and none of them is a guess.

The service gives no lock, its descriptions may be stale, and TotalEntries is 0 while a first load runs. So a dataset is
judged when it is idle, and it is listed: one listed line is enough to refuse, and only a listing without lines proves
that it is empty. Everything else is asked for by the caller and written to a snapshot.

LastUpdatedTimestamp must be the one that was read before, both before the snapshot is written and right before the
delete; otherwise somebody else changed the dataset, and it is read again (`Moved`). A run that is killed in between
leaves either the whole dataset, or no dataset and a snapshot; the next run continues from there.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from reconciler.apply.context import Context, Target
from reconciler.errors import InUse, Moved, NotFound, Refused, ServiceError
from reconciler.model import DatasetDescription, DatasetStatus
from reconciler.policy import Destroy

# How often the dataset is described again while somebody else keeps changing it.
_ROUNDS: Final = 6
# The pause between the two looks at a dataset that cannot be listed, in seconds.
_SECOND_LOOK: Final = 5.0


def destroy(context: Context, target: Target, recorded: str, kept: Callable[[str], None]) -> str:
    """Delete the dataset that the state records as `policy.destroy` says, and wait until it is deleted.

    `recorded` is its ARN, empty if the state names none; `kept` is called with the place of each snapshot as soon as
    that is written. Returns what should be known if this call did not delete it, else an empty text.

    Raises:
        Refused: the policy is `refuse` and the dataset has entries, there is no place for a snapshot, or a different
            dataset has taken the place of the recorded one.
        AccessDenied: the dataset was not found, and the credentials are not those of its account.
        Moved: somebody else kept changing the dataset.
    """
    if context.policy.destroy is Destroy.KEEP:
        return ""
    if not recorded:
        other = _dataset_of(context, target)
        return f"the state records no dataset of {target.title}: {other} is left alone" if other else ""
    for left in reversed(range(_ROUNDS)):
        if context.gateway.describe(recorded) is None:
            return _gone(context, target, recorded)
        try:
            delete(context, recorded, partial(_ask, context, recorded), kept)
            break
        except Moved:
            if not left:
                raise
    return ""


def delete(
    context: Context,
    arn: str,
    ask: Callable[[DatasetDescription], None],
    kept: Callable[[str], None],
    decided: tuple[float, int] | None = None,
) -> None:
    """Delete a dataset that was just described, and wait until it is deleted.

    `ask` is called if it has entries; it raises an error unless they may be deleted. Then all of them are written to a
    snapshot, and `kept` is called with its place. `decided` is the dataset's LastUpdatedTimestamp and number of entries
    when the delete was decided, if it was listed for that.

    Raises:
        Moved: the dataset changed. Interrupted: `stop` returned it. Refused: it has entries that cannot be listed.
        ReconcilerError: the snapshot could not be written. In all these cases nothing was deleted.
        ServiceError: a call failed; if the deletion was accepted before, the message starts with that.
    """
    try:
        before = context.idle(arn, decided[0] if decided else 0.0)
        if decided and before.updated != decided[0]:
            raise _moved(arn)
        if _has_entries(context, arn, before):
            ask(before)
            _write_snapshot(context, arn, max(before.entries, decided[1] if decided else 0), before.updated, kept)
        now = context.idle(arn, before.updated)
        if (now.updated, now.entries) != (before.updated, before.entries):
            raise _moved(arn)
        if (reason := context.stop()) is not None:
            raise reason
        context.gateway.delete_dataset(arn)
    except NotFound:
        return  # somebody else deleted it after it was described
    except InUse as error:
        raise Moved(str(error)) from None
    _wait(context, arn)


def _has_entries(context: Context, arn: str, before: DatasetDescription) -> bool:
    """Whether a dataset has entries, by a listing of its first page and by its description.

    A dataset whose creation failed may be impossible to list: it is empty if it counts none in two looks, of which the
    second is the last one before the delete.
    """
    try:
        return next(context.gateway.entries(arn), None) is not None or before.entries > 0
    except InUse:
        if before.status != DatasetStatus.CREATE_FAILED:
            raise
    if before.entries:
        raise Refused(
            f"the dataset {arn} could not be created (CREATE_FAILED), but has {before.entries:,} entries that cannot "
            "be listed, so no snapshot can be written and it is not deleted; delete it in the console of Rekognition"
        )
    context.pause(_SECOND_LOOK)
    return False


def _write_snapshot(context: Context, arn: str, entries: int, updated: float, kept: Callable[[str], None]) -> None:
    """Write all entries to a snapshot, which must have at least `entries`, and call `kept` with its place."""
    written = context.keeper.keep(arn, _lines(context, arn, entries))
    kept(written.where)
    if context.idle(arn, updated).updated != updated:
        raise _moved(arn)
    if written.entries < entries:
        raise Moved(f"the service listed {written.entries:,} of {entries:,} entries of {arn}; run again")


def _wait(context: Context, arn: str) -> None:
    """Wait until a dataset whose deletion was accepted is deleted."""
    try:
        context.waiter.until_gone(arn, context.looking("deleting the dataset"))
    except Moved:
        raise
    except ServiceError as error:
        said = f"AWS accepted the deletion of the dataset {arn}, but did not confirm its end: {error}"
        raise type(error)(said, code=error.code, operation=error.operation, request_id=error.request_id) from None


def _ask(context: Context, arn: str, description: DatasetDescription) -> None:
    """Refuse to destroy a dataset with entries if the policy or the place for snapshots demands that."""
    if context.policy.destroy is Destroy.REFUSE:
        counted = f"{description.entries:,} entries" if description.entries else "entries"
        raise Refused(
            f"the dataset {arn} has {counted} and the policy is `destroy: refuse`; to delete "
            "it, put its folder back, set `destroy: delete` (or `keep`, to leave it alone) in project.yaml, run "
            "`pulumi up` once, then destroy; to only forget it, run `pulumi state delete`"
        )
    if refusal := context.keeper.refusal():
        raise Refused(f"the dataset {arn} is not deleted: {refusal}")


def _gone(context: Context, target: Target, recorded: str) -> str:
    """What to say of a recorded dataset that was not found, once that is proven."""
    context.gateway.prove_account(recorded)
    if other := _dataset_of(context, target):
        raise Refused(
            f"the dataset {recorded} of the state does not exist any more, and somebody else made {other} in its "
            "place, which is not deleted; to take it over, put its folder back and run `pulumi up`; to only forget "
            "the old one, run `pulumi state delete`"
        )
    return f"the dataset {recorded} was deleted before, by somebody else or an earlier run"


def _dataset_of(context: Context, target: Target) -> str | None:
    """The ARN of the project's dataset of this type, or None."""
    project = context.gateway.project(target.project_arn)
    return project.datasets.get(target.dataset_type) if project else None


def _moved(arn: str) -> Moved:
    return Moved(f"somebody else changed the dataset {arn} during this run; nothing was deleted, run again")


def _lines(context: Context, arn: str, total: int) -> Iterator[str]:
    for count, line in enumerate(context.gateway.entries(arn), start=1):
        yield line
        if count % 1000 == 0:
            context.tell("writing a snapshot", count, total)
