"""Where copies of live lines are written before something is deleted or overwritten: a folder, or an address in S3.

On a runner of a continuous integration service (the variable CI is set) a folder is deleted with the runner, so that
deleting a dataset is refused there unless snapshots are written to S3. Overwriting lines is not refused; a warning says
what is lost with the runner. Copies of overwritten lines in a folder are deleted after 30 days, snapshots never.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import blake2b, file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.aws.clock import utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.snapshots.folder import goes_with_runner
from reconciler.snapshots.snapshot import (
    OVERWRITTEN,
    SNAPSHOT,
    SUFFIX,
    Snapshot,
    prune,
    read_snapshot,
    snapshot_name,
    stored_beside,
    write_file,
    write_overwritten,
    write_snapshot,
)
from reconciler.text import inert

OpenObjects = Callable[[], Objects]
# How long copies of overwritten lines stay in a folder.
_KEPT: Final = timedelta(days=30)


class Keeper(Protocol):
    """Writes copies of lines that are about to be deleted or overwritten."""

    def refusal(self) -> str:
        """Why nothing may be deleted, with the cure; empty when snapshots outlive this run."""

    def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        """Write all lines and read them back; with `sent`, they are overwritten by those of `sent`, in the same order.

        Raises:
            ReconcilerError: they could not be written; then nothing may be deleted or overwritten. Whatever iterating
                the lines raises.
        """

    def keep_stored(self, where: str, lines: Iterable[str]) -> None:
        """Beside a copy of overwritten lines, write what the service stores in their place in a different form.

        Raises:
            ReconcilerError: they could not be written; then `reconciler restore` takes these entries for edited.
        """


class _Nowhere(Struct, frozen=True):
    """No place for snapshots: nothing may be deleted."""

    def refusal(self) -> str:
        return "no snapshot location is set, so nothing can be deleted; set a folder or an S3 address for snapshots"

    def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        del lines
        kind = SNAPSHOT if sent is None else OVERWRITTEN
        raise ReconcilerError(f"no place for a {kind.noun} is set ({dataset_arn}); {kind.undone}")

    def keep_stored(self, where: str, lines: Iterable[str]) -> None:
        del where, lines


NOWHERE: Final[Keeper] = _Nowhere()


class _InFolder(Struct, frozen=True):
    """Copies in folders of this machine; `cure` says how to set a place that outlives it, `warn` gets a warning."""

    folder: Path
    overwritten: Path
    now: Callable[[], datetime]
    gone_with_runner: bool
    cure: str
    warn: Callable[[str], None]

    def refusal(self) -> str:
        if not self.gone_with_runner:
            return ""
        return f"the snapshot would be written to {self._gone(self.folder)}"

    def _gone(self, folder: Path) -> str:
        return f"{inert(str(folder))}, which is deleted with this runner (CI is set); {self.cure}"

    def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        name, now = snapshot_name(dataset_arn), self.now()
        if sent is None:
            return write_snapshot(self.folder, name, now, lines)
        prune(self.overwritten, now - _KEPT)
        try:
            written = write_overwritten(self.overwritten, name, now, lines, sent)[0]
        except ReconcilerError as error:
            if not self.gone_with_runner:
                raise
            self.warn(f"the lines that this apply overwrites are not kept ({error}): CI is set; {self.cure}")
            return Snapshot("", 0, OVERWRITTEN)
        if self.gone_with_runner:
            self.warn(f"the lines that an apply overwrites are kept in {self._gone(self.overwritten)}")
        return written

    def keep_stored(self, where: str, lines: Iterable[str]) -> None:
        write_file(Path(stored_beside(where)), lines, OVERWRITTEN)


class _InS3(Struct, frozen=True):
    """Snapshots under an address in S3: written to a temporary folder, uploaded and read back."""

    address: S3Address
    now: Callable[[], datetime]
    objects: OpenObjects

    def refusal(self) -> str:
        return ""

    def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        name, now = snapshot_name(dataset_arn), self.now()
        with TemporaryDirectory(prefix="reconciler-") as temporary:
            folder = Path(temporary)
            if sent is None:
                return self._uploaded(write_snapshot(folder, name, now, lines), self.address)
            written, beside = write_overwritten(folder, name, now, lines, sent)
            place = self.address / OVERWRITTEN.folder
            self._uploaded(beside, place)
            return self._uploaded(written, place)

    def keep_stored(self, where: str, lines: Iterable[str]) -> None:
        name = Path(stored_beside(where)).name
        with TemporaryDirectory(prefix="reconciler-") as temporary:
            self._uploaded(write_file(Path(temporary) / name, lines, OVERWRITTEN), self.address / OVERWRITTEN.folder)

    def _uploaded(self, written: Snapshot, place: S3Address) -> Snapshot:
        """Upload a file and read it back."""
        objects, address = self.objects(), place / Path(written.where).name
        with Path(written.where).open("rb") as file:
            sent = file_digest(file, blake2b).digest()
        objects.upload(address, Path(written.where))
        stored = blake2b()
        for piece in objects.read(address):
            stored.update(piece)
        if stored.digest() != sent:
            raise ReconcilerError(f"{inert(str(address))} does not read back as it was written; {written.kind.undone}")
        return replace(written, where=str(address))


def keeper_for(  # noqa: PLR0913 - the environment is a parameter
    setting: str | None,
    default: Path,
    objects: OpenObjects,
    *,
    cure: str,
    warn: Callable[[str], None] = lambda _text: None,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime] = utc_now,
) -> Keeper:
    """The keeper for a setting: an address in S3, a folder, or None for the folder `default`, usually `.reconciler`.

    Raises:
        BadInput: the setting starts with `s3://` and is not a valid S3 address.
    """
    if setting and is_s3(setting):
        return _InS3(S3Address.parse(setting), now, objects)
    on_runner = goes_with_runner(environ)
    snapshots = Path(setting) if setting else default / SNAPSHOT.folder
    overwritten = (Path(setting) if setting else default).absolute() / OVERWRITTEN.folder
    return _InFolder(snapshots, overwritten, now, on_runner, cure, warn)


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
