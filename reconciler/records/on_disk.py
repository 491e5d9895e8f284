"""Records of applies: JSON Lines that only grow, a file a month, mode 0600.

Notes of applies that have begun, so that one whose process dies leaves a word.

A note is a file `begun-<id>.json` among the records. It is locked for as long as its process lives: the system lets go
of the lock (flock) when a process ends, however it ends. Every line of it is the record as it would stand if nothing
more came; the last whole one counts. A note is on the disk before `begin` returns.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.snapshots.folder import PRIVATE, make_folder


@dataclass(frozen=True, slots=True)
class AuditFolder:
    """The monthly files under one folder, usually `.reconciler/audit`."""

    folder: Path

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record to the file of the month in which its apply began (`at`).

        Raises:
            OSError: it cannot be written.
        """
        make_folder(self.folder)
        append_record(self._file(record), record)

    def has(self, record: Mapping[str, Any]) -> bool:
        """Whether the month's file has a record of the same `id`.

        Raises:
            OSError: it cannot be read.
        """
        path = self._file(record)
        if not path.is_file():
            return False
        with path.open("rb") as lines:
            return any(_identity(line) == record["id"] for line in lines)

    def _file(self, record: Mapping[str, Any]) -> Path:
        return self.folder / f"{record['at'][:7]}.jsonl"


def append_record(path: Path, record: Mapping[str, Any]) -> None:
    """Add a record to a file as one line, by one write at the file's end, so that several runs may do so at once.

    Raises:
        OSError: it cannot be written, or only in part.
    """
    data = record_bytes(record)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(f"{path}: the disk took only a part of the record")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def record_bytes(record: Mapping[str, Any]) -> bytes:
    """A record as one line, in ASCII: names from manifests may hold what is no valid text."""
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _identity(line: bytes) -> object:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record.get("id") if isinstance(record, dict) else None


_NAME: Final = "begun-{}.json"


@dataclass(frozen=True, slots=True)
class Note:
    """A note that this process holds the lock of; `record` is what its last line says."""

    path: Path
    descriptor: int
    record: Mapping[str, Any]

    def add(self, record: Mapping[str, Any]) -> None:
        """Say it anew.

        Raises:
            OSError: it cannot be written.
        """
        os.write(self.descriptor, record_bytes(record))
        os.fsync(self.descriptor)

    def end(self) -> None:
        """Take the note away: its apply has a record. Never raises."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self.descriptor)


def begin(folder: Path, identity: str, record: Mapping[str, Any]) -> Note:
    """Write a note, lock it, and see it on the disk.

    Raises:
        OSError: it cannot be written or locked.
    """
    make_folder(folder)
    path = folder / _NAME.format(identity)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, PRIVATE)
    note = Note(path, descriptor, record)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        note.add(record)
    except OSError:
        note.end()
        raise
    return note


def left_behind(folder: Path) -> Iterator[Note]:
    """The notes of processes that have died, locked by this one; whoever asks makes records of them and ends them.

    A note without a line is one that is being begun, or nothing had been asked of AWS when its process died.
    """
    for path in sorted(folder.glob(_NAME.format("*"))):
        note = _taken(path)
        if note is not None:
            yield note


def _taken(path: Path) -> Note | None:
    """The note, if nobody holds it and it has not been ended meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink and (record := _last(path.read_bytes())):
            return Note(path, descriptor, record)
    except OSError:
        pass  # its process lives, or it went away
    os.close(descriptor)
    return None


def _last(data: bytes) -> Mapping[str, Any] | None:
    """The last line that arrived whole."""
    for line in reversed(data.splitlines()):
        with suppress(ValueError):
            record = json.loads(line)
            return record if isinstance(record, dict) else None
    return None
