"""`reconciler plan`: what an apply would change; changes nothing.

Knows the order of the command and the plan's last line. Refuses to know how a plan is made.
"""

from collections.abc import Sequence

from reconciler.cli.base import load_base
from reconciler.cli.looking import Looking, plan_all
from reconciler.cli.reading import read_all, refuse_invalid
from reconciler.cli.record import DatasetRun, Run, most_severe
from reconciler.cli.terminal import Screen
from reconciler.cli.views import Views
from reconciler.errors import Exit, ReconcilerError, Refused
from reconciler.inert import inert
from reconciler.report.text import counted

__all__ = ["plan", "plans_of", "refuse_unplanned", "total_line"]


def plan(run: Run, screen: Screen, looking: Looking) -> Exit:
    """Validate, then plan and show every dataset.

    Raises:
        BadInput: something is wrong on disk or with the connection. Refused: an apply would be refused.
        ReconcilerError: a dataset could not be planned.
    """
    plans_of(run, screen, looking)
    refuse_unplanned(run)
    changes = any(one.plan and one.plan.has_changes for one in run.datasets)
    return Exit.CHANGES if changes and run.options.exit_code else Exit.DONE


def plans_of(run: Run, screen: Screen, looking: Looking) -> None:
    """Validate, plan and show every dataset, and the line over all of them.

    Raises:
        BadInput: something is wrong on disk or with the connection.
    """
    views = Views(screen, limit=run.options.limit, verbose=run.options.verbose)
    read_all(run, screen)
    for one in run.datasets:
        if one.findings and one.findings.refused:
            views.validated(one)
    refuse_invalid(run)
    load_base(run, screen)

    def show(one: DatasetRun) -> None:
        missing = missing_project(one, looking) if one.plan and one.project_arn is None else ""
        views.planned(one, missing)

    plan_all(run, looking, show)
    screen.line(total_line(run.datasets))


def refuse_unplanned(run: Run) -> None:
    """Stop a run in which a dataset could not be planned, or must not be applied.

    Raises:
        ReconcilerError: a dataset could not be planned. Refused: a policy says no.
    """
    failures = run.failures()
    if failures:
        error = ReconcilerError(f"{_titles(failures)} could not be planned; nothing was sent")
        error.exit_code = most_severe([one.failure.exit_code for one in failures if one.failure])
        raise error
    refused = [one for one in run.datasets if one.plan and one.plan.refusals]
    if refused:
        raise Refused(f"{_titles(refused)}: refused by policy or limits; nothing was sent")


def missing_project(one: DatasetRun, looking: Looking) -> str:
    """That a project is not there, and what makes it."""
    project = one.project
    if project.project_arn is not None:
        return f"there is no project {project.project_arn}; mend `projectArn` in {inert(project.shown)}/project.yaml"
    where = f"the project {project.name} does not exist in {looking.region(project)}"
    if project.managed:
        return f"{where}; `pulumi up` creates it (`managed: true`)"
    return (
        f"{where}; create it (`aws rekognition create-project --project-name {project.name}`), or mend its name or "
        "the region"
    )


def total_line(datasets: Sequence[DatasetRun]) -> str:
    """The plan of all datasets in one line."""
    plans = [one.plan for one in datasets if one.plan]
    figures = (
        (sum(one.add for one in plans), "to add"),
        (sum(one.update for one in plans), "to update"),
        (sum(one.unlabel for one in plans), "to unlabel"),
        (sum(one.live_only for one in plans), "live only"),
    )
    parts = ", ".join(f"{many:,} {word}" for many, word in figures if many)
    states = (
        (sum(one.has_changes for one in plans), "with changes"),
        (sum(bool(one.refusals) for one in plans), "refused"),
        (sum(one.failure is not None for one in datasets), "failed"),
        (sum(one.skipped is not None for one in datasets), "skipped"),
    )
    head = ", ".join(f"{many:,} {word}" for many, word in states if many) or "no changes"
    return f"{counted(len(datasets), 'dataset', 'datasets')}, {head}{f': {parts}' if parts else ''}"


def _titles(datasets: Sequence[DatasetRun]) -> str:
    return ", ".join(inert(one.title) for one in datasets)
