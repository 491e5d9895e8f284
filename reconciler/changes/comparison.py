"""Both sides compared: what happens to the dataset, and to how many of its entries."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from reconciler.changes.verbs import changes, live_only, loads
from reconciler.ledger import Facts, Ledger
from reconciler.model import Change, Compare, Policy, Verb


class Action(StrEnum):
    """What happens to the dataset as a whole."""

    NOTHING = "nothing"
    UPDATE = "update"
    CREATE = "create"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between desired and live of one dataset, in figures. `live` is None where there is no dataset.

    `add`, `update` and `unlabel` count the lines that would be sent, `live_only` the live entries that the manifest
    does not have, `unchanged` the entries that are as desired, `ignored` those among them that differ in fields that
    labels mode ignores, `marked` the live entries with errors. `settled` names pairs stored differently from how they
    were sent.
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
    settled: frozenset[str] = frozenset()

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


def compare(ledger: Ledger, policy: Policy, *, exists: bool, settled: frozenset[str] = frozenset()) -> Comparison:
    """Compare the two sides of a filled ledger; `exists` tells whether the dataset is there."""
    desired = ledger.desired_facts(policy.compare)
    if not exists:
        return Comparison(Action.CREATE, policy, desired, None, add=desired.entries)
    live = ledger.live_facts(policy.compare)
    extras = sum(1 for _ in ledger.live_only())
    if policy.extra.replaces and extras:
        return Comparison(
            Action.REPLACE, policy, desired, live, add=desired.entries, live_only=extras, marked=live.marked
        )
    verbs = Counter(change.verb for change in changes(ledger, policy.compare, settled))
    unlabel = sum(1 for _ in live_only(ledger, unlabel=True)) if policy.extra.unlabels else 0
    return Comparison(
        Action.UPDATE if verbs or unlabel else Action.NOTHING,
        policy,
        desired,
        live,
        add=verbs[Verb.ADD],
        update=verbs[Verb.UPDATE],
        unlabel=unlabel,
        live_only=extras,
        unchanged=desired.entries - verbs.total(),
        ignored=ledger.ignored() if policy.compare is Compare.LABELS else 0,
        marked=live.marked,
        settled=settled,
    )


def shown_changes(ledger: Ledger, compared: Comparison) -> Iterator[Change]:
    """The changes as people see them: manifest order, then what is live only (not if all of live is deleted anyway)."""
    if compared.loads_all:
        return chain(loads(ledger), live_only(ledger, unlabel=False)) if compared.live else loads(ledger)
    unlabel = compared.policy.extra.unlabels
    return chain(changes(ledger, compared.policy.compare, compared.settled), live_only(ledger, unlabel=unlabel))


def shown_total(compared: Comparison) -> int:
    """How many changes `shown_changes` gives."""
    if compared.policy.extra.unlabels and compared.action is not Action.REPLACE:
        return compared.lines
    return compared.add + compared.update + compared.live_only
