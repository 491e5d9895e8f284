"""The plan: what an apply would do, in figures, and why it must not.

A plan holds no entries: `sends` and `shown_changes` read them from the ledger again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Final

from reconciler import analysis as comparison
from reconciler.ledger import Facts, Ledger
from reconciler.limits import BATCH_BYTES, DATASET_ENTRIES, DATASET_LABELS
from reconciler.model import Change, Extra, GuardCheck, GuardState, Override, Policy, Verb
from reconciler.plan.label_order import Step, by_freed_label, fits, peak_labels
from reconciler.text import inert

_REPLACE_CURE: Final = (
    "set `extra: replace` to delete the dataset and load it anew, or bring those entries into the manifest"
)


class Action(StrEnum):
    """What happens to the dataset as a whole."""

    NOTHING = "nothing"
    UPDATE = "update"
    CREATE = "create"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Statistics:
    """DescribeDataset's own counts: TotalEntries and ErrorEntries.

    LabeledEntries is not among them: which entries it counts is not documented where a label attribute is invalid.
    """

    entries: int
    marked: int

    def agree_with(self, live: Facts) -> bool:
        """Whether they say what was listed."""
        return (self.entries, self.marked) == (live.entries, live.marked)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do to one dataset.

    `add`, `update` and `unlabel` count the lines that would be sent, `live_only` the live entries that the manifest
    does not have, `unchanged` the entries that are as desired, `ignored` those among them that differ in fields that
    labels mode ignores, `marked` the live entries with errors. `bytes` and `batches` measure what would be sent.
    `refusals` are sentences: with any of them an apply sends nothing. `by_label` says that sending in manifest order
    would pass the label limit on the way. `settled` names pairs stored differently from how they were sent.
    `bucket` is the manifest's; `updated` the LastUpdatedTimestamp of the listing that was compared, `counted` what the
    service's own statistics said then.
    `guards` is what each guard said, () where none was asked; `override` says how those that refuse are overridden.
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
    bytes: int = 0
    batches: int = 0
    by_label: bool = False
    refusals: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    bucket: str | None = None
    updated: float = 0.0
    counted: Statistics | None = None
    guards: tuple[GuardCheck, ...] = ()
    override: Override | None = None

    @property
    def lines(self) -> int:
        """How many lines would be sent."""
        return self.add + self.update + self.unlabel

    @property
    def has_changes(self) -> bool:
        """Whether an apply would change anything live."""
        return self.action is not Action.NOTHING

    @property
    def refusal(self) -> str:
        """All refusals and how guards are overridden, as one sentence; empty when nothing is refused."""
        return "; ".join((*self.refusals, str(self.override)) if self.override else self.refusals)

    @property
    def overrides(self) -> tuple[tuple[str, str], ...]:
        """The guards that would refuse but for a reason that somebody gave: name and reason."""
        overridden = (one for one in self.guards if one.state is GuardState.OVERRIDDEN)
        return tuple((one.name, one.reason) for one in overridden)


def make_plan(
    ledger: Ledger, policy: Policy, *, exists: bool, bucket: str | None, settled: frozenset[str] = frozenset()
) -> Plan:
    """Plan from a filled ledger; `exists` tells whether the dataset is there, `bucket` is the manifest's."""
    desired = ledger.desired_facts(policy.compare)
    if not exists:
        base = Plan(Action.CREATE, policy, desired, None, add=desired.entries)
    else:
        base = _compared(ledger, policy, desired, settled)
    measured = _measured(ledger, base)
    return replace(measured, refusals=tuple(_refusals(ledger, measured, bucket)))


def sends(ledger: Ledger, plan: Plan) -> Iterator[Change]:
    """The changes in the order of sending."""
    if plan.action in {Action.CREATE, Action.REPLACE}:
        return comparison.loads(ledger)
    if not plan.by_label:
        return _in_manifest_order(ledger, plan)
    return _in_label_order(ledger, plan)


def shown_changes(ledger: Ledger, plan: Plan) -> Iterator[Change]:
    """The changes as people see them: manifest order, then what is live only (not where all of it goes anyway)."""
    if plan.action in {Action.CREATE, Action.REPLACE}:
        loads = comparison.loads(ledger)
        return chain(loads, comparison.live_only(ledger, unlabel=False)) if plan.live else loads
    return chain(
        comparison.changes(ledger, plan.policy.compare, plan.settled),
        comparison.live_only(ledger, unlabel=plan.policy.extra.unlabels),
    )


def shown_total(plan: Plan) -> int:
    """How many changes `shown_changes` gives."""
    if plan.policy.extra.unlabels and plan.action is not Action.REPLACE:
        return plan.lines
    return plan.add + plan.update + plan.live_only


def _compared(ledger: Ledger, policy: Policy, desired: Facts, settled: frozenset[str]) -> Plan:
    live = ledger.live_facts(policy.compare)
    extras = sum(1 for _ in ledger.live_only())
    if policy.extra.replaces and extras:
        return Plan(Action.REPLACE, policy, desired, live, add=desired.entries, live_only=extras, marked=live.marked)
    add, update = _counts(comparison.changes(ledger, policy.compare, settled))
    unlabel = sum(1 for _ in comparison.live_only(ledger, unlabel=True)) if policy.extra.unlabels else 0
    return Plan(
        Action.UPDATE if add or update or unlabel else Action.NOTHING,
        policy,
        desired,
        live,
        add=add,
        update=update,
        unlabel=unlabel,
        live_only=extras,
        unchanged=desired.entries - add - update,
        ignored=ledger.ignored() if policy.compare == "labels" else 0,
        marked=live.marked,
        settled=settled,
    )


def _counts(changes: Iterator[Change]) -> tuple[int, int]:
    add = update = 0
    for change in changes:
        if change.verb is Verb.ADD:
            add += 1
        else:
            update += 1
    return add, update


def _measured(ledger: Ledger, plan: Plan) -> Plan:
    """Bytes and batches; and the order, where manifest order would pass the label limit on the way."""
    if plan.action is not Action.UPDATE or _few_labels(ledger):
        by_label = False
    else:
        by_label = not fits(peak_labels(_steps(ledger, plan), ledger.live_label_counts()))
    ordered = replace(plan, by_label=by_label)
    total, batches = _batches(_steps(ledger, ordered))
    return replace(ordered, bytes=total, batches=batches)


def _few_labels(ledger: Ledger) -> bool:
    """Whether all labels of both sides together are allowed: then no order can pass the limit."""
    return fits(len(ledger.live_label_counts().keys() | ledger.desired_label_counts().keys()))


def _steps(ledger: Ledger, plan: Plan) -> Iterator[Step]:
    """What is sent, in the order of sending."""
    return (Step.of(change, unlabel=change.verb is Verb.UNLABEL) for change in sends(ledger, plan))


def _batches(steps: Iterator[Step]) -> tuple[int, int]:
    total = held = batches = 0
    for step in steps:
        total += step.size
        if not batches or held + step.size > BATCH_BYTES:
            batches, held = batches + 1, 0
        held += step.size
    return total, batches


def _refusals(ledger: Ledger, plan: Plan, bucket: str | None) -> Iterator[str]:
    if plan.policy.extra.refuses and plan.live_only:
        yield (
            f"{plan.live_only:,} live {'entry is' if plan.live_only == 1 else 'entries are'} not in the manifest and "
            f"the policy is `extra: {plan.policy.extra}`; bring them into the manifest, or set `extra` "
            f"to {_or([one.value for one in Extra if not one.refuses])}"
        )
    if not plan.lines or plan.action in {Action.CREATE, Action.REPLACE}:
        return
    total = plan.desired.entries + plan.live_only
    if total > DATASET_ENTRIES:
        yield (
            f"manifest and live-only entries together are {total:,} images, a dataset may have {DATASET_ENTRIES:,}; "
            f"{_REPLACE_CURE}"
        )
    yield from _bucket_refusal(ledger, bucket)
    yield from _label_refusal(ledger, plan)


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _bucket_refusal(ledger: Ledger, bucket: str | None) -> Iterator[str]:
    if bucket is None:
        return
    strangers = [row.key for row in ledger.live_only() if not row.key.startswith(f"s3://{bucket}/")]
    if strangers:
        yield (
            f"{len(strangers):,} live entries that the manifest does not have are in another bucket than its images "
            f"(s3://{bucket}/): {inert(strangers[0])}; all images of a dataset must be in one bucket; {_REPLACE_CURE}"
        )


def _label_refusal(ledger: Ledger, plan: Plan) -> Iterator[str]:
    if _few_labels(ledger):
        return
    live = ledger.live_label_counts()
    final = peak_labels(_steps(ledger, plan), live, limit=plan.bytes + 1)
    if not fits(final):
        yield (
            f"manifest and live-only entries together use {final:,} labels, a dataset may have {DATASET_LABELS}; "
            f"{_REPLACE_CURE}"
        )
    elif plan.by_label and not fits(peak := peak_labels(_steps(ledger, plan), live)):
        yield (
            f"on the way the dataset would have {peak:,} labels, it may have {DATASET_LABELS}, in whatever order the "
            "lines are sent; rename the labels in two applies, or set `extra: replace` with one entry left out"
        )


def _in_manifest_order(ledger: Ledger, plan: Plan) -> Iterator[Change]:
    updates = comparison.changes(ledger, plan.policy.compare, plan.settled)
    if plan.policy.extra.unlabels:
        return chain(updates, comparison.live_only(ledger, unlabel=True))
    return updates


def _in_label_order(ledger: Ledger, plan: Plan) -> Iterator[Change]:
    """Sorted by label; only the order is held in memory, the lines are read from the ledger one by one."""
    live = ledger.live_label_counts()
    steps = [Step.of(one, unlabel=one.verb is Verb.UNLABEL) for one in _in_manifest_order(ledger, plan)]
    for step in by_freed_label(steps, live):
        row = ledger.live_row(step.seq) if step.unlabel else ledger.desired_row(step.seq)
        yield comparison.unlabelled(row) if step.unlabel else comparison.changed(row)
