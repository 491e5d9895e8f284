"""Copies of live: as an apply read it back, by which it is told whose a later change is; and as any run listed it.

One gzip-compressed file per dataset and moment, in `.reconciler/live/` or under `live/` of the address in S3; of those
that an apply wrote the newest two are kept, of the others (`seen-` in their names) the newest. The newest in which
`probe` finds no doubt takes the place of a listing. A copy is named by its moment and the digest of its content, and is
held against that name when it is read: one that is lost, cut, stale or forged is none. Nothing depends on one that is
not there, so that a copy which cannot be written or deleted is a warning.

The first line is a sheet (JSON) that says what was copied and when.
"""

import gzip
import json
import os
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import IO, Any, Final

from msgspec import Struct

from reconciler.aws.clock import after, utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import AccessDenied, NotFound, ReconcilerError
from reconciler.limits import DATASET_ENTRIES, LINE_CHARACTERS
from reconciler.snapshots.folder import goes_with_runner, make_folder, opened
from reconciler.snapshots.snapshot import COPY_NAME, SUFFIX, snapshot_name
from reconciler.text import inert

FOLDER: Final = "live"
_KEPT: Final = 2
# Begins the name of a copy that no apply wrote.
_SEEN: Final = "seen-"
_TIME: Final = "%Y%m%dT%H%M%S%fZ"
# Nothing in a copy is longer, or has more lines: a line of live, its marks, and for kept entries the applied line.
_LINE: Final = 24 * LINE_CHARACTERS
_LINES: Final = 2 * DATASET_ENTRIES + 1
_BLOCK: Final = 2**16


class NoCopy(Exception):
    """There is no such copy, or what is there is not the copy of that name; the message says which."""


class LiveCopies(Struct, frozen=True):
    """The copies of all datasets in a folder, or in S3 where `address` is set; `warn` gets what could not be done."""

    folder: Path
    address: S3Address | None
    objects: Callable[[], Objects]
    warn: Callable[[str], None]
    now: Callable[[], datetime] = utc_now

    @classmethod
    def at(
        cls, setting: str | None, default: Path, objects: Callable[[], Objects], warn: Callable[[str], None]
    ) -> "LiveCopies":
        """The copies for the setting for snapshots: an address in S3, a folder, or None for the folder `default`.

        Raises:
            BadInput: the setting starts with `s3://` and is not a valid S3 address.
        """
        address = S3Address.parse(setting) / FOLDER if setting and is_s3(setting) else None
        folder = Path(setting) if setting and not address else default
        return cls(folder.absolute() / FOLDER, address, objects, warn)

    @property
    def goes_with_machine(self) -> bool:
        """Whether nothing that is written here is there for the next run."""
        return self.address is None and goes_with_runner()

    def write(
        self, dataset_arn: str, now: datetime, sheet: Mapping[str, Any], lines: Iterable[bytes], *, seen: bool = False
    ) -> str:
        """Write a copy, delete older ones, and give the name; "" where it could not be written.

        `seen`: a run that was no apply listed it.
        """
        kind = _SEEN if seen else ""
        start = f"{snapshot_name(dataset_arn)}-{kind}"
        earlier = (name.removeprefix(_SEEN).partition("-")[0] for name in self.names(dataset_arn)[:1])
        now = after(now, earlier, _TIME)  # the newest is named as the newest, whatever this machine's clock says
        try:
            if seen and self.address:
                next(iter(self.objects().names(self.address)), "")  # who may not list them would never find it
            if self.address is None:
                return kind + _written(self.folder, start, now, sheet, lines)
            with TemporaryDirectory(prefix="reconciler-") as temporary:
                name = _written(Path(temporary), start, now, sheet, lines)
                file = f"{start}{name}{SUFFIX}"
                self.objects().upload(self.address / file, Path(temporary) / file)
            self._prune(self.address, start)
        except (OSError, ReconcilerError) as error:
            place = inert(str(self.address or self.folder))
            if seen or self.goes_with_machine:
                return ""  # the next run lists; or it would be gone in any case
            self.warn(
                f"no copy of live was written to {place} ({inert(str(error), 1000)}); the next run needs it to "
                "tell whose a change is"
            )
            return ""
        return kind + name

    def read(self, dataset_arn: str, name: str) -> Iterator[bytes]:
        """The lines of a copy without its sheet; it is proven only when all of them were read.

        Raises:
            NoCopy: it is not there, or is not the one of that name; also while or after it is read.
        """
        return islice(self.whole(dataset_arn, name), 1, None)

    def names(self, dataset_arn: str) -> list[str]:
        """The names of all copies, whoever wrote them, the newest first; none where they cannot be looked for."""
        start = f"{snapshot_name(dataset_arn)}-"
        try:
            if self.address is None:
                files: Iterable[str] = (path.name for path in self.folder.iterdir())
            else:
                files = self.objects().names(self.address)
            mine = [file for file in files if _is_copy(start, file) or _is_copy(start + _SEEN, file)]
        except (OSError, ReconcilerError):
            return []
        names = (file[len(start) : -len(SUFFIX)] for file in mine)
        return sorted(names, key=lambda name: name.removeprefix(_SEEN), reverse=True)

    def whole(self, dataset_arn: str, name: str) -> Generator[bytes]:
        """The lines of a copy, its sheet first; it is proven only when all of them were read.

        Raises:
            NoCopy: as `read` does.
        """
        file = f"{snapshot_name(dataset_arn)}-{name}{SUFFIX}"
        if self.address is None:
            descriptor = opened(self.folder / file)
            if descriptor is None:
                raise NoCopy("the copy of live is not at hand")
            with os.fdopen(descriptor, "rb") as raw:
                yield from _proven(raw, name)
            return
        with TemporaryDirectory(prefix="reconciler-") as temporary:
            path = Path(temporary) / "copy"
            try:
                with path.open("wb") as written:
                    written.writelines(self.objects().read(self.address / file))
            except NotFound:
                raise NoCopy(f"there is no copy of live at {inert(str(self.address / file))}") from None
            except ReconcilerError as error:
                raise NoCopy(f"the copy of live cannot be read: {error}") from None
            with path.open("rb") as raw:
                yield from _proven(raw, name)

    def has(self, dataset_arn: str, name: str) -> bool:
        """Whether something is in the place of a copy."""
        file = f"{snapshot_name(dataset_arn)}-{name}{SUFFIX}"
        if self.address is None:
            return (self.folder / file).is_file()
        try:
            return bool(self.objects().first_bytes(self.address / file))
        except ReconcilerError:
            return False

    def _prune(self, address: S3Address, start: str) -> None:
        """Try to delete old copies in S3: a role that may not list or delete there writes all the same."""
        action = "s3:ListBucket"
        try:
            mine = sorted(name for name in self.objects().names(address) if _is_copy(start, name))
            action = "s3:DeleteObject"
            for name in _old(mine, start):
                self.objects().delete(address / name)
        except AccessDenied:
            self.warn(f"old copies of live stay in {inert(str(address))}: allow {action} there to have them deleted")
        except ReconcilerError as error:
            self.warn(
                f"old copies of live stay in {inert(str(address))} until a later apply ({inert(str(error), 1000)})"
            )


def _is_copy(start: str, file: str) -> bool:
    return re.fullmatch(re.escape(start) + COPY_NAME + re.escape(SUFFIX), file) is not None


def _old(files: Sequence[str], start: str) -> Sequence[str]:
    """Which of the copies that begin like this are deleted, the oldest first."""
    return files[: -1 if start.endswith(_SEEN) else -_KEPT]


def _written(folder: Path, start: str, now: datetime, sheet: Mapping[str, Any], lines: Iterable[bytes]) -> str:
    """Write a copy to a folder; it has its name when it is whole."""
    make_folder(folder)
    digest = blake2b(digest_size=16)
    with NamedTemporaryFile(dir=folder, prefix=".", delete=False) as raw:
        partial = Path(raw.name)
        try:
            file = gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0, compresslevel=1)
            with file:
                for block in _blocks(sheet, lines):
                    digest.update(block)
                    file.write(block)
            raw.flush()
            name = f"{now:{_TIME}}-{digest.hexdigest()}"
            partial.rename(folder / f"{start}{name}{SUFFIX}")
        finally:
            partial.unlink(missing_ok=True)
    for old in _old(sorted(path.name for path in folder.iterdir() if _is_copy(start, path.name)), start):
        with suppress(OSError):
            (folder / old).unlink()
    return name


def _blocks(sheet: Mapping[str, Any], lines: Iterable[bytes]) -> Iterator[bytes]:
    """Sheet and lines, each with its end, some together: a digest and gzip take as long for a line as for many."""
    some, size = [json.dumps(sheet).encode("ascii")], 0
    for line in lines:
        some.append(line)
        size += len(line)
        if size >= _BLOCK:
            yield b"\n".join([*some, b""])
            some, size = [], 0
    yield b"\n".join([*some, b""]) if some else b""


def _proven(raw: IO[bytes], name: str) -> Iterator[bytes]:
    digest, many = blake2b(digest_size=16), 0
    try:
        with gzip.open(raw, "rb") as file:
            while line := file.readline(_LINE):
                digest.update(line)
                many += 1
                if many > _LINES or not line.endswith(b"\n"):
                    raise NoCopy("what is in the place of the copy of live is not one")
                yield line[:-1]
    except (OSError, EOFError, zlib.error):
        raise NoCopy("the copy of live is damaged") from None
    if digest.hexdigest() != name.rpartition("-")[2]:
        raise NoCopy("the copy of live is not the one that the last apply wrote")
