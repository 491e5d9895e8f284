"""Snapshots: all of a dataset's entries in a file, before something deletes them.

A snapshot is gzip-compressed JSON Lines, the lines as the service listed them, mode 0600. It is written under another
name, read back whole, and only then given its own: a file with a snapshot's name is a whole snapshot. This program
never deletes one, nor what a killed run left under the other name.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput, ReconcilerError
from reconciler.snapshots.folder import PRIVATE, make_folder
from reconciler.text import inert

SUFFIX: Final = ".jsonl.gz"
_PARTIAL: Final = ".partial"
# A file name may have 255 bytes, a project's name 255 characters.
_NAME_CHARACTERS: Final = 100
# The form of a dataset's ARN, and so what may stand in a file's name (botocore service-2.json: DatasetArn).
_DATASET: Final = re.compile(r".*:project/([a-zA-Z0-9_.\-]+)/dataset/(train|test)/[0-9]+")
_NOTHING_DELETED: Final = "nothing was deleted"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A written and verified snapshot: where it is and how many entries it holds."""

    path: Path
    entries: int


def snapshot_name(dataset_arn: str) -> str:
    """How a dataset's snapshots begin: type, project, and a hash of the ARN, which tells twins apart."""
    match = _DATASET.fullmatch(dataset_arn)
    project, kind = match.groups() if match else ("unnamed", "dataset")
    digest = blake2b(dataset_arn.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{kind}-{project[:_NAME_CHARACTERS]}-{digest}"


def write_snapshot(folder: Path, name: str, now: datetime, lines: Iterable[str]) -> Snapshot:
    """Write lines as `<name>-<time>.jsonl.gz` under a folder that is made if need be.

    Raises:
        ReconcilerError: what was read back is not what was written, or the folder cannot be written; then nothing may
            be deleted. What iterating the lines raises.
    """
    final = folder / f"{name}-{now:%Y%m%dT%H%M%S%f}Z{SUFFIX}"
    partial = final.with_name(final.name + _PARTIAL)
    try:
        make_folder(folder)
        digest, entries = _write(partial, lines)
        _verify(partial, digest, entries)
        partial.rename(final)
        _settle(folder)
    except OSError as error:
        where = f"{inert(str(folder))}: {inert(error.strerror or str(error))}"
        raise ReconcilerError(
            f"no snapshot could be written to {where}; {_NOTHING_DELETED}: make room there, or name another place"
        ) from None
    return Snapshot(final, entries)


def read_snapshot(path: Path, shown: str = "") -> Iterator[str]:
    """The lines of a snapshot, in order; `shown` is what the user calls it.

    Raises:
        BadInput: the file is not there, is damaged, or is no snapshot.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput(
            f"{inert(shown or str(path))} cannot be read as a snapshot: {inert(reason)}; name a whole snapshot, a file "
            f"that ends in {SUFFIX}"
        ) from None


def _write(path: Path, lines: Iterable[str]) -> tuple[str, int]:
    """Write and flush to the disk; the digest and the number of what was written."""
    digest, entries = blake2b(digest_size=16), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
            for line in lines:
                data = _bytes(line)
                digest.update(data)
                file.write(data)
                entries += 1
        raw.flush()
        os.fsync(raw.fileno())
    return digest.hexdigest(), entries


def _verify(path: Path, written: str, entries: int) -> None:
    """Read back what was written.

    Raises:
        ReconcilerError: it is something else.
    """
    digest, read = blake2b(digest_size=16), 0
    try:
        for line in read_snapshot(path):
            digest.update(_bytes(line))
            read += 1
    except BadInput as error:
        raise ReconcilerError(f"{error}; {_NOTHING_DELETED}") from None
    if (digest.hexdigest(), read) != (written, entries):
        raise ReconcilerError(
            f"the snapshot {inert(str(path))} does not read back as it was written; {_NOTHING_DELETED}: name another "
            "place and run again"
        )


def _settle(folder: Path) -> None:
    """Have the disk remember the file's new name before anything is deleted."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogatepass") + b"\n"
