"""`reconciler apply`: show the plan, ask, apply dataset after dataset, say what came of it.

A failure stops its project, because a person who mends it looks at the project as a whole; the next project goes on,
because it shares nothing with the first.

`apply --plan`: the plan that was reviewed, and no other.

Given as an id, or as the file of a saved plan, which also names the entries that moved.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from reconciler.apply import Outcome, Target
from reconciler.apply import apply as carry_out
from reconciler.cli.commands.plan import plans_of, refuse_unplanned
from reconciler.cli.commands.report import saved_review
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import Looking
from reconciler.cli.session.run import Run, most_severe
from reconciler.cli.show import applied_review, review_now, show_ending, show_outcome
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit, ReconcilerError, Refused
from reconciler.plan import ids_in
from reconciler.review.model import Review
from reconciler.review.moved_entries import moved_since
from reconciler.run import DatasetRun
from reconciler.shell import reviewed as reviewed_plans
from reconciler.shell.faults import USER_CAUSED, sentence
from reconciler.text import inert
from reconciler.views.apply_lines import outcome_lines

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

    def record(one: DatasetRun, refused: Refused) -> None:
        with looking.recording(one) as attempt:
            attempt.error = refused

    def entries(titles: Sequence[str]) -> Iterator[str]:
        return _moved_entries(run, reviewed.review, titles)

    reviewed_plans.refuse_moved(reviewed.plan_id, run.datasets, record, entries)


def _moved_entries(run: Run, review: Review | None, titles: Sequence[str]) -> Iterator[str]:
    """The entries that moved in these datasets, where the reviewed plan is at hand."""
    if review is None:
        return
    named = [words for words in moved_since(review, run.review or review_now(run)) if words.startswith(tuple(titles))]
    yield from (inert(words, 600) for words in named[:_SENTENCES])
    if len(named) > _SENTENCES:
        yield f"and {len(named) - _SENTENCES:,} more"


_INTERRUPTED: Final = "not applied, because the run was interrupted"


def apply(run: Run, screen: Screen, looking: Looking, signals: Signals) -> Exit:
    """Plan all, ask, apply all.

    Raises:
        BadInput: something is wrong on disk, with the connection or the arguments. Refused: a policy or the user says
        no. ReconcilerError: a dataset could not be planned or applied.
    """
    refuse_unseen(run)
    reviewed = reviewed_plan(run.options.asked.plan)
    plans_of(run, screen, looking)
    return apply_planned(run, screen, looking, signals, reviewed)


def apply_planned(
    run: Run, screen: Screen, looking: Looking, signals: Signals, reviewed: ReviewedPlan | None = None
) -> Exit:
    """Ask, and apply what was planned and shown; every apply leaves a record, also one that is refused.

    With `reviewed`, nothing else is applied than what was reviewed.

    Raises:
        Refused: a policy, a guard or the user says no. ReconcilerError: a dataset could not be planned or applied.
    """
    _record_refused(run, looking)
    refuse_unplanned(run)
    refuse_moved(run, looking, reviewed)
    _refuse_missing(run)
    if any(one.plan and one.plan.has_changes for one in run.datasets) and not run.options.yes:
        _ask(screen)
    try:
        with signals.patiently():
            _apply_all(run, screen, looking, signals)
    finally:
        run.review = applied_review(run)
    if run.review:
        show_ending(run.review, screen)
    return _verdict(run, signals)


def _record_refused(run: Run, looking: Looking) -> None:
    """The records of datasets that will not be applied, because they could not be planned or must not be applied."""
    for one in run.datasets:
        refused = Refused(one.plan.refusal) if one.plan and one.plan.refusals else None
        if one.error or refused:
            with looking.recording(one) as attempt:
                attempt.error = one.error or refused


def refuse_unseen(run: Run) -> None:
    """Before any work: nobody could answer, or nobody would see the plan.

    Raises:
        BadInput: with the cure.
    """
    if run.options.yes:
        return
    if run.options.json:
        raise BadInput(
            f"{run.options.command} --json shows no plan to answer to; give --yes, or leave --json out; "
            "nothing was sent"
        )
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask on; give --yes to apply without asking; nothing was sent")


def _refuse_missing(run: Run) -> None:
    """A project is never created here.

    Raises:
        Refused: Pulumi creates it.
    """
    missing = dict.fromkeys(one.remark for one in run.datasets if one.plan and one.project_arn is None)
    if missing:
        raise Refused(f"{'; '.join(missing)}; nothing was sent")


def _ask(screen: Screen) -> None:
    """Ask on the terminal; anything but yes is no.

    Raises:
        Refused: the answer is no.
    """
    screen.ask("Apply? [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not applied, as answered; nothing was sent")


def _apply_all(run: Run, screen: Screen, looking: Looking, signals: Signals) -> None:
    shown = run.review.datasets if run.review else ()
    failed: dict[str, str] = {}
    try:
        for one, planned in zip(run.datasets, shown, strict=True):
            _apply_next(one, failed, looking, screen, signals)
            if _is_worth_a_word(one):
                show_outcome(one, planned, screen)
    except KeyboardInterrupt:
        for one in run.datasets:
            if one.outcome is None and one.error is None:
                one.skipped = one.skipped or _INTERRUPTED
        raise


def _apply_next(one: DatasetRun, failed: dict[str, str], looking: Looking, screen: Screen, signals: Signals) -> None:
    """Apply one, unless the run or its project has stopped; `failed` names what stopped each project."""
    if signals.stop() is not None:
        one.skipped = _INTERRUPTED
    elif one.project.shown in failed:
        one.skipped = f"not applied, because {failed[one.project.shown]} failed"
    else:
        _apply_one(one, looking, screen, signals)
    if one.failure:
        failed[one.project.shown] = inert(one.title)


def _is_worth_a_word(one: DatasetRun) -> bool:
    """Whether anything was done or should have been; a dataset that was up to date has been shown as such."""
    changed = one.plan is not None and one.plan.has_changes
    return changed or bool(one.skipped or one.failure or (one.outcome and outcome_lines(one.outcome)))


def _apply_one(one: DatasetRun, looking: Looking, screen: Screen, signals: Signals) -> None:
    with looking.metered(one), looking.recording(one) as attempt:
        try:
            one.outcome = attempt.outcome = _outcome(one, looking)
            _remember(one, one.outcome, looking, screen)
        except KeyboardInterrupt:
            one.error = attempt.error = signals.interrupted("left at once; a batch that was sent goes on at AWS")
            raise
        except USER_CAUSED as error:
            one.error = attempt.error = sentence(error)


def _outcome(one: DatasetRun, looking: Looking) -> Outcome:
    if one.plan is None or one.project_arn is None:
        _unplanned(one)
    target = Target(one.project_arn, one.dataset.dataset_type)
    return carry_out(looking.context(one), one.ledger, one.plan, one.seen, target)


def _unplanned(one: DatasetRun) -> NoReturn:
    raise AssertionError(f"{one.title} has no plan or no project; both were refused before")


def _remember(one: DatasetRun, outcome: Outcome, looking: Looking, screen: Screen) -> None:
    """Keep what is stored differently from how it was sent; a memory that cannot be written costs one more sending."""
    try:
        looking.store.write(one.project_arn or "", one.dataset.dataset_type, outcome.settled)
    except OSError as error:
        screen.remark(f"warning: {sentence(error)} (what is not stored as sent will be sent again)")


def _verdict(run: Run, signals: Signals) -> Exit:
    """The exit code of a run that applied.

    Raises:
        ReconcilerError: with the most severe exit code of what failed.
    """
    failures = run.failures()
    codes = [one.failure.exit_code for one in failures if one.failure]
    if signals.exit_code is not None:
        raise signals.interrupted(
            f"interrupted; what was confirmed is applied, `reconciler {run.options.command}` goes on with the rest"
        )
    if not failures:
        return Exit.DONE
    error = ReconcilerError(f"{', '.join(inert(one.title) for one in failures)} did not end well; see above")
    error.exit_code = most_severe(codes)
    raise error
