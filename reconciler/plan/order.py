"""What is sent, in which order, and how much that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from reconciler.changes import Action, Comparison, changed, changes, live_only, loads, unlabelled
from reconciler.ledger import Ledger
from reconciler.limits import BATCH_BYTES
from reconciler.model import Change, Verb
from reconciler.plan.label_order import Step, by_freed_label, fits, peak_labels


@dataclass(frozen=True, slots=True)
class Sending:
    """Bytes and batches of what would be sent; `by_label`: manifest order would pass the label limit on the way."""

    bytes: int
    batches: int
    by_label: bool


def measured(ledger: Ledger, compared: Comparison) -> Sending:
    """Measure what would be sent, in the order that respects the label limit."""
    by_label = (
        compared.action is Action.UPDATE
        and not few_labels(ledger)
        and not fits(peak_labels(steps(ledger, compared, by_label=False), ledger.live_label_counts()))
    )
    total = held = batches = 0
    for step in steps(ledger, compared, by_label=by_label):
        total += step.size
        if not batches or held + step.size > BATCH_BYTES:
            batches, held = batches + 1, 0
        held += step.size
    return Sending(total, batches, by_label)


def few_labels(ledger: Ledger) -> bool:
    """Whether all labels of both sides together are allowed: then no order can pass the limit."""
    return fits(len(ledger.live_label_counts().keys() | ledger.desired_label_counts().keys()))


def steps(ledger: Ledger, compared: Comparison, *, by_label: bool) -> Iterator[Step]:
    """What is sent, in the order of sending."""
    ordered = in_order(ledger, compared, by_label=by_label)
    return (Step.of(change, unlabel=change.verb is Verb.UNLABEL) for change in ordered)


def in_order(ledger: Ledger, compared: Comparison, *, by_label: bool) -> Iterator[Change]:
    """The changes in the order of sending: the manifest's, or by label."""
    if compared.loads_all:
        return loads(ledger)
    if by_label:
        return _in_label_order(ledger, compared)
    updates = changes(ledger, compared.policy.compare, compared.settled)
    if compared.policy.extra.unlabels:
        return chain(updates, live_only(ledger, unlabel=True))
    return updates


def _in_label_order(ledger: Ledger, compared: Comparison) -> Iterator[Change]:
    """Sorted by label; only the order is held in memory, the lines are read from the ledger one by one."""
    live = ledger.live_label_counts()
    for step in by_freed_label(list(steps(ledger, compared, by_label=False)), live):
        row = ledger.live_row(step.seq) if step.unlabel else ledger.desired_row(step.seq)
        yield unlabelled(row) if step.unlabel else changed(row)
