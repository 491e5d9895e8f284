"""The desired side of a dataset, read once: a large manifest that was read before costs its digest.

The program, a preview's check and an update are processes of their own, and a day has many commands. What reading gave,
the ledger's desired side and all findings, is kept in `.reconciler/cache/`, one SQLite file for each manifest and
setting; lines that are sent as they are written stay in the manifest alone. A file is named by what was read (digests
of the manifest, of the declaration and of the code that read it) and by the digest of its own content; it gets that
name when it is whole. So one that is damaged, cut, foreign or tracked by git, or that another process deletes, is never
used: the manifest is read, as it is where no file can be written.
"""

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from reconciler.ledger import Ledger
from reconciler.manifest import Findings, read_manifest
from reconciler.manifest.parts import parts_of
from reconciler.manifest.read import open_file
from reconciler.model import DatasetDeclaration, Reporter
from reconciler.policy import Policy

_CACHE: Final = "cache"
# Below this, reading is as fast as asking git and the disk. Measured: 1 MB, 800 lines with boxes, is read in 40 ms.
WORTH_IT: Final = 1_000_000
# Of all files together; the ones that were used least recently are deleted.
MOST_BYTES: Final = 1_000_000_000
# A file that is being written is hardly older than one just written; else a process was killed that wrote it.
_UNFINISHED_SECONDS: Final = 3_600
_SUFFIX: Final = ".sqlite"
_PART: Final = ".part"


def read_once(  # noqa: PLR0913 - what is read, and how, each by name
    dataset: DatasetDeclaration,
    labels: tuple[str, ...] | None,
    ledger: Ledger,
    beside: Path | None,
    report: Reporter = lambda _progress: None,
    *,
    is_last: bool = False,
) -> Findings:
    """Fill an empty ledger with a manifest as `read_manifest` does.

    The cache is in `.reconciler` of the folder `beside`; without one, a manifest is only read, as is one that is small.
    `is_last`: of the processes on a machine that goes with its job, this one hardly has a later one, so that it leaves
    no cache there; one that is there is used.
    """
    # Nothing but this setting is known to the reader, so nothing else can change what it finds.
    dataset = replace(dataset, policy=Policy(marked=dataset.policy.marked))
    if beside is None or _size(dataset) < WORTH_IT:
        return read_manifest(dataset, labels, ledger.accept, report)
    from reconciler.snapshots.folder import FOLDER, goes_with_runner  # noqa: PLC0415 - a small manifest needs no git

    kept, leaves = _Kept(beside.absolute() / FOLDER / _CACHE), not (is_last and goes_with_runner())
    paths = {part.shown: part.path for part in parts_of(dataset)}

    def opens(name: str) -> BinaryIO:
        return open_file(paths[name])

    ledger.lines_are_in(paths, opens)
    if not (leaves or kept.folder.is_dir()):
        return read_manifest(dataset, labels, ledger.accept, report)
    digest = _digest(dataset)
    key = _key(digest, dataset, labels)
    findings = kept.use(key, ledger)
    if findings is None:
        findings = read_manifest(dataset, labels, ledger.accept, report)
        if leaves:
            kept.save(key, ledger, findings, lambda: _digest(dataset) == digest != "")
    return findings


class _Kept(Struct, frozen=True):
    """The files of one folder. Nothing here raises: what cannot be used or written is not there."""

    folder: Path

    def use(self, key: str, ledger: Ledger) -> Findings | None:
        """The findings of a key, and its entries in the ledger; None where they are not at hand."""
        for path in self._files(f"{key}-*{_SUFFIX}"):
            with suppress(OSError, sqlite3.Error, ValueError):
                if _is_whole(path):
                    findings = ledger.use_desired(path, _findings)
                    with suppress(OSError):  # the time of use, which a read-only file system does not take
                        os.utime(path)
                    return findings
        return None

    def save(self, key: str, ledger: Ledger, findings: Findings, is_same: Callable[[], bool]) -> None:
        """Remember what was read of a manifest that `is_same`, unless its findings cannot be written and read back."""
        from tempfile import NamedTemporaryFile  # noqa: PLC0415 - a small manifest needs no file

        from reconciler.snapshots.folder import make_folder  # noqa: PLC0415 - nor git

        with suppress(OSError, sqlite3.Error, ValueError):
            note = msgspec.json.encode(findings)
            if _findings(note) != findings:
                return
            make_folder(self.folder)
            with NamedTemporaryFile(dir=self.folder, prefix=".", suffix=_PART, delete=False) as unfinished:
                part = Path(unfinished.name)
            try:
                ledger.save_desired(part, note)
                if not is_same():  # somebody wrote to it since
                    return
                with part.open("rb") as content:
                    whole = part.rename(self.folder / f"{key}-{_sealed(content.fileno(), key)}{_SUFFIX}")
            finally:
                part.unlink(missing_ok=True)
            self._prune(whole)

    def _prune(self, new: Path) -> None:
        """Delete what killed processes left, damaged files of the key of a new one, and the oldest beyond the bound."""
        now, total = new.stat().st_mtime, 0
        for part in self._files(f".*{_PART}"):
            if now - part.stat().st_mtime > _UNFINISHED_SECONDS:
                part.unlink(missing_ok=True)
        for path in self._files(f"*{_SUFFIX}"):
            total += path.stat().st_size
            is_damaged = path != new and path.name.startswith(new.name.partition("-")[0])
            if total > MOST_BYTES or is_damaged:
                path.unlink(missing_ok=True)

    def _files(self, pattern: str) -> Iterator[Path]:
        """The files of that name, the newest first; none where the folder cannot be read."""
        found = []
        with suppress(OSError):
            for path in self.folder.glob(pattern):
                with suppress(OSError):  # it was deleted
                    found.append((path.stat().st_mtime_ns, path))
        return (path for _time, path in sorted(found, reverse=True))


def _size(dataset: DatasetDeclaration) -> int:
    try:
        return sum(part.path.stat().st_size for part in parts_of(dataset))
    except (OSError, ValueError):
        return 0


def _digest(dataset: DatasetDeclaration) -> str:
    """The digest of a manifest's files and their names, which findings name; empty where one cannot be read."""
    digests = list[str]()
    try:
        for part in parts_of(dataset):
            with open_file(part.path) as handle:
                digests.append(_sealed(handle.fileno()))
    except (OSError, ValueError):
        return ""
    names = [part.shown for part in parts_of(dataset)]
    return hashlib.sha256(repr((names, digests)).encode()).hexdigest()


def _key(digest: str, dataset: DatasetDeclaration, labels: tuple[str, ...] | None) -> str:
    """What decides what reading gives: the manifest's content and form, the declaration, and the code."""
    declared = replace(dataset, manifest=Path(f"manifest{dataset.manifest.suffix.lower()}"))
    return hashlib.sha256(repr((digest, declared, labels, _code())).encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """This program and what it reads with: versions, and the sizes and times of our files, which a checkout edits."""
    import yaml  # noqa: PLC0415 - a small manifest of JSON Lines needs none

    package = Path(__file__).parents[1]
    files = sorted(package.rglob("*.py"))
    stats = [(str(path.relative_to(package)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return repr((sys.version, sqlite3.sqlite_version, msgspec.__version__, yaml.__version__, stats))


def _findings(note: bytes) -> Findings:
    return msgspec.json.decode(note, type=Findings)


def _is_whole(path: Path) -> bool:
    """Whether a file is this user's own, and has the content that its name gives."""
    from reconciler.snapshots.folder import opened  # noqa: PLC0415 - a small manifest needs no git

    descriptor = opened(path)
    if descriptor is None:
        return False
    try:
        key, _dash, seal = path.name.removesuffix(_SUFFIX).partition("-")
        return seal == _sealed(descriptor, key)
    finally:
        os.close(descriptor)


def _sealed(descriptor: int, key: str = "") -> str:
    """The digest of a key and of a file's content: a file under the name of a different key is not whole."""
    with os.fdopen(os.dup(descriptor), "rb") as content:
        digest = hashlib.file_digest(content, lambda: hashlib.sha256(key.encode()))
    return digest.hexdigest()
