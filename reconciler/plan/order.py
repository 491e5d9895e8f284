"""What is sent, in which order, and how much that is; a dataset never has more labels than the service allows.

A dataset may use 250 labels. When labels are renamed, the new ones arrive before the last entry of the old ones is
updated, so the way from one legal state to another may pass through an illegal one. Manifest order is kept where it
stays legal; else the changes are ordered by the labels they free, so that each old label goes before the next new one
comes. The service judges a batch as a whole, so the count is taken at the end of each batch. For the order, labels that
a class-map declares and no box uses count too, because the service may count them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from msgspec import Struct

from reconciler.changes import Action, Comparison, changed, changes, in_brief, loads, unlabelled, unlabels
from reconciler.entries import bare_line
from reconciler.ledger import DESIRED, Ledger
from reconciler.limits import BATCH_BYTES, DATASET_LABELS
from reconciler.model import Change, Verb


class Step(Struct, frozen=True):
    """What ordering needs to know of a change: its place in manifest order, its size in bytes, labels before and after.

    The labels are those that are used, or declared. `unlabel` tells the changes of live-only entries, whose `seq`
    counts apart.
    """

    seq: int
    size: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    unlabel: bool = False

    @classmethod
    def of(cls, change: Change, *, declared: bool) -> "Step":
        """The step of a change that is sent."""
        labels = (change.live_declared, change.declared) if declared else (change.live_labels, change.labels)
        return cls(change.seq, len(change.desired or b"") + 1, *labels, change.verb is Verb.UNLABEL)


def peak_labels(steps: Iterable[Step], live: Mapping[str, int], limit: int = BATCH_BYTES) -> int:
    """The largest number of labels in use after any batch, when the steps are cut into batches of `limit` bytes."""
    uses, size, peak = Counter(live), 0, 0
    for step in steps:
        if size and size + step.size > limit:
            peak, size = max(peak, len(uses)), 0
        uses.update(step.after)
        for label in step.before:
            uses[label] -= 1
            if uses[label] <= 0:
                del uses[label]
        size += step.size
    return max(peak, len(uses))


def by_freed_label(steps: Iterable[Step], live: Mapping[str, int]) -> list[Step]:
    """The steps ordered by label.

    First those that bring no new label, then those that free some, grouped by what they free, then the rest.
    """

    def rank(step: Step) -> tuple[int, tuple[str, ...], tuple[str, ...], bool, int]:
        turn = 0 if all(label in live for label in step.after) else 1 if step.before else 2
        return turn, step.before, step.after, step.unlabel, step.seq

    return sorted(steps, key=rank)


def fits(labels: int) -> bool:
    """Whether a dataset may have this number of labels."""
    return labels <= DATASET_LABELS


class Sending(Struct, frozen=True):
    """Bytes and batches of what would be sent; `by_label`: manifest order would pass the label limit on the way."""

    bytes: int
    batches: int
    by_label: bool


def measured(ledger: Ledger, compared: Comparison) -> Sending:
    """Measure what would be sent, in the order that respects the label limit."""
    by_label = (
        compared.action is Action.UPDATE
        and not few_labels(ledger)
        and not fits(peak_labels(steps(ledger, compared, by_label=False), ledger.label_counts(declared=True)))
    )
    total = held = batches = 0
    for size in _sizes(ledger, compared, by_label=by_label):
        total += size
        if not batches or held + size > BATCH_BYTES:
            batches, held = batches + 1, 0
        held += size
    return Sending(total, batches, by_label)


def _sizes(ledger: Ledger, compared: Comparison, *, by_label: bool) -> Iterator[int]:
    """The bytes of each line that is sent, with the end of the line, in the order of sending."""
    if by_label:
        yield from (step.size for step in steps(ledger, compared, by_label=True))
        return
    for verb, row in in_brief(ledger, compared, sent=True):
        yield 1 + (len(bare_line(row.key)) if verb is Verb.UNLABEL else row.size)


def few_labels(ledger: Ledger) -> bool:
    """Whether all labels of both sides together, declared ones too, are allowed: then no order can pass the limit."""
    return fits(len(ledger.label_counts(declared=True).keys() | ledger.label_counts(DESIRED, declared=True).keys()))


def steps(ledger: Ledger, compared: Comparison, *, by_label: bool, declared: bool = True) -> Iterator[Step]:
    """What is sent, in the order of sending, with the labels that are `declared`, or only those that are used."""
    return (Step.of(change, declared=declared) for change in in_order(ledger, compared, by_label=by_label))


def in_order(ledger: Ledger, compared: Comparison, *, by_label: bool) -> Iterator[Change]:
    """The changes in the order of sending: the manifest's, or by label."""
    if compared.loads_all:
        return loads(ledger)
    if by_label:
        return _in_label_order(ledger, compared)
    updates = changes(ledger, compared.policy.compare, compared.settled)
    return chain(updates, unlabels(ledger, unlabel=compared.policy.extra.unlabels, settled=compared.settled))


def _in_label_order(ledger: Ledger, compared: Comparison) -> Iterator[Change]:
    """Sorted by label; only the order is held in memory, the lines are read from the ledger one by one."""
    live = ledger.label_counts(declared=True)
    for step in by_freed_label(list(steps(ledger, compared, by_label=False)), live):
        row = ledger.live_row(step.seq) if step.unlabel else ledger.desired_row(step.seq)
        yield unlabelled(row) if step.unlabel else changed(row)
