"""The same change on many entries, found and not guessed: marks made into groups, with evidence and exceptions.

What became of labels is said by `reconciler.analysis.groups`; everything else takes two entries at least. Exchanged
image-level labels are explained by relabellings that were seen elsewhere; what remains of one of each is a relabelling
too, anything else is removed and added.

What became of labels that were exchanged for others, by the balance of the whole dataset.

    renamed     no image has the label any more; all that was relabelled became one label, which nobody had before and
                nothing else became
    merged      likewise, into a label that was there before or takes others too
    split       no image has it any more, and it became several labels
    relabelled  it became another on two entries at least, and is on images afterwards
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from reconciler.analysis.line_text import holdable
from reconciler.analysis.moved_keys import Repoint
from reconciler.analysis.patterns import EXAMPLES, Mark, MarkKind, Marks, Tally
from reconciler.analysis.results import Balance, Group, GroupKind, LabelBalance
from reconciler.analysis.sentence import movement
from reconciler.text import counted, listed, named

# So many entries make a group, save for a label that is gone for good.
LEAST: Final = 2


@dataclass(slots=True)
class Draft:
    """A group before it has its number: what it says, and the marks and keys that belong to it."""

    kind: GroupKind
    words: str
    tally: Tally
    marks: tuple[Mark, ...] = ()
    keys: frozenset[str] = frozenset()
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    by: tuple[float, float] | None = None
    evidence: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    exception_count: int = 0

    def group(self, number: int) -> Group:
        """The finished group."""
        return Group(
            id=number,
            kind=self.kind,
            words=self.words,
            entries=self.tally.entries,
            boxes=self.tally.boxes,
            old=self.old,
            new=self.new,
            by=self.by,
            examples=tuple(self.tally.examples),
            evidence=self.evidence,
            exceptions=self.exceptions,
            exception_count=self.exception_count,
        )


def fates(tallies: Mapping[Mark, Tally], labels: Mapping[str, LabelBalance]) -> Iterator[Draft]:
    """Groups for all labels that became others."""
    successors: defaultdict[str, list[Mark]] = defaultdict(list)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for mark in tallies:
        if mark.kind == "relabelled":
            successors[mark.old[0]].append(mark)
            sources[mark.new[0]].add(mark.old[0])
    for old, marks in successors.items():
        if _images(labels, old)[1]:
            yield from (_relabelled(mark, tallies[mark], labels) for mark in marks if tallies[mark].entries >= LEAST)
        elif len(marks) > 1:
            yield _split(old, marks, tallies, labels)
        else:
            new = marks[0].new[0]
            renamed = sources[new] == {old} and not _images(labels, new)[0]
            yield _succeeded(marks[0], tallies, labels, sources[new], renamed=renamed)


def _relabelled(mark: Mark, tally: Tally, labels: Mapping[str, LabelBalance]) -> Draft:
    old, new = mark.old[0], mark.new[0]
    keep = _images(labels, old)[1]
    return Draft(
        "relabelled",
        f"{named(old)} relabelled as {named(new)} on {how_many(tally)}",
        tally,
        (mark,),
        old=mark.old,
        new=mark.new,
        evidence=(said(labels, old), said(labels, new)),
        exceptions=(f"{counted(keep, 'image has', 'images have')} {named(old)} afterwards",),
        exception_count=keep,
    )


def _split(old: str, marks: Sequence[Mark], tallies: Mapping[Mark, Tally], labels: Mapping[str, LabelBalance]) -> Draft:
    marks = sorted(marks, key=lambda mark: (-tallies[mark].entries, mark.new))
    tally = tallies.get(Mark("left", (old,))) or tallies[marks[0]]
    new = tuple(mark.new[0] for mark in marks)
    shares = tuple(f"{named(mark.new[0])}: {how_many(tallies[mark])}" for mark in marks)
    exceptions, count = _removed_instead(old, tallies)
    return Draft(
        "split",
        f"label {named(old)} split into {listed(new)} on {how_many(tally)}",
        tally,
        tuple(marks),
        old=(old,),
        new=new,
        evidence=(said(labels, old), *shares),
        exceptions=exceptions,
        exception_count=count,
    )


def _succeeded(
    mark: Mark, tallies: Mapping[Mark, Tally], labels: Mapping[str, LabelBalance], sources: set[str], *, renamed: bool
) -> Draft:
    """A label that is gone, with one successor."""
    old, new, tally = mark.old[0], mark.new[0], tallies[mark]
    exceptions, count = _removed_instead(old, tallies)
    elsewhere = tallies.get(Mark("label-added", new=mark.new)) if renamed else None
    if elsewhere:
        exceptions += (
            f"{counted(elsewhere.entries, 'entry has', 'entries have')} {named(new)} where {named(old)} was not",
        )
        count += elsewhere.entries
    others = tuple(f"{named(new)} also takes {named(other)}" for other in sorted(sources - {old}))
    return Draft(
        "renamed" if renamed else "merged",
        f"label {named(old)} {'renamed to' if renamed else 'merged into'} {named(new)} on {how_many(tally)}",
        tally,
        (mark,),
        old=mark.old,
        new=mark.new,
        evidence=(said(labels, old), said(labels, new), *others),
        exceptions=exceptions,
        exception_count=count,
    )


def _removed_instead(old: str, tallies: Mapping[Mark, Tally]) -> tuple[tuple[str, ...], int]:
    removed = tallies.get(Mark("label-removed", old=(old,)))
    if removed is None:
        return (), 0
    return (f"{named(old)} was removed instead on {how_many(removed)}",), removed.entries


def _images(labels: Mapping[str, LabelBalance], label: str) -> tuple[int, int]:
    row = labels.get(label)
    return (row.images_before, row.images_after) if row else (0, 0)


def said(labels: Mapping[str, LabelBalance], label: str) -> str:
    """A label's images before and after, in words."""
    before, after = _images(labels, label)
    return f"{named(label)}: {counted(before, 'image', 'images')} before, {after or 'none'} after"


def how_many(tally: Tally) -> str:
    """Entries, and boxes where there are any."""
    entries = counted(tally.entries, "entry", "entries")
    return f"{entries} ({counted(tally.boxes, 'box', 'boxes')})" if tally.boxes else entries


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
