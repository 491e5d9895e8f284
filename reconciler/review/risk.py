"""How dangerous a change is to training, one table.

9 spoils most and is seen least. Knows what a change does to its own entry. Refuses to know the other entries: dangers
of a whole dataset are `reconciler.review.dangers`.
"""

from typing import Final

from reconciler.comparison.detail import Detail
from reconciler.model import Verb

__all__ = ["ADDS", "risk_of"]

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
