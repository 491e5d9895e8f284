"""`apply --plan`: the plan that was reviewed, and no other.

Given as an id, or as the file of a saved plan, which also names the entries that moved.

Knows both forms. Refuses to know how ids are made (`reconciler.review.identity`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.cli.looking import Looking
from reconciler.cli.record import DatasetRun, Run
from reconciler.cli.report import saved_review
from reconciler.cli.reviewing import review_now
from reconciler.errors import BadInput, Refused
from reconciler.inert import inert
from reconciler.review.identity import ids_in, moved, plan_id
from reconciler.review.model import Review
from reconciler.review.since import moved_since

__all__ = ["ReviewedPlan", "refuse_moved", "reviewed_plan"]

_CURE: Final = "nothing was sent; review the plan as it is now"
_SENTENCES: Final = 10


@dataclass(frozen=True, slots=True)
class ReviewedPlan:
    """What was reviewed: the id of a run, and the review where it is at hand."""

    plan_id: str
    review: Review | None = None


def reviewed_plan(given: str | None) -> ReviewedPlan | None:
    """What `--plan` names.

    Raises:
        BadInput: it is neither an id nor a saved plan, or the plan was not whole.
    """
    if given is None:
        return None
    text = given.strip()
    if ids_in(text):
        return ReviewedPlan(text)
    if not text:
        raise BadInput("--plan is empty: a plan has an id only when every dataset could be planned")
    review = saved_review(given)
    if review.compared.offline or not review.plan_id:
        raise BadInput(f"{inert(given)} is no whole plan against live; save one with `reconciler plan --save`")
    return ReviewedPlan(review.plan_id, review)


def refuse_moved(run: Run, looking: Looking, reviewed: ReviewedPlan | None) -> None:
    """Stop an apply of anything else than what was reviewed; each dataset that moved leaves a record.

    Raises:
        Refused: saying what moved.
    """
    if reviewed is None:
        return
    moves = {one.title: words for one in run.datasets if (words := _moved(one, reviewed))}
    if not moves:
        return
    for one in run.datasets:
        if one.title in moves:
            with looking.recording(one) as attempt:
                attempt.error = Refused(moves[one.title])
    raise Refused(f"{'; '.join(_sentences(run, reviewed, moves))}; {_CURE}")


def _moved(one: DatasetRun, reviewed: ReviewedPlan) -> str:
    return moved(reviewed.plan_id, plan_id(one.ledger, one.plan, one.title)) if one.plan else ""


def _sentences(run: Run, reviewed: ReviewedPlan, moves: dict[str, str]) -> Iterator[str]:
    yield from (f"{inert(title)}: {words}" for title, words in moves.items())
    if reviewed.review is None:
        return
    named = [
        words for words in moved_since(reviewed.review, run.review or review_now(run)) if words.startswith(tuple(moves))
    ]
    yield from (inert(words, 600) for words in named[:_SENTENCES])
    if len(named) > _SENTENCES:
        yield f"and {len(named) - _SENTENCES:,} more"
