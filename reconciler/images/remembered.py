"""What images were when they were checked last, in a private file for each bucket or folder: `.reconciler/images/`.

A file that is damaged, or that this user did not write, is forgotten: all of its images are read again.
"""

import os
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Final

from msgspec import MsgspecError, Struct, json

from reconciler.images.find import Seen
from reconciler.snapshots.folder import make_folder, opened

_FORMAT: Final = 1
# Images that are remembered for a bucket: those of this run first.
_KEPT: Final = 1_000_000


class _File(Struct):
    format: int
    of: str
    images: dict[str, Seen]


def read(folder: Path, of: str) -> dict[str, Seen]:
    """The images of a bucket or folder (`of`) that were checked before, by key."""
    descriptor = opened(_path(folder, of))
    if descriptor is None:
        return {}
    try:
        with os.fdopen(descriptor, "rb") as file:
            found = json.decode(file.read(), type=_File)
    except (OSError, MsgspecError, ValueError, RecursionError):
        return {}
    return found.images if (found.format, found.of) == (_FORMAT, of) else {}


def write(folder: Path, of: str, now: Mapping[str, Seen], before: Mapping[str, Seen]) -> None:
    """Remember the images of this run, and those from before; a reader sees the old file or the new one.

    Raises:
        OSError: the file cannot be written.
    """
    if all(before.get(key) == seen for key, seen in now.items()):
        return
    images = dict(islice(chain(now.items(), ((key, one) for key, one in before.items() if key not in now)), _KEPT))
    make_folder(folder)
    path = _path(folder, of)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name[:20]}-")  # private
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.encode(_File(_FORMAT, of, images)))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _path(folder: Path, of: str) -> Path:
    return folder / f"{blake2b(of.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}.json"
