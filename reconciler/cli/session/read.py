"""The declarations of a run: the chosen projects, with each manifest read into its own ledger."""

from collections.abc import Sequence
from pathlib import Path

from reconciler.cli.screen import Screen
from reconciler.cli.session.run import Run
from reconciler.errors import BadInput
from reconciler.ledger import Ledger
from reconciler.manifest import load_project, load_projects, read_manifest
from reconciler.model import ProjectDeclaration
from reconciler.review.manifests import project_of
from reconciler.run import DatasetRun
from reconciler.text import counted, did_you_mean, inert


def read_all(run: Run, screen: Screen) -> None:
    """Read the manifests of all chosen projects, in the order of folders, train before test.

    Raises:
        BadInput: a folder or project is not found. InvalidDeclaration: a project.yaml is invalid.
    """
    for project in _declared(run.options.command, run.options.datasets, run.options.projects):
        for dataset in project.datasets:
            ledger = run.resources.enter_context(Ledger())
            run.datasets.append(DatasetRun(project, dataset, ledger))
    for one in run.datasets:
        screen.status(f"reading {inert(one.dataset.shown)}")
        one.findings = read_manifest(one.dataset, one.project.labels, one.ledger.accept, screen.show)
    screen.clear()


def refuse_invalid(run: Run) -> None:
    """Stop a run in which any manifest has an error.

    Raises:
        BadInput: with the count.
    """
    errors = sum(one.findings.error_count for one in run.datasets if one.findings)
    files = sum(1 for one in run.datasets if one.findings and one.findings.refused)
    if errors:
        raise BadInput(
            f"{counted(errors, 'error', 'errors')} in {counted(files, 'manifest', 'manifests')}"
            f"{'' if run.options.command == 'validate' else '; nothing was sent'}"
        )


def _declared(command: str, path: Path, names: Sequence[str]) -> Sequence[ProjectDeclaration]:
    """The projects of a run. Only `validate` also takes the folder of one project, or one manifest."""
    if command == "validate" and path.is_file() and not names:
        return [project_of(path, str(path), path.stem)]
    if command == "validate" and (path / "project.yaml").exists() and not names:
        project = load_project(path, str(path))
        return [project] if project else []
    return _chosen(path, names)


def _chosen(datasets: Path, names: Sequence[str]) -> Sequence[ProjectDeclaration]:
    projects = load_projects(datasets, str(datasets))
    if not projects:
        raise BadInput(_nothing_in(datasets))
    known = {project.name: project for project in projects}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are: {', '.join(known)}"
            raise BadInput(f"no project.yaml under {inert(str(datasets))} names the project {inert(name)!r}{hint}")
    return [project for project in projects if not names or project.name in names]


def _nothing_in(datasets: Path) -> str:
    shown = inert(str(datasets))
    if (datasets / "project.yaml").exists():
        return f"{shown} is the folder of one project; give the folder above it, and --project to choose this one"
    return f"there is no project under {shown}; write {shown}/NAME/project.yaml, or name another folder"
