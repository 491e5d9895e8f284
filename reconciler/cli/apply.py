"""`reconciler apply`: show the plan, ask, apply dataset after dataset, say what came of it.

A failure stops its project, because a person who mends it looks at the project as a whole; the next project goes on,
because it shares nothing with the first. Knows this order and the question. Refuses to know how a dataset is applied.
"""

import sys
from typing import Final, NoReturn

from reconciler.cli.failures import USER_CAUSED, sentence
from reconciler.cli.looking import Looking
from reconciler.cli.plan import plans_of, refuse_unplanned
from reconciler.cli.record import DatasetRun, Run, most_severe
from reconciler.cli.reviewed import ReviewedPlan, refuse_moved, reviewed_plan
from reconciler.cli.reviewing import applied_review, show_ending, show_outcome
from reconciler.cli.signals import Signals
from reconciler.cli.terminal import Screen
from reconciler.errors import BadInput, Exit, ReconcilerError, Refused
from reconciler.inert import inert
from reconciler.outcome import Outcome
from reconciler.reconcile import Target
from reconciler.report.outcome import done_lines
from reconciler.review.done import done_of

__all__ = ["apply", "apply_planned", "refuse_unseen"]

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
    return changed or bool(one.skipped or one.failure or (one.outcome and done_lines(done_of(one.outcome))))


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
    return looking.reconciliation(one).apply(one.ledger, one.plan, one.seen, target)


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
