"""The keys of a dataset as it will be once the plan is applied."""

from collections.abc import Iterator

from reconciler.ledger import Ledger
from reconciler.policy import Leftover


def keys_after(ledger: Ledger, leftover: Leftover) -> Iterator[tuple[str, bool]]:
    """Every key that will be live, and whether it will be labelled."""
    yield from ledger.keys()
    if leftover is not Leftover.GONE:
        for key, _meaning, labelled in ledger.only_live():
            yield key, labelled and leftover is Leftover.STAYS
