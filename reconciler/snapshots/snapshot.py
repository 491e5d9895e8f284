"""Copies of live lines: all entries of a dataset before it is deleted (a snapshot), or what an apply overwrites.

A copy is gzip-compressed JSON Lines, mode 0600. It is written with the suffix `.partial`, read back whole, and only
then renamed: a file with a copy's name is a whole copy. A snapshot has the lines as the service listed them; this
program never deletes one, nor a `.partial` file that a killed run left. A copy of overwritten lines is without the
fields that the service adds; beside it, in a second file, are the lines that were sent in their place, in the same
order, and in a third one those of them that the service stores differently, as they were read back.
"""

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.errors import BadInput, ReconcilerError
from reconciler.limits import LINE_CHARACTERS
from reconciler.manifest.read import open_file
from reconciler.snapshots.folder import PRIVATE, file_name, make_folder
from reconciler.text import inert

SUFFIX: Final = ".jsonl.gz"
_PARTIAL: Final = ".partial"
# A line in a file that somebody made may be endless; none of the service's is as long.
_LINE: Final = 12 * LINE_CHARACTERS
# The form of a dataset's ARN, whose parts are valid in a file's name (botocore service-2.json: DatasetArn).
_DATASET: Final = re.compile(r".*:project/([a-zA-Z0-9_.\-]+)/dataset/(train|test)/[0-9]+")
# The end of a copy's name: the moment, and what the file has.
_TIME: Final = "%Y%m%dT%H%M%S%f"
# How a copy of live is named in state and records: the moment, and the digest of its content.
COPY_NAME: Final = r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{32}"
_MOMENT: Final = re.compile(r"-([0-9]{8}T[0-9]{12})Z\.sent\.jsonl\.gz(?:\.partial)?")


class Kind(Struct, frozen=True):
    """What a copy is for: its name in messages, its folder, and what did not happen where it could not be written."""

    noun: str
    folder: str
    undone: str


SNAPSHOT: Final = Kind("snapshot", "snapshots", "nothing was deleted")
OVERWRITTEN: Final = Kind("copy of the lines to overwrite", "overwritten", "the lines were not sent")


class Snapshot(Struct, frozen=True):
    """A written and verified copy: its path or S3 address, how many entries it has, and what it is for."""

    where: str
    entries: int
    kind: Kind = SNAPSHOT


def snapshot_name(dataset_arn: str) -> str:
    """How a dataset's snapshots begin: type, project, and a hash of the ARN, for projects with the same name."""
    match = _DATASET.fullmatch(dataset_arn)
    project, kind = match.groups() if match else ("unnamed", "dataset")
    return file_name(kind, project, dataset_arn)


def sent_beside(where: str) -> str:
    """The place of the lines that were sent in place of overwritten ones, from the place of those."""
    return f"{where.removesuffix(SUFFIX)}.sent{SUFFIX}"


def stored_beside(where: str) -> str:
    """The place of what the service stores of those lines in a different form, which need not be there."""
    return f"{where.removesuffix(SUFFIX)}.stored{SUFFIX}"


def write_overwritten(
    folder: Path, name: str, now: datetime, lines: Iterable[str], sent: Iterable[str]
) -> tuple[Snapshot, Snapshot]:
    """Write the lines that an apply overwrites, and those that it sends in their place; the latter are written first.

    Raises:
        ReconcilerError: as `write_snapshot`; then the lines must not be sent.
    """
    beside = write_snapshot(folder, name, now, sent, kind=OVERWRITTEN, suffix=f".sent{SUFFIX}")
    return write_snapshot(folder, name, now, lines, kind=OVERWRITTEN), beside


def prune(folder: Path, before: datetime) -> None:
    """Delete the copies of overwritten lines in a folder that were written before a moment. Never raises.

    Only what has the lines that were sent beside it is such a copy, and those go last: a snapshot in the same folder
    has none, and stays.
    """
    for path in folder.glob(f"*.sent{SUFFIX}*"):
        match = _MOMENT.search(path.name)
        with suppress(OSError, ValueError):
            if match and datetime.strptime(match[1], _TIME).replace(tzinfo=UTC) < before:
                copy = str(path).removesuffix(_PARTIAL).removesuffix(f".sent{SUFFIX}") + SUFFIX
                for beside in (copy, f"{copy}{_PARTIAL}", stored_beside(copy), f"{stored_beside(copy)}{_PARTIAL}"):
                    Path(beside).unlink(missing_ok=True)
                path.unlink()


def write_snapshot(  # noqa: PLR0913 - the last two are for overwritten lines
    folder: Path, name: str, now: datetime, lines: Iterable[str], *, kind: Kind = SNAPSHOT, suffix: str = SUFFIX
) -> Snapshot:
    """Write lines as `<name>-<time>.jsonl.gz` to a folder, which is created if needed.

    Raises:
        ReconcilerError: the copy could not be written, or differs when it is read back; then nothing may be deleted or
            overwritten. Whatever iterating the lines raises.
    """
    return write_file(folder / f"{name}-{now:{_TIME}}Z{suffix}", lines, kind)


def write_file(final: Path, lines: Iterable[str], kind: Kind) -> Snapshot:
    """Write lines to a file, which gets its name when it is whole; raises as `write_snapshot`."""
    folder, partial = final.parent, final.with_name(final.name + _PARTIAL)
    try:
        make_folder(folder)
        written = _write(partial, lines)
        _verify(partial, written, kind)
        partial.rename(final)
        _settle(folder)
    except OSError as error:
        where = f"{inert(str(folder))}: {inert(error.strerror or str(error))}"
        raise ReconcilerError(
            f"no {kind.noun} could be written to {where}; {kind.undone}: make room there, or name another place"
        ) from None
    return Snapshot(str(final), written[1], kind)


def read_snapshot(path: Path, shown: str = "") -> Iterator[str]:
    """The lines of a snapshot, in order; `shown` is its name in messages.

    Raises:
        BadInput: the file does not exist, is damaged, or is not a snapshot.
    """
    try:
        with (
            open_file(path) as raw,
            gzip.open(raw, "rt", encoding="utf-8", errors="surrogatepass", newline="\n") as file,
        ):
            while line := _short(file.readline(_LINE)):
                yield line.removesuffix("\n")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput(
            f"{inert(shown or str(path))} cannot be read as a snapshot: {inert(reason)}; name a whole snapshot, a file "
            f"that ends in {SUFFIX}"
        ) from None


def _short(line: str) -> str:
    if len(line) == _LINE:
        raise EOFError("a line has more characters than the service takes")
    return line


def _write(path: Path, lines: Iterable[str]) -> tuple[str, int]:
    """Write lines and flush them to the disk; returns their digest and number."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
            summary = _summary(lines, file.write)
        raw.flush()
        os.fsync(raw.fileno())
    return summary


def _verify(path: Path, written: tuple[str, int], kind: Kind) -> None:
    """Read back what was written; ReconcilerError when it differs."""
    try:
        read = _summary(read_snapshot(path), len)
    except BadInput as error:
        raise ReconcilerError(f"{error}; {kind.undone}") from None
    if read != written:
        raise ReconcilerError(
            f"the {kind.noun} {inert(str(path))} does not read back as it was written; {kind.undone}: name another "
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
