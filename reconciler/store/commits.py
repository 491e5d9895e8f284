"""Which commit a file is of, and whether it was edited since; where there is no git, nothing is known.

Knows git's commands `rev-parse` and `status`. Refuses to know what the files mean, and never touches the index.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Commit", "commit_of"]

# A repository of many files on a slow disk; a record is not worth more.
_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out, and whether the files differ from it (or are not in it)."""

    oid: str
    dirty: bool


def commit_of(*paths: Path) -> Commit | None:
    """The commit that holds the first file; None without git, outside of a repository, or before the first commit."""
    folder = paths[0].parent
    oid = _said(folder, ["rev-parse", "--verify", "--quiet", "HEAD"])
    if not oid:
        return None
    names = [os.path.relpath(path, folder) for path in paths]
    changed = _said(folder, ["status", "--porcelain", "--ignored", "--untracked-files=all", "--", *names])
    return None if changed is None else Commit(oid.strip(), bool(changed.strip()))


def _said(folder: Path, arguments: Sequence[str]) -> str | None:
    """What git prints in a folder; None when it fails or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "--no-optional-locks", "--literal-pathspecs", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace")
