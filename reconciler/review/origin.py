"""Whose change it is: this branch's, one that the base has and nobody applied, or drift behind everybody's back.

A pure rule over the digests of one key: what the branch says, what the base says, what is live, and what the base said
earlier. The service cannot delete an entry, so an entry that the base has and live has not was never applied.
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
    """Whose change it is that `desired` and `live` differ; None stands for a key that a side does not have."""
    if desired != base:
        return "branch"
    if live is None or (earlier is not None and live in earlier):
        return "base"
    return "base-or-drift" if earlier is None else "drift"


class OriginCount:
    """Tells and counts whose the changes of a dataset are."""

    def __init__(self, base: Base, ledger: Ledger, mode: Compare) -> None:
        self._base, self._ledger, self._mode = base, ledger, mode
        self._counted: dict[Origin, int] = {}

    def see(self, key: str) -> Origin:
        """Whose the change of this key is."""
        desired, live = self._ledger.digests(key, self._mode)
        base, _nothing = self._base.ledger.digests(key, self._mode)
        origin = origin_of(desired, base, live, self._base.said_earlier(key, live))
        self._counted[origin] = self._counted.get(origin, 0) + 1
        return origin

    def counts(self) -> OriginCounts:
        """The changes seen, by whose they are."""
        return OriginCounts(
            revision=self._base.revision,
            branch=self._counted.get("branch", 0),
            base=self._counted.get("base", 0),
            drift=self._counted.get("drift", 0),
            base_or_drift=self._counted.get("base-or-drift", 0),
        )
