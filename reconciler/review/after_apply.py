"""What an apply did, in the forms of a review: the plan that was shown, with what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from reconciler.apply.outcome import MarkedEntry, Outcome, Rejected
from reconciler.errors import ReconcilerError
from reconciler.ledger import Facts, MarkedRow
from reconciler.review import from_domain as forms
from reconciler.review.headline import outcome_words, totals_of
from reconciler.review.model import (
    DatasetReview,
    Done,
    Estimate,
    LiveFigures,
    Marked,
    RejectedLine,
    Review,
    StatisticsView,
    Totals,
)
from reconciler.text import counted, figures


@dataclass(frozen=True, slots=True)
class Ended:
    """How the apply of one dataset ended: with an outcome, an error, both, or by being left out."""

    outcome: Outcome | None = None
    error: ReconcilerError | None = None
    skipped: str | None = None
    spent: Estimate | None = None


def with_endings(
    review: Review, endings: Sequence[Ended], *, spent: Estimate | None = None, calls: Mapping[str, int] | None = None
) -> Review:
    """The plan with what came of it; `endings` are those of its datasets, in their order."""
    rest = iter(endings)
    projects = tuple(
        structs.replace(project, datasets=tuple(ended(one, next(rest)) for one in project.datasets))
        for project in review.projects
    )
    datasets = [one for project in projects for one in project.datasets]
    totals = totals_of(datasets, review.findings.errors)
    words = _words(totals, datasets) if any(one.outcome for one in datasets) else review.words
    return structs.replace(
        review, projects=projects, totals=totals, words=words, spent=spent, calls=dict(calls or review.calls)
    )


def ended(dataset: DatasetReview, ending: Ended) -> DatasetReview:
    """One dataset with what came of it."""
    outcome = ending.outcome
    error = ending.error or (outcome.error if outcome else None)
    status = "failed" if error else "applied" if outcome else "skipped" if ending.skipped else dataset.status
    return structs.replace(
        dataset,
        status=status,
        dataset_arn=(outcome.dataset_arn if outcome else None) or dataset.dataset_arn,
        outcome=done_of(outcome, ending.spent) if outcome else None,
        error=forms.failure(error) or dataset.error,
        skipped=ending.skipped or dataset.skipped,
    )


def done_of(outcome: Outcome, spent: Estimate | None = None) -> Done:
    """An outcome in the form of a review."""
    return Done(
        words=outcome_words(outcome),
        dataset_arn=outcome.dataset_arn or None,
        add=outcome.add,
        update=outcome.update,
        unlabel=outcome.unlabel,
        batches=outcome.batches,
        rejected=tuple(map(_rejected, outcome.rejected)),
        rejected_total=outcome.rejected_total,
        marked=tuple(marked_of(one, is_new=one.is_new) for one in outcome.marked),
        marked_total=outcome.marked_total,
        marked_new=outcome.marked_new,
        rewritten=outcome.rewritten,
        live=_live(outcome.live),
        statistics=_statistics(outcome),
        snapshots=outcome.snapshots,
        spent=spent,
    )


def _words(totals: Totals, datasets: Sequence[DatasetReview]) -> str:
    done = [one.outcome for one in datasets if one.outcome]
    did = (
        (sum(one.add for one in done), "added"),
        (sum(one.update for one in done), "updated"),
        (sum(one.unlabel for one in done), "unlabelled"),
        (totals.rejected, "rejected"),
        (totals.failed, "failed"),
        (totals.skipped, "skipped"),
    )
    return f"{counted(totals.datasets, 'dataset', 'datasets')}: {figures(did) or 'nothing to do'}"


def _rejected(one: Rejected) -> RejectedLine:
    return RejectedLine(key=one.key, place=one.place, reason=one.reason)


def marked_of(row: MarkedRow | MarkedEntry, *, is_new: bool | None = None) -> Marked:
    """A live entry with its errors, in the form of a review."""
    return Marked(key=row.key, place=row.place, marks=row.marks, is_new=is_new)


def _statistics(outcome: Outcome) -> StatisticsView | None:
    said, listed = outcome.counted, outcome.live
    if said is None or listed is None:
        return None
    return StatisticsView(entries=said.entries, marked=said.marked, agree=said.agree_with(listed))


def _live(facts: Facts | None) -> LiveFigures | None:
    if facts is None:
        return None
    return LiveFigures(entries=facts.entries, labelled=facts.labelled, boxes=facts.boxes, marked=facts.marked)
