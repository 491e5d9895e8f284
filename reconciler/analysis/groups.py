"""The same change on many entries, found and not guessed: patterns made into groups, with evidence and exceptions.

A group has at least two entries, except where a label is gone; one of moved boxes has more than chance would give:
people who correct boxes move some of them alike. Exchanged image-level labels are explained by
relabellings that other entries show; if one label of each side remains, that is a relabelling too, and anything else is
removed and added.

What happened to a label that was exchanged for others depends on the balance of the whole dataset:

    renamed     no image has the label any more; everything that was relabelled got one label, which is new and
                replaces nothing else
    merged      the same, but that label existed before or replaces others too
    split       no image has it any more, and it was replaced by several labels
    relabelled  it was replaced on at least two entries, and images have it afterwards
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import lgamma, log
from typing import Any, Final, get_args

from msgspec import Struct, field, structs

from reconciler.analysis.entry import movement
from reconciler.analysis.movements import Repoint
from reconciler.analysis.patterns import EXAMPLES, Pattern, PatternCount, Patterns
from reconciler.analysis.results import Balance, Group, GroupKind, LabelBalance
from reconciler.text import Name, Sentence, counted, listed, plain, sentence

# The least number of entries in a group, except for a label that is gone.
_LEAST: Final = 2
# A person who corrects a box moves it by up to two pixels in each direction: this number of amounts.
_AMOUNTS: Final = 25
# How many groups of moved boxes chance may give in all of a review.
_BY_CHANCE: Final = 0.01
# The number of groups that are kept, the largest ones; the changes of the others are shown one by one.
_GROUPS_KEPT: Final = 200
# The kinds, in the order in which groups are shown.
_ORDER: Final[tuple[GroupKind, ...]] = get_args(GroupKind)

_Counts = Mapping[Pattern, PatternCount]
_Labels = Mapping[str, LabelBalance]


class _Draft(Struct):
    """A group that has no number yet, and the patterns and keys that belong to it."""

    group: Group
    patterns: Sequence[Pattern] = ()
    keys: frozenset[str] = frozenset()


def _group(kind: GroupKind, words: Sentence, count: PatternCount, **more: Any) -> Group:  # noqa: ANN401 - its members
    return Group(
        id=0, kind=kind, words=words, entries=count.entries, boxes=count.boxes, examples=tuple(count.examples), **more
    )


def _draft(kind: GroupKind, words: Sentence, pattern: Pattern, count: PatternCount, **more: Any) -> _Draft:  # noqa: ANN401 - members of the group
    """The group of one pattern."""
    return _Draft(_group(kind, words, count, old=pattern.old, new=pattern.new, by=pattern.by, **more), (pattern,))


class Groups(Struct, frozen=True):
    """The groups of a dataset, and which of them a change belongs to."""

    groups: tuple[Group, ...]
    by_pattern: Mapping[Pattern, tuple[int, ...]] = field(default_factory=dict)
    by_key: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, key: str, patterns: Iterable[Pattern]) -> tuple[int, ...]:
        """The numbers of the groups of a change with this key and these patterns."""
        numbers = {number for pattern in patterns for number in self.by_pattern.get(pattern, ())}
        return tuple(sorted(numbers.union(self.by_key.get(key, ()))))


def groups_of(patterns: Patterns, balance: Balance, moves: Sequence[Repoint] = ()) -> Groups:
    """The groups among all changes of a dataset."""
    explained = _explained(patterns.counts)
    counts = _joined(patterns.counts, explained)
    labels = {row.label: row for row in balance.rows}
    common = [(pattern, count) for pattern, count in counts.items() if count.entries >= _LEAST]
    drafts = [
        *_replaced(counts, labels),
        *(draft for pattern, count in common if (draft := _repeated(pattern, count, labels, patterns))),
        *map(_repointed, moves),
    ]
    drafts.sort(key=lambda one: (_ORDER.index(one.group.kind), -one.group.entries, plain(one.group.words)))
    least = sorted((draft.group.entries for draft in drafts), reverse=True)[:_GROUPS_KEPT][-1:]
    kept = [draft for draft in drafts if draft.group.entries >= (least[0] if least else 0)]
    return _numbered(kept[:_GROUPS_KEPT], explained)


def _numbered(drafts: Sequence[_Draft], explained: Mapping[Pattern, tuple[Pattern, ...]]) -> Groups:
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
    groups = tuple(structs.replace(draft.group, id=number) for number, draft in enumerate(drafts, start=1))
    return Groups(groups, by_pattern, by_key)


def _explained(counts: _Counts) -> dict[Pattern, tuple[Pattern, ...]]:
    """What exchanged labels mean, by the relabellings that other entries show."""
    became: defaultdict[str, set[str]] = defaultdict(set)
    came: defaultdict[str, set[str]] = defaultdict(set)
    for pattern in counts:
        if pattern.kind == "relabelled":
            became[pattern.old[0]].add(pattern.new[0])
            came[pattern.new[0]].add(pattern.old[0])
    exchanged = (pattern for pattern in counts if pattern.kind == "exchanged")
    return {pattern: tuple(_explanation(pattern, became, came)) for pattern in exchanged}


def _explanation(pattern: Pattern, became: Mapping[str, set[str]], came: Mapping[str, set[str]]) -> Iterator[Pattern]:
    """`became` and `came` are the labels that others show a label to have become, or to have come from."""
    old, new = dict.fromkeys(pattern.old), dict.fromkeys(pattern.new)
    for label in pattern.old:
        successors = [other for other in became.get(label, ()) if other in new]
        if len(successors) == 1 and sum(other in old for other in came[successors[0]]) == 1:
            del old[label], new[successors[0]]
            yield Pattern("relabelled", (label,), (successors[0],))
            yield Pattern("left", (label,))
    if len(old) == len(new) == 1:
        yield Pattern("relabelled", tuple(old), tuple(new))
        yield Pattern("left", tuple(old))
    else:
        yield from (Pattern("label-removed", old=(label,)) for label in old)
        yield from (Pattern("label-added", new=(label,)) for label in new)


def _joined(counts: _Counts, explained: Mapping[Pattern, tuple[Pattern, ...]]) -> dict[Pattern, PatternCount]:
    """The counts of all patterns; exchanged labels count as what they mean."""
    joined = {
        pattern: PatternCount(count.entries, count.boxes, list(count.examples))
        for pattern, count in counts.items()
        if pattern not in explained
    }
    for pattern, meant in explained.items():
        for one in meant:
            joined.setdefault(one, PatternCount()).join(counts[pattern])
    return joined


def _replaced(counts: _Counts, labels: _Labels) -> Iterator[_Draft]:
    """Groups for all labels that were replaced by others."""
    successors: defaultdict[str, list[Pattern]] = defaultdict(list)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for pattern in counts:
        if pattern.kind == "relabelled":
            successors[pattern.old[0]].append(pattern)
            sources[pattern.new[0]].add(pattern.old[0])
    for old, patterns in successors.items():
        if _images(labels, old)[1]:
            common = (one for one in patterns if counts[one].entries >= _LEAST)
            yield from (_relabelled(one, counts[one], labels) for one in common)
        elif len(patterns) > 1:
            yield _split(old, patterns, counts, labels)
        else:
            yield _succeeded(patterns[0], counts, labels, sources[patterns[0].new[0]])


def _relabelled(pattern: Pattern, count: PatternCount, labels: _Labels) -> _Draft:
    old, new = pattern.old[0], pattern.new[0]
    keep = _images(labels, old)[1]
    return _draft(
        "relabelled",
        sentence(Name(old), " relabelled as ", Name(new), f" on {_how_many(count)}"),
        pattern,
        count,
        evidence=(_before_and_after(labels, old), _before_and_after(labels, new)),
        exceptions=(sentence(f"{counted(keep, 'image has', 'images have')} ", Name(old), " afterwards"),),
        exception_count=keep,
    )


def _split(old: str, patterns: Sequence[Pattern], counts: _Counts, labels: _Labels) -> _Draft:
    patterns = sorted(patterns, key=lambda pattern: (-counts[pattern].entries, pattern.new))
    count = counts.get(Pattern("left", (old,))) or counts[patterns[0]]
    new = tuple(pattern.new[0] for pattern in patterns)
    words = sentence("label ", Name(old), " split into ", listed(new), f" on {_how_many(count)}")
    shares = (sentence(Name(pattern.new[0]), f": {_how_many(counts[pattern])}") for pattern in patterns)
    evidence = (_before_and_after(labels, old), *shares)
    exceptions, others = _removed_instead(old, counts)
    more = {"old": (old,), "new": new, "evidence": evidence, "exceptions": exceptions, "exception_count": others}
    return _Draft(_group("split", words, count, **more), patterns)


def _succeeded(pattern: Pattern, counts: _Counts, labels: _Labels, sources: set[str]) -> _Draft:
    """A label that is gone, with one successor."""
    old, new, count = pattern.old[0], pattern.new[0], counts[pattern]
    renamed = sources == {old} and not _images(labels, new)[0]
    exceptions, differing = _removed_instead(old, counts)
    elsewhere = counts.get(Pattern("label-added", new=pattern.new)) if renamed else None
    if elsewhere:
        have = counted(elsewhere.entries, "entry has", "entries have")
        exceptions += (sentence(f"{have} ", Name(new), " where ", Name(old), " was not"),)
        differing += elsewhere.entries
    others = (sentence(Name(new), " also replaces ", Name(other)) for other in sorted(sources - {old}))
    became = " renamed to " if renamed else " merged into "
    return _draft(
        "renamed" if renamed else "merged",
        sentence("label ", Name(old), became, Name(new), f" on {_how_many(count)}"),
        pattern,
        count,
        evidence=(_before_and_after(labels, old), _before_and_after(labels, new), *others),
        exceptions=exceptions,
        exception_count=differing,
    )


def _removed_instead(old: str, counts: _Counts) -> tuple[tuple[Sentence, ...], int]:
    removed = counts.get(Pattern("label-removed", old=(old,)))
    if removed is None:
        return (), 0
    return (sentence(f"{_how_many(removed)} lost the label ", Name(old)),), removed.entries


def _images(labels: _Labels, label: str) -> tuple[int, int]:
    row = labels.get(label)
    return (row.images_before, row.images_after) if row else (0, 0)


def _before_and_after(labels: _Labels, label: str) -> Sentence:
    before, after = _images(labels, label)
    return sentence(Name(label), f": {counted(before, 'image', 'images')} before, {after or 'none'} after")


def _how_many(count: PatternCount) -> str:
    """Entries, and boxes if there are any."""
    entries = counted(count.entries, "entry", "entries")
    return f"{entries} ({counted(count.boxes, 'box', 'boxes')})" if count.boxes else entries


def _repeated(pattern: Pattern, count: PatternCount, labels: _Labels, patterns: Patterns) -> _Draft | None:
    """The group of a pattern that several entries share, except for labels that were replaced."""
    many = _how_many(count)
    match pattern.kind:
        case "label-added" | "label-removed" as kind:
            (label,) = pattern.new or pattern.old
            words = sentence(Name(label), f" {'added to' if pattern.new else 'removed from'} {many}")
            return _draft(kind, words, pattern, count, evidence=(_before_and_after(labels, label),))
        case "mirrored" | "shifted" | "scaled" as kind if pattern.by and _is_no_chance(kind, count, patterns.moved):
            return _moved(kind, pattern.by, pattern, count, patterns.moved - count.entries)
        case "image-size" as kind:
            words = (f"image size {', '.join(pattern.old)} -> {', '.join(pattern.new)} on {many}",)
            evidence = (("not all boxes of these entries were scaled with it",),) if count.boxes else ()
            return _draft(kind, words, pattern, count, evidence=evidence)
        case "annotation-pass":
            return _annotated_again(pattern, count, patterns.updates)
        case _:
            return None


def _is_no_chance(kind: GroupKind, count: PatternCount, moved: int) -> bool:
    """Whether so many entries alike, of those whose boxes `moved`, are more than random corrections would give.

    The expected number of such groups is that of the choices of entries, times the probability that all their boxes
    moved by one amount: any amount for a shift; a mirroring and a scaling have one.
    """
    choices = lgamma(moved + 1) - lgamma(count.entries + 1) - lgamma(moved - count.entries + 1)
    return choices - log(_AMOUNTS) * (count.boxes - (kind == "shifted")) < log(_BY_CHANCE)


def _moved(kind: GroupKind, by: tuple[float, float], pattern: Pattern, count: PatternCount, rest: int) -> _Draft:
    """Boxes that all moved by one amount."""
    how = "to within half a pixel at every edge" if kind == "scaled" else "exactly"
    return _draft(
        kind,
        (f"boxes {movement(kind, by)} on {_how_many(count)}",),
        pattern,
        count,
        evidence=((f"{counted(count.boxes, 'box', 'boxes')} of these entries, {how}",),),
        exceptions=((f"{counted(rest, 'entry has', 'entries have')} boxes that moved differently",),) if rest else (),
        exception_count=rest,
    )


def _annotated_again(pattern: Pattern, count: PatternCount, updates: int) -> _Draft:
    """A new job behind many updates."""
    rest = updates - count.entries
    jobs = sentence(listed(pattern.old) or "unknown", " -> ", listed(pattern.new) or "unknown")
    others = counted(rest, "updated entry is from a different job", "updated entries are from other jobs")
    return _draft(
        "annotation-pass",
        sentence("new annotation pass: job ", jobs, f" on {counted(count.entries, 'entry', 'entries')}"),
        pattern,
        count,
        evidence=((f"job-name of {count.entries:,} of {updates:,} updated entries",),),
        exceptions=((others,),) if rest else (),
        exception_count=rest,
    )


def _repointed(move: Repoint) -> _Draft:
    many, differing = len(move.same), len(move.differing)
    others = listed([key for _old, key in move.differing])
    both = (Name(move.old), " to ", Name(move.new))
    words = sentence(f"{counted(many, 'entry', 'entries')} re-pointed from ", both, ", content unchanged")
    but = f"{counted(differing, 'entry', 'entries')} of the same name with other content: "
    group = _group(
        "re-pointed",
        words,
        PatternCount(many, 0, [key for _old, key in move.same[:EXAMPLES]]),
        old=(move.old,),
        new=(move.new,),
        evidence=((f"{counted(many, 'key', 'keys')} removed and {many:,} added, with the same labels and boxes",),),
        exceptions=(sentence(but, others),) if differing else (),
        exception_count=differing,
    )
    return _Draft(group, keys=frozenset(key for pair in move.same for key in pair))
