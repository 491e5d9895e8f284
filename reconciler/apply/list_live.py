"""Listing live truthfully: a listing counts only when the dataset did not move while it was made.

The service lists page by page without a snapshot, its tokens expire, and reads may be stale for a while after an
update. So LastUpdatedTimestamp is read before and after, and a listing that disagrees with the dataset's own
statistics is made once more.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.apply.context import Context
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import InUse, Moved, ServiceError
from reconciler.ledger import Ledger, fill_live

# A dataset that moved under so many listings in a row is being worked on: better to say so than to go on.
_TRIES: Final = 5
# Pauses before a listing is made again because it disagrees with the statistics or with what was just sent, in seconds.
_STALE_PAUSES: Final = (2.0, 4.0, 8.0)


def list_live(
    context: Context, ledger: Ledger, arn: str, before: DatasetDescription | None = None
) -> DatasetDescription:
    """List in place of what the ledger held of live; the description that holds for what was listed.

    `before` is the dataset as just seen, idle; without it the dataset is looked at first.

    Raises:
        Moved: the dataset changed again and again while it was listed. NotFound: it is gone.
        ServiceError: a call failed, or what was listed is no entry.
    """
    return list_fresh(context, ledger, arn, lambda: False, before)


def list_fresh(
    context: Context,
    ledger: Ledger,
    arn: str,
    looks_stale: Callable[[], bool],
    before: DatasetDescription | None = None,
) -> DatasetDescription:
    """List as `list_live` does, until the listing does not look stale, at most four times.

    `looks_stale` is asked after each listing whether it lacks what was just sent; what is still lacking in the last one
    is lacking indeed. A listing of a large dataset takes minutes: for disagreeing statistics alone it is made once more
    only.
    """
    described, listed = _listed(context, ledger, arn, before)
    for number, pause in enumerate(_STALE_PAUSES):
        disagrees = number == 0 and listed != described.entries
        if not disagrees and not looks_stale():
            break
        context.clock.sleep(pause)
        described, listed = _listed(context, ledger, arn, None)
    return described


def _listed(
    context: Context, ledger: Ledger, arn: str, before: DatasetDescription | None
) -> tuple[DatasetDescription, int]:
    """One listing during which the dataset did not move, and how many lines it had."""
    for _try in range(_TRIES):
        before = before or context.idle(arn)
        if before.status == DatasetStatus.CREATE_FAILED:
            raise Moved(f"the creation of {arn} failed meanwhile; run again")
        try:
            listed = _fill(context, ledger, arn, before.entries)
        except (InUse, Moved):
            before = None  # an operation began, or the listing's token is no longer valid
            continue
        after = context.idle(arn)
        if after.updated == before.updated:
            return after, listed
        before = after
    raise Moved(
        f"the dataset {arn} could not be listed in {_TRIES} tries, because it changed or the listing's token "
        "expired meanwhile; run again when nobody works on it"
    )


def _fill(context: Context, ledger: Ledger, arn: str, total: int) -> int:
    """List into the ledger what are said to be `total` lines; how many there were."""
    lines = _Counted(context.gateway.entries(arn))
    try:
        fill_live(ledger, lines, lambda count: context.tell("listing", count, total))
    except ValueError as error:
        raise ServiceError(f"{arn}: {error}; report it to AWS", operation="ListDatasetEntries") from None
    return lines.count


@dataclass(slots=True)
class _Counted:
    """Lines that are counted as they go by."""

    lines: Iterable[str]
    count: int = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.count += 1
            yield line
