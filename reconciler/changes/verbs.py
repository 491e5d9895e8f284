"""Desired against live: which entries change, and the verb of each."""

from collections.abc import Iterator

from reconciler.entries import bare_line
from reconciler.ledger import Ledger, Row
from reconciler.model import Change, Compare, Verb


def changes(ledger: Ledger, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[Change]:
    """The entries to add and update, in manifest order."""
    return map(changed, ledger.differing(mode, settled))


def loads(ledger: Ledger) -> Iterator[Change]:
    """All desired entries as adds, in manifest order: what fills an empty dataset."""
    for row in ledger.desired_rows():
        yield Change(Verb.ADD, row.key, row.seq, desired=row.desired, place=row.place, labels=row.labels)


def live_only(ledger: Ledger, *, unlabel: bool) -> Iterator[Change]:
    """Live entries that the manifest does not have, as listed.

    With `unlabel` the labelled ones become changes that send the bare line; those without labels are left
    out. Without it each is one line of information.
    """
    for row in ledger.live_only():
        if not unlabel:
            yield Change(Verb.LIVE_ONLY, row.key, row.seq, live=row.live, live_labels=row.live_labels)
        elif row.live_labelled:
            yield unlabelled(row)


def changed(row: Row) -> Change:
    """The change that makes a desired row live: an add if live does not have the key, else an update."""
    verb = Verb.UPDATE if row.in_live else Verb.ADD
    return Change(verb, row.key, row.seq, row.desired, row.live, row.place, row.labels, row.live_labels)


def unlabelled(row: Row) -> Change:
    """The change that takes the labels off a live-only row."""
    bare = bare_line(row.key)
    return Change(Verb.UNLABEL, row.key, row.seq, desired=bare, live=row.live, live_labels=row.live_labels)
