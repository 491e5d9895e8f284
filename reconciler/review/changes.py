"""The changes of one dataset, read once: told apart, named, marked, and the riskiest kept.

How dangerous a change is to training, one table.

9 spoils most and is seen least.
"""

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from reconciler.analysis.entry import Detail, detail_of
from reconciler.analysis.groups import Groups
from reconciler.analysis.patterns import Pattern, Patterns
from reconciler.analysis.results import BoxWord
from reconciler.analysis.sentence import phrase
from reconciler.changes import Action, shown_changes
from reconciler.ledger import Ledger
from reconciler.model import Change, Verb
from reconciler.plan import Plan
from reconciler.review.headline import LEFT
from reconciler.review.model import ChangeVerb, EntryChange, Origin, OriginCounts
from reconciler.review.origin import OriginCount
from reconciler.run import Base
from reconciler.text import Sentence

UNLABELLED: Final = 9  # an image loses all its labels
BOXES_GONE: Final = 8  # an image loses all its boxes: it now says that nothing is there
LOST: Final = 7  # some boxes or image labels go
RELABELLED: Final = 6  # a label becomes another; or the service has marked the live entry
STAYS: Final = 5  # a live entry that the manifest does not have stays labelled
RESIZED: Final = 4  # boxes resized, or another image size
MOVED: Final = 3  # boxes moved, boxes or labels added
FIELDS: Final = 2  # nothing that training reads
ADDS: Final = 1  # a new entry
REST: Final = 0  # a live entry that training ignores anyway

_BY_WORD: Final = {"removed": LOST, "relabelled": RELABELLED, "resized": RESIZED, "moved": MOVED, "added": MOVED}


def risk_of(verb: Verb, detail: Detail, *, marked: bool = False, drift: bool = False) -> int:
    """The risk of a change; one that came behind our back is a step worse."""
    risk = _risk(verb, detail)
    if marked:
        risk = max(risk, RELABELLED)
    return min(risk + drift, UNLABELLED)


def _risk(verb: Verb, detail: Detail) -> int:
    if verb is Verb.ADD:
        return ADDS
    if detail.labelled_before and not detail.labelled_after:
        return UNLABELLED
    if verb is Verb.LIVE_ONLY:
        return STAYS if detail.labelled_before else REST
    words = {word for box in detail.boxes for word in box.what}
    if words == {"removed"}:
        return BOXES_GONE
    risks = [FIELDS, *(_BY_WORD[word] for word in words if word in _BY_WORD)]
    if detail.labels_removed:
        risks.append(RELABELLED if detail.labels_added else LOST)
    if detail.labels_added:
        risks.append(MOVED)
    if detail.sizes_before != detail.sizes_after:
        risks.append(RESIZED)
    return max(risks)


# Changes that a review holds of one dataset, the riskiest; each takes some kilobytes.
CHANGES_KEPT: Final = 20_000
_VERBS: Final[dict[Verb, ChangeVerb]] = {
    Verb.ADD: "add",
    Verb.UPDATE: "update",
    Verb.UNLABEL: "unlabel",
    Verb.LIVE_ONLY: "live-only",
}

_Kept = tuple[int, int, EntryChange, tuple[Pattern, ...]]  # risk, minus number, change, patterns


@dataclass(frozen=True, slots=True)
class Look:
    """How changes are looked at: a base to tell whose they are, how many to keep (None: all), a name for live-only."""

    base: Base | None = None
    keep: int | None = CHANGES_KEPT
    left: str = LEFT


class Reading:
    """Reads all changes of a dataset when it is made; what is said of them is in its members.

    `losing_labels` are images that lose all their labels, `staying` live-only entries that stay labelled,
    `box_changes` counts the boxes of updates by what happens to them.
    """

    def __init__(self, ledger: Ledger, plan: Plan, look: Look) -> None:
        self.patterns = Patterns()
        self.losing_labels = self.staying = 0
        self._boxes: Counter[BoxWord] = Counter()
        self._origins = OriginCount(look.base, ledger, plan.policy.compare) if look.base else None
        self._plan, self._keep, self._left = plan, look.keep, look.left
        self._live_marks = {row.key: row.marks for row in ledger.marked()} if plan.live else {}
        self._kept: list[_Kept] = []
        for number, change in enumerate(shown_changes(ledger, plan), start=1):
            self._see(number, change)

    @property
    def origins(self) -> OriginCounts | None:
        """Whose the changes are, where a base was given."""
        return self._origins.counts() if self._origins else None

    @property
    def box_changes(self) -> dict[BoxWord, int]:
        """Boxes of updates by what happens to them."""
        return {word: many for word, many in sorted(self._boxes.items()) if many}

    def changes(self, groups: Groups) -> tuple[EntryChange, ...]:
        """The changes that were kept, the riskiest first, with the groups they belong to."""
        ordered = sorted(self._kept, key=lambda kept: (-kept[0], -kept[1]))
        return tuple(
            structs.replace(change, groups=numbers) if (numbers := groups.of(change.key, patterns)) else change
            for _risk, _number, change, patterns in ordered
        )

    def _see(self, number: int, change: Change) -> None:
        origin: Origin = self._origins.see(change.key) if self._origins else ""
        if change.verb is Verb.ADD and self._full(ADDS):
            return  # it would not be kept, and says nothing else
        detail = detail_of(change, goes=self._plan.action is Action.REPLACE)
        patterns = self.patterns.see(change, detail)
        self._count(change.verb, detail)
        marks = self._live_marks.get(change.key, ())
        risk = risk_of(change.verb, detail, marked=bool(marks), drift=origin == "drift")
        if not self._full(risk):
            shown = _change(number, change, detail, phrase(change.verb, detail, self._left))
            shown = structs.replace(shown, risk=risk, origin=origin, marks=marks)
            self._keep_one((risk, -number, shown, patterns))

    def _full(self, risk: int) -> bool:
        """Whether a change of this risk, or a smaller one, has no place any more."""
        return self._keep is not None and len(self._kept) >= self._keep and (not self._kept or self._kept[0][0] >= risk)

    def _keep_one(self, kept: _Kept) -> None:
        if self._keep is not None and len(self._kept) >= self._keep:
            heapq.heapreplace(self._kept, kept)
        else:
            heapq.heappush(self._kept, kept)

    def _count(self, verb: Verb, detail: Detail) -> None:
        if detail.labelled_before and not detail.labelled_after:
            self.losing_labels += 1
        elif verb is Verb.LIVE_ONLY and detail.labelled_after:
            self.staying += 1
        if verb is Verb.UPDATE:
            self._boxes.update(word for box in detail.changed_boxes for word in box.what)
            self._boxes["same"] += len(detail.boxes) - len(detail.changed_boxes)


def _change(number: int, change: Change, detail: Detail, words: Sentence) -> EntryChange:
    return EntryChange(
        number=number,
        verb=_VERBS[change.verb],
        sign=change.verb.value,
        key=change.key,
        words=words,
        place=change.place,
        labelled_before=detail.labelled_before,
        labelled_after=detail.labelled_after,
        labels_kept=detail.labels_kept,
        labels_added=detail.labels_added,
        labels_removed=detail.labels_removed,
        boxes=detail.boxes,
        sizes_before=detail.sizes_before,
        sizes_after=detail.sizes_after,
        fields=detail.fields,
    )
