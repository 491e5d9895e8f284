"""Records read back. A clone of a repository may bring files of its own to `.reconciler/`, so nothing there is trusted.

A record counts only if this user wrote it (`snapshots.folder.opened`) and every member that names a file, an object or
a dataset has the form in which it is written.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from reconciler.limits import ROLE_ARN_PATTERN
from reconciler.snapshots.folder import opened

Record = Mapping[str, Any]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
_Arn = Annotated[str, Meta(pattern=r"^arn:[!-~]{1,2000}\Z")]
# The places of copies: a path or an S3 address that ends in the name of a copy (`snapshots.snapshot`).
_Copy = Annotated[str, Meta(pattern=r"^.{0,4000}[\w.\-]+-[0-9]{8}T[0-9]{12}Z\.jsonl\.gz\Z")]
_Role = Annotated[str, Meta(pattern=rf"^{ROLE_ARN_PATTERN}\Z")]
MONTHS: Final = "[0-9][0-9][0-9][0-9]-[01][0-9].jsonl"


class _Form(Struct):
    """The members that decide where something is read or written; others are only passed on."""

    format: Literal[1]
    id: Id
    at: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z")]
    action: Annotated[str, Meta(pattern=r"^[a-z]{1,20}\Z")]
    type: Literal["train", "test"]
    project: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.\-]{1,255}\Z")]
    project_arn: _Arn | None
    dataset_arn: _Arn | None
    snapshots: list[_Copy]
    overwritten: list[_Copy] = []
    resource: str | None = None
    role: _Role | None = None


def parsed(line: bytes) -> Record | None:
    """The record of a line; None for anything else."""
    with suppress(ValueError, RecursionError):
        record = json.loads(line)
        msgspec.convert(record, _Form)
        return record if isinstance(record, dict) else None
    return None


def records_in(path: Path) -> Iterator[Record]:
    """The records in a file of this user, the oldest first; none from any other file."""
    descriptor = opened(path)
    if descriptor is not None:
        with os.fdopen(descriptor, "rb") as lines:
            yield from filter(None, map(parsed, lines))


def applies_to(project_arn: str, dataset_type: str) -> Callable[[Record], bool]:
    """Whether a record is of an apply to a dataset that was not refused before it sent anything, or of its deletion.

    A restore is not one: what it brought back is a change of live that git does not have.
    """

    def matches(record: Record) -> bool:
        started = record.get("plan") and (record.get("result") or record.get("outcome") != "refused")
        same = (record["project_arn"], record["type"]) == (project_arn, dataset_type)
        return same and record["action"] != "restore" and bool(started or record["action"] == "destroy")

    return matches


def last_notes(folder: Path) -> Iterator[Record]:
    """The notes of applies that have no record yet: they are running, or were killed."""
    for path in folder.glob("begun-*.json"):
        yield from list(records_in(path))[-1:]


def newest(folder: Path, matches: Callable[[Record], bool]) -> Record | None:
    """The newest record of the month files of a folder that matches; None if there is none."""
    for path in sorted(folder.glob(MONTHS), reverse=True):
        found = [record for record in records_in(path) if matches(record)]
        if found:
            return max(found, key=lambda record: str(record["at"]))
    return None
