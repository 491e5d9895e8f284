"""`reconciler plan`: what an apply would change; changes nothing."""

from collections.abc import Sequence

from reconciler.cli.screen import Screen
from reconciler.cli.session.base import load_base
from reconciler.cli.session.images import check_images
from reconciler.cli.session.live import LiveSide, plan_all
from reconciler.cli.session.read import Run, most_severe, read_all, refuse_invalid
from reconciler.cli.show import review_now, show
from reconciler.cli.signals import Signals
from reconciler.errors import Exit, ReconcilerError, Refused
from reconciler.guards import THEIRS
from reconciler.model import GuardState
from reconciler.plan import Plan
from reconciler.run import DatasetRun
from reconciler.text import inert, safe


def plan(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Validate, then plan every dataset and show the plan.

    Raises:
        BadInput: the manifests or the connection are wrong. Refused: an apply would be refused.
        ReconcilerError: a dataset could not be planned.
    """
    made_plans(run, screen, LiveSide(run, screen, signals))
    show_plan(run, screen)
    refuse_unplanned(run)
    changes = any(one.plan and one.plan.has_changes for one in run.datasets)
    return Exit.CHANGES if changes and run.options.exit_code else Exit.DONE


def made_plans(run: Run, screen: Screen, live: LiveSide) -> None:
    """Validate and plan every dataset; a manifest with errors is shown.

    Raises:
        BadInput: the manifests or the connection are wrong.
    """
    read_all(run, screen)
    if run.options.check_images and not any(one.findings and one.findings.refused for one in run.datasets):
        check_images(run, screen, live)
    if any(one.findings and one.findings.refused for one in run.datasets):
        show(review_now(run), run, screen)
    refuse_invalid(run)
    load_base(run, screen)
    plan_all(run, live)


def show_plan(run: Run, screen: Screen) -> None:
    """Make the review of the plans, and show it."""
    screen.status("comparing")
    run.review = review_now(run)
    show(run.review, run, screen)


def refuse_unplanned(run: Run) -> None:
    """Stop a run in which a dataset could not be planned, or must not be applied.

    Raises:
        ReconcilerError: a dataset could not be planned, or has no project. Refused: by a policy or a guard.
    """
    refuse_failed(run)
    refused = [_refusal(one.title, one.plan) for one in run.datasets if one.plan and one.plan.refusals]
    if refused:
        raise Refused("\n".join((*refused, "nothing was sent")))


def refuse_failed(run: Run) -> None:
    """Stop a run in which a dataset could not be planned.

    Raises:
        ReconcilerError: a dataset could not be planned, or has no project.
    """
    failures = run.failures()
    if failures:
        error = ReconcilerError(f"{'; '.join(_reasons(failures))}; nothing was sent")
        error.exit_code = most_severe([one.failure.exit_code for one in failures if one.failure])
        raise error


def _refusal(title: str, planned: Plan) -> str:
    """What refuses a dataset, in short; first the pull that the guard `theirs` names, then how to override."""
    tripped = [check.name for check in planned.guards if check.state is GuardState.TRIPPED]
    by = ["policy or limits"] if len(planned.refusals) > len(tripped) else []
    if tripped:
        what = "the guard" if len(tripped) == 1 else "the guards"
        by.append(f"{what} {', '.join(tripped)}")
    theirs = next(
        (safe(check.refusal) for check in planned.guards if check.name == THEIRS and check.name in tripped), ""
    )
    pull = f"; {theirs.rpartition('; ')[2]}" if "`reconciler pull" in theirs else ""
    how = f"; to override:\n  {planned.override.options}" if planned.override else ""
    return f"{inert(title)}: refused by {' and by '.join(by)}{pull}{how}"


def _reasons(failures: Sequence[DatasetRun]) -> list[str]:
    """The datasets that could not be planned, and the projects that do not exist."""
    unplanned = [one for one in failures if one.plan is None]
    titles = ", ".join(inert(one.title) for one in unplanned)
    missing = dict.fromkeys(str(one.failure) for one in failures if one.plan)
    return [*([f"{titles} could not be planned"] if unplanned else []), *missing]
