"""`reconciler init`: the files that a repository needs, and what is live as its first manifests.

Nothing is ever overwritten: a file that is there is kept, and a folder that holds something else is refused.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.aws.arns import ProjectArn
from reconciler.cli.commands.pull import pull_all
from reconciler.cli.scaffold import FIRST_MANIFEST, PACKAGE, PROGRAM, project_yaml, template
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, add_datasets, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.errors import USER_CAUSED, BadInput, Exit, with_cure
from reconciler.limits import PROJECT_NAME_PATTERN
from reconciler.manifest.project.folders import default_manifests, load_projects
from reconciler.model import DatasetType, Project
from reconciler.text import inert, path_for_shell

_NAME: Final = re.compile(PROJECT_NAME_PATTERN)
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
# Where a program is looked for, and folders that hold those of others.
_LEVELS: Final = ("", "*/", "*/*/")
_NOT_OURS: Final = re.compile(r"(^|/)(\.[^/]*|node_modules)/")


@dataclass(frozen=True, slots=True)
class _File:
    """A file to write; one that is there is kept, or gets the lines of `text` that it lacks where `adds`."""

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
    if not datasets.resolve().is_relative_to(root.resolve()):
        raise BadInput(f"{inert(str(datasets))} is not in the git repository {inert(str(root))}; name a folder in it")
    live = LiveSide(run, screen, signals)
    found = _found(run, live, screen)
    folders = _folders(datasets, list(found))
    files = [*_project_files(run, folders, found), _File(root / ".gitignore", _ignored(run), adds=True)]
    files = [*files, *_program(run, root), *_jobs(run, root)]
    for file in files:
        _write(file, screen)
    _advise(run, root, screen)
    code = _pulled(run, screen, live, [name for name, project in found.items() if project])
    _say_next(datasets, [file.path for file in files], screen)
    return code


def _pulled(run: Run, screen: Screen, live: LiveSide, names: Sequence[str]) -> Exit:
    """Write what is live of these projects into manifests that are not there yet."""
    for declared in chosen_projects(run.options.datasets, names, f".{run.options.manifests}") if names else ():
        add_datasets(run, declared)
    for one in run.datasets:
        if one.dataset.manifest.exists():
            screen.line(f"kept     {inert(one.dataset.shown)}", "dim")
    run.datasets[:] = [one for one in run.datasets if not one.dataset.manifest.exists()]
    return pull_all(run, screen, live)


def _say_next(datasets: Path, written: Sequence[Path], screen: Screen) -> None:
    """The next two commands: what to commit, and the plan."""
    place = path_for_shell(str(datasets), "DIR")
    others = [os.path.relpath(path) for path in written if not path.is_relative_to(datasets)]
    names = " ".join([place, *(path_for_shell(name, "FILE") for name in dict.fromkeys(others))])
    screen.line()
    screen.line(f"next: git add {names} && git commit -m 'Labels as code'", "header")
    screen.line(f"      reconciler plan{'' if datasets.name == 'datasets' else f' --datasets {place}'}", "header")


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


def _folders(datasets: Path, names: Sequence[str]) -> dict[str, Path]:
    """The folder of each project: that of its declaration where there is one, else one with its name.

    Raises:
        BadInput: a folder holds something else. InvalidDeclaration: a project.yaml is invalid.
    """
    _refuse_foreign(datasets)
    ours = load_projects(datasets, str(datasets)) if datasets.exists() else ()
    declared = {ProjectArn.parse(one.project_arn).name if one.project_arn else one.name: one.folder for one in ours}
    folders = {name: declared.get(name, datasets / name) for name in names}
    for folder in (folder for name, folder in folders.items() if name not in declared):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput(f"{inert(str(folder))} holds something else; move it, or name a new folder with --datasets")
    return folders


def _refuse_foreign(datasets: Path) -> None:
    """A folder that holds something else is not ours to fill."""
    if datasets.exists() and not datasets.is_dir():
        raise BadInput(f"{inert(str(datasets))} is a file; name a folder with --datasets")
    if datasets.exists() and any(datasets.iterdir()) and not any(datasets.glob("*/project.yaml")):
        raise BadInput(
            f"{inert(str(datasets))} holds something else (no project.yaml in it); name a new folder with --datasets"
        )


def _project_files(run: Run, folders: Mapping[str, Path], found: dict[str, Project | None]) -> Iterator[_File]:
    for name, project in found.items():
        arn = ProjectArn.parse(project.arn) if project else None
        account, region = (arn.account, arn.region) if arn else ("", "")
        managed = arn is None and run.options.pulumi
        yield _File(folders[name] / "project.yaml", project_yaml(name, account, region, managed=managed))
        if not (project and project.datasets) and not _has_manifest(folders[name]):
            yield _File(folders[name] / "train.yaml", FIRST_MANIFEST)


def _ignored(run: Run) -> str:
    """The lines of .gitignore: copies and records of this program, and what a Python program leaves."""
    return ".reconciler/\n" + (".venv/\n__pycache__/\n" if run.options.pulumi else "")


def _has_manifest(folder: Path) -> bool:
    return any(default_manifests(folder, kind.word) for kind in DatasetType)


def _program(run: Run, root: Path) -> Iterator[_File]:
    """A Pulumi program in this folder, unless the repository has one."""
    if run.options.pulumi and not _programs(root):
        name = _NOT_A_NAME.sub("-", Path.cwd().name).strip("-") or "labels"
        yield _File(Path("Pulumi.yaml"), template("Pulumi.yaml", name=name))
        yield _File(Path("__main__.py"), PROGRAM)
        yield _File(Path("requirements.txt"), template("requirements.txt"))


def _programs(root: Path) -> list[Path]:
    """The folders of a repository with a Pulumi program, down to the third level, and this one if it has a program."""
    here = [Path.cwd()] if Path("__main__.py").exists() else []
    found = (path for level in _LEVELS for path in root.glob(f"{level}Pulumi.y*ml"))
    return [*here, *(path.parent for path in found if not _NOT_OURS.search(path.relative_to(root).as_posix()))]


def _jobs(run: Run, root: Path) -> Iterator[_File]:
    """The jobs of the forge; paths in them are from the root of the repository."""
    folder = Path(os.path.relpath(run.options.datasets, root))
    if run.options.github:
        yield _File(root / ".github" / "workflows" / "labels.yml", template("github.yml", datasets=folder.as_posix()))
    if run.options.gitlab:
        yield _File(root / ".gitlab" / "labels.yml", template("gitlab.yml", datasets=folder.as_posix()))
        yield _File(root / ".gitlab-ci.yml", "include:\n  - local: .gitlab/labels.yml\n")


def _write(file: _File, screen: Screen) -> None:
    """Write a file that is not there, or the lines that it lacks, and say so."""
    shown = inert(os.path.relpath(file.path))
    if not file.path.exists():
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with file.path.open("x", encoding="utf-8") as handle:
            handle.write(file.text)
        screen.line(f"wrote    {shown}", "add")
        return
    present = file.path.read_text(encoding="utf-8", errors="replace")
    lacking = [line for line in file.text.splitlines() if file.adds and line not in present.splitlines()]
    if not lacking:
        screen.line(f"kept     {shown}", "dim")
        return
    added = "".join(f"{line}\n" for line in lacking)
    end = "" if present.endswith("\n") or not present else "\n"
    with file.path.open("a", encoding="utf-8") as handle:
        handle.write(f"{end}{added}")
    screen.line(f"added to {shown}: {' '.join(lacking)}", "add")


def _advise(run: Run, root: Path, screen: Screen) -> None:
    """What must be added by hand to files that are there."""
    programs = _programs(root) if run.options.pulumi else []
    if programs and not any(_calls_us(folder) for folder in programs):
        where = inert(os.path.relpath(programs[0]))
        screen.line(f"add to your program in {where}, with {PACKAGE}[pulumi] in its requirements:")
        for line in filter(None, PROGRAM.splitlines()):
            screen.line(f"    {line}")
    jobs = root / ".gitlab-ci.yml"
    if run.options.gitlab and "labels.yml" not in jobs.read_text(errors="replace"):
        screen.line(f"add to {inert(os.path.relpath(jobs))}:")
        screen.line("    include: [{local: .gitlab/labels.yml}]")


def _calls_us(folder: Path) -> bool:
    """Whether a program has the line that declares all datasets, wherever it is."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.py"))
    return any("datasets_from(" in text for text in texts)
