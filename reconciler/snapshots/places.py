"""Where snapshots are written before something is deleted: a folder, or an address in S3.

On a runner of a continuous integration service (the variable CI is set) a folder is deleted with the runner, so that
deleting a dataset is refused there unless snapshots are written to S3.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b, file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from reconciler.aws.clock import utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.snapshots.snapshot import SUFFIX, Snapshot, read_snapshot, snapshot_name, write_snapshot
from reconciler.text import inert

OpenObjects = Callable[[], Objects]
_OFF: Final = frozenset({"", "0", "false", "no"})


class Keeper(Protocol):
    """Writes snapshots of datasets that are about to be deleted."""

    def refusal(self) -> str:
        """Why nothing may be deleted, with the cure; empty when snapshots outlive this run."""

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Snapshot:
        """Write all lines and read them back.

        Raises:
            ReconcilerError: it could not be written; then nothing may be deleted. Whatever iterating the lines raises.
        """


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """No place for snapshots: nothing may be deleted."""

    def refusal(self) -> str:
        return "no snapshot location is set, so nothing can be deleted; set a folder or an S3 address for snapshots"

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Snapshot:
        del lines
        raise ReconcilerError(f"{self.refusal()} ({dataset_arn}); nothing was deleted")


NOWHERE: Final[Keeper] = _Nowhere()


@dataclass(frozen=True, slots=True)
class _InFolder:
    """Snapshots in a folder of this machine; `cure` says how to set a place that outlives it."""

    folder: Path
    now: Callable[[], datetime]
    gone_with_runner: bool
    cure: str

    def refusal(self) -> str:
        if not self.gone_with_runner:
            return ""
        return (
            f"the snapshot would be written to {inert(str(self.folder))}, which is deleted with this runner (CI is "
            f"set); {self.cure}"
        )

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Snapshot:
        return write_snapshot(self.folder, snapshot_name(dataset_arn), self.now(), lines)


@dataclass(frozen=True, slots=True)
class _InS3:
    """Snapshots under an address in S3: written to a temporary folder, uploaded and read back."""

    address: S3Address
    now: Callable[[], datetime]
    objects: OpenObjects

    def refusal(self) -> str:
        return ""

    def keep(self, dataset_arn: str, lines: Iterable[str]) -> Snapshot:
        objects = self.objects()
        with TemporaryDirectory(prefix="reconciler-") as temporary:
            written = write_snapshot(Path(temporary), snapshot_name(dataset_arn), self.now(), lines)
            address = self.address / Path(written.where).name
            with Path(written.where).open("rb") as file:
                sent = file_digest(file, blake2b).digest()
                file.seek(0)
                objects.upload(address, file)
        stored = blake2b()
        for piece in objects.read(address):
            stored.update(piece)
        if stored.digest() != sent:
            raise ReconcilerError(f"{inert(str(address))} does not read back as it was written; nothing was deleted")
        return Snapshot(str(address), written.entries)


def keeper_for(  # noqa: PLR0913 - the environment is a parameter
    setting: str | None,
    default: Path,
    objects: OpenObjects,
    *,
    cure: str,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime] = utc_now,
) -> Keeper:
    """The keeper for a setting: an address in S3, a folder, or None for the default folder.

    Raises:
        BadInput: the setting starts with `s3://` and is not a valid S3 address.
    """
    if setting and is_s3(setting):
        return _InS3(S3Address.parse(setting), now, objects)
    on_runner = environ.get("CI", "").strip().lower() not in _OFF
    return _InFolder(Path(setting) if setting else default, now, on_runner, cure)


@contextmanager
def open_snapshot(address: str, objects: OpenObjects) -> Iterator[Iterator[str]]:
    """A context manager with the lines of a snapshot in a file or in S3.

    Raises:
        BadInput: it does not exist, or is not a snapshot; also while it is read.
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
