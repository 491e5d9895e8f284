"""What changed since a review, entry by entry, for an apply that has the reviewed document.

From an id alone, `reconciler.plan.ids.moved` shows which side changed; the document makes it possible to name entries.
"""

from collections.abc import Iterator

from reconciler.plan import DECIDING
from reconciler.review.model import DatasetReview, EntryChange, Review
from reconciler.text import counted, listed, plain


def moved_since(reviewed: Review, now: Review) -> tuple[str, ...]:
    """What is no longer as reviewed: a sentence for each dataset and kind, none if the plans are the same.

    Keys are as written: the caller makes the sentences inert.
    """
    old = {dataset.title: dataset for dataset in reviewed.datasets}
    new = {dataset.title: dataset for dataset in now.datasets}
    sentences = [f"{title}: was not part of the review" for title in new if title not in old]
    sentences += [f"{title}: is no longer planned" for title in old if title not in new]
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
    other = [key for key in after if key in before and _content(before[key]) != _content(after[key])]
    if come:
        yield f"{counted(len(come), 'change', 'changes')} more: {plain(listed(come))}"
    if gone:
        yield f"{counted(len(gone), 'change is', 'changes are')} no longer due: {plain(listed(gone))}"
    if other:
        differ = counted(len(other), "change differs", "changes differ")
        yield f"{differ} from the reviewed plan: {plain(listed(other))}"
    if not (come or gone or other):
        yield "entries changed in fields that the review does not hold"


def _content(one: EntryChange) -> tuple[object, ...]:
    """What a change does to its entry; its place and number may differ."""
    return one.verb, one.words, one.boxes, one.fields, one.labels_kept, one.sizes_after
