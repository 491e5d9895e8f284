"""One cause, one guard: changes that are one thing (a label renamed on many entries) trip a guard of their own.

Such a group is found among all changes, the same in a preview, a plan and an apply. It trips by the threshold of the
guard that it stands in for, and its entries then do not count for `updates`, `label-removed`, `label-share` and (moved
keys) `shrink`. Nothing silences `test-set`, and nothing silences `shrink` in a test set.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from msgspec import structs
from msgspec.structs import replace

from reconciler.analysis.entry import Detail, detail_of
from reconciler.analysis.groups import Groups, groups_of
from reconciler.analysis.labels import balance_of
from reconciler.analysis.movements import repoints
from reconciler.analysis.patterns import Pattern, Patterns
from reconciler.analysis.results import Group, GroupKind
from reconciler.changes import Comparison, changes
from reconciler.guards import GUARDS, LEAST_ENTRIES, Asked, Labels, judged, thing_of
from reconciler.ledger import Ledger
from reconciler.model import Change, DatasetType, GuardCheck, GuardState, Verb
from reconciler.plan.figures import PlanFigures
from reconciler.policy import FROZEN, Threshold
from reconciler.text import sentence

# The guard of each kind of group; a removed label keeps its guard, but its entries do not count as updates.
_GUARD: Final[Mapping[GroupKind, str]] = {
    "renamed": "rename",
    "merged": "merge",
    "label-removed": "label-removed",
    "re-pointed": "move",
    "mirrored": "boxes",
    "shifted": "boxes",
    "scaled": "boxes",
}
# The guard that each stands in for, by whose threshold it trips; a label without an image trips `label-removed` too.
_STANDS_IN_FOR: Final = {"rename": "updates", "merge": "updates", "boxes": "updates", "move": "shrink"}
_SILENCED: Final = ("updates", "label-removed", "label-share", "shrink")
# What a group of each kind explains of a box, and the patterns that say nothing of labels and boxes.
_EXPLAINS: Final[Mapping[GroupKind, frozenset[str]]] = {
    "renamed": frozenset({"relabelled"}),
    "merged": frozenset({"relabelled"}),
    "label-removed": frozenset({"removed"}),
    "mirrored": frozenset({"moved", "resized"}),
    "shifted": frozenset({"moved", "resized"}),
    "scaled": frozenset({"moved", "resized"}),
}
_SILENT_PATTERNS: Final = frozenset({"left", "annotation-pass"})


def by_cause(
    ledger: Ledger,
    compared: Comparison,
    checks: tuple[GuardCheck, ...],
    guards: Mapping[str, Threshold],
    asked: Asked,
) -> tuple[GuardCheck, ...]:
    """The checks of a plan, with those of its causes in place of the guards that they stand in for."""
    tripped = {one.name for one in checks if one.state in {GuardState.TRIPPED, GuardState.OVERRIDDEN}}
    if tripped.isdisjoint(_SILENCED) or compared.loads_all:
        return checks
    causes = _Causes(ledger, compared, {name: guards.get(name, row.default) for name, row in GUARDS.items()})
    found = list(causes.tripping())
    if not found:
        return checks
    figures = _Rest(ledger, compared, causes, found, asked.dataset_type)
    before = renamed(asked.before, figures.successors) if asked.before else None
    rest = {one.name: one for one in judged(figures, guards, replace(asked, before=before), _SILENCED)}
    silenced = {name for name in tripped if name in _SILENCED and rest[name].state is GuardState.PASSED}
    if silenced <= asked.allow.keys():  # nothing is silenced, or each is overridden by its own name
        return checks
    kept = (rest[one.name] if one.name in _SILENCED and one.name in tripped else one for one in checks)
    return (*kept, *(causes.check(group, asked, silenced) for group in found if group.kind != "label-removed"))


class _Causes:
    """The groups among the changes of a plan; memory as for a review: one row per pattern and label."""

    def __init__(self, ledger: Ledger, compared: Comparison, guards: Mapping[str, Threshold]) -> None:
        self._ledger, self._compared, self._guards = ledger, compared, guards
        self._live = compared.live.entries if compared.live else 0
        patterns = Patterns()
        for change, detail in self._updates():
            patterns.see(change, detail)
        counted = balance_of(ledger, compared.policy.extra.leftover)
        self._gone = counted.gone
        self._groups = groups_of(patterns, counted, repoints(ledger))

    def tripping(self) -> Iterator[Group]:
        """The groups that are too much for the guard that they stand in for."""
        return (group for group in self._groups.groups if group.kind in _GUARD and self._trips(group))

    def _trips(self, group: Group) -> bool:
        goes = group.kind in {"renamed", "merged"} or (group.kind == "label-removed" and group.old[0] in self._gone)
        if goes and self._guards["label-removed"] is not False:
            return True
        stands_in_for = _STANDS_IN_FOR.get(_GUARD[group.kind])
        threshold = self._guards[stands_in_for] if stands_in_for else False
        if threshold is False or threshold == FROZEN:  # only `test-set` can be frozen, and no cause takes its place
            return False
        return group.entries >= LEAST_ENTRIES and group.entries > threshold * self._live

    def check(self, group: Group, asked: Asked, silenced: set[str]) -> GuardCheck:
        """A cause as a guard that trips, in place of those that are `silenced`, unless it is overridden by its name."""
        guard = _GUARD[group.kind]
        thing = thing_of(group.old, group.new) if guard != "boxes" else thing_of((_amount(group),))
        reason = asked.allow.get(f"{guard}:{thing}", "")
        share = round(group.entries / self._live, 6) if self._live else None
        state = GuardState.OVERRIDDEN if reason else GuardState.TRIPPED
        place = f"; in place of {', '.join(sorted(silenced))}" if silenced else ""
        of_live = f" ({group.entries / max(1, self._live):.0%} of the live entries{place})"
        words = sentence(group.words, of_live)
        return GuardCheck(guard, state, words, group.entries, self._live, share, None, reason, thing)

    def unexplained(self, tripping: Sequence[Group]) -> int:
        """How many labelled live entries would be updated by more than these groups."""
        kinds = {group.id: group.kind for group in tripping}
        return sum(
            bool(detail.labelled_before) and not _explained(detail, patterns, self._groups, kinds)
            for patterns, detail in self._patterned()
        )

    def _patterned(self) -> Iterator[tuple[tuple[Pattern, ...], Detail]]:
        seen = Patterns()
        for change, detail in self._updates():
            yield seen.see(change, detail), detail

    def _updates(self) -> Iterator[tuple[Change, Detail]]:
        for change in changes(self._ledger, self._compared.policy.compare, self._compared.settled):
            if change.verb is Verb.UPDATE:
                yield change, detail_of(change)


def _amount(group: Group) -> str:
    return f"{group.kind} {','.join(f'{part:g}' for part in group.by or ())}"


def _explained(detail: Detail, patterns: Sequence[Pattern], groups: Groups, kinds: Mapping[int, GroupKind]) -> bool:
    """Whether groups of these numbers explain every label and box of a change."""
    allowed = set[str]()
    for pattern in patterns:
        if pattern.kind in _SILENT_PATTERNS:
            continue
        mine = [kinds[number] for number in groups.by_pattern.get(pattern, ()) if number in kinds]
        if not mine:
            return False
        for kind in mine:
            allowed |= _EXPLAINS[kind]
    words = {word for box in detail.changed_boxes for word in box.what}
    malformed = detail.malformed_removed or detail.malformed_added
    return bool(allowed) and words <= allowed and bool(detail.labelled_after) and not malformed


class _Rest(PlanFigures):
    """The figures without what the causes explain."""

    def __init__(
        self, ledger: Ledger, compared: Comparison, causes: _Causes, tripping: Sequence[Group], kind: DatasetType
    ) -> None:
        super().__init__(ledger, compared, None)
        self._causes, self._tripping, self._kind = causes, tripping, kind

    @cached_property
    def updated(self) -> int:
        """Labelled live entries that differ from the manifest by more than the causes."""
        return self._causes.unexplained(self._tripping)

    @property
    def gone(self) -> int:
        """Without keys that moved, unless this is a test set."""
        moved = sum(group.entries for group in self._tripping if group.kind == "re-pointed")
        return max(0, super().gone - (moved if self._kind is DatasetType.TRAIN else 0))

    @cached_property
    def before(self) -> Labels:
        """Labels that were renamed or merged have their new name."""
        return renamed(super().before, self.successors)

    @property
    def successors(self) -> Mapping[str, str]:
        """The new name of each label that a cause renames or merges."""
        pairs_of = (group for group in self._tripping if group.kind in {"renamed", "merged"})
        return {group.old[0]: group.new[0] for group in pairs_of}


def renamed(labels: Labels, successors: Mapping[str, str]) -> Labels:
    """Counts by label with the new names."""
    counts: dict[str, int] = {}
    for label, many in labels.images_by_label.items():
        new = successors.get(label, label)
        counts[new] = counts.get(new, 0) + many
    return structs.replace(labels, images_by_label=counts)
