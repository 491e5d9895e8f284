"""Snapshots: a file with all of a dataset's entries, written before they are deleted.

A snapshot is gzip-compressed JSON Lines, the lines as the service listed them, mode 0600. It is written with the suffix
`.partial`, read back whole, and only then renamed: a file with a snapshot's name is a whole snapshot. This program
never deletes one, nor a `.partial` file that a killed run left.
"""

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput, ReconcilerError
from reconciler.snapshots.folder import PRIVATE, file_name, make_folder
from reconciler.text import inert

SUFFIX: Final = ".jsonl.gz"
_PARTIAL: Final = ".partial"
# The form of a dataset's ARN, whose parts are valid in a file's name (botocore service-2.json: DatasetArn).
_DATASET: Final = re.compile(r".*:project/([a-zA-Z0-9_.\-]+)/dataset/(train|test)/[0-9]+")
_NOTHING_DELETED: Final = "nothing was deleted"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A written and verified snapshot: its path or S3 address, and how many entries it has."""

    where: str
    entries: int


def snapshot_name(dataset_arn: str) -> str:
    """How a dataset's snapshots begin: type, project, and a hash of the ARN, for projects with the same name."""
    match = _DATASET.fullmatch(dataset_arn)
    project, kind = match.groups() if match else ("unnamed", "dataset")
    return file_name(kind, project, dataset_arn)


def write_snapshot(folder: Path, name: str, now: datetime, lines: Iterable[str]) -> Snapshot:
    """Write lines as `<name>-<time>.jsonl.gz` to a folder, which is created if needed.

    Raises:
        ReconcilerError: the snapshot could not be written, or differs when it is read back; then nothing may be
            deleted. Whatever iterating the lines raises.
    """
    final = folder / f"{name}-{now:%Y%m%dT%H%M%S%f}Z{SUFFIX}"
    partial = final.with_name(final.name + _PARTIAL)
    try:
        make_folder(folder)
        written = _write(partial, lines)
        _verify(partial, written)
        partial.rename(final)
        _settle(folder)
    except OSError as error:
        where = f"{inert(str(folder))}: {inert(error.strerror or str(error))}"
        raise ReconcilerError(
            f"no snapshot could be written to {where}; {_NOTHING_DELETED}: make room there, or name another place"
        ) from None
    return Snapshot(str(final), written[1])


def read_snapshot(path: Path, shown: str = "") -> Iterator[str]:
    """The lines of a snapshot, in order; `shown` is its name in messages.

    Raises:
        BadInput: the file does not exist, is damaged, or is not a snapshot.
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
    """Write lines and flush them to the disk; returns their digest and number."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
            summary = _summary(lines, file.write)
        raw.flush()
        os.fsync(raw.fileno())
    return summary


def _verify(path: Path, written: tuple[str, int]) -> None:
    """Read back what was written; ReconcilerError when it differs."""
    try:
        read = _summary(read_snapshot(path), len)
    except BadInput as error:
        raise ReconcilerError(f"{error}; {_NOTHING_DELETED}") from None
    if read != written:
        raise ReconcilerError(
            f"the snapshot {inert(str(path))} does not read back as it was written; {_NOTHING_DELETED}: name another "
            "place and run again"
        )


def _summary(lines: Iterable[str], handle: Callable[[bytes], object]) -> tuple[str, int]:
    """The digest and the number of lines; `handle` gets each of them."""
    digest, entries = blake2b(digest_size=16), 0
    for line in lines:
        data = line.encode("utf-8", "surrogatepass") + b"\n"
        digest.update(data)
        handle(data)
        entries += 1
    return digest.hexdigest(), entries


def _settle(folder: Path) -> None:
    """Flush the file's new name to the disk before anything is deleted."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
