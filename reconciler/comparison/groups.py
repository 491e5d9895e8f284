"""The same change on many entries, found and not guessed: marks made into groups, with evidence and exceptions.

What became of labels is said by `reconciler.comparison.fates`; everything else takes two entries at least. Exchanged
image-level labels are explained by relabellings that were seen elsewhere; what remains of one of each is a relabelling
too, anything else is removed and added.

Knows marks, figures and words for them. Refuses to know lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from reconciler.comparison.differences import Group, GroupKind
from reconciler.comparison.fates import LEAST, Draft, fates, how_many, said
from reconciler.comparison.figures import Balance, LabelBalance
from reconciler.comparison.line_text import holdable
from reconciler.comparison.marks import EXAMPLES, Mark, MarkKind, Marks, Tally
from reconciler.comparison.repoint import Repoint
from reconciler.comparison.words import counted, listed, movement, named

__all__ = ["Groups", "groups_of"]

# Groups that are named, the largest first; the changes of the others stand for themselves.
_GROUPS_KEPT: Final = 200
_EXACT: Final[Mapping[MarkKind, tuple[GroupKind, str]]] = MappingProxyType(
    {
        "mirrored": ("mirrored", "exactly"),
        "shifted": ("shifted", "exactly"),
        "scaled": ("scaled", "to within half a pixel at every edge"),
    }
)
_ORDER: Final[tuple[GroupKind, ...]] = (
    "renamed",
    "merged",
    "split",
    "relabelled",
    "re-pointed",
    "mirrored",
    "shifted",
    "scaled",
    "image-size",
    "label-removed",
    "label-added",
    "annotation-pass",
)


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a dataset, and which of them a change belongs to."""

    groups: tuple[Group, ...]
    by_mark: Mapping[Mark, tuple[int, ...]] = field(default_factory=dict)
    by_key: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, key: str, marks: Iterable[Mark]) -> tuple[int, ...]:
        """The numbers of the groups of a change with this key and these marks."""
        numbers = {number for mark in marks for number in self.by_mark.get(mark, ())}
        numbers.update(self.by_key.get(key, ()))
        return tuple(sorted(numbers))


def groups_of(marks: Marks, balance: Balance, moves: Sequence[Repoint] = ()) -> Groups:
    """The groups among all changes of a dataset."""
    explained = _explained(marks.tallies)
    tallies = _joined(marks.tallies, explained)
    labels = {row.label: row for row in balance.rows}
    drafts = [
        *fates(tallies, labels),
        *_labels_changed(tallies, labels),
        *_movements(tallies, marks),
        *_sizes(tallies),
        *_passes(tallies, marks),
        *map(_repointed, moves),
    ]
    drafts.sort(key=lambda draft: (_ORDER.index(draft.kind), -draft.tally.entries, draft.words))
    least = sorted((draft.tally.entries for draft in drafts), reverse=True)[:_GROUPS_KEPT][-1:]
    kept = [draft for draft in drafts if draft.tally.entries >= (least[0] if least else 0)]
    return _numbered(kept[:_GROUPS_KEPT], explained)


def _numbered(drafts: Sequence[Draft], explained: Mapping[Mark, tuple[Mark, ...]]) -> Groups:
    by_mark: defaultdict[Mark, tuple[int, ...]] = defaultdict(tuple)
    by_key: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
    for number, draft in enumerate(drafts, start=1):
        for mark in draft.marks:
            by_mark[mark] += (number,)
        for key in draft.keys:
            by_key[key] += (number,)
    for mark, meant in explained.items():
        numbers = tuple(number for one in meant for number in by_mark.get(one, ()))
        if numbers:
            by_mark[mark] += numbers
    return Groups(tuple(draft.group(number) for number, draft in enumerate(drafts, start=1)), by_mark, by_key)


def _explained(tallies: Mapping[Mark, Tally]) -> dict[Mark, tuple[Mark, ...]]:
    """What exchanged labels mean, by the relabellings that other entries show plainly."""
    known = {(mark.old[0], mark.new[0]) for mark in tallies if mark.kind == "relabelled"}
    return {mark: tuple(_explanation(mark, known)) for mark in tallies if mark.kind == "exchanged"}


def _explanation(mark: Mark, known: set[tuple[str, str]]) -> Iterator[Mark]:
    old, new = list(mark.old), list(mark.new)
    for label in mark.old:
        successors = [other for other in new if (label, other) in known]
        if len(successors) == 1 and sum((other, successors[0]) in known for other in old) == 1:
            old.remove(label)
            new.remove(successors[0])
            yield Mark("relabelled", (label,), (successors[0],))
            yield Mark("left", (label,))
    if len(old) == len(new) == 1:
        yield Mark("relabelled", (old[0],), (new[0],))
        yield Mark("left", (old[0],))
    else:
        yield from (Mark("label-removed", old=(label,)) for label in old)
        yield from (Mark("label-added", new=(label,)) for label in new)


def _joined(tallies: Mapping[Mark, Tally], explained: Mapping[Mark, tuple[Mark, ...]]) -> dict[Mark, Tally]:
    """The tallies of all marks but exchanged ones, which count as what they mean."""
    joined = {
        mark: Tally(tally.entries, tally.boxes, list(tally.examples))
        for mark, tally in tallies.items()
        if mark not in explained
    }
    for mark, meant in explained.items():
        for one in meant:
            joined.setdefault(one, Tally()).join(tallies[mark])
    return joined


def _labels_changed(tallies: Mapping[Mark, Tally], labels: Mapping[str, LabelBalance]) -> Iterator[Draft]:
    """Labels that several entries gained or lost."""
    for mark, tally in tallies.items():
        if tally.entries < LEAST:
            continue
        if mark.kind == "label-added":
            label = mark.new[0]
            words = f"{named(label)} added to {how_many(tally)}"
            yield Draft("label-added", words, tally, (mark,), new=mark.new, evidence=(said(labels, label),))
        elif mark.kind == "label-removed":
            label = mark.old[0]
            words = f"{named(label)} removed from {how_many(tally)}"
            yield Draft("label-removed", words, tally, (mark,), old=mark.old, evidence=(said(labels, label),))


def _movements(tallies: Mapping[Mark, Tally], marks: Marks) -> Iterator[Draft]:
    """Boxes that all moved by one amount."""
    for mark, tally in tallies.items():
        if mark.by is None or tally.entries < LEAST or mark.kind not in _EXACT:
            continue
        rest = marks.moved - tally.entries
        kind, how = _EXACT[mark.kind]
        yield Draft(
            kind,
            f"boxes {movement(kind, mark.by)} on {how_many(tally)}",
            tally,
            (mark,),
            by=mark.by,
            evidence=(f"{counted(tally.boxes, 'box', 'boxes')} of these entries, {how}",),
            exceptions=(f"{counted(rest, 'entry has', 'entries have')} boxes that moved otherwise",) if rest else (),
            exception_count=rest,
        )


def _sizes(tallies: Mapping[Mark, Tally]) -> Iterator[Draft]:
    """Images of another size, whose boxes were not scaled along."""
    for mark, tally in tallies.items():
        if mark.kind == "image-size" and tally.entries >= LEAST:
            yield Draft(
                "image-size",
                f"image size {', '.join(mark.old)} -> {', '.join(mark.new)} on {how_many(tally)}",
                tally,
                (mark,),
                old=mark.old,
                new=mark.new,
                evidence=("not all boxes of these entries were scaled with it",) if tally.boxes else (),
            )


def _passes(tallies: Mapping[Mark, Tally], marks: Marks) -> Iterator[Draft]:
    """New jobs behind many updates."""
    for mark, tally in tallies.items():
        if mark.kind != "annotation-pass" or tally.entries < LEAST:
            continue
        rest = marks.updates - tally.entries
        yield Draft(
            "annotation-pass",
            f"new annotation pass: job {listed(mark.old) or 'unknown'} -> {listed(mark.new) or 'unknown'} on "
            f"{counted(tally.entries, 'entry', 'entries')}",
            tally,
            (mark,),
            old=mark.old,
            new=mark.new,
            evidence=(f"job-name of {tally.entries:,} of {marks.updates:,} updated entries",),
            exceptions=(f"{counted(rest, 'updated entry is', 'updated entries are')} not of it",) if rest else (),
            exception_count=rest,
        )


def _repointed(move: Repoint) -> Draft:
    many = len(move.same)
    old, new = holdable(move.old), holdable(move.new)
    differing, names = len(move.differing), listed([holdable(key) for _old, key in move.differing])
    others = counted(differing, "entry", "entries")
    return Draft(
        "re-pointed",
        f"{counted(many, 'entry', 'entries')} re-pointed from {old} to {new}, content unchanged",
        Tally(many, 0, [holdable(key) for _old, key in move.same[:EXAMPLES]]),
        keys=frozenset(key for pair in move.same for key in pair),
        old=(old,),
        new=(new,),
        evidence=(f"{many:,} keys out, {many:,} keys in, equal labels and boxes",),
        exceptions=(f"{others} of the same name with other content: {names}",) if differing else (),
        exception_count=differing,
    )
