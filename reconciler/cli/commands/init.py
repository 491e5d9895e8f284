"""`reconciler init`: the files that a repository needs, and what is live as its first manifests.

Nothing is ever overwritten: a file that is there is kept, and a folder that holds something else is refused.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.aws.arns import ProjectArn
from reconciler.cli.commands.pull import pull_all
from reconciler.cli.scaffold import FIRST_MANIFEST, PACKAGE, program_lines, project_yaml, template
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, add_datasets, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.errors import USER_CAUSED, BadInput, Exit, with_cure
from reconciler.limits import PROJECT_NAME_PATTERN
from reconciler.manifest.project.folders import default_manifests, load_projects
from reconciler.manifest.schema import (
    MANIFEST_SCHEMA,
    PROJECT_SCHEMA,
    SCHEMAS,
    first_line,
    manifest_schema,
    project_schema,
)
from reconciler.model import DatasetType, Project
from reconciler.text import inert, path_for_shell

_NAME: Final = re.compile(PROJECT_NAME_PATTERN)
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
# From which likeness on a name may be meant.
_NEAR: Final = 0.7
# Where a program is looked for, and folders that hold those of others.
_LEVELS: Final = ("", "*/", "*/*/")
_NOT_OURS: Final = re.compile(r"(^|/)(\.[^/]*|node_modules)/")


class _File(Struct, frozen=True):
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
    every = _every(run, live, screen)
    found = {name: (every or {}).get(name) for name in run.options.projects or every or {}}
    folders = _folders(datasets, list(found))
    _tell_absent(run, screen, found, every)
    files = [*_project_files(run, folders, found, looked=every is not None), *_program(run, root), *_jobs(run, root)]
    files.append(_File(root / ".gitignore", _ignored(run), adds=True))
    for file in files:
        _write(file, screen)
    _advise(run, root, screen)
    code = _pulled(run, screen, live, [name for name, project in found.items() if project])
    _say_next(run, [file.path for file in files], screen)
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


def _say_next(run: Run, written: Sequence[Path], screen: Screen) -> None:
    """The next two commands: what to commit, and the plan; before them what the jobs of the forge need."""
    datasets = run.options.datasets
    place = path_for_shell(str(datasets), "DIR")
    others = [os.path.relpath(path) for path in written if not path.is_relative_to(datasets)]
    names = " ".join([place, *(path_for_shell(name, "FILE") for name in dict.fromkeys(others))])
    screen.line()
    if run.options.github or run.options.gitlab:
        for line in _needs(run):
            screen.line(line)
    screen.line(f"next: git add {names} && git commit -m 'Labels as code'", "header")
    screen.line(f"      reconciler plan{'' if datasets.name == 'datasets' else f' --datasets {place}'}", "header")


def _needs(run: Run) -> Iterator[str]:
    """What must be set before the jobs of the forge work."""
    where = "repository variables (Settings, Secrets and variables, Actions)"
    yield f"set as {where if run.options.github else 'CI/CD variables (Settings, CI/CD)'}, before the first push:"
    region = "LABELS_REGION" if run.options.github else "AWS_REGION"
    yield f"    LABELS_ROLE       the ARN of the role of the jobs; {region}: its Region"
    if run.options.pulumi:
        yield "    PULUMI_STACK, and those of your Pulumi backend: see the head of the file"
        yield "and, because the jobs fail without a place for records and copies of live:"
        yield "    pulumi config set reconciler:snapshots s3://BUCKET/FOLDER"
        yield "    pulumi config set reconciler:audit s3://BUCKET/FOLDER"
        return
    yield "    RECONCILER_PLACE  s3://BUCKET/FOLDER, for records and copies of live: without it the jobs fail at once"
    if run.options.github:
        yield "    RECONCILER_ACTION OWNER/NAME of the repository that has the Action of reconciler"


def _repository(folder: Path) -> Path:
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    if root is None:
        raise BadInput(f"{inert(str(folder))} is not in a git repository; run `git init` first")
    return root


def _every(run: Run, live: LiveSide, screen: Screen) -> dict[str, Project] | None:
    """The projects that are live, by name; None where projects are named and what is live cannot be looked at."""
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
        return None
    if not names and not every:
        raise BadInput("there is no project in this account and Region; name one: `reconciler init NAME`")
    return every


def _tell_absent(
    run: Run, screen: Screen, found: Mapping[str, Project | None], every: Mapping[str, Project] | None
) -> None:
    """Say of each project that is not live what follows, and which live one may be meant."""
    for name in (name for name, project in found.items() if project is None):
        if every is None:
            words = (
                "is written as `managed: false`, with nothing of what is live; set credentials and a Region, "
                "remove its folder and run `reconciler init` again, or set `managed: true` if the project is new"
            )
        else:
            near = get_close_matches(name, every, cutoff=_NEAR)
            words = "is not live in this account and Region"
            words += ": `pulumi up` will create it" if run.options.pulumi else "; `reconciler apply` creates no project"
            words += f"; did you mean {' or '.join(map(inert, near))}?" if near else ""
        screen.remark(f"warning: the project {inert(name)} {words}", "warning")


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


def _project_files(
    run: Run, folders: Mapping[str, Path], found: Mapping[str, Project | None], *, looked: bool
) -> Iterator[_File]:
    """What declares each project; one that nobody `looked` for is not taken for new."""
    yield _File(run.options.datasets / SCHEMAS / PROJECT_SCHEMA, project_schema())
    yield _File(run.options.datasets / SCHEMAS / MANIFEST_SCHEMA, manifest_schema())
    for name, project in found.items():
        arn = ProjectArn.parse(project.arn) if project else None
        account, region = (arn.account, arn.region) if arn else ("", "")
        managed = looked and arn is None and run.options.pulumi
        text = project_yaml(name, account, region, managed=managed, looked=looked)
        yield _File(folders[name] / "project.yaml", first_line(PROJECT_SCHEMA) + text)
        if not (project and project.datasets) and not _has_manifest(folders[name]):
            yield _File(folders[name] / "train.yaml", first_line(MANIFEST_SCHEMA) + FIRST_MANIFEST)


def _ignored(run: Run) -> str:
    """The lines of .gitignore: copies and records of this program, and what a Python program leaves."""
    return ".reconciler/\n" + (".venv/\n__pycache__/\n" if run.options.pulumi else "")


def _has_manifest(folder: Path) -> bool:
    return any(default_manifests(folder, kind.word) for kind in DatasetType)


def _program(run: Run, root: Path) -> Iterator[_File]:
    """A Pulumi program in this folder, unless the repository has one."""
    if run.options.pulumi and not _programs(root):
        name = _NOT_A_NAME.sub("-", Path.cwd().name).strip("-") or "labels"
        program = program_lines(_argument(run.options.datasets, Path.cwd()))
        yield _File(Path("Pulumi.yaml"), template("Pulumi.yaml", name=name))
        yield _File(Path("__main__.py"), program)
        yield _File(Path("requirements.txt"), template("requirements.txt"))


def _argument(datasets: Path, program: Path) -> str:
    """The folder as a program must name it; empty where the program finds it by itself: a `datasets/` above it."""
    path = datasets.absolute().resolve()
    above = path.name == "datasets" and program.resolve().is_relative_to(path.parent)
    return "" if above else Path(os.path.relpath(path, program.resolve())).as_posix()


def _programs(root: Path) -> list[Path]:
    """The folders of a repository with a Pulumi program, down to the third level, and this one if it has a program."""
    here = [Path.cwd()] if Path("__main__.py").exists() else []
    found = (path for level in _LEVELS for path in root.glob(f"{level}Pulumi.y*ml"))
    return [*here, *(path.parent for path in found if not _NOT_OURS.search(path.relative_to(root).as_posix()))]


def _jobs(run: Run, root: Path) -> Iterator[_File]:
    """The jobs of the forge, Pulumi's for a program; paths in them are from the root of the repository."""
    program = next(iter(_programs(root)), Path.cwd())
    folders = {
        "datasets": Path(os.path.relpath(run.options.datasets, root)).as_posix(),
        "program": Path(os.path.relpath(program, root)).as_posix(),
    }
    kind = "-pulumi" if run.options.pulumi else ""
    if run.options.github:
        yield _File(root / ".github" / "workflows" / "labels.yml", template(f"github{kind}.yml", **folders))
    if run.options.gitlab:
        yield _File(root / ".gitlab" / "labels.yml", template(f"gitlab{kind}.yml", **folders))
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
    if programs and not any(_calls_us(folder, _argument(run.options.datasets, folder)) for folder in programs):
        where = inert(os.path.relpath(programs[0]))
        lines = program_lines(_argument(run.options.datasets, programs[0]))
        screen.line(f"add to your program in {where}, with {PACKAGE}[pulumi] in its requirements:")
        for line in filter(None, lines.splitlines()):
            screen.line(f"    {inert(line)}")
    jobs = root / ".gitlab-ci.yml"
    if run.options.gitlab and "labels.yml" not in jobs.read_text(errors="replace"):
        screen.line(f"add to {inert(os.path.relpath(jobs))}:")
        screen.line("    include: [{local: .gitlab/labels.yml}]")


def _calls_us(folder: Path, argument: str) -> bool:
    """Whether a program has the line that declares all datasets, and names their folder there or in a stack."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.py")]
    stacks = (path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("Pulumi*.y*ml"))
    return any("datasets_from(" in text for text in texts) and any(argument in text for text in (*texts, *stacks))
