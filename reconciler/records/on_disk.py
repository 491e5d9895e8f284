"""Records of applies as JSON Lines that are only appended to: one file per month, mode 0600; and notes.

A note is a file `begun-<id>.json` beside the records, so that an apply whose process is killed leaves a record, too.
Its process holds a lock on it (flock), which the system releases when the process ends in any way. Each line is the
record of the apply if the process is killed now; the last complete line is valid. A note is on the disk before `begin`
returns.
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


def append(folder: Path, record: Mapping[str, Any]) -> None:
    """Append a record to the file of the month in which its apply began (`at`), in a folder that is created if needed.

    Raises:
        OSError: it cannot be written.
    """
    make_folder(folder)
    append_record(_month(folder, record), record)


def has(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether the month's file has a record of the same `id`.

    Raises:
        OSError: it cannot be read.
    """
    path = _month(folder, record)
    if not path.is_file():
        return False
    with path.open("rb") as lines:
        return any((_parsed(line) or {}).get("id") == record["id"] for line in lines)


def _month(folder: Path, record: Mapping[str, Any]) -> Path:
    return folder / f"{record['at'][:7]}.jsonl"


def append_record(path: Path, record: Mapping[str, Any]) -> None:
    """Append a record to a file as one line, with one write, so that several runs may append at once.

    Raises:
        OSError: it cannot be written, or only a part of it.
    """
    data = record_bytes(record)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(f"{path}: only a part of the record was written")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def record_bytes(record: Mapping[str, Any]) -> bytes:
    """A record as one line, in ASCII: names from manifests may not be valid Unicode."""
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    with suppress(ValueError):
        record = json.loads(line)
        return record if isinstance(record, dict) else None
    return None


_NAME: Final = "begun-{}.json"


@dataclass(frozen=True, slots=True)
class Note:
    """A note that this process has locked; `record` is its last line."""

    path: Path
    descriptor: int
    record: Mapping[str, Any]

    def add(self, record: Mapping[str, Any]) -> None:
        """Append the record in its current form.

        Raises:
            OSError: it cannot be written.
        """
        os.write(self.descriptor, record_bytes(record))
        os.fsync(self.descriptor)

    def end(self) -> None:
        """Delete the note, because its apply has a record. Never raises."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self.descriptor)


def begin(folder: Path, identity: str, record: Mapping[str, Any]) -> Note:
    """Write a note, lock it, and flush it to the disk.

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
    """The notes of processes that have ended, now locked by this one; the caller makes records of them and ends them.

    A note without a line is left alone: its apply is just beginning, or it ended before it called AWS.
    """
    yield from filter(None, map(_taken, sorted(folder.glob(_NAME.format("*")))))


def _taken(path: Path) -> Note | None:
    """The note, if no process holds it and it was not deleted in between."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink and (record := _last(path)):
            return Note(path, descriptor, record)
    except OSError:
        pass  # its process is running, or the note was deleted
    os.close(descriptor)
    return None


def _last(path: Path) -> Mapping[str, Any] | None:
    """The last complete line."""
    return next(filter(None, map(_parsed, reversed(path.read_bytes().splitlines()))), None)
