"""The same change on many entries, found and not guessed: patterns made into groups, with evidence and exceptions.

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

from reconciler.analysis.moved_keys import Repoint
from reconciler.analysis.patterns import EXAMPLES, Pattern, PatternCount, PatternKind, Patterns
from reconciler.analysis.results import Balance, Group, GroupKind, LabelBalance
from reconciler.analysis.sentence import movement
from reconciler.text import Name, Sentence, counted, listed, plain, sentence

# So many entries make a group, save for a label that is gone for good.
LEAST: Final = 2


@dataclass(slots=True)
class Draft:
    """A group before it has its number: what it says, and the patterns and keys that belong to it."""

    kind: GroupKind
    words: Sentence
    count: PatternCount
    patterns: tuple[Pattern, ...] = ()
    keys: frozenset[str] = frozenset()
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    by: tuple[float, float] | None = None
    evidence: tuple[Sentence, ...] = ()
    exceptions: tuple[Sentence, ...] = ()
    exception_count: int = 0

    def group(self, number: int) -> Group:
        """The finished group."""
        return Group(
            id=number,
            kind=self.kind,
            words=self.words,
            entries=self.count.entries,
            boxes=self.count.boxes,
            old=self.old,
            new=self.new,
            by=self.by,
            examples=tuple(self.count.examples),
            evidence=self.evidence,
            exceptions=self.exceptions,
            exception_count=self.exception_count,
        )


def fates(counts: Mapping[Pattern, PatternCount], labels: Mapping[str, LabelBalance]) -> Iterator[Draft]:
    """Groups for all labels that became others."""
    successors: defaultdict[str, list[Pattern]] = defaultdict(list)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for pattern in counts:
        if pattern.kind == "relabelled":
            successors[pattern.old[0]].append(pattern)
            sources[pattern.new[0]].add(pattern.old[0])
    for old, patterns in successors.items():
        if _images(labels, old)[1]:
            yield from (
                _relabelled(pattern, counts[pattern], labels)
                for pattern in patterns
                if counts[pattern].entries >= LEAST
            )
        elif len(patterns) > 1:
            yield _split(old, patterns, counts, labels)
        else:
            new = patterns[0].new[0]
            renamed = sources[new] == {old} and not _images(labels, new)[0]
            yield _succeeded(patterns[0], counts, labels, sources[new], renamed=renamed)


def _relabelled(pattern: Pattern, count: PatternCount, labels: Mapping[str, LabelBalance]) -> Draft:
    old, new = pattern.old[0], pattern.new[0]
    keep = _images(labels, old)[1]
    return Draft(
        "relabelled",
        sentence(Name(old), " relabelled as ", Name(new), f" on {how_many(count)}"),
        count,
        (pattern,),
        old=pattern.old,
        new=pattern.new,
        evidence=(said(labels, old), said(labels, new)),
        exceptions=(sentence(f"{counted(keep, 'image has', 'images have')} ", Name(old), " afterwards"),),
        exception_count=keep,
    )


def _split(
    old: str, patterns: Sequence[Pattern], counts: Mapping[Pattern, PatternCount], labels: Mapping[str, LabelBalance]
) -> Draft:
    patterns = sorted(patterns, key=lambda pattern: (-counts[pattern].entries, pattern.new))
    count = counts.get(Pattern("left", (old,))) or counts[patterns[0]]
    new = tuple(pattern.new[0] for pattern in patterns)
    shares = tuple(sentence(Name(pattern.new[0]), f": {how_many(counts[pattern])}") for pattern in patterns)
    exceptions, others = _removed_instead(old, counts)
    return Draft(
        "split",
        sentence("label ", Name(old), " split into ", listed(new), f" on {how_many(count)}"),
        count,
        tuple(patterns),
        old=(old,),
        new=new,
        evidence=(said(labels, old), *shares),
        exceptions=exceptions,
        exception_count=others,
    )


def _succeeded(
    pattern: Pattern,
    counts: Mapping[Pattern, PatternCount],
    labels: Mapping[str, LabelBalance],
    sources: set[str],
    *,
    renamed: bool,
) -> Draft:
    """A label that is gone, with one successor."""
    old, new, count = pattern.old[0], pattern.new[0], counts[pattern]
    exceptions, differing = _removed_instead(old, counts)
    elsewhere = counts.get(Pattern("label-added", new=pattern.new)) if renamed else None
    if elsewhere:
        exceptions += (
            sentence(
                f"{counted(elsewhere.entries, 'entry has', 'entries have')} ",
                Name(new),
                " where ",
                Name(old),
                " was not",
            ),
        )
        differing += elsewhere.entries
    others = tuple(sentence(Name(new), " also takes ", Name(other)) for other in sorted(sources - {old}))
    became = " renamed to " if renamed else " merged into "
    return Draft(
        "renamed" if renamed else "merged",
        sentence("label ", Name(old), became, Name(new), f" on {how_many(count)}"),
        count,
        (pattern,),
        old=pattern.old,
        new=pattern.new,
        evidence=(said(labels, old), said(labels, new), *others),
        exceptions=exceptions,
        exception_count=differing,
    )


def _removed_instead(old: str, counts: Mapping[Pattern, PatternCount]) -> tuple[tuple[Sentence, ...], int]:
    removed = counts.get(Pattern("label-removed", old=(old,)))
    if removed is None:
        return (), 0
    return (sentence(Name(old), f" was removed instead on {how_many(removed)}"),), removed.entries


def _images(labels: Mapping[str, LabelBalance], label: str) -> tuple[int, int]:
    row = labels.get(label)
    return (row.images_before, row.images_after) if row else (0, 0)


def said(labels: Mapping[str, LabelBalance], label: str) -> Sentence:
    """A label's images before and after, in words."""
    before, after = _images(labels, label)
    return sentence(Name(label), f": {counted(before, 'image', 'images')} before, {after or 'none'} after")


def how_many(count: PatternCount) -> str:
    """Entries, and boxes where there are any."""
    entries = counted(count.entries, "entry", "entries")
    return f"{entries} ({counted(count.boxes, 'box', 'boxes')})" if count.boxes else entries


# Groups that are named, the largest first; the changes of the others stand for themselves.
_GROUPS_KEPT: Final = 200
_EXACT: Final[Mapping[PatternKind, tuple[GroupKind, str]]] = MappingProxyType(
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
    by_pattern: Mapping[Pattern, tuple[int, ...]] = field(default_factory=dict)
    by_key: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, key: str, patterns: Iterable[Pattern]) -> tuple[int, ...]:
        """The numbers of the groups of a change with this key and these patterns."""
        numbers = {number for pattern in patterns for number in self.by_pattern.get(pattern, ())}
        numbers.update(self.by_key.get(key, ()))
        return tuple(sorted(numbers))


def groups_of(patterns: Patterns, balance: Balance, moves: Sequence[Repoint] = ()) -> Groups:
    """The groups among all changes of a dataset."""
    explained = _explained(patterns.counts)
    counts = _joined(patterns.counts, explained)
    labels = {row.label: row for row in balance.rows}
    drafts = [
        *fates(counts, labels),
        *_labels_changed(counts, labels),
        *_movements(counts, patterns),
        *_sizes(counts),
        *_passes(counts, patterns),
        *map(_repointed, moves),
    ]
    drafts.sort(key=lambda draft: (_ORDER.index(draft.kind), -draft.count.entries, plain(draft.words)))
    least = sorted((draft.count.entries for draft in drafts), reverse=True)[:_GROUPS_KEPT][-1:]
    kept = [draft for draft in drafts if draft.count.entries >= (least[0] if least else 0)]
    return _numbered(kept[:_GROUPS_KEPT], explained)


def _numbered(drafts: Sequence[Draft], explained: Mapping[Pattern, tuple[Pattern, ...]]) -> Groups:
    by_pattern: defaultdict[Pattern, tuple[int, ...]] = defaultdict(tuple)
    by_key: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
    for number, draft in enumerate(drafts, start=1):
        for pattern in draft.patterns:
            by_pattern[pattern] += (number,)
        for key in draft.keys:
            by_key[key] += (number,)
    for pattern, meant in explained.items():
        numbers = tuple(number for one in meant for number in by_pattern.get(one, ()))
        if numbers:
            by_pattern[pattern] += numbers
    return Groups(tuple(draft.group(number) for number, draft in enumerate(drafts, start=1)), by_pattern, by_key)


def _explained(counts: Mapping[Pattern, PatternCount]) -> dict[Pattern, tuple[Pattern, ...]]:
    """What exchanged labels mean, by the relabellings that other entries show plainly."""
    known = {(pattern.old[0], pattern.new[0]) for pattern in counts if pattern.kind == "relabelled"}
    return {pattern: tuple(_explanation(pattern, known)) for pattern in counts if pattern.kind == "exchanged"}


def _explanation(pattern: Pattern, known: set[tuple[str, str]]) -> Iterator[Pattern]:
    old, new = list(pattern.old), list(pattern.new)
    for label in pattern.old:
        successors = [other for other in new if (label, other) in known]
        if len(successors) == 1 and sum((other, successors[0]) in known for other in old) == 1:
            old.remove(label)
            new.remove(successors[0])
            yield Pattern("relabelled", (label,), (successors[0],))
            yield Pattern("left", (label,))
    if len(old) == len(new) == 1:
        yield Pattern("relabelled", (old[0],), (new[0],))
        yield Pattern("left", (old[0],))
    else:
        yield from (Pattern("label-removed", old=(label,)) for label in old)
        yield from (Pattern("label-added", new=(label,)) for label in new)


def _joined(
    counts: Mapping[Pattern, PatternCount], explained: Mapping[Pattern, tuple[Pattern, ...]]
) -> dict[Pattern, PatternCount]:
    """The counts of all patterns but exchanged ones, which count as what they mean."""
    joined = {
        pattern: PatternCount(count.entries, count.boxes, list(count.examples))
        for pattern, count in counts.items()
        if pattern not in explained
    }
    for pattern, meant in explained.items():
        for one in meant:
            joined.setdefault(one, PatternCount()).join(counts[pattern])
    return joined


def _labels_changed(counts: Mapping[Pattern, PatternCount], labels: Mapping[str, LabelBalance]) -> Iterator[Draft]:
    """Labels that several entries gained or lost."""
    for pattern, count in counts.items():
        if count.entries < LEAST:
            continue
        if pattern.kind == "label-added":
            label = pattern.new[0]
            words = sentence(Name(label), f" added to {how_many(count)}")
            yield Draft("label-added", words, count, (pattern,), new=pattern.new, evidence=(said(labels, label),))
        elif pattern.kind == "label-removed":
            label = pattern.old[0]
            words = sentence(Name(label), f" removed from {how_many(count)}")
            yield Draft("label-removed", words, count, (pattern,), old=pattern.old, evidence=(said(labels, label),))


def _movements(counts: Mapping[Pattern, PatternCount], patterns: Patterns) -> Iterator[Draft]:
    """Boxes that all moved by one amount."""
    for pattern, count in counts.items():
        if pattern.by is None or count.entries < LEAST or pattern.kind not in _EXACT:
            continue
        rest = patterns.moved - count.entries
        kind, how = _EXACT[pattern.kind]
        yield Draft(
            kind,
            (f"boxes {movement(kind, pattern.by)} on {how_many(count)}",),
            count,
            (pattern,),
            by=pattern.by,
            evidence=((f"{counted(count.boxes, 'box', 'boxes')} of these entries, {how}",),),
            exceptions=((f"{counted(rest, 'entry has', 'entries have')} boxes that moved otherwise",),) if rest else (),
            exception_count=rest,
        )


def _sizes(counts: Mapping[Pattern, PatternCount]) -> Iterator[Draft]:
    """Images of another size, whose boxes were not scaled along."""
    for pattern, count in counts.items():
        if pattern.kind == "image-size" and count.entries >= LEAST:
            yield Draft(
                "image-size",
                (f"image size {', '.join(pattern.old)} -> {', '.join(pattern.new)} on {how_many(count)}",),
                count,
                (pattern,),
                old=pattern.old,
                new=pattern.new,
                evidence=(("not all boxes of these entries were scaled with it",),) if count.boxes else (),
            )


def _passes(counts: Mapping[Pattern, PatternCount], patterns: Patterns) -> Iterator[Draft]:
    """New jobs behind many updates."""
    for pattern, count in counts.items():
        if pattern.kind != "annotation-pass" or count.entries < LEAST:
            continue
        rest = patterns.updates - count.entries
        yield Draft(
            "annotation-pass",
            sentence(
                "new annotation pass: job ",
                listed(pattern.old) or "unknown",
                " -> ",
                listed(pattern.new) or "unknown",
                f" on {counted(count.entries, 'entry', 'entries')}",
            ),
            count,
            (pattern,),
            old=pattern.old,
            new=pattern.new,
            evidence=((f"job-name of {count.entries:,} of {patterns.updates:,} updated entries",),),
            exceptions=((f"{counted(rest, 'updated entry is', 'updated entries are')} not of it",),) if rest else (),
            exception_count=rest,
        )


def _repointed(move: Repoint) -> Draft:
    many = len(move.same)
    differing, others = len(move.differing), listed([key for _old, key in move.differing])
    entries = counted(differing, "entry", "entries")
    return Draft(
        "re-pointed",
        sentence(
            f"{counted(many, 'entry', 'entries')} re-pointed from ",
            Name(move.old),
            " to ",
            Name(move.new),
            ", content unchanged",
        ),
        PatternCount(many, 0, [key for _old, key in move.same[:EXAMPLES]]),
        keys=frozenset(key for pair in move.same for key in pair),
        old=(move.old,),
        new=(move.new,),
        evidence=((f"{many:,} keys out, {many:,} keys in, equal labels and boxes",),),
        exceptions=(sentence(f"{entries} of the same name with other content: ", others),) if differing else (),
        exception_count=differing,
    )
