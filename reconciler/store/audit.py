"""Records of applies: JSON Lines that only grow, a file a month, mode 0600.

Knows files. Refuses to know what is recorded.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.store.folders import PRIVATE, make_folder

__all__ = ["AuditFolder", "append_record", "encoded"]


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
    data = encoded(record)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(f"{path}: the disk took only a part of the record")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def encoded(record: Mapping[str, Any]) -> bytes:
    """A record as one line, in ASCII: names from manifests may hold what is no valid text."""
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _identity(line: bytes) -> object:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record.get("id") if isinstance(record, dict) else None
