"""Files as they are in a git revision: `main:datasets`, `HEAD~1`, a tag.

Blobs are read as git stores them, without conversions and without touching the working tree or the index.

Which commit a file is of, and whether it was edited since; where there is no git, nothing is known.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Final

from reconciler.errors import BadInput

_LINK: Final = "120000"
_FILES: Final = frozenset({"100644", "100755", "100664"})
_CURE: Final = "give a path that exists, or a revision such as main:datasets, HEAD~1 or a tag"


@contextmanager
def checked_out(revision: str, repository: Path, default: str = "datasets") -> Iterator[Path]:
    """A folder (or file) of a revision, in a temporary place that is gone afterwards.

    `revision` is git's `REVISION:PATH`, with the path from the root of the repository; without a path it is `default`,
    a path from `repository`, which is any folder inside the repository ("" is that folder itself).

    Raises:
        BadInput: there is no git, no repository, no such revision or no such path in it.
    """
    name, colon, path = revision.partition(":")
    spec = f"{name}:{path}" if colon else f"{name}:./{default}"
    oid = _resolved(spec, repository, revision)
    leaf = PurePosixPath(path if colon else default).name or repository.resolve().name or "datasets"
    with TemporaryDirectory(prefix="reconciler-") as temporary:
        target = Path(temporary) / leaf
        if _output(["cat-file", "-t", oid], repository).strip() == b"tree":
            target.mkdir()
            _write(list(_files(oid, repository)), repository, target)
        else:
            _write([(oid, "", "100644")], repository, target)
        yield target


def holds(revision: str, repository: Path, path: str) -> bool:
    """Whether a revision has a path, from `repository`, in it.

    Raises:
        BadInput: there is no git, no repository or no such revision.
    """
    commit = _resolved(f"{revision}^{{commit}}", repository, revision)
    try:
        _resolved(f"{commit}:./{path}", repository, revision)
    except BadInput:
        return False
    return True


def history(revision: str, repository: Path, path: str = "datasets", limit: int = 20) -> tuple[str, ...]:
    """The commits before `revision` that changed `path`, the newest first.

    Raises:
        BadInput: there is no git, no repository or no such revision.
    """
    commit = _resolved(f"{revision}^{{commit}}", repository, revision)
    listed = _output(["log", f"--max-count={limit}", "--format=%H", f"{commit}", "--", path], repository)
    return tuple(one for one in listed.decode("ascii").split() if one != commit)


def is_shallow(repository: Path) -> bool:
    """Whether the repository was cloned without its whole history.

    Raises:
        BadInput: there is no git, or no repository.
    """
    return _output(["rev-parse", "--is-shallow-repository"], repository).strip() == b"true"


def _resolved(spec: str, repository: Path, asked: str) -> str:
    if spec.startswith("-"):
        raise BadInput(f"{asked!r} is no revision; {_CURE}")
    try:
        return _output(["rev-parse", "--verify", "--quiet", spec], repository).decode("ascii").strip()
    except BadInput:
        inside = _is_repository(repository)
        where = "has no such revision, or no such path in it" if inside else "is not in a git repository"
        raise BadInput(f"{asked!r}: {repository} {where}; {_CURE}") from None


def _is_repository(folder: Path) -> bool:
    try:
        return _output(["rev-parse", "--is-inside-work-tree"], folder).strip() == b"true"
    except BadInput:
        return False


def _files(tree: str, repository: Path) -> Iterator[tuple[str, str, str]]:
    """Object id, path and mode of every file and link below a tree; submodules have no files here."""
    for row in _output(["ls-tree", "-r", "-z", "--full-tree", tree], repository).split(b"\0"):
        if row:
            facts, _tab, path = row.partition(b"\t")
            mode, _kind, oid = facts.decode("ascii").split()
            if mode in _FILES or mode == _LINK:
                yield oid, os.fsdecode(path), mode


def _write(files: Sequence[tuple[str, str, str]], repository: Path, target: Path) -> None:
    """Write blobs below `target`, one after another through one process."""
    command = [_git(), "-C", str(repository), "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        if git.stdin is None or git.stdout is None:
            raise BadInput("git could not be started; install it, or name folders instead of revisions")
        for oid, path, mode in files:
            git.stdin.write(oid.encode() + b"\n")
            git.stdin.flush()
            _place(git.stdout, target / path if path else target, mode)
        git.stdin.close()


def _place(blobs: IO[bytes], path: Path, mode: str) -> None:
    """Take one blob from the stream: `<oid> blob <size>`, the bytes, a line feed."""
    left = int(blobs.readline().split()[2])
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode == _LINK:
        path.symlink_to(os.fsdecode(blobs.read(left)))
    else:
        with path.open("wb") as file:
            while left:
                left -= file.write(blobs.read(min(left, 1 << 20)))
    blobs.read(1)


def _output(arguments: Sequence[str], repository: Path) -> bytes:
    done = subprocess.run([_git(), "-C", str(repository), *arguments], capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise BadInput(f"git {arguments[0]} failed: {reason or 'without a reason'}; {_CURE}")
    return done.stdout


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise BadInput("git is not installed; install it, or name folders instead of revisions")
    return found


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
