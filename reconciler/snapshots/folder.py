"""The folder `.reconciler/`, whose files are private and stay out of git, and the names of files in it."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

FOLDER: Final = ".reconciler"
# Only the owner reads and writes.
PRIVATE: Final = 0o600
# A file name may have 255 bytes, a project's name 255 characters.
_NAME_CHARACTERS: Final = 100


def file_name(kind: str, project: str, arn: str) -> str:
    """The start of a file's name: type, project, and a hash of the ARN, for projects with the same name."""
    digest = blake2b(arn.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{kind}-{project[:_NAME_CHARACTERS]}-{digest}"


def make_folder(folder: Path) -> None:
    """Create a folder; inside of `.reconciler` also the `.gitignore` that keeps its files out of git.

    Raises:
        OSError: it cannot be created.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = folder.parent / ".gitignore"
    if folder.parent.name == FOLDER and not ignore.exists():
        ignore.write_text("*\n")
