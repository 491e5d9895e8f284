"""Read files of a git revision (`main:datasets`, `HEAD~1`, a tag), and find out which commit is checked out.

Blobs are read as git stores them, without conversions; the working tree and the index are not changed.

A tree is foreign input: git itself refuses to check out a path such as `../x`, and lists it all the same. What would be
written outside its folder is refused before anything is written, and files are created below a directory handle without
following a link.
"""

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Final

from msgspec import Struct

from reconciler.errors import BadInput
from reconciler.text import inert

_LINK: Final = "120000"
_FILES: Final = frozenset({"100644", "100755", "100664"})
_CURE: Final = "give a path that exists, or a revision such as main:datasets, HEAD~1 or a tag"
SHALLOW: Final = (
    "; this clone is shallow, fetch its whole history first (`git fetch --unshallow`; `fetch-depth: 0` for "
    "actions/checkout, `GIT_DEPTH: 0` in GitLab)"
)
# Parts of a path that lead elsewhere, or into the settings of a repository, in any case.
_UNSAFE: Final = frozenset({"", ".", "..", ".git"})
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# A blob that should be written: object id, parts of its path, mode.
_Blob = tuple[str, tuple[str, ...], str]


@contextmanager
def checked_out(revision: str, repository: Path, default: str = "datasets") -> Iterator[Path]:
    """A context manager with a folder (or file) of a revision, in a temporary folder.

    `revision` is git's `REVISION:PATH`, with the path from the root of the repository; without a path it is `default`,
    a path from `repository`, which is any folder inside the repository ("" is that folder itself). A link in the folder
    that leads to a project elsewhere in the revision is followed, as it is in a working tree.

    Raises:
        BadInput: git, the repository, the revision or the path in it is not found; or a part of it is not in the
            revision (a submodule, a link that leads out of the repository).
    """
    name, colon, path = revision.partition(":")
    spec = f"{name}:{path}" if colon else f"{name}:./{default}"
    oid = _resolved(spec, repository, revision)
    leaf = PurePosixPath(path if colon else default).name or repository.resolve().name
    with TemporaryDirectory(prefix="reconciler-") as temporary:
        target = Path(temporary) / ("datasets" if leaf.lower() in _UNSAFE else leaf)
        if _output(["cat-file", "-t", oid], repository).strip() == b"tree":
            target.mkdir()
            beside = f"{name}:{path}" if colon else f"{name}:./{default}"
            _write(_safe(_followed(oid, beside, repository, revision), revision), repository, target)
        else:
            _write([(oid, (target.name,), "100644")], repository, target.parent)
        yield target


def holds(revision: str, repository: Path, path: str) -> bool:
    """Whether a revision has a path, which is relative to `repository`.

    Raises:
        BadInput: git, the repository or the revision is not found.
    """
    commit = _resolved(f"{revision}^{{commit}}", repository, revision)
    return bool(_output(["ls-tree", "-z", commit, *(["--", path] if path else [])], repository))


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
    done = _git(["rev-parse", "--verify", "--quiet", spec], repository)
    if done.returncode == 0:
        return done.stdout.decode("ascii").strip()
    if done.returncode == 1:  # git works here, and does not find it
        shallow = SHALLOW if is_shallow(repository) else ""
        raise BadInput(
            f"{asked!r}: {inert(str(repository))} has no such revision, or no such path in it; {_CURE}{shallow}"
        )
    reason = _reason(done.stderr)
    if reason.startswith("not a git repository"):
        raise BadInput(f"{asked!r}: {inert(str(repository))} is not in a git repository; {_CURE}")
    raise BadInput(f"{asked!r}: git failed in {inert(str(repository))}: {reason}")


def _files(tree: str, repository: Path) -> Iterator[_Blob]:
    """Every file, link and submodule below a tree; the files of a submodule are not in this repository."""
    for row in _output(["ls-tree", "-r", "-z", "--full-tree", tree], repository).split(b"\0"):
        if row:
            facts, _tab, path = row.partition(b"\t")
            mode, _kind, oid = facts.decode("ascii").split()
            yield oid, tuple(os.fsdecode(path).split("/")), mode


def _followed(tree: str, spec: str, repository: Path, revision: str) -> Iterator[_Blob]:
    """The files of a tree and of the folders that links at its top lead to; `spec` is the tree, as git names it.

    What is not in the revision is refused: a project that is left out would count as removed, or as unchanged.
    """
    for oid, parts, mode in _files(tree, repository):
        if mode == _LINK and len(parts) == 1:
            inner = _linked(_output(["cat-file", "blob", oid], repository), spec, repository)
        else:
            inner = "" if mode == _LINK or mode in _FILES else None
        if inner is None:
            what = "a link that leads out of the repository" if mode == _LINK else "a submodule, or no file at all"
            raise BadInput(
                f"{revision!r} has {inert('/'.join(parts))!r}, {what}: what is in it is not in the revision, so "
                "nothing of it was read; name a revision and path of the repository that has the files"
            )
        if inner:
            yield from ((one, (*parts, *below), kind) for one, below, kind in _files(inner, repository))
        else:
            yield oid, parts, mode


def _linked(target: bytes, spec: str, repository: Path) -> str | None:
    """The tree of the project that a link leads to; "" where it leads to none; None where it leads out."""
    name, _colon, path = spec.partition(":")
    if not target or b"\0" in target:
        return None
    if target.startswith(b"/"):
        return "" if os.path.isfile(target) else None  # noqa: PTH113 - bytes; a file cannot be a project
    start = "./" if path.startswith("./") else ""
    place = posixpath.normpath(posixpath.join(path.removeprefix("./") or ".", os.fsdecode(target)))
    if not start and place.startswith(".."):
        return None
    done = _git(["rev-parse", "--verify", "--quiet", f"{name}:{start}{place}"], repository)
    if done.returncode:
        return "" if done.returncode == 1 else None
    oid = done.stdout.decode("ascii").strip()
    is_project = _git(["rev-parse", "--verify", "--quiet", f"{oid}:project.yaml"], repository).returncode == 0
    return oid if is_project else ""


def _safe(files: Iterator[_Blob], revision: str) -> list[_Blob]:
    """The files; BadInput when one would be written outside its folder, over another one, or below one."""
    checked = list(files)
    folders = {parts[:depth] for _oid, parts, _mode in checked for depth in range(1, len(parts))}
    seen = set(folders)
    for _oid, parts, _mode in checked:
        if any(part.lower() in _UNSAFE for part in parts):
            problem = "which would be written outside its folder"
        elif parts in seen:
            problem = "and another file or folder of the same name"
        else:
            seen.add(parts)
            continue
        raise BadInput(
            f"{revision!r} has the path {inert('/'.join(parts))!r}, {problem}; git writes no such tree, so nothing of "
            "it was read: `git fsck` names the object, and a commit without it is needed"
        )
    return checked


def _write(files: Sequence[_Blob], repository: Path, target: Path) -> None:
    """Write blobs below `target`, one after another through one process."""
    root = os.open(target, _OPEN_FOLDER)
    try:
        with TemporaryFile() as wanted, TemporaryFile() as said:
            wanted.write(b"".join(oid.encode("ascii") + b"\n" for oid, _parts, _mode in files))
            wanted.seek(0)
            command = _command(["cat-file", "--batch"], repository)
            with subprocess.Popen(command, stdin=wanted, stdout=subprocess.PIPE, stderr=said, env=_environ()) as git:
                failed = next((blob for blob in files if not (git.stdout and _place(git.stdout, root, blob))), None)
            if failed:
                said.seek(0)
                oid, parts, _mode = failed
                raise BadInput(f"git could not read {inert('/'.join(parts))} (object {oid}): {_reason(said.read())}")
    finally:
        os.close(root)


def _place(blobs: IO[bytes], root: int, blob: _Blob) -> bool:
    """Take one blob from the stream (`<oid> blob <size>`, the bytes, a line feed); False when git did not give it."""
    _oid, parts, mode = blob
    header = blobs.readline().split()
    if len(header) != 3:  # `<oid> missing`, or the end of the stream
        return False
    left = int(header[2])
    with _folder(root, parts[:-1]) as folder:
        if mode == _LINK:
            target = blobs.read(left)
            left -= len(target)
            try:
                os.symlink(target, parts[-1], dir_fd=folder)
            except (OSError, ValueError):  # a NUL in it, or longer than any path may be
                raise BadInput(f"the link {inert('/'.join(parts))!r} leads to no path that a file can have") from None
        else:
            with os.fdopen(os.open(parts[-1], _NEW_FILE, 0o600, dir_fd=folder), "wb") as file:
                while left and (piece := blobs.read(min(left, 1 << 20))):
                    left -= file.write(piece)
    return left == 0 and blobs.read(1) == b"\n"


@contextmanager
def _folder(root: int, parts: Sequence[str]) -> Iterator[int]:
    """A context manager with the handle of a folder below another one; it is created where it is missing."""
    handle = os.dup(root)
    try:
        for part in parts:
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=handle)
            inner = os.open(part, _OPEN_FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _output(arguments: Sequence[str], repository: Path, timeout: float | None = None) -> bytes:
    done = _git(arguments, repository, timeout)
    if done.returncode:
        raise BadInput(f"git {arguments[0]} failed in {inert(str(repository))}: {_reason(done.stderr)}")
    return done.stdout


def _git(
    arguments: Sequence[str], repository: Path, timeout: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    command, environ = _command(arguments, repository), _environ()
    return subprocess.run(
        command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=timeout, env=environ
    )


def _command(arguments: Sequence[str], repository: Path) -> list[str]:
    found = shutil.which("git")
    if found is None:
        raise BadInput("git is not on PATH; install it, or name folders instead of revisions")
    return [found, "--no-optional-locks", "-C", str(repository), *arguments]


def _environ() -> dict[str, str]:
    """The environment, with git's messages in English: some are told apart by their words."""
    return {**os.environ, "LC_ALL": "C"}


def _reason(said: bytes) -> str:
    """What git wrote, on one line, safe to print."""
    words = " ".join(said.decode("utf-8", "replace").split())
    return inert(words.removeprefix("fatal: ").removeprefix("error: "), 1000) or "git gave no reason"


# The longest that a record may wait for git, with many files on a slow disk.
_SECONDS: Final = 20
# What begins the header of `git status` that names the commit; "(initial)" where there is none.
_OID: Final = "# branch.oid "


class Commit(Struct, frozen=True):
    """The commit that is checked out, and whether the files differ from it (or are not in it)."""

    oid: str
    dirty: bool


def commit_of(*paths: Path) -> Commit | None:
    """The commit that holds the first file; None without git, a repository or a commit."""
    folder = paths[0].parent
    names = [f":(literal){os.path.relpath(path, folder)}" for path in paths]
    # One process says both: a header names the commit, and every other line is a file that differs.
    status = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--ignored", "--untracked-files=all"]
    try:
        lines = _output([*status, "--", *names], folder, _SECONDS).decode("utf-8", "replace").splitlines()
    except (BadInput, OSError, subprocess.SubprocessError):
        return None
    oid = next((line.removeprefix(_OID) for line in lines if line.startswith(_OID)), "")
    return Commit(oid, not all(line.startswith("# ") for line in lines)) if oid.isalnum() else None


def root_of(folder: Path) -> Path:
    """The root of the repository around a folder; the current folder where there is none."""
    try:
        return Path(os.fsdecode(_output(["rev-parse", "--show-toplevel"], folder, _SECONDS).removesuffix(b"\n")))
    except (BadInput, OSError, subprocess.SubprocessError):
        return Path.cwd()


def changed_lines(revision: str, path: Path) -> tuple[tuple[int, int], ...] | None:
    """The first and last lines of a file, as it is now, that a revision does not have; () where it is the same.

    None: everything, because the revision does not have the file, or git keeps something else in its place (LFS). What
    was removed between two lines is these two.

    Raises:
        BadInput: git, the repository or the revision is not found.
    """
    folder = path.resolve().parent
    if revision == "HEAD" and not _output(["rev-list", "--max-count=1", "--all"], folder):
        return None  # nothing is committed yet
    commit = _resolved(f"{revision}^{{commit}}", folder, revision)
    name = f"./{path.resolve().name}"
    if _git(["cat-file", "-e", f"{commit}:{name}"], folder).returncode:
        return None
    plain = ["--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--unified=0"]
    said = _output(["diff", *plain, commit, "--", f":(literal){path.resolve().name}"], folder)
    hunks = re.findall(rb"(?m)^@@ -\S+ \+(\d+)(?:,(\d+))? @@", said)
    kept_elsewhere = b": filter: unspecified" not in _output(["check-attr", "filter", "--", name], folder)
    if said and (kept_elsewhere or not hunks):
        return None
    pairs = ((int(first), int(many) if many else 1) for first, many in hunks)
    return tuple((first, first + max(many - 1, 0 if many else 1)) for first, many in pairs)


def has_lost_files(revision: str, folder: Path) -> bool:
    """Whether a revision has files in a folder that are not there any more.

    Raises:
        BadInput: git, the repository or the revision is not found.
    """
    commit = _resolved(f"{revision}^{{commit}}", folder, revision)
    return bool(_output(["diff", "--name-only", "--no-renames", "--diff-filter=D", commit, "--", "."], folder))


def from_root(folder: Path) -> Callable[[str], str]:
    """A function that names files of the repository around a folder from its root, as a forge does.

    Names are from the current folder before; those of files elsewhere stay.
    """
    root = root_of(folder).resolve()

    def named(name: str) -> str:
        path = Path(os.path.normpath(Path.cwd() / name))
        whole = path.parent.resolve() / path.name  # the file itself may be a link
        return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else name

    return named


def patch_between(folder: Path) -> bytes:
    """The patch that makes what is in `folder/b` of what is in `folder/a`, with names as if both were a repository.

    Raises:
        BadInput: git is not found, or failed.
    """
    plain = ["--no-ext-diff", "--no-textconv", "--no-color", "--no-prefix", "--no-renames", "--binary", "--full-index"]
    settings = ["-c", "core.autocrlf=false", "-c", "core.safecrlf=false", "-c", "diff.algorithm=default"]
    done = _git([*settings, "diff", "--no-index", *plain, "a", "b"], folder)
    if done.returncode not in {0, 1}:
        raise BadInput(f"git diff failed: {_reason(done.stderr)}")
    return done.stdout


def author_of(oid: str, folder: Path) -> str | None:
    """The name of a commit's author; None where git does not say it."""
    try:
        return _output(["show", "--no-patch", "--format=%an", oid], folder, _SECONDS).decode("utf-8", "replace").strip()
    except (BadInput, OSError, subprocess.SubprocessError):
        return None


# Git maps a whole file, unless it is large by the first setting; then it packs while it hashes, here without effort.
_STREAMED: Final = ("-c", "core.bigFileThreshold=1m", "-c", "pack.compression=0")


def blob_ids(paths: Sequence[Path]) -> tuple[str, ...]:
    """The ids that git gives to the content of files, as `git add` would store it; none without git or a repository."""
    if not all(path.is_file() for path in paths):
        return ()
    names = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - a link is not followed: git names it so
    try:
        said = _output([*_STREAMED, "hash-object", "--", *names], paths[0].parent, _SECONDS)
        return tuple(said.decode("ascii").split())
    except (BadInput, OSError, subprocess.SubprocessError, ValueError):
        return ()


def write_blob(oid: str, repository: Path, target: Path) -> bool:
    """Write a blob to a file; False where git does not have it."""
    try:
        with target.open("wb") as file:
            command, environ = _command(["cat-file", "blob", oid], repository), _environ()
            done = subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL, env=environ
            )
    except (BadInput, OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def tracks(path: Path) -> bool:
    """Whether a file or link, or what is below a folder, is in the index of the repository around it.

    Where a repository is there and git cannot say (it is not installed, the index is damaged), the answer is yes: a
    file that may have come with the repository is not believed.
    """
    try:
        names = _output(["ls-files", "-z", "--", f":(literal){path.name}"], path.parent, _SECONDS)
    except (BadInput, OSError, subprocess.SubprocessError):
        return any((folder / ".git").exists() for folder in path.absolute().parents)
    return bool(names)
