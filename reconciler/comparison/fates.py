"""What became of labels that were exchanged for others, by the balance of the whole dataset.

    renamed     no image has the label any more; all that was relabelled became one label, which nobody had before and
                nothing else became
    merged      likewise, into a label that was there before or takes others too
    split       no image has it any more, and it became several labels
    relabelled  it became another on two entries at least, and is on images afterwards

Knows marks, figures and words for them. Refuses to know lines.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.comparison.differences import Group, GroupKind
from reconciler.comparison.figures import LabelBalance
from reconciler.comparison.marks import Mark, Tally
from reconciler.comparison.words import counted, listed, named

__all__ = ["LEAST", "Draft", "fates", "how_many", "said"]

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
