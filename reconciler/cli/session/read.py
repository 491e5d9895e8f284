"""One run: the chosen projects with each manifest read into its own ledger, and what is known of them so far.

A `Run` collects dataset by dataset what is known, so that it can be reported however the run ends.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.cli.chosen import Options
from reconciler.cli.screen import Screen
from reconciler.errors import BadInput, Exit, Refused
from reconciler.ledger import Ledger
from reconciler.manifest import load_project, load_projects
from reconciler.manifest.project.project_yaml import expired
from reconciler.manifest.project.stages import NO_STAGE, Stage, staged
from reconciler.model import Finding, ProjectDeclaration
from reconciler.review.model import Made, Review
from reconciler.run import DatasetRun
from reconciler.shell.desired import read_once
from reconciler.text import counted, did_you_mean, inert

if TYPE_CHECKING:
    from reconciler.aws.objects import Objects

# The exit code of a run in which several things happened is the first of these.
_SEVERITY = (
    Exit.SIGTERM,
    Exit.SIGHUP,
    Exit.SIGINT,
    Exit.FAILED,
    Exit.REJECTED,
    Exit.REFUSED,
    Exit.BAD_INPUT,
    Exit.CHANGES,
)


class Run(Struct):
    """One run of a command; `resources` closes with the run.

    `calls` counts requests by operation, `throttled` those that the service throttled.

    `review` is the plan once every dataset was planned; after an apply it includes the outcomes.
    `objects` opens S3 near a region, for commands that use an account; `made` is when and from which commit it was.
    `stage` is the one that `--stage` names.
    """

    options: Options
    resources: ExitStack
    datasets: list[DatasetRun] = field(default_factory=list)
    calls: list[Counter[str]] = field(default_factory=list)
    throttled: Counter[str] = field(default_factory=Counter)
    review: Review | None = None
    objects: "Callable[[str | None], Objects] | None" = None
    made: Made | None = None
    stage: Stage = NO_STAGE

    def call_counts(self) -> Counter[str]:
        """The requests of the run so far, by operation."""
        return sum(self.calls, Counter[str]())

    def failures(self) -> list[DatasetRun]:
        """The datasets that failed."""
        return [one for one in self.datasets if one.failure]


def most_severe(codes: Sequence[Exit]) -> Exit:
    """The exit code of a run in which these happened."""
    return next((code for code in _SEVERITY if code in codes), Exit.DONE)


def read_all(run: Run, screen: Screen, restrict: Callable[[Run], None] = lambda _run: None) -> None:
    """Read the manifests of all chosen projects, in the order of folders, train before test.

    `restrict` may take datasets out of the run before they are read, or lines out of what is judged.

    Raises:
        BadInput: a folder or project is not found. InvalidDeclaration: a project.yaml is invalid.
    """
    folder = run.options.datasets
    for project in _declared(run.options.command, folder, run.options.projects):
        add_datasets(run, project)
    restrict(run)
    beside = None if is_part(folder) else folder.resolve().parent
    seen = set[Path]()
    for one in run.datasets:
        screen.status(f"reading {inert(one.dataset.shown)}")
        late = _suppress(one)
        if beside is None and not (run.options.check_images or run.options.since):  # it is looked at and no more
            one.ledger.leave_lines_out()
        given = one.dataset, one.project.labels, one.ledger, beside, screen.show
        one.findings = read_once(*given, is_last=run.options.command != "validate")
        if late and one.project.folder not in seen:
            marked = (*late, *one.findings.marked)
            one.findings = replace(one.findings, marked=marked, marked_count=one.findings.marked_count + len(late))
        seen.add(one.project.folder)
    screen.clear()


def _suppress(one: DatasetRun) -> tuple[Finding, ...]:
    """Give a dataset the suppressions of project.yaml that count today; a warning for each that has expired."""
    if not one.project.suppress:
        return ()
    from reconciler.aws.clock import utc_now  # noqa: PLC0415 - few projects need the day

    today = utc_now().date().isoformat()
    active = tuple(each for each in one.project.suppress if each.until >= today)
    one.dataset = replace(one.dataset, suppress=active)
    return expired(one.project, today)


def is_part(path: Path) -> bool:
    """Whether a path is one manifest or one project, beside which no folder of ours belongs."""
    return path.is_file() or (path / "project.yaml").exists()


def add_datasets(run: Run, project: ProjectDeclaration) -> None:
    """Add the datasets of a project to the run, each with a ledger that closes with it, as they are in its stage.

    Raises:
        BadInput: the project is not where the stage is.
    """
    project = staged(project, run.stage)
    for dataset in project.datasets:
        ledger = run.resources.enter_context(Ledger())
        run.datasets.append(DatasetRun(project, dataset, ledger, rate=run.options.rate))


def refuse_invalid(run: Run) -> None:
    """Stop a run in which any manifest has an error.

    Raises:
        BadInput: with the count. Refused: all errors are lines that `marked: refuse` refuses.
    """
    errors = sum(one.findings.error_count for one in run.datasets if one.findings)
    files = sum(1 for one in run.datasets if one.findings and one.findings.refused)
    if errors:
        by_policy = sum(one.findings.by_policy for one in run.datasets if one.findings)
        raise (Refused if by_policy == errors else BadInput)(
            f"{counted(errors, 'error', 'errors')} in {counted(files, 'manifest', 'manifests')}"
            f"{'' if run.options.command == 'validate' else '; nothing was sent'}"
        )


def _declared(command: str, path: Path, names: Sequence[str]) -> Sequence[ProjectDeclaration]:
    """The projects of a run. Only `validate` also takes the folder of one project, or one manifest."""
    if command == "validate" and path.is_file() and not names:
        from reconciler.review.offline import undeclared_project  # noqa: PLC0415 - few runs read one manifest

        return [undeclared_project(path, str(path), path.stem)]
    if command == "validate" and (path / "project.yaml").exists() and not names:
        project = load_project(path, str(path))
        return [project] if project else []
    return chosen_projects(path, names)


def chosen_projects(datasets: Path, names: Sequence[str], absent: str = "") -> Sequence[ProjectDeclaration]:
    """The projects of a folder with these names (none: all); `absent` as for `load_projects`.

    Raises:
        BadInput: there is no project, or none with one of the names.
    """
    projects = load_projects(datasets, str(datasets), absent)
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
