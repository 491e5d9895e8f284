"""`reconciler init`: the files that a repository needs, and what is live as its first manifests.

Nothing is ever overwritten: a file that is there is kept, and a folder that holds something else is refused.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.aws.arns import ProjectArn
from reconciler.cli.commands.pull import pull_all
from reconciler.cli.scaffold import FIRST_MANIFEST, PACKAGE, PROGRAM, project_yaml, template
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, add_datasets, chosen_projects, most_severe
from reconciler.cli.signals import Signals
from reconciler.errors import USER_CAUSED, BadInput, Exit, with_cure
from reconciler.limits import PROJECT_NAME_PATTERN
from reconciler.manifest.project.folders import default_manifests
from reconciler.model import DatasetType, Project
from reconciler.text import inert, path_for_shell

_NAME: Final = re.compile(PROJECT_NAME_PATTERN)
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class _File:
    """A file to write; one that is there is kept, or gets `text` as another line where `adds`."""

    path: Path
    text: str
    adds: bool = False


def init(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Write the files, then what is live; say what comes next.

    Raises:
        BadInput: not in a git repository, a name is illegal, or a folder holds something else. ReconcilerError: what is
        live could not be read; the files are written.
    """
    root = _repository(Path.cwd())
    datasets = run.options.datasets
    live = LiveSide(run, screen, signals)
    found = _found(run, live, screen)
    _refuse_foreign(datasets, list(found))
    files = [*_project_files(run, datasets, found), _File(root / ".gitignore", ".reconciler/\n", adds=True)]
    for file in [*files, *_program(run), *_jobs(run, root)]:
        _write(file, screen)
    _advise(run, root, screen)
    codes = []
    if names := [name for name, project in found.items() if project]:
        for declared in chosen_projects(datasets, names, f".{run.options.manifests}"):
            add_datasets(run, declared)
        codes = [pull_all(run, screen, live)]
    screen.line()
    place = path_for_shell(str(datasets), "DIR")
    where = "" if place == "datasets" else f" --datasets {place}"
    screen.line(f"next: git add {place} && git commit -m 'Labels as code'", "header")
    screen.line(f"      reconciler plan{where}", "header")
    return most_severe(codes)


def _repository(folder: Path) -> Path:
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    if root is None:
        raise BadInput(f"{inert(str(folder))} is not in a git repository; run `git init` first")
    return root


def _found(run: Run, live: LiveSide, screen: Screen) -> dict[str, Project | None]:
    """The projects that are named, or all that are live, by name; None for one that is not live."""
    names = run.options.projects
    for name in names:
        if not _NAME.fullmatch(name) or name in {".", ".."}:
            raise BadInput(f"{inert(name)!r} is not a name of a Custom Labels project: 1 to 255 of a-z A-Z 0-9 _ . -")
    try:
        every = {ProjectArn.parse(project.arn).name: project for project in live.projects()}
    except USER_CAUSED as error:
        if not names:
            raise BadInput(f"name the projects, or let them be listed: {with_cure(error)}") from None
        screen.remark(f"warning: what is live was not looked at: {inert(str(with_cure(error)))}", "warning")
        every = {}
    if not names and not every:
        raise BadInput("there is no project in this account and Region; name one: `reconciler init NAME`")
    return {name: every.get(name) for name in names or every}


def _refuse_foreign(datasets: Path, names: Sequence[str]) -> None:
    """A folder that holds something else is not ours to fill."""
    if datasets.exists() and not datasets.is_dir():
        raise BadInput(f"{inert(str(datasets))} is a file; name a folder with --datasets")
    ours = [path.parent for path in datasets.glob("*/project.yaml")] if datasets.exists() else []
    if datasets.exists() and not ours and any(datasets.iterdir()):
        raise BadInput(
            f"{inert(str(datasets))} holds something else (no project.yaml in it); name a new folder with --datasets"
        )
    for folder in (datasets / name for name in names):
        if folder.exists() and folder not in ours and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput(f"{inert(str(folder))} holds something else; move it, or name a new folder with --datasets")


def _project_files(run: Run, datasets: Path, found: dict[str, Project | None]) -> Iterator[_File]:
    for name, project in found.items():
        arn = ProjectArn.parse(project.arn) if project else None
        account, region = (arn.account, arn.region) if arn else ("", "")
        managed = arn is None and run.options.pulumi
        yield _File(datasets / name / "project.yaml", project_yaml(name, account, region, managed=managed))
        if not (project and project.datasets) and not _has_manifest(datasets / name):
            yield _File(datasets / name / "train.yaml", FIRST_MANIFEST)


def _has_manifest(folder: Path) -> bool:
    return any(default_manifests(folder, kind.word) for kind in DatasetType)


def _program(run: Run) -> Iterator[_File]:
    """A Pulumi program in this folder, unless there is one."""
    if run.options.pulumi and not _has_program():
        name = _NOT_A_NAME.sub("-", Path.cwd().name).strip("-") or "labels"
        yield _File(Path("Pulumi.yaml"), template("Pulumi.yaml", name=name))
        yield _File(Path("__main__.py"), PROGRAM)
        yield _File(Path("requirements.txt"), template("requirements.txt"))


def _has_program() -> bool:
    return Path("Pulumi.yaml").exists() or Path("__main__.py").exists()


def _jobs(run: Run, root: Path) -> Iterator[_File]:
    """The jobs of the forge; paths in them are from the root of the repository."""
    folder = Path(os.path.relpath(run.options.datasets, root))
    if run.options.github:
        yield _File(root / ".github" / "workflows" / "labels.yml", template("github.yml", datasets=folder.as_posix()))
    if run.options.gitlab:
        yield _File(root / ".gitlab" / "labels.yml", template("gitlab.yml", datasets=folder.as_posix()))
        yield _File(root / ".gitlab-ci.yml", "include:\n  - local: .gitlab/labels.yml\n")


def _write(file: _File, screen: Screen) -> None:
    """Write a file that is not there, and say so."""
    shown = inert(os.path.relpath(file.path))
    if file.path.exists():
        present = file.path.read_text(encoding="utf-8", errors="replace")
        if not file.adds or file.text.strip() in present.splitlines():
            screen.line(f"kept     {shown}", "dim")
            return
        end = "" if present.endswith("\n") or not present else "\n"
        with file.path.open("a", encoding="utf-8") as handle:
            handle.write(f"{end}{file.text}")
        screen.line(f"added to {shown}: {file.text.strip()}", "add")
        return
    file.path.parent.mkdir(parents=True, exist_ok=True)
    with file.path.open("x", encoding="utf-8") as handle:
        handle.write(file.text)
    screen.line(f"wrote    {shown}", "add")


def _advise(run: Run, root: Path, screen: Screen) -> None:
    """What must be added by hand to files that are there."""
    if run.options.pulumi and _has_program() and PROGRAM not in Path("__main__.py").read_text(errors="replace"):
        screen.line(f"add to your program, with {PACKAGE}[pulumi] in its requirements:")
        for line in filter(None, PROGRAM.splitlines()):
            screen.line(f"    {line}")
    jobs = root / ".gitlab-ci.yml"
    if run.options.gitlab and "labels.yml" not in jobs.read_text(errors="replace"):
        screen.line(f"add to {inert(os.path.relpath(jobs))}:")
        screen.line("    include: [{local: .gitlab/labels.yml}]")
