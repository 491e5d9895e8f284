"""A git repository in a test's working folder."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WHO = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """The output of git."""
    command = ["git", *_WHO, "-c", "init.defaultBranch=main", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, tag: str = "") -> None:
    """Commit everything, in a repository that is created if there is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all", "datasets")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "labels")
    if tag:
        git(folder, "tag", tag)
