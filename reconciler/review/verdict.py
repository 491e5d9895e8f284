"""Whether a training would start with what a project will have: one line, from rules that AWS documents.

Sources: Custom Labels Developer Guide, "Guidelines and quotas" (labels), "Terminal manifest content errors"
(ERROR_MANIFEST_TOO_FEW_LABELS, ERROR_INSUFFICIENT_LABEL_OVERLAP, ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from reconciler.analysis.results import Balance, Splits
from reconciler.limits import INVALID_SHARE
from reconciler.model import DatasetType
from reconciler.review.model import DatasetReview
from reconciler.text import Name, Sentence, counted, joined, sentence

HEAD: Final = "would train: "
# Labels that a training dataset needs: one if any image has boxes, else two. ("Guidelines and quotas")
_LEAST_LABELS: Final = {True: 1, False: 2}


class Contents(Struct, frozen=True):
    """What one dataset will have: its labels in figures, and how many of its lines are unusable for training.

    `balance` is None where it is not known, because the manifest has errors or the dataset could not be planned.
    """

    kind: DatasetType
    manifest: str
    balance: Balance | None
    lines: int
    unusable: int


def would_train(verdict: Sentence) -> bool:
    """Whether a verdict is `yes`."""
    return verdict == (f"{HEAD}yes",)


def would_not_train(verdict: Sentence) -> bool:
    """Whether a verdict is `no`; `not known` is neither."""
    return bool(verdict) and str(verdict[0]).startswith(f"{HEAD}no,")


def verdict_of(contents: Sequence[Contents], splits: Splits | None) -> Sentence:
    """`would train: yes`, or `no` or `not known`, with the reasons."""
    if reasons := list(_against(contents, splits)):
        return sentence(HEAD, "no, because ", joined(reasons, ", and "))
    if missing := list(_missing(contents)):
        return sentence(HEAD, "not known, because ", joined(missing, ", and "))
    return sentence(HEAD, "yes")


def after_apply(verdict: Sentence, datasets: Sequence[DatasetReview]) -> Sentence:
    """The verdict of a plan once it was applied: what the service marked or did not take counts."""
    for one in datasets:
        entries = one.outcome.live.entries if one.outcome and one.outcome.live else 0
        if one.outcome and one.outcome.marked_total > entries * INVALID_SHARE:
            share = f"{one.outcome.marked_total:,} of {counted(entries, 'entry', 'entries')} of "
            return sentence(HEAD, "no, because ", share, Name(one.title), " are marked with errors by the service")
    if any(one.status in {"failed", "skipped"} or (one.outcome and one.outcome.rejected_total) for one in datasets):
        return sentence(HEAD, "not known, because not all of the plan is live")
    return verdict


def _against(contents: Sequence[Contents], splits: Splits | None) -> Iterator[Sentence]:
    for one in contents:
        if one.kind is DatasetType.TRAIN and one.balance:
            after = one.balance.after
            least = _LEAST_LABELS[after.boxes > 0]
            if after.labels < least:
                yield sentence(
                    Name(one.manifest), f" has {counted(after.labels, 'label', 'labels')} of at least {least}"
                )
    if splits and splits.overlap is not None and splits.overlap < splits.overlap_needed:
        yield (f"test has {splits.overlap:.0%} of the labels of train, of at least {splits.overlap_needed:.0%}",)
    for one in contents:
        if one.unusable > one.lines * INVALID_SHARE:
            share = f"{one.unusable:,} of {counted(one.lines, 'line', 'lines')} of "
            yield sentence(share, Name(one.manifest), f" are unusable, of at most {INVALID_SHARE:.0%}")


def _missing(contents: Sequence[Contents]) -> Iterator[Sentence]:
    for kind in DatasetType:
        one = next((one for one in contents if one.kind is kind), None)
        if one is None:
            yield (f"no {kind.word} dataset is declared",)
        elif one.balance is None:
            yield sentence(Name(one.manifest), " could not be read or planned")
        elif not one.balance.after.labels:
            yield sentence(Name(one.manifest), " has no labels")
