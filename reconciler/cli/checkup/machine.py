"""Checks of this machine: the system, versions, git, the folder of this program, the declarations."""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from importlib import metadata
from typing import Final

from msgspec import Struct

from reconciler.cli.checkup.row import Examined, Said
from reconciler.cli.scaffold import PACKAGE
from reconciler.cli.session.read import chosen_projects
from reconciler.errors import InvalidDeclaration
from reconciler.manifest.project.stages import staged
from reconciler.text import counted, for_shell, inert

_SECONDS: Final = 20
_BOUND: Final = re.compile(r"(>=|<)\s*(\d+(?:\.\d+)*)")


def system(_examined: Examined, _subject: str) -> Said:
    """The operating system; one that is not POSIX is refused before (`reconciler.cli.main`)."""
    return Said("ok", f"{platform.system()} {platform.machine()}")


def python(_examined: Examined, _subject: str) -> Said:
    """The version of Python."""
    return _held("Python", platform.python_version(), _Demand(_required(), "requires-python of the package"))


def of_sdk(_examined: Examined) -> tuple[str, ...]:
    """The distributions that a Pulumi program needs."""
    return "pulumi", "pulumi-aws"


def sdk(examined: Examined, name: str) -> Said:
    """The version of Pulumi's SDK, or of pulumi-aws."""
    wanted = name == "pulumi" or any(project.managed for project in examined.projects)
    extra = f"pip install {for_shell(f'{PACKAGE}[{name}]', PACKAGE)}"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        for_what = "only a Pulumi program needs it" if name == "pulumi" else "`managed: true` needs it in the program"
        return Said("note", f"not installed; {for_what}", extra if wanted else "")
    return _held(name, version, _Demand(_required(name), f"the extra {name} of the package"), extra)


def engine(_examined: Examined, _subject: str) -> Said:
    """The version of Pulumi's CLI."""
    said = _said("pulumi", "version")
    if said is None:
        return Said("note", "not installed; only `pulumi up` needs it", "see https://www.pulumi.com/docs/install/")
    return _held("the Pulumi CLI", said.removeprefix("v"), _Demand(">=3,<4", "Pulumi's SDK of major version 3"))


def git(examined: Examined, _subject: str) -> Said:
    """Whether git is there, and a repository."""
    said = _said("git", "--version")
    if said is None:
        return Said("warning", "git is not installed, so nothing is known of commits", "install git")
    here = examined.run.options.datasets.resolve()
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        return Said("note", f"{inert(str(here))} is not in a git repository", "run `git init` where the datasets are")
    return Said("ok", said)


def folder(examined: Examined, _subject: str) -> Said:
    """Whether the folder of this program can be written."""
    folder = examined.live.folder
    there = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            return Said("ok", f"{inert(str(folder))} is writable")
    except OSError as error:
        reason = inert(error.strerror or str(error))
        return Said("fails", f"{inert(str(folder))} cannot be written: {reason}", f"make {inert(str(there))} writable")


def declarations(examined: Examined, _subject: str) -> Said:
    """Whether project.yaml files are valid; later checks are about their projects."""
    options = examined.run.options
    if not options.datasets.is_dir():
        cure = "run `reconciler init`, or name the folder with --datasets"
        return Said("fails", f"there is no folder {inert(str(options.datasets))}", cure)
    try:
        chosen = chosen_projects(options.datasets, options.projects)
        examined.projects = tuple(staged(one, examined.run.stage) for one in chosen)
    except InvalidDeclaration as error:
        many = counted(error.total, "error", "errors")
        return Said("fails", f"{many} in project.yaml files", "run `reconciler validate`, which shows them")
    return Said("ok", counted(len(examined.projects), "project", "projects"))


def _required(extra: str = "") -> str:
    """The version that this package demands of Python, or of what an extra installs; empty where it is not known."""
    try:
        found = metadata.metadata(PACKAGE)
    except metadata.PackageNotFoundError:  # run from its source
        return ""
    if not extra:
        return found["Requires-Python"] or ""
    named = re.compile(rf"{re.escape(extra)}\s*(?![\w-])([^;]*);")
    return next((match[1] for text in found.get_all("Requires-Dist") or () if (match := named.match(text))), "")


class _Demand(Struct, frozen=True):
    """Which versions are needed, as a requirement of Python, and who says so."""

    versions: str
    source: str


def _held(what: str, version: str, demand: _Demand, cure: str = "") -> Said:
    """A version, held against what is demanded, with the source of the demand."""
    wanted, known = f"{demand.versions.strip()} ({demand.source})", _numbers(version)
    for sign, bound in _BOUND.findall(demand.versions):
        if (known >= _numbers(bound)) != (sign == ">="):
            finding = f"{what} {inert(version)} is installed, and {wanted} is needed"
            return Said("warning", finding, cure or f"install {what} {demand.versions.strip()}")
    return Said("ok", f"{inert(version)}{f', needed: {wanted}' if demand.versions else ''}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])


def _said(program: str, argument: str) -> str | None:
    """The first line that a program prints; None where it is not installed or fails."""
    path = shutil.which(program)
    if path is None:
        return None
    quiet = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [path, argument], capture_output=True, text=True, timeout=_SECONDS, check=True, env=quiet, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return inert(done.stdout.strip().partition("\n")[0], 200) or None
