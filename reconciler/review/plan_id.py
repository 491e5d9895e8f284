"""Plan ids: what names the changes that were reviewed, and what moved since.

A dataset's id is 32 hexadecimal digits: 24 of a digest of (verb, key, desired, live) over all its changes, the action
and the dataset's name, then 4 each of what the whole manifest and all of live hold. Only the first 24 decide; the
others tell which side moved. The id of a run is the ids of its datasets, joined by "-": so a resource that knows only
its own dataset finds its part in it.

The order in which the service lists or the manifest names entries does not count, nor does the order of members in a
line. Account and region are not part of it: before its first apply a project has neither.

What moved since a review, entry by entry, where the reviewed document is at hand.

`reconciler.review.plan_id.moved` says from an id alone which side moved; with the document the entries can be named.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final

from reconciler.ledger import Ledger, key_bytes
from reconciler.model import Change, Compare, Verb
from reconciler.plan.plan import Plan, shown_changes
from reconciler.review.model import Change as ReviewedChange
from reconciler.review.model import DatasetReview, Review
from reconciler.text import counted, listed

DECIDING: Final = 24
_HINT: Final = 4
# Where there is no dataset yet; no dataset can be told by it.
_NO_LIVE: Final = "0" * _HINT
_JOINT: Final = "-"
_ID: Final = re.compile(f"[0-9a-f]{{{DECIDING + 2 * _HINT}}}")
_BETWEEN: Final = re.compile(r"[-,;\s]+")


class PlanId:
    """Takes the changes of one dataset in any order and names them. Memory: 16 bytes a change."""

    def __init__(self, ledger: Ledger, title: str, plan: Plan) -> None:
        self._ledger, self._plan = ledger, plan
        self._title = title
        self._seen: list[bytes] = []

    def see(self, change: Change) -> None:
        """Take a change in."""
        desired, live = self._ledger.digests(change.key, Compare.STRICT)
        if change.verb is Verb.UNLABEL:
            desired = b"bare"
        one = blake2b(digest_size=16)
        for part in (change.verb.value.encode(), key_bytes(change.key), desired or b"", live or b""):
            one.update(len(part).to_bytes(4, "big") + part)
        self._seen.append(one.digest())

    def text(self) -> str:
        """The id."""
        whole = blake2b(f"{self._title}\0{self._plan.action}".encode("utf-8", "surrogatepass"), digest_size=16)
        for one in sorted(self._seen):
            whole.update(one)
        live = self._plan.live.digest if self._plan.live else _NO_LIVE
        return whole.hexdigest()[:DECIDING] + self._plan.desired.digest[:_HINT] + live[:_HINT]


def plan_id(ledger: Ledger, plan: Plan, title: str) -> str:
    """The id of one dataset's plan; `title` is "<project> <type>"."""
    identity = PlanId(ledger, title, plan)
    for change in shown_changes(ledger, plan):
        identity.see(change)
    return identity.text()


def run_id(ids: Sequence[str]) -> str:
    """The id of a run from those of its datasets, "" when one of them is not known."""
    return _JOINT.join(sorted(ids)) if all(ids) else ""


def ids_in(text: str) -> tuple[str, ...]:
    """The ids of datasets that somebody gave, joined as in the id of a run, or listed; none where it is no plan id."""
    ids = tuple(_BETWEEN.split(text.strip().lower()))
    return ids if all(map(_ID.fullmatch, ids)) else ()


def moved(reviewed: str, now: str) -> str:
    """What moved since a review, in words: "" when the plan is still the one that was reviewed.

    `reviewed` is the id of a run (or of one dataset), `now` the id of one dataset's plan.
    """
    parts = ids_in(reviewed)
    if any(part[:DECIDING] == now[:DECIDING] for part in parts):
        return ""
    seen = now[DECIDING + _HINT :]
    live = seen != _NO_LIVE and any(part[DECIDING + _HINT :] == seen for part in parts)
    manifest = any(part[DECIDING : DECIDING + _HINT] == now[DECIDING : DECIDING + _HINT] for part in parts)
    if manifest and not live:
        return "live entries changed since the review; the manifest is as it was reviewed"
    if live and not manifest:
        return "the manifest changed since the review; live is as it was then"
    if live and manifest:
        return "settings changed since the review; manifest and live are as they were then"
    return "the manifest and live both changed since the review, or this dataset was not part of it"


def moved_since(reviewed: Review, now: Review) -> tuple[str, ...]:
    """What is no longer as it was reviewed: one sentence a dataset and kind, nothing while the plans are the same.

    Keys stand as they are: whoever shows the sentences makes them inert.
    """
    old = {dataset.title: dataset for dataset in reviewed.datasets}
    new = {dataset.title: dataset for dataset in now.datasets}
    sentences = [f"{title}: was not part of the review" for title in new if title not in old]
    sentences += [f"{title}: is not planned any more" for title in old if title not in new]
    for title, dataset in new.items():
        if title in old and old[title].plan_id[:DECIDING] != dataset.plan_id[:DECIDING]:
            sentences += [f"{title}: {said}" for said in _moved(old[title], dataset)]
    return tuple(sentences)


def _moved(old: DatasetReview, new: DatasetReview) -> Iterator[str]:
    if old.action != new.action:
        yield f"what happens to the dataset is now {new.action}, it was {old.action}"
    before, after = {one.key: one for one in old.changes}, {one.key: one for one in new.changes}
    come = [key for key in after if key not in before]
    gone = [key for key in before if key not in after]
    other = [key for key in after if key in before and not _same(before[key], after[key])]
    if come:
        yield f"{counted(len(come), 'change', 'changes')} more: {listed(come)}"
    if gone:
        yield f"{counted(len(gone), 'change is', 'changes are')} no longer due: {listed(gone)}"
    if other:
        yield f"{counted(len(other), 'change is', 'changes are')} another: {listed(other)}"
    if not (come or gone or other):
        yield "entries changed in fields that the review does not hold"


def _same(one: ReviewedChange, other: ReviewedChange) -> bool:
    """Whether a change says the same of its entry; its place and number may differ."""
    return (one.verb, one.words, one.boxes, one.fields, one.labels_kept, one.sizes_after) == (
        other.verb,
        other.words,
        other.boxes,
        other.fields,
        other.labels_kept,
        other.sizes_after,
    )
