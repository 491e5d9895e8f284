"""`reconciler apply`: show the plan, ask, apply dataset after dataset, report the outcome.

A failure stops its project, because the person who fixes it looks at the whole project. The next project is applied,
because it shares nothing with the first.

`apply --plan` applies only the plan that was reviewed, given by its id or as the file of a saved plan. A saved plan
also shows which entries have changed since.
"""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from reconciler.apply import Outcome, Target
from reconciler.apply import apply as carry_out
from reconciler.cli.commands.plan import made_plans, refuse_unplanned, show_plan
from reconciler.cli.commands.report import saved_review
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, most_severe
from reconciler.cli.show import applied_review, review_now
from reconciler.cli.signals import STOPPED_AT_ONCE, Signals
from reconciler.errors import USER_CAUSED, BadInput, Exit, ReconcilerError, Refused, with_cure
from reconciler.guards import THEIRS
from reconciler.plan import Basis, ids_in
from reconciler.review.build import with_outcome
from reconciler.review.model import Review
from reconciler.run import DatasetRun
from reconciler.shell.reviewed import entries_that_moved, refuse_moved
from reconciler.snapshots.folder import goes_with_runner
from reconciler.text import inert
from reconciler.views.lines import outcome_lines
from reconciler.views.terminal.view import ending_view, outcome_view
from reconciler.views.words import said, snapshot_sentence

# The plan id of what was reviewed ("" if nothing was), and the review itself where `--plan` names a saved plan.
Reviewed = tuple[str, Review | None]
_INTERRUPTED: Final = "not applied, because the run was interrupted"


def apply(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Plan all datasets, ask, apply all.

    Raises:
        BadInput: the manifests, the connection or the arguments are wrong. Refused: a policy, a guard or the answer of
            the user. ReconcilerError: a dataset could not be planned or applied.
    """
    refuse_unseen(run)
    reviewed = _reviewed_plan(run.options.plan)
    live = LiveSide(run, screen, signals)
    made_plans(run, screen, live)
    show_plan(run, screen)
    _warn_unjudged(run, screen)
    return apply_planned(run, screen, live, signals, reviewed)


def _warn_unjudged(run: Run, screen: Screen) -> None:
    """On a runner, whose folder of records goes with it, what is not judged is easily taken for what was."""
    for one in run.datasets:
        checks = one.plan.guards if one.plan and goes_with_runner() else ()
        for check in checks:
            if one.plan and one.plan.judged.basis is Basis.NEVER and check.name == THEIRS and check.count:
                screen.remark(f"warning: {one.title}: {said(check.words)}", "warning")


def refuse_unseen(run: Run) -> None:
    """Stop before any work if nobody would see the plan, or nobody could answer.

    Raises:
        BadInput: with the cure.
    """
    if run.options.yes:
        return
    if run.options.json:
        raise BadInput(
            f"{run.options.command} --json cannot ask for confirmation; add --yes, or remove --json; nothing was sent"
        )
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask on; give --yes to apply without asking; nothing was sent")


def _reviewed_plan(given: str | None) -> Reviewed:
    """What `--plan` names.

    Raises:
        BadInput: it is neither a plan id nor a saved plan, or not every dataset of the saved plan could be planned.
    """
    text = (given or "").strip()
    if given is None or ids_in(text):
        return text, None
    if not text:
        raise BadInput("--plan is empty: a plan has an id only when every dataset could be planned")
    review = saved_review(given)
    if review.compared.offline or not review.plan_id:
        raise BadInput(f"{inert(given)} is not a complete plan against live; save one with `reconciler plan --save`")
    return review.plan_id, review


def apply_planned(run: Run, screen: Screen, live: LiveSide, signals: Signals, reviewed: Reviewed = ("", None)) -> Exit:
    """Ask, and apply what was planned and shown; every apply leaves a record, also one that is refused.

    With an id in `reviewed`, only the plan with that id is applied.

    Raises:
        Refused: by a policy, a guard or the answer of the user. ReconcilerError: a dataset could not be planned or
            applied.
    """
    _record_refused(run, live)
    refuse_unplanned(run)
    if reviewed[0]:
        _refuse_moved(run, live, *reviewed)
    missing = dict.fromkeys(one.remark for one in run.datasets if one.plan and one.project_arn is None)
    if missing:  # Pulumi creates projects, this command never does
        raise Refused(f"{'; '.join(missing)}; nothing was sent")
    if any(one.plan and one.plan.has_changes for one in run.datasets) and not run.options.yes:
        _ask(screen)
    try:
        with signals.patiently():
            _apply_all(run, screen, live, signals)
    finally:
        run.review = applied_review(run)
    if run.review:
        screen.block(ending_view(run.review, width=screen.width, paint=screen.paint))
    return _verdict(run, signals)


def _record_refused(run: Run, live: LiveSide) -> None:
    """Write the records of datasets that could not be planned, or whose plan is refused."""
    for one in run.datasets:
        refused = Refused(one.plan.refusal) if one.plan and one.plan.refusals else None
        if one.error or refused:
            with live.recording(one) as attempt:
                attempt.error = one.error or refused


def _refuse_moved(run: Run, live: LiveSide, plan_id: str, review: Review | None) -> None:
    """Stop an apply that differs from the reviewed plan; each dataset that differs leaves a record.

    Raises:
        Refused: naming the datasets, and the entries if the review is known.
    """

    def record(one: DatasetRun, refused: Refused) -> None:
        with live.recording(one) as attempt:
            attempt.error = refused

    def entries(titles: Sequence[str]) -> Iterator[str]:
        if review:
            yield from entries_that_moved(review, run.review or review_now(run), titles)

    refuse_moved(plan_id, run.datasets, record, entries)


def _ask(screen: Screen) -> None:
    """Ask on the terminal; every answer but yes means no.

    Raises:
        Refused: the answer is not yes.
    """
    if (screen.answer("Apply? [y/N] ") or "").strip().lower() not in {"y", "yes"}:
        raise Refused("not applied: you answered no; nothing was sent")


def _apply_all(run: Run, screen: Screen, live: LiveSide, signals: Signals) -> None:
    shown = run.review.datasets if run.review else ()
    failed: dict[str, str] = {}
    try:
        for one, planned in zip(run.datasets, shown, strict=True):
            try:
                _apply_next(one, failed, live, screen, signals)
            finally:
                if _has_news(one):
                    dataset = with_outcome(planned, one)
                    screen.block(outcome_view(dataset, width=screen.width, paint=screen.paint))
    except KeyboardInterrupt:
        for one in run.datasets:
            if one.outcome is None and one.error is None:
                one.skipped = one.skipped or _INTERRUPTED
        raise


def _apply_next(one: DatasetRun, failed: dict[str, str], live: LiveSide, screen: Screen, signals: Signals) -> None:
    """Apply one dataset, unless the run or its project has stopped; `failed` is the dataset that stopped a project."""
    if signals.stop() is not None:
        one.skipped = _INTERRUPTED
    elif one.project.shown in failed:
        one.skipped = f"not applied, because {failed[one.project.shown]} failed"
    else:
        _apply_one(one, live, screen, signals)
    if one.failure:
        failed[one.project.shown] = inert(one.title)


def _has_news(one: DatasetRun) -> bool:
    """Whether anything was done or should have been; a dataset that was up to date has been shown as such."""
    changed = one.plan is not None and one.plan.has_changes
    return changed or bool(one.skipped or one.failure or (one.outcome and outcome_lines(one.outcome)))


def _apply_one(one: DatasetRun, live: LiveSide, screen: Screen, signals: Signals) -> None:
    with live.metered(one), live.recording(one) as attempt:

        def so_far(outcome: Outcome) -> None:
            for place in outcome.snapshots[len(one.outcome.snapshots if one.outcome else ()) :]:
                screen.remark(said(snapshot_sentence(place)))
            one.outcome = attempt.so_far(outcome)

        try:
            one.outcome = attempt.finished(_outcome(one, live, attempt.overwrites, so_far))
            left = live.leaves(one, one.outcome)
            attempt.base = left.stored() if left else None
            _remember(one, one.outcome, live, screen)
        except KeyboardInterrupt:
            one.error = attempt.error = signals.interrupted(STOPPED_AT_ONCE)
            raise
        except USER_CAUSED as error:
            one.error = attempt.error = with_cure(error)


def _outcome(
    one: DatasetRun, live: LiveSide, overwrites: Callable[[str], None], so_far: Callable[[Outcome], None]
) -> Outcome:
    if one.plan is None or one.project_arn is None:
        raise AssertionError(f"{one.title} has no plan or no project; both were refused before")
    target = Target(one.project_arn, one.dataset.dataset_type)
    context = replace(live.context(one), overwrites=overwrites, so_far=so_far)
    return carry_out(context, one.ledger, one.plan, one.seen, target)


def _remember(one: DatasetRun, outcome: Outcome, live: LiveSide, screen: Screen) -> None:
    """Store what AWS stores differently from how it was sent; if that fails, it is only sent once more."""
    try:
        live.store.write(one.project_arn or "", one.dataset.dataset_type, outcome.settled)
    except OSError as error:
        screen.remark(f"warning: {with_cure(error)} (what is not stored as sent will be sent again)")


def _argument(guard: str, reason: str) -> str:
    return inert(shlex.quote(f"{guard}={reason}"))


def _verdict(run: Run, signals: Signals) -> Exit:
    """The exit code of a run that applied.

    Raises:
        ReconcilerError: with the most severe exit code of what failed.
    """
    if signals.exit_code is not None:
        again = " ".join((run.options.command, *(f"--allow {_argument(*one)}" for one in run.options.allow.items())))
        raise signals.interrupted(
            f"interrupted; what was confirmed is applied, `reconciler {again}` continues with the rest"
        )
    failures = run.failures()
    if not failures:
        return Exit.DONE
    error = ReconcilerError(f"{', '.join(inert(one.title) for one in failures)} failed; see above")
    error.exit_code = most_severe([one.failure.exit_code for one in failures if one.failure])
    raise error
