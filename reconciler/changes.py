"""Desired against live: which entries change and the verb of each, both sides in figures, and request bodies.

Lines are cut into request bodies lazily, one batch in memory at a time: a new one whenever the next line would not fit,
which gives as few batches as the order allows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, repeat

from msgspec import Struct

from reconciler.entries import bare_line
from reconciler.ledger import LET_GO, Brief, Facts, Ledger, Row
from reconciler.limits import BATCH_BYTES
from reconciler.model import Change, Verb
from reconciler.policy import Compare, Policy, Rejection


class Batch(Struct, frozen=True):
    """One UpdateDatasetEntries call: its body (JSON Lines, UTF-8) and the changes it carries, in order."""

    number: int
    changes: tuple[Change, ...]
    body: bytes

    @classmethod
    def of(cls, number: int, changes: Sequence[Change]) -> "Batch":
        """One body of these changes, however large."""
        body = b"".join(change.desired + b"\n" for change in changes if change.desired is not None)
        return cls(number, tuple(changes), body)


def batches(changes: Iterable[Change], limit: int = BATCH_BYTES) -> Iterator[Batch]:
    """Cut changes that carry a desired line into bodies of at most `limit` bytes, each line ended by a newline.

    A single line larger than the limit makes its own batch; `reconciler.manifest` refuses such lines long before.
    """
    number, size = 1, 0
    held: list[Change] = []
    for change in changes:
        line = change.desired
        if line is None:
            continue
        if held and size + len(line) + 1 > limit:
            yield Batch.of(number, held)
            number, size, held = number + 1, 0, []
        held.append(change)
        size += len(line) + 1
    if held:
        yield Batch.of(number, held)


def changes(ledger: Ledger, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[Change]:
    """The entries to add and update, in manifest order."""
    return map(changed, ledger.differing(mode, settled))


def loads(ledger: Ledger) -> Iterator[Change]:
    """All desired entries as adds, in manifest order: what fills an empty dataset."""
    return map(_loaded, ledger.desired_rows())


def _loaded(row: Row) -> Change:
    return Change(Verb.ADD, row.key, row.seq, row.desired, place=row.place, labels=row.labels, declared=row.declared)


def live_only(ledger: Ledger, *, unlabel: bool, settled: frozenset[str] = frozenset()) -> Iterator[Change]:
    """Live entries that the manifest does not have, as listed.

    With `unlabel` the labelled ones become changes that send the bare line; those without labels, or that were let go
    (see `Comparison`), are left out. Without it each is one line of information. Retired ones are unlabelled anyway.
    """
    for row in ledger.live_only(withheld=not unlabel):
        verb = _verb_of_left(row, unlabel=unlabel, settled=settled)
        if verb:
            yield unlabelled(row) if verb is Verb.UNLABEL else _left(row)


def _verb_of_left(row: Row | Brief, *, unlabel: bool, settled: frozenset[str]) -> Verb | None:
    """The verb of a live-only row; None where nothing is said about it."""
    if not (unlabel or row.retired):
        return Verb.LIVE_ONLY
    return Verb.UNLABEL if row.live_labelled and not (settled and row.let_go in settled) else None


def unlabels(ledger: Ledger, *, unlabel: bool, settled: frozenset[str] = frozenset()) -> Iterator[Change]:
    """The changes among those of `live_only` that send something."""
    return (one for one in live_only(ledger, unlabel=unlabel, settled=settled) if one.verb is Verb.UNLABEL)


def _verb_of(row: Row | Brief) -> Verb:
    return Verb.UPDATE if row.in_live else Verb.ADD


def _left(row: Row) -> Change:
    """The line of information about a live-only row."""
    return Change(Verb.LIVE_ONLY, row.key, row.seq, live=row.live, live_labels=row.live_labels)


def changed(row: Row) -> Change:
    """The change that makes a desired row live: an add if live does not have the key, else an update."""
    verb = _verb_of(row)
    labels = row.labels, row.live_labels, row.declared, row.live_declared
    return Change(verb, row.key, row.seq, row.desired, row.live, row.place, *labels)


def unlabelled(row: Row) -> Change:
    """The change that takes the labels off a live-only row."""
    bare = bare_line(row.key)
    labels = (), row.live_labels, (), row.live_declared
    return Change(Verb.UNLABEL, row.key, row.seq, bare, row.live, None, *labels, row.retired)


class Action(StrEnum):
    """What happens to the dataset as a whole."""

    NOTHING = "nothing"
    UPDATE = "update"
    CREATE = "create"
    REPLACE = "replace"


class Comparison(Struct, frozen=True):
    """What differs between desired and live of one dataset, in figures. `live` is None where there is no dataset.

    `add`, `update` and `unlabel` count the lines that would be sent, `live_only` the live entries that the manifest
    does not have and that are not `retired` (all of them where the dataset is replaced); `retiring` those of the latter
    that lose their labels, which `unlabel` counts too. `unchanged` counts the entries that are as desired, `ignored`
    those among them that differ in fields that labels mode ignores, `marked` the live entries with errors. `settled`
    names pairs stored differently from how they were sent, and under `rejected: skip` those that the service would not
    take: `let_go` counts the latter, which are neither changes nor unchanged until one of their sides changes. `kept`
    counts entries that somebody edited outside git and that `theirs: keep` leaves out of everything else.
    """

    action: Action
    policy: Policy
    desired: Facts
    live: Facts | None
    add: int = 0
    update: int = 0
    unlabel: int = 0
    live_only: int = 0
    unchanged: int = 0
    ignored: int = 0
    marked: int = 0
    let_go: int = 0
    kept: int = 0
    settled: frozenset[str] = frozenset()
    retired: int = 0
    retiring: int = 0

    @property
    def lines(self) -> int:
        """How many lines would be sent."""
        return self.add + self.update + self.unlabel

    @property
    def has_changes(self) -> bool:
        """Whether an apply would change anything live."""
        return self.action is not Action.NOTHING

    @property
    def loads_all(self) -> bool:
        """Whether every entry is sent, to a dataset that is created, or deleted and created again."""
        return self.action in {Action.CREATE, Action.REPLACE}


def compare(
    ledger: Ledger, policy: Policy, *, exists: bool, settled: frozenset[str] = frozenset(), kept: int = 0
) -> Comparison:
    """Compare the two sides of a filled ledger; `exists` tells whether the dataset is there.

    `kept` counts the entries that the ledger withholds.
    """
    desired = ledger.desired_facts(policy.compare)
    if not exists:
        return Comparison(Action.CREATE, policy, desired, None, add=desired.entries)
    live = ledger.live_facts(policy.compare)
    left = Counter(bool(row.retired) for row in ledger.brief_live_only())
    if policy.extra.replaces and left[False]:
        return Comparison(
            Action.REPLACE, policy, desired, live, add=desired.entries, live_only=left.total(), marked=live.marked
        )
    if policy.rejected is Rejection.FAIL:
        settled = frozenset(pair for pair in settled if not pair.startswith(LET_GO))
    verbs = Counter(_verb_of(row) for row in ledger.brief_differing(policy.compare, settled))
    going = _left_in_brief(ledger, unlabel=policy.extra.unlabels, settled=settled)
    sent = Counter(bool(row.retired) for verb, row in going if verb is Verb.UNLABEL)
    lets_go = any(pair.startswith(LET_GO) for pair in settled)
    let_go = sum(row.let_go in settled for row in ledger.brief_differing(policy.compare)) if lets_go else 0
    return Comparison(
        Action.UPDATE if verbs or sent else Action.NOTHING,
        policy,
        desired,
        live,
        add=verbs[Verb.ADD],
        update=verbs[Verb.UPDATE],
        unlabel=sent.total(),
        live_only=left[False],
        unchanged=desired.entries - verbs.total() - let_go - ledger.base.withheld(),
        ignored=ledger.ignored() if policy.compare is Compare.LABELS else 0,
        marked=live.marked,
        let_go=let_go,
        kept=kept,
        settled=settled,
        retired=left[True],
        retiring=sent[True],
    )


def shown_changes(ledger: Ledger, compared: Comparison) -> Iterator[Change]:
    """The changes as people see them: manifest order, then what is live only (not if all of live is deleted anyway)."""
    if compared.loads_all:
        return chain(loads(ledger), map(_left, ledger.live_only())) if compared.live else loads(ledger)
    unlabel = compared.policy.extra.unlabels
    settled = compared.settled
    return chain(changes(ledger, compared.policy.compare, settled), live_only(ledger, unlabel=unlabel, settled=settled))


def in_brief(ledger: Ledger, compared: Comparison, *, sent: bool = False) -> Iterator[tuple[Verb, Brief]]:
    """What `shown_changes` gives, without lines; with `sent` only what is sent, in the manifest's order."""
    if compared.loads_all:
        left = ledger.brief_live_only() if compared.live and not sent else iter(())
        return chain(zip(repeat(Verb.ADD), ledger.brief_desired()), zip(repeat(Verb.LIVE_ONLY), left))
    differing = ledger.brief_differing(compared.policy.compare, compared.settled)
    going = _left_in_brief(ledger, unlabel=compared.policy.extra.unlabels, settled=compared.settled)
    shown = (one for one in going if not sent or one[0] is Verb.UNLABEL)
    return chain(((_verb_of(row), row) for row in differing), shown)


def with_lines(ledger: Ledger, compared: Comparison, verb: Verb, row: Brief) -> Change:
    """The change of `shown_changes` that `in_brief` gave as this verb and row."""
    if verb in {Verb.LIVE_ONLY, Verb.UNLABEL}:
        return (unlabelled if verb is Verb.UNLABEL else _left)(ledger.live_row(row.seq))
    return (_loaded if compared.loads_all else changed)(ledger.desired_row(row.seq))


def _left_in_brief(ledger: Ledger, *, unlabel: bool, settled: frozenset[str]) -> Iterator[tuple[Verb, Brief]]:
    """What `live_only` gives, without lines."""
    for row in ledger.brief_live_only(withheld=not unlabel):
        if verb := _verb_of_left(row, unlabel=unlabel, settled=settled):
            yield verb, row


def shown_total(compared: Comparison) -> int:
    """How many changes `shown_changes` gives."""
    if compared.policy.extra.unlabels and compared.action is not Action.REPLACE:
        return compared.lines
    return compared.lines + compared.live_only
