"""Guards: plans that look like an accident are refused before anything is sent, unless somebody says why.

Each guard has a name, a threshold in `policy.guards`, and a sentence with its figures. A new or empty dataset trips
none, and neither does a plan that sends nothing.

Knows thresholds and figures of one dataset. Refuses to know who may override a guard and how that is said.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from reconciler.errors import BadInput
from reconciler.ledger import Ledger
from reconciler.model import DatasetType, Extra, Guards
from reconciler.plan import Action, Plan

__all__ = ["Guard", "Tripped", "check_guards", "parse_allow", "refusals"]

# Below so many entries a share says little. (octoDNS: MIN_EXISTING_RECORDS is 10 too.)
_ENTRIES: Final = 10
# From so many live images on a label's share is compared.
_SHARE_FROM: Final = 100
_NAMED: Final = 3


class Guard(StrEnum):
    """The guards' names, as settings and overrides spell them."""

    UPDATES = "updates"
    LABEL_REMOVED = "label-removed"
    LABEL_SHARE = "label-share"
    SHRINK = "shrink"
    TEST_SET = "test-set"
    DISTRIBUTED = "distributed"


@dataclass(frozen=True, slots=True)
class Tripped:
    """A guard that says no, and its sentence with figures."""

    guard: Guard
    message: str


def check_guards(
    ledger: Ledger, plan: Plan, dataset_type: DatasetType, guards: Guards, moved_to_test: int = 0
) -> tuple[Tripped, ...]:
    """The guards that a plan trips, in the order of their names in `Guard`.

    `moved_to_test` counts entries that the plan would add to TRAIN and that are live only in TEST.
    """
    if plan.live is None or not plan.live.entries or not plan.has_changes:
        return ()
    found = (
        *_updates(plan, guards),
        *_labels(ledger, plan, guards),
        *_shrink(plan, guards),
        *_test_set(plan, dataset_type, guards),
        *_distributed(guards, moved_to_test),
    )
    return tuple(found)


def refusals(tripped: Iterable[Tripped], allow: Mapping[str, str]) -> tuple[str, ...]:
    """The sentences of the guards that nobody overrode; `allow` gives a reason for each that somebody did."""
    return tuple(
        f"guard {one.guard.value}: {one.message}; if it is meant, say why, for this run: "
        f'--allow {one.guard.value}="why", or under Pulumi RECONCILER_ALLOW="{one.guard.value}=why"'
        for one in tripped
        if one.guard.value not in allow
    )


def parse_allow(items: Iterable[str], source: str) -> dict[str, str]:
    """Overrides written as `guard=why` (quotes around the reason are dropped); `source` says where they stand.

    Raises:
        BadInput: a guard is unknown, or no reason is given.
    """
    allowed: dict[str, str] = {}
    for item in items:
        name, _, reason = item.partition("=")
        name, reason = name.strip(), reason.strip().strip("\"'").strip()
        if name not in set(Guard):
            guess = get_close_matches(name, list(Guard), n=1)
            hint = f" (did you mean {guess[0]}?)" if guess else ""
            raise BadInput(f"{source}: there is no guard {name!r}{hint}; there are {', '.join(Guard)}")
        if not reason:
            raise BadInput(f'{source}: the guard {name} needs a reason: {name}="why"')
        allowed[name] = reason
    return allowed


def _updates(plan: Plan, guards: Guards) -> Iterator[Tripped]:
    live = plan.live.entries if plan.live else 0
    if guards.updates is not None and plan.update >= _ENTRIES and plan.update > guards.updates * live:
        yield Tripped(Guard.UPDATES, _share("would be updated", plan.update, live, guards.updates))


def _labels(ledger: Ledger, plan: Plan, guards: Guards) -> Iterator[Tripped]:
    before = ledger.live_label_counts()
    after = _labels_after(ledger, plan)
    gone = sorted(set(before) - set(after))
    if guards.label_removed and gone:
        names = ", ".join(gone[:_NAMED]) + (f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else "")
        images = sum(before[label] for label in gone)
        yield Tripped(Guard.LABEL_REMOVED, f"no entry would use the label {names} any more (live: {images:,} uses)")
    if guards.label_share is not None and plan.live and plan.live.entries >= _SHARE_FROM:
        yield from _label_share(before, after, plan, guards.label_share)


def _label_share(before: Mapping[str, int], after: Mapping[str, int], plan: Plan, limit: float) -> Iterator[Tripped]:
    """The label whose share of the labelled images moves most, when that is over the limit."""
    images_before = max(1, plan.live.labelled if plan.live else 0)
    images_after = max(1, _labelled_after(plan))
    moves = {
        label: after.get(label, 0) / images_after - before.get(label, 0) / images_before for label in {*before, *after}
    }
    label = max(sorted(moves), key=lambda name: abs(moves[name]), default=None)
    if label is not None and abs(moves[label]) > limit:
        shares = f"{before.get(label, 0) / images_before:.0%} -> {after.get(label, 0) / images_after:.0%}"
        yield Tripped(
            Guard.LABEL_SHARE,
            f"the share of images with the label {label} would move {shares}, by more than {limit * 100:g} points",
        )


def _shrink(plan: Plan, guards: Guards) -> Iterator[Tripped]:
    live = plan.live.entries if plan.live else 0
    going = plan.live_only
    if guards.shrink is not None and going >= _ENTRIES and going > guards.shrink * live:
        yield Tripped(Guard.SHRINK, _share("are not in the manifest any more", going, live, guards.shrink))


def _test_set(plan: Plan, dataset_type: DatasetType, guards: Guards) -> Iterator[Tripped]:
    if dataset_type is not DatasetType.TEST or guards.test_set is None:
        return
    live = plan.live.entries if plan.live else 0
    if plan.unlabel:
        yield Tripped(Guard.TEST_SET, f"{plan.unlabel:,} entries of the test set would lose their labels")
    elif plan.update > guards.test_set * live:
        yield Tripped(Guard.TEST_SET, _share("of the test set would be updated", plan.update, live, guards.test_set))


def _distributed(guards: Guards, moved_to_test: int) -> Iterator[Tripped]:
    if guards.distributed and moved_to_test:
        yield Tripped(
            Guard.DISTRIBUTED,
            f"{moved_to_test:,} entries that are missing in the live training dataset are live only in the test "
            "dataset: somebody ran DistributeDatasetEntries; adding them again would train and test on the same images",
        )


def _labels_after(ledger: Ledger, plan: Plan) -> dict[str, int]:
    """How many entries will use each label: the manifest's, and the live-only ones that keep theirs."""
    counts = ledger.desired_label_counts()
    if plan.action is not Action.REPLACE and plan.policy.extra is not Extra.UNLABEL:
        for label, many in ledger.live_only_label_counts().items():
            counts[label] = counts.get(label, 0) + many
    return counts


def _labelled_after(plan: Plan) -> int:
    """How many entries will be labelled: the manifest's, and at most the live-only ones."""
    if plan.action is Action.REPLACE or plan.policy.extra is Extra.UNLABEL:
        return plan.desired.labelled
    return plan.desired.labelled + plan.live_only


def _share(what: str, number: int, live: int, limit: float) -> str:
    return f"{number:,} of {live:,} live entries ({number / live:.0%}) {what}; more than {limit:.0%}"
