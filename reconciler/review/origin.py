"""Whose change it is: this branch's, one of the base that was not applied yet, or drift.

The rule compares the digests of one key: in the branch, in the base, in live, and in earlier revisions of the base. The
service cannot delete an entry, so an entry that is in the base and not live was never applied.
"""

from collections.abc import Collection

from reconciler.ledger import Ledger
from reconciler.model import Compare
from reconciler.review.model import Origin, OriginCounts
from reconciler.run import Base

Digest = bytes


def origin_of(
    desired: Digest | None, base: Digest | None, live: Digest | None, earlier: Collection[Digest] | None = None
) -> Origin:
    """Whose change a difference between `desired` and `live` is; None: that side does not have the key."""
    if desired != base:
        return "branch"
    if live is None or (earlier is not None and live in earlier):
        return "base"
    return "base-or-drift" if earlier is None else "drift"


class OriginCount:
    """Finds out whose changes those of a dataset are, and counts them."""

    def __init__(self, base: Base, ledger: Ledger, mode: Compare) -> None:
        self._base, self._ledger, self._mode = base, ledger, mode
        self._counted: dict[Origin, int] = {}

    def see(self, key: str) -> Origin:
        """Whose change that of this key is."""
        desired, live = self._ledger.digests(key, self._mode)
        base, _nothing = self._base.ledger.digests(key, self._mode)
        origin = origin_of(desired, base, live, self._base.said_earlier(key, live))
        self._counted[origin] = self._counted.get(origin, 0) + 1
        return origin

    def counts(self) -> OriginCounts:
        """The number of changes seen, by whose they are."""
        return OriginCounts(
            revision=self._base.revision,
            branch=self._counted.get("branch", 0),
            base=self._counted.get("base", 0),
            drift=self._counted.get("drift", 0),
            base_or_drift=self._counted.get("base-or-drift", 0),
        )
