"""List a dataset's live entries; a listing counts only when the dataset did not change while it was made.

The service lists page by page without a snapshot, its tokens expire, and reads may be stale for a while after an
update. So LastUpdatedTimestamp is read before and after, and a listing that disagrees with the dataset's own
statistics is made once more.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from reconciler.apply.context import Context
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import InUse, Moved, ServiceError
from reconciler.ledger import Ledger, fill_live

# Listings in a row during which the dataset changed, before the run ends: somebody is working on it.
_TRIES: Final = 5
# Pauses before a listing is made again because it disagrees with the statistics or with what was just sent, in seconds.
_STALE_PAUSES: Final = (2.0, 4.0, 8.0)


def list_live(
    context: Context,
    ledger: Ledger,
    arn: str,
    before: DatasetDescription | None = None,
    looks_stale: Callable[[], bool] = lambda: False,
) -> DatasetDescription:
    """Replace the ledger's live entries by a new listing; return the description that is valid for it.

    `before` is the dataset as just described, idle; without it the dataset is described first. `looks_stale` returns
    after each listing whether lines that were just sent are missing from it; then the listing is repeated, at most
    three times. Listing a large dataset takes minutes, so it is repeated only once where only the statistics disagree.

    Raises:
        Moved: the dataset changed during each of several listings. NotFound: it was deleted.
        ServiceError: a call failed, or a listed line is not an entry.
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
    """One listing during which the dataset did not change, and how many lines it had."""
    for _try in range(_TRIES):
        before = before or context.idle(arn)
        if before.status == DatasetStatus.CREATE_FAILED:
            raise Moved(f"the dataset {arn} could not be created (CREATE_FAILED); run again")
        try:
            seen = partial(context.tell, "listing", total=before.entries)
            listed = fill_live(ledger, context.gateway.entries(arn), seen)
        except ValueError as error:
            raise ServiceError(f"{arn}: {error}; report it to AWS", operation="ListDatasetEntries") from None
        except (InUse, Moved):
            before = None  # an operation began, or the listing's token is no longer valid
            continue
        after = context.idle(arn)
        if after.updated == before.updated:
            return after, listed
        before = after
    raise Moved(
        f"the dataset {arn} could not be listed in {_TRIES} tries, because it changed or the listing's token "
        "expired each time; run again when nobody else is changing it"
    )
