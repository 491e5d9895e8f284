"""The folder `.reconciler/`, whose files are private and stay out of git, and the names of files in it."""

import os
import stat
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

from reconciler.git import tracks

FOLDER: Final = ".reconciler"
# Only the owner reads and writes.
PRIVATE: Final = 0o600
_READABLE: Final = 0o644
# A file name may have 255 bytes, a project's name 255 characters.
_NAME_CHARACTERS: Final = 100
_OFF: Final = frozenset({"", "0", "false", "no"})


def is_on(variable: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a variable is set, to something else than 0, false or no."""
    return environ.get(variable, "").strip().lower() not in _OFF


def goes_with_runner(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a folder is deleted with this machine: a runner of a continuous integration service (CI is set)."""
    return is_on("CI", environ)


def file_name(kind: str, project: str, arn: str) -> str:
    """The start of a file's name: type, project, and a hash of the ARN, for projects with the same name."""
    digest = blake2b(arn.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{kind}-{project[:_NAME_CHARACTERS]}-{digest}"


def make_folder(folder: Path) -> None:
    """Create a folder; inside of `.reconciler` also the `.gitignore` that keeps its files out of git.

    Raises:
        OSError: it cannot be created; or it is a link that git tracks, so that a repository would choose the place.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.parent.name != FOLDER:
        return
    for one in (folder.parent, folder):
        if one.is_symlink() and tracks(one):
            raise OSError(0, "git tracks this link: remove it from the repository", str(one))
    ignore = folder.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def opened(path: Path, flags: int = os.O_RDONLY) -> int | None:
    """The descriptor of a file that this user wrote; None for any other.

    It is a regular file, it is reached through no link, its owner is this user, who alone may write to it, and git does
    not track it: what came with a repository is not this user's word. This program writes private files; a copy that
    others can read is as good.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    status = os.fstat(descriptor)
    private = stat.S_ISREG(status.st_mode) and not stat.S_IMODE(status.st_mode) & ~_READABLE
    if private and status.st_uid == os.geteuid() and not tracks(path):
        return descriptor
    os.close(descriptor)
    return None
