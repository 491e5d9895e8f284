"""Snapshots: all of a dataset's entries in a file, before something deletes them.

A snapshot is gzip-compressed JSON Lines, the lines as the service listed them, mode 0600. It is written under another
name, read back whole, and only then given its own: a file with a snapshot's name is a whole snapshot. This program
never deletes one.

Knows files. Refuses to know the service and S3: lines come in, a path goes out.
"""

import gzip
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from reconciler.errors import BadInput, ReconcilerError

__all__ = ["Snapshot", "read_snapshot", "write_snapshot"]

_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A written and verified snapshot: where it is and how many entries it holds."""

    path: Path
    entries: int


def write_snapshot(folder: Path, name: str, now: datetime, lines: Iterable[str]) -> Snapshot:
    """Write lines as `<name>-<time>.jsonl.gz` under a folder that is made if need be.

    Raises:
        ReconcilerError: what was read back is not what was written, or the folder cannot be written; then nothing may
            be deleted.
    """
    final = folder / f"{name}-{now:%Y%m%dT%H%M%S%f}.jsonl.gz"
    partial = final.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written, entries = _write(partial, lines)
        if _digest(read_snapshot(partial)) != written:
            raise ReconcilerError(f"the snapshot {partial} does not read back as it was written; nothing was deleted")
        partial.rename(final)
    except OSError as error:
        raise ReconcilerError(f"no snapshot could be written to {folder}: {error}; nothing was deleted") from None
    return Snapshot(final, entries)


def read_snapshot(path: Path) -> Iterator[str]:
    """The lines of a snapshot, in order.

    Raises:
        BadInput: the file is not there or is no snapshot.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path} cannot be read as a snapshot: {error}; name a file from .reconciler/snapshots"
        ) from None


def _write(path: Path, lines: Iterable[str]) -> tuple[str, int]:
    """Write and flush to the disk; the digest and the number of what was written."""
    digest, entries = blake2b(digest_size=16), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
            for line in lines:
                data = line.encode("utf-8", "surrogatepass") + b"\n"
                digest.update(data)
                file.write(data)
                entries += 1
        raw.flush()
        os.fsync(raw.fileno())
    return digest.hexdigest(), entries


def _digest(lines: Iterable[str]) -> str:
    digest = blake2b(digest_size=16)
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
