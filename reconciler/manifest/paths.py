"""Paths in project.yaml: they stay in the project's folder, also by symbolic link.

Knows the file system. Refuses to know keys and what the files hold.
"""

import errno
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Final

from reconciler.manifest.rules import project_rules as rules
from reconciler.manifest.rules.rule import Rule

__all__ = ["DEFAULT_SUFFIXES", "default_manifests", "inside"]

DEFAULT_SUFFIXES: Final = (".jsonl", ".manifest", ".yaml", ".yml")


def default_manifests(folder: Path, dataset: str) -> list[str]:
    """The names of the files in a folder that a dataset's manifest may have without being named."""
    return [name for suffix in DEFAULT_SUFFIXES if _exists(folder / (name := dataset + suffix))]


def inside(folder: Path, written: str, report: Callable[..., None]) -> Path | None:
    """The path that is meant, unless it is absolute or leads out of the folder; `report` takes a rule and details."""
    if Path(written).is_absolute() or PureWindowsPath(written).is_absolute():
        report(rules.ABSOLUTE, path=written)
        return None
    path = folder / written
    rule = _leaves(folder, path, written)
    if rule is not None:
        report(rule[0], path=written, how=rule[1])
        return None
    return path


def _leaves(folder: Path, path: Path, written: str) -> tuple[Rule, str] | None:
    """The rule that the path breaks and how, as text to append."""
    try:
        resolved = path.resolve()
        home = folder.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links before Python 3.13, or a NUL in the name
        return rules.OUTSIDE, ", or nowhere"
    if _loops(path):
        return rules.OUTSIDE, ", or nowhere"
    if resolved.is_relative_to(home):
        return None
    return rules.OUTSIDE, "" if ".." in Path(written).parts else " by a symbolic link"


def _loops(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()
