"""The changes of one dataset, read once: described, rated by their risk to training, and the riskiest kept.

The risks are one table, from 0 (harmless) to 9 (spoils training most and is noticed least).

Whose change it is (this branch's, one of the base that was not applied yet, or drift) follows from the digests of one
key: in the branch, in the base, in live, and in earlier revisions of the base. The service cannot delete an entry, so
an entry that is in the base and not live was never applied.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from reconciler.analysis.entry import Detail, detail_of, phrase
from reconciler.analysis.groups import Groups
from reconciler.analysis.patterns import Patterns
from reconciler.analysis.results import BoxWord
from reconciler.changes import Action, in_brief, with_lines
from reconciler.ledger import Brief, Ledger, Whose
from reconciler.model import Change, Verb
from reconciler.plan import Basis, Plan
from reconciler.review.kept import Kept
from reconciler.review.model import ChangeVerb, EntryChange, Keep, Origin, OriginCounts
from reconciler.run import Base
from reconciler.text import sentence

_UNLABELLED: Final = 9  # an image loses all its labels
_BOXES_GONE: Final = 8  # an image loses all its boxes: it now shows training that nothing is there
_LOST: Final = 7  # some boxes or image labels are removed
_RELABELLED: Final = 6  # a label is replaced; or the service has marked the live entry
_STAYS: Final = 5  # a live-only entry keeps its labels
_RESIZED: Final = 4  # boxes resized, or another image size
_MOVED: Final = 3  # boxes moved, boxes or labels added
_FIELDS: Final = 2  # nothing that training reads
_ADDS: Final = 1  # a new entry
_REST: Final = 0  # a live entry without labels, which training ignores

_BY_WORD: Final = {"removed": _LOST, "relabelled": _RELABELLED, "resized": _RESIZED, "moved": _MOVED, "added": _MOVED}


def risk_of(verb: Verb, detail: Detail, *, marked: bool = False, drift: bool = False) -> int:
    """The risk of a change; one more if live was edited outside git."""
    risk = _risk(verb, detail)
    if marked:
        risk = max(risk, _RELABELLED)
    return min(risk + drift, _UNLABELLED)


def _risk(verb: Verb, detail: Detail) -> int:
    if verb is Verb.ADD:
        return _ADDS
    if detail.labelled_before and not detail.labelled_after:
        return _UNLABELLED
    if verb is Verb.LIVE_ONLY:
        return _STAYS if detail.labelled_before else _REST
    words = {word for box in detail.boxes for word in box.what}
    if words == {"removed"}:
        return _BOXES_GONE
    risks = [_FIELDS, *(_BY_WORD[word] for word in words if word in _BY_WORD)]
    if detail.labels_removed:
        risks.append(_RELABELLED if detail.labels_added else _LOST)
    if detail.labels_added:
        risks.append(_MOVED)
    if detail.sizes_before != detail.sizes_after:
        risks.append(_RESIZED)
    return max(risks)


_VERBS: Final[dict[Verb, ChangeVerb]] = {
    Verb.ADD: "add",
    Verb.UPDATE: "update",
    Verb.UNLABEL: "unlabel",
    Verb.LIVE_ONLY: "live-only",
}
# The members of `EntryChange` that are those of `Detail`.
_DETAIL: Final = set(Detail.__struct_fields__).intersection(EntryChange.__struct_fields__)


class Reading:
    """All changes of a dataset, read when this is made.

    With `base` it finds out whose they are; it keeps those of `keep`, and calls entries that only live has `left`. A
    line is read only where its change is described. `losing_labels` counts images that lose all their labels, `staying`
    live-only entries that keep theirs, `box_changes` the boxes of updates by what happens to them.
    """

    def __init__(self, ledger: Ledger, plan: Plan, base: Base | None, keep: Keep, left: str) -> None:
        self.patterns = Patterns()
        self.losing_labels = self.staying = 0
        self._boxes: Counter[BoxWord] = Counter()
        self._origins = OriginCount(base, ledger, plan)
        self._ledger, self._plan, self._left = ledger, plan, left
        self._kept, self._new = Kept(keep.changes), keep.new
        self._live_marks = {row.key: row.marks for row in ledger.marked()} if plan.live else {}
        for number, (verb, row) in enumerate(in_brief(ledger, plan), start=1):
            if self._new == 0 and verb is Verb.ADD and not self._origins.knows:
                if plan.loads_all and not plan.live:
                    break  # nothing else comes
                continue
            self._see(number, verb, row)

    @property
    def origins(self) -> OriginCounts | None:
        """Whose changes they are, as far as anything is known."""
        return self._origins.counts()

    @property
    def box_changes(self) -> dict[BoxWord, int]:
        """Boxes of updates by what happens to them."""
        return {word: many for word, many in sorted(self._boxes.items()) if many}

    def changes(self, groups: Groups) -> Sequence[EntryChange]:
        """The changes that were kept, the riskiest first, with the groups they belong to."""
        return self._kept.changes(groups)

    def _see(self, number: int, verb: Verb, row: Brief) -> None:
        stays = verb is Verb.LIVE_ONLY and not self._plan.loads_all
        # A retired image loses its labels whoever changed it: no edit of it is undone, and none can be pulled.
        origin: Origin = "" if row.retired else self._origins.see(row.key, stays=stays)
        if verb is Verb.ADD and (self._kept.is_full(_ADDS) or not self._shows_new(origin)):
            return  # it would not be kept, and is counted nowhere else
        change = with_lines(self._ledger, self._plan, verb, row)
        detail = detail_of(change, goes=self._plan.action is Action.REPLACE)
        patterns = self.patterns.see(change, detail)
        self._count(change, detail)
        marks = self._live_marks.get(change.key, ())
        risk = risk_of(change.verb, detail, marked=bool(marks), drift=origin in _EDITED)
        risk, words = min(risk, _ADDS) if change.retired else risk, phrase(change.verb, detail, self._left)
        if not self._kept.is_full(risk):
            shown = EntryChange(
                number=number,
                verb=_VERBS[change.verb],
                sign=change.verb.value,
                key=change.key,
                words=sentence("retired; ", words) if change.retired else words,
                place=change.place,
                risk=risk,
                origin=origin,
                retired=change.retired,
                marks=marks,
                **{name: getattr(detail, name) for name in _DETAIL},
            )
            self._kept.add(shown, patterns)

    def _shows_new(self, origin: Origin) -> bool:
        """Whether one more new entry is shown."""
        if self._new is None or origin in _EDITED:
            return True
        self._new, shows = max(0, self._new - 1), self._new > 0
        return shows

    def _count(self, change: Change, detail: Detail) -> None:
        if detail.labelled_before and not detail.labelled_after:
            self.losing_labels += not change.retired
        elif change.verb is Verb.LIVE_ONLY and detail.labelled_after:
            self.staying += 1
        if change.verb is Verb.UPDATE:
            self._boxes.update(word for box in detail.changed_boxes for word in box.what)
            self._boxes["same"] += len(detail.boxes) - len(detail.changed_boxes)


Digest = bytes
# Origins of a change that undoes what somebody made of live.
_EDITED: Final = frozenset({"drift", "theirs", "both"})


def origin_of(
    desired: Digest | None, base: Digest | None, live: Digest | None, earlier: Collection[Digest] | None = None
) -> Origin:
    """Whose change a difference between `desired` and `live` is; None: that side does not have the key."""
    if desired != base:
        return "branch"
    if live is None or (earlier is not None and live in earlier):
        return "base"
    return "base-or-drift" if earlier is None else "drift"


class OriginCount:
    """Finds out whose changes those of a dataset are, and counts them."""

    def __init__(self, base: Base | None, ledger: Ledger, plan: Plan) -> None:
        self._base, self._ledger, self._judged, self._mode = base, ledger, plan.judged, plan.policy.compare
        self._counted: dict[Origin, int] = {}

    @property
    def knows(self) -> bool:
        """Whether anything is known of any change."""
        return self._base is not None or self._judged.basis not in {Basis.NEVER, Basis.REVISION}

    def see(self, key: str, *, stays: bool = False) -> Origin:
        """Whose change that of this key is; "" for an entry that only live has, that `stays` and that nobody changed.

        A revision alone says nothing of such an entry, because nothing undoes it.
        """
        origin: Origin = ""
        if self._judged.basis in {Basis.NEVER, Basis.REVISION}:
            origin = self._by_revision(key)
            origin = "" if stays and origin in {"drift", "base-or-drift"} else origin
        elif whose := self._judged.whose(self._ledger, key, self._mode):
            origin = whose.value
            if whose is Whose.OURS:
                origin = self._by_revision(key, ours=True) if self._base else "" if stays else origin
        if origin:
            self._counted[origin] = self._counted.get(origin, 0) + 1
        return origin

    def _by_revision(self, key: str, *, ours: bool = False) -> Origin:
        """Whose change it is by the base revision alone; one that is `ours` is of this branch or pending."""
        if self._base is None:
            return ""
        desired, live = self._ledger.digests(key, self._mode)
        base, _nothing = self._base.ledger.digests(key, self._mode)
        found = origin_of(desired, base, live, self._base.said_earlier(key, live))
        return "base" if ours and found != "branch" else found

    def counts(self) -> OriginCounts | None:
        """The number of changes seen, by whose they are; None where nothing is known of any."""
        if self._base is None and not self._counted:
            return None
        judged = self._judged.basis not in {Basis.NEVER, Basis.REVISION}
        return OriginCounts(
            revision=self._base.revision if self._base else "",
            by=self._judged.words if judged else "",
            ours=self._counted.get("ours", 0),
            theirs=self._counted.get("theirs", 0),
            both=self._counted.get("both", 0),
            unknown=self._counted.get("ours-or-theirs", 0),
            branch=self._counted.get("branch", 0),
            base=self._counted.get("base", 0),
            drift=self._counted.get("drift", 0),
            base_or_drift=self._counted.get("base-or-drift", 0),
        )
