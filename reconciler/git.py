"""Read files of a git revision (`main:datasets`, `HEAD~1`, a tag), and find out which commit is checked out.

Blobs are read as git stores them, without conversions; the working tree and the index are not changed.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
    """A context manager with a folder (or file) of a revision, in a temporary folder.

    `revision` is git's `REVISION:PATH`, with the path from the root of the repository; without a path it is `default`,
    a path from `repository`, which is any folder inside the repository ("" is that folder itself).

    Raises:
        BadInput: git, the repository, the revision or the path in it is not found.
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
    """Whether a revision has a path, which is relative to `repository`.

    Raises:
        BadInput: git, the repository or the revision is not found.
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
        BadInput: git, the repository or the revision is not found.
    """
    commit = _resolved(f"{revision}^{{commit}}", repository, revision)
    listed = _output(["log", f"--max-count={limit}", "--format=%H", f"{commit}", "--", path], repository)
    return tuple(one for one in listed.decode("ascii").split() if one != commit)


def is_shallow(repository: Path) -> bool:
    """Whether the repository was cloned without its whole history.

    Raises:
        BadInput: git or the repository is not found.
    """
    return _output(["rev-parse", "--is-shallow-repository"], repository).strip() == b"true"


def _resolved(spec: str, repository: Path, asked: str) -> str:
    if spec.startswith("-"):
        raise BadInput(f"{asked!r} is not a valid revision; {_CURE}")
    try:
        return _output(["rev-parse", "--verify", "--quiet", spec], repository).decode("ascii").strip()
    except BadInput:
        where = "is not in a git repository"
        with suppress(BadInput):
            if _output(["rev-parse", "--is-inside-work-tree"], repository).strip() == b"true":
                where = "has no such revision, or no such path in it"
        raise BadInput(f"{asked!r}: {repository} {where}; {_CURE}") from None


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


def _output(arguments: Sequence[str], repository: Path, timeout: float | None = None) -> bytes:
    command = [_git(), "--no-optional-locks", "-C", str(repository), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=timeout)
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise BadInput(f"git {arguments[0]} failed: {reason or 'git gave no reason'}; {_CURE}")
    return done.stdout


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise BadInput("git is not installed; install it, or name folders instead of revisions")
    return found


# The longest that a record may wait for git, with many files on a slow disk.
_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out, and whether the files differ from it (or are not in it)."""

    oid: str
    dirty: bool


def commit_of(*paths: Path) -> Commit | None:
    """The commit that holds the first file; None without git, a repository or a commit."""
    folder = paths[0].parent
    names = [f":(literal){os.path.relpath(path, folder)}" for path in paths]
    status = ["status", "--porcelain", "--ignored", "--untracked-files=all", "--", *names]
    try:
        oid = _output(["rev-parse", "--verify", "HEAD"], folder, _SECONDS).decode("ascii").strip()
        return Commit(oid, bool(_output(status, folder, _SECONDS).strip()))
    except (BadInput, OSError, subprocess.SubprocessError, ValueError):
        return None


def tracks(path: Path) -> bool:
    """Whether a file or link, or what is below a folder, is in the index of the repository around it."""
    try:
        names = _output(["ls-files", "-z", "--", f":(literal){path.name}"], path.parent, _SECONDS)
    except (BadInput, OSError, subprocess.SubprocessError):
        return False
    return bool(names)
