"""Where snapshots are kept before something is deleted: a folder, or an address in S3; and where that is no use.

On a runner of a continuous integration service (the variable CI is set) a folder goes away with the runner, so that
deleting is refused there unless snapshots go to S3.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, Protocol

from reconciler.aws.clock import utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.snapshots.snapshot import SUFFIX, read_snapshot, snapshot_name, write_snapshot
from reconciler.text import inert

OpenObjects = Callable[[], Objects]
_OFF: Final = frozenset({"", "0", "false", "no"})
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A written and verified snapshot: its path or address, and how many entries it holds."""

    where: str
    entries: int


class Keeper(Protocol):
    """Keeps what is about to be deleted."""

    def refusal(self) -> str:
        """Why nothing may be deleted, with the cure; empty when snapshots outlive this run."""

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Kept:
        """Write all lines and read them back.

        Raises:
            ReconcilerError: it could not be written; then nothing may be deleted. What iterating the lines raises.
        """


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """No place at all: nothing may be deleted."""

    def refusal(self) -> str:
        return "there is no place for a snapshot of what would be deleted"

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Kept:
        del lines
        raise ReconcilerError(f"{self.refusal()} ({dataset_arn}); nothing was deleted")


NOWHERE: Final[Keeper] = _Nowhere()


@dataclass(frozen=True, slots=True)
class _InFolder:
    """Snapshots in a folder of this machine; `cure` says how to name a place that outlives it."""

    folder: Path
    now: Callable[[], datetime]
    gone_with_runner: bool
    cure: str

    def refusal(self) -> str:
        if not self.gone_with_runner:
            return ""
        return (
            f"the snapshot of what would be deleted would go to {inert(str(self.folder))}, which is gone with this "
            f"runner (CI is set); {self.cure}"
        )

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Kept:
        written = write_snapshot(self.folder, snapshot_name(dataset_arn), self.now(), lines)
        return Kept(str(written.path), written.entries)


@dataclass(frozen=True, slots=True)
class _InS3:
    """Snapshots under an address in S3: written here first, then put there and read back."""

    address: S3Address
    now: Callable[[], datetime]
    objects: OpenObjects

    def refusal(self) -> str:
        return ""

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Kept:
        objects = self.objects()
        with TemporaryDirectory(prefix="reconciler-") as temporary:
            written = write_snapshot(Path(temporary), snapshot_name(dataset_arn), self.now(), lines)
            address = self.address / written.path.name
            with written.path.open("rb") as file:
                objects.upload(address, file)
            with written.path.open("rb") as file:
                sent = _digest(_pieces(file))
        if _digest(objects.read(address)) != sent:
            raise ReconcilerError(f"{inert(str(address))} does not read back as it was written; nothing was deleted")
        return Kept(str(address), written.entries)


def keeper_for(  # noqa: PLR0913 - the edges come in from outside, each for itself
    setting: str | None,
    default: Path,
    objects: OpenObjects,
    *,
    cure: str,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime] = utc_now,
) -> Keeper:
    """The keeper that a setting names: an address in S3, a folder, or None for the default folder.

    Raises:
        BadInput: the setting is no address in S3 although it begins like one.
    """
    if setting and is_s3(setting):
        return _InS3(S3Address.parse(setting), now, objects)
    return _InFolder(Path(setting) if setting else default, now, on_runner(environ), cure)


def on_runner(environ: Mapping[str, str]) -> bool:
    """Whether this is a runner of a continuous integration service, whose files are gone when it ends."""
    return environ.get("CI", "").strip().lower() not in _OFF


@contextmanager
def open_snapshot(address: str, objects: OpenObjects) -> Iterator[Iterator[str]]:
    """The lines of a snapshot in a file or in S3, within a block.

    Raises:
        BadInput: it is not there, or is no snapshot; also while it is read.
    """
    if not is_s3(address):
        yield read_snapshot(Path(address))
        return
    place = S3Address.parse(address)
    with TemporaryDirectory(prefix="reconciler-") as temporary:
        path = Path(temporary) / f"snapshot{SUFFIX}"
        try:
            with path.open("wb") as file:
                for piece in objects().read(place):
                    file.write(piece)
        except NotFound as error:
            raise BadInput(str(error)) from None
        yield read_snapshot(path, address)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_CHUNK):
        yield piece


def _digest(pieces: Iterable[bytes]) -> bytes:
    digest = blake2b()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()
