"""Images in a folder of this machine, found by their keys."""

import os
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from reconciler.images.results import Stat, Trouble
from reconciler.limits import IMAGE_FILE_BYTES
from reconciler.manifest.read import open_file
from reconciler.manifest.rules import images as rules

# Custom Labels takes smaller ones; a file this large is not read.
_MOST: Final = IMAGE_FILE_BYTES + (1 << 20)


def file_of(root: Path, key: str) -> Path | None:
    """The file of a key under a folder whose path is resolved; None where there is none.

    `s3://bucket/a/b.jpg` is `a/b.jpg` in it, else `bucket/a/b.jpg`, else `b.jpg`.
    """
    for path in _candidates(key):
        found = (root / path).resolve()
        if found.is_relative_to(root) and found.is_file():
            return found
    return None


def _candidates(key: str) -> list[PurePosixPath]:
    """The paths where a key's image can be; a key with NUL or without a name has none."""
    bucket, _, name = key.removeprefix("s3://").partition("/")
    if not name or "\0" in key:
        return []
    inside = PurePosixPath(name.lstrip("/"))
    return [inside, PurePosixPath(bucket) / inside, PurePosixPath(inside.name)]


class Folder:
    """A store of images: a folder. A file is read whole, and what stands for its ETag is a digest of its bytes."""

    step = _MOST
    page = None

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve()

    def stat(self, key: str) -> Stat:
        """The description of a file.

        Raises:
            Trouble: there is none, or it cannot be read.
        """
        with self._opened(key) as file:
            size = os.fstat(file.fileno()).st_size
            if size > _MOST:
                return Stat("", size)
            return Stat(blake2b(file.read(), digest_size=16).hexdigest(), size)

    def part(self, key: str, start: int, end: int) -> bytes:
        """The bytes of a file from `start` up to, and without, `end`.

        Raises:
            Trouble: it cannot be read.
        """
        with self._opened(key) as file:
            file.seek(start)
            return file.read(end - start)

    def _opened(self, key: str) -> BinaryIO:
        path = file_of(self._root, key)
        if path is None:
            raise Trouble(rules.MISSING, where=" in the folder of pictures")
        try:
            return open_file(path)
        except (OSError, ValueError) as fault:
            raise Trouble(rules.DENIED, reason=getattr(fault, "strerror", None) or str(fault)) from None
