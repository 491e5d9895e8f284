"""Both sides of a dataset as a whole: live as it is, and as it will be once the plan is applied."""

from collections.abc import Iterator

from msgspec import Struct

from reconciler.analysis.fields import document_of
from reconciler.entries.meaning import Document
from reconciler.ledger import Ledger, StoredSide
from reconciler.policy import Leftover


class Side(Struct, frozen=True):
    """One entry on one side: its labels, the number of its boxes, whether it is labelled, and its line."""

    labels: str
    boxes: int
    labelled: bool
    document: Document


class Pair(Struct, frozen=True):
    """One key before and after; `ignored`: it differs only in fields that the comparison ignores.

    `in_manifest` is False for a live-only entry. Both sides are one object if nothing differs.
    """

    before: Side | None
    after: Side | None
    ignored: bool = False
    in_manifest: bool = True


def pairs(ledger: Ledger, leftover: Leftover) -> Iterator[Pair]:
    """Every key of either side once: the manifest's in its order, then those that are live only."""
    for desired, live, ignored in ledger.both_sides():
        after = _side(desired)
        before = after if live is desired else _side(live) if live else None
        yield Pair(before, after, ignored)
    for stored in ledger.live_only_sides():
        left = _side(stored)
        stays = leftover is Leftover.STAYS and not stored.retired
        yield Pair(left, _left(left, leftover, stays=stays), in_manifest=False)


def keys_after(ledger: Ledger, leftover: Leftover) -> Iterator[tuple[str, bool]]:
    """Every key that will be live, and whether it will be labelled."""
    yield from ledger.keys()
    if leftover is not Leftover.GONE:
        for key, _meaning, labelled in ledger.only_live():
            yield key, labelled and leftover is Leftover.STAYS


def _side(stored: StoredSide) -> Side:
    return Side(stored.labels, stored.boxes, bool(stored.labelled), document_of(stored.line))


def _left(before: Side, leftover: Leftover, *, stays: bool) -> Side | None:
    if leftover is Leftover.GONE:
        return None
    return before if stays else Side("[]", 0, labelled=False, document={})
