"""Guards: plans that look like an accident are refused before anything is sent, unless somebody says why.

Each guard has a name, a threshold in `policy.guards`, and a sentence with its figures. A new or empty dataset trips
none, and neither does a plan that sends nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.changes import Comparison
from reconciler.guards.figures import Figures, Labels
from reconciler.ledger import Ledger
from reconciler.model import LEAST_ENTRIES, SHARES_FROM, DatasetType, Guard, GuardCheck, GuardState
from reconciler.text import inert

_NAMED: Final = 3
_SHOWN: Final = 60
_KEY_SHOWN: Final = 200
# Two shares that are the same but for the last bits of a division are the same.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Asked:
    """What guards are asked about, beside the comparison; `allow` gives reasons for going on.

    `moved_to_test` counts entries that would be added to TRAIN and that are live only in TEST. `before` are the labels
    that shares are compared with: what was live before an apply began, None where live is as it was found.
    """

    dataset_type: DatasetType
    allow: Mapping[str, str] = field(default_factory=dict)
    moved_to_test: Callable[[], int] = lambda: 0
    before: Labels | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What a guard finds: whether that is too much, in words and figures."""

    trips: bool
    words: str
    count: int = 0
    of: int = 0
    share: float | None = None


def check_guards(ledger: Ledger, compared: Comparison, asked: Asked) -> tuple[GuardCheck, ...]:
    """What every guard says of what an apply would do, in the order of their names."""
    figures = Figures(ledger, compared)
    return tuple(_checked(guard, figures, compared, asked) for guard in Guard)


def _checked(guard: Guard, figures: Figures, compared: Comparison, asked: Asked) -> GuardCheck:
    threshold, reason = compared.policy.guards.threshold(guard), asked.allow.get(guard.value, "")
    share = threshold if isinstance(threshold, float) else None
    if threshold is None or threshold is False:
        return GuardCheck(guard, GuardState.OFF)
    said = _nothing_to_lose(figures, compared) or _GUARDS[guard](figures, asked, share or 0.0)
    if not said.trips:
        state, reason = GuardState.PASSED, ""
    else:
        state = GuardState.OVERRIDDEN if reason else GuardState.TRIPPED
    return GuardCheck(guard, state, said.words, said.count, said.of, said.share, share, reason)


def _nothing_to_lose(figures: Figures, compared: Comparison) -> _Said | None:
    if not figures.live:
        return _Said(trips=False, words="a new or empty dataset has nothing to lose")
    return None if compared.has_changes else _Said(trips=False, words="nothing would be sent")


def _updates(figures: Figures, _asked: Asked, limit: float) -> _Said:
    return _shares(figures.updated, figures.live, limit, "would be updated", least=LEAST_ENTRIES)


def _label_removed(figures: Figures, _asked: Asked, _limit: float) -> _Said:
    before, after = figures.before.images_by_label, figures.after.images_by_label
    gone = sorted(set(before) - set(after))
    if not gone:
        return _Said(trips=False, words="every label would still be used", of=len(before))
    uses = sum(before[label] for label in gone)
    now = f"(now {uses:,} {'use' if uses == 1 else 'uses'}{_where(figures, gone, uses)})"
    names = ", ".join(inert(label, _SHOWN) for label in gone[:_NAMED])
    more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
    words = f"the label {names} would no longer be used {now}"
    if len(gone) > 1:
        words = f"{len(gone):,} labels would no longer be used {now}: {names}{more}"
    return _Said(trips=True, words=words, count=len(gone), of=len(before))


def _where(figures: Figures, labels: list[str], uses: int) -> str:
    """The entries that use these labels, so that a person finds out whose they are; of many the first."""
    keys = figures.using(labels, _NAMED if uses <= _NAMED else 1)
    shown = ", ".join(inert(key, _KEY_SHOWN) for key in keys)
    return f": {shown}" if uses <= _NAMED else f", the first in {shown}"


def _label_share(figures: Figures, asked: Asked, limit: float) -> _Said:
    """The label whose share of the labelled images moves most."""
    before, after = asked.before or figures.before, figures.after
    if before.images < SHARES_FROM:
        return _Said(trips=False, words=f"{before.images:,} labelled images are too few to compare shares")
    labels = sorted({*before.images_by_label, *after.images_by_label})
    moves = {label: after.share(label) - before.share(label) for label in labels}
    label = max(labels, key=lambda name: abs(moves[name]), default="")
    moved = abs(moves.get(label, 0.0))
    shares = f"{before.share(label):.0%} -> {after.share(label):.0%}"
    words = f"the share of images with the label {inert(label, _SHOWN)} would move {shares}"
    trips = moved > limit + _ROUNDING
    if trips and figures.goes_on_with_a_load:
        trips, words = False, "a first load that was broken off goes on"
    elif trips:
        words += f", by more than {limit * 100:g} points"
    return _Said(trips, words, after.images_by_label.get(label, 0), after.images, moved)


def _shrink(figures: Figures, _asked: Asked, limit: float) -> _Said:
    what = "are not in the manifest any more"
    if figures.losing:
        what += " or would lose their labels"
    return _shares(figures.gone + figures.losing, figures.live, limit, what, least=LEAST_ENTRIES)


def _test_set(figures: Figures, asked: Asked, limit: float) -> _Said:
    if asked.dataset_type is not DatasetType.TEST:
        return _Said(trips=False, words="this is no test set")
    if many := figures.unlabelled:
        entries = "entry of the test set would lose its" if many == 1 else "entries of the test set would lose their"
        return _Said(True, f"{many:,} {entries} labels", many, figures.live, many / figures.live)  # noqa: FBT003 - trips
    return _shares(figures.updated, figures.live, limit, "of the test set would be updated")


def _distributed(_figures: Figures, asked: Asked, _limit: float) -> _Said:
    many = asked.moved_to_test()
    if not many:
        return _Said(trips=False, words="no entry that would be added is live only in the test dataset")
    words = (
        f"{many:,} {'entry that is' if many == 1 else 'entries that are'} missing in the live training dataset and "
        "live only in the test dataset would be added again: somebody ran DistributeDatasetEntries, and the same "
        "images would train and test"
    )
    return _Said(trips=True, words=words, count=many)


def _shares(number: int, live: int, limit: float, what: str, *, least: int = 0) -> _Said:
    share = number / live
    trips = number >= least and share > limit + _ROUNDING
    beyond = f"; more than {limit * 100:g}%" if trips else ""
    return _Said(trips, f"{number:,} of {live:,} entries ({share:.0%}) {what}{beyond}", number, live, share)


_GUARDS: Final[Mapping[Guard, Callable[[Figures, Asked, float], _Said]]] = {
    Guard.UPDATES: _updates,
    Guard.LABEL_REMOVED: _label_removed,
    Guard.LABEL_SHARE: _label_share,
    Guard.SHRINK: _shrink,
    Guard.TEST_SET: _test_set,
    Guard.DISTRIBUTED: _distributed,
}
