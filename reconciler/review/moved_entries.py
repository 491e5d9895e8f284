"""What moved since a review, entry by entry, where the reviewed document is at hand.

`reconciler.plan.ids.moved` says from an id alone which side moved; with the document the entries can be named.
"""

from collections.abc import Iterator

from reconciler.plan import DECIDING
from reconciler.review.model import DatasetReview, EntryChange, Review
from reconciler.text import counted, listed, plain


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
        yield f"{counted(len(come), 'change', 'changes')} more: {plain(listed(come))}"
    if gone:
        yield f"{counted(len(gone), 'change is', 'changes are')} no longer due: {plain(listed(gone))}"
    if other:
        yield f"{counted(len(other), 'change is', 'changes are')} another: {plain(listed(other))}"
    if not (come or gone or other):
        yield "entries changed in fields that the review does not hold"


def _same(one: EntryChange, other: EntryChange) -> bool:
    """Whether a change says the same of its entry; its place and number may differ."""
    return (one.verb, one.words, one.boxes, one.fields, one.labels_kept, one.sizes_after) == (
        other.verb,
        other.words,
        other.boxes,
        other.fields,
        other.labels_kept,
        other.sizes_after,
    )
