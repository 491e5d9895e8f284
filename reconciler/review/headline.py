"""Plans in one line of words.

Knows figures. Refuses to know views.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.comparison.words import counted
from reconciler.model import Extra
from reconciler.plan import Action, Plan
from reconciler.review.model import DatasetReview, Totals

__all__ = ["LEFT", "headline", "run_headline", "totals_of"]


LEFT: Final = "live only"


def headline(plan: Plan, left: str = LEFT) -> str:
    """What would happen to one dataset, in figures; `left` is what entries are called that only live has."""
    return "; ".join(_parts(plan, left))


def totals_of(datasets: Sequence[DatasetReview], declaration_errors: int) -> Totals:
    """Figures over all datasets."""
    return Totals(
        datasets=len(datasets),
        with_changes=sum(one.has_changes for one in datasets),
        add=sum(one.add for one in datasets),
        update=sum(one.update for one in datasets),
        unlabel=sum(one.unlabel for one in datasets),
        live_only=sum(one.live_only for one in datasets),
        errors=declaration_errors + sum(one.findings.errors for one in datasets),
        refusals=sum(len(one.refusals) for one in datasets),
    )


def run_headline(totals: Totals, left: str = LEFT) -> str:
    """What would happen to all datasets, in figures; `left` as for `headline`."""
    figures = (
        (totals.add, "to add"),
        (totals.update, "to update"),
        (totals.unlabel, "to unlabel"),
        (totals.live_only, left),
    )
    parts = ", ".join(f"{many:,} {word}" for many, word in figures if many)
    changes = f"{totals.with_changes:,} with" if totals.with_changes else "no"
    head = f"{counted(totals.datasets, 'dataset', 'datasets')}, {changes} changes"
    return f"{head}: {parts}" if parts else head


def _parts(plan: Plan, left: str) -> Iterator[str]:
    if plan.action is Action.CREATE:
        yield "the dataset will be created"
    elif plan.action is Action.REPLACE:
        yield "the dataset will be DELETED and created anew (new ARN)"
    elif plan.action is Action.NOTHING and (left == LEFT or not plan.live_only):
        yield f"up to date: {counted(plan.desired.entries, 'entry', 'entries')}"
    doing = ((plan.add, "to add"), (plan.update, "to update"), (plan.unlabel, "to unlabel"))
    if plan.lines:
        yield ", ".join(f"{many:,} {word}" for many, word in doing if many)
    if plan.live_only and plan.policy.extra is not Extra.UNLABEL:
        yield f"{plan.live_only:,} {left}"
    if plan.unchanged and (plan.lines or (left != LEFT and plan.live_only)):
        yield f"{plan.unchanged:,} unchanged"
