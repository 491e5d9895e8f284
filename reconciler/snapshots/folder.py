"""The folder `.reconciler/`: what is in it is the user's own and stays out of git, whoever makes it first."""

from pathlib import Path
from typing import Final

FOLDER: Final = ".reconciler"
# Only the owner reads and writes.
PRIVATE: Final = 0o600


def make_folder(folder: Path) -> None:
    """Make a folder, and keep what is in `.reconciler` out of git where it is made inside of one.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = folder.parent / ".gitignore"
    if folder.parent.name == FOLDER and not ignore.exists():
        ignore.write_text("*\n")
