"""Write records: to one file per month under `.reconciler/audit`, and to a file or an address in S3 where one is set.

Before an apply does anything, a note of it is written on disk and, where records are
written to S3, put there; its record replaces both. A killed process leaves its note, and the next apply in the same
folder turns it into a record. Neither contains a secret. A record that cannot be written is a warning: it never hides
the result of the apply.

Records on disk are JSON Lines that are only appended to: one file per month, mode 0600.

A note is a file `begun-<id>.json` beside the records, so that an apply whose process is killed leaves a record, too.
Its process holds a lock on it (flock), which the system releases when the process ends in any way. Each line is the
record of the apply if the process is killed now; the last complete line is valid. A note is on the disk before `begin`
returns.
"""

import errno
import fcntl
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from reconciler.aws.clock import after, utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import ReconcilerError
from reconciler.model import DatasetType
from reconciler.records.record import Attempt, Stamp, begun, ended, scrubber
from reconciler.records.stored import MONTHS, applies_to, last_notes, newest, parsed, records_in
from reconciler.snapshots.folder import PRIVATE, make_folder, opened
from reconciler.text import inert


def append(folder: Path, record: Mapping[str, Any]) -> None:
    """Append a record to the file of the month in which its apply began (`at`), in a folder that is created if needed.

    Raises:
        OSError: it cannot be written.
    """
    make_folder(folder)
    append_record(_month(folder, record), record, os.O_NOFOLLOW)


def has(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether the month's file has a record of the same `id`."""
    return any(one["id"] == record["id"] for one in records_in(_month(folder, record)))


def _month(folder: Path, record: Mapping[str, Any]) -> Path:
    return folder / f"{record['at'][:7]}.jsonl"


def append_record(path: Path, record: Mapping[str, Any], flags: int = 0) -> None:
    """Append a record to a file as one line, with one write, so that several runs may append at once.

    Raises:
        OSError: it cannot be written, or only a part of it.
    """
    data = record_bytes(record)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | flags, PRIVATE)
    try:
        _add(descriptor, data)
    finally:
        os.close(descriptor)


def _add(descriptor: int, data: bytes) -> None:
    """Append a line whole or not at all: the next one would be no record behind a part of one.

    Raises:
        OSError: it cannot be written, or only a part of it.
    """
    start = os.fstat(descriptor).st_size
    written = os.write(descriptor, data)
    if written != len(data):
        if os.fstat(descriptor).st_size == start + written:  # else another run has appended since
            os.ftruncate(descriptor, start)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def record_bytes(record: Mapping[str, Any]) -> bytes:
    """A record as one line, in ASCII: names from manifests may not be valid Unicode."""
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


_NAME: Final = "begun-{}.json"


class Note(Struct, frozen=True):
    """A note that this process has locked; `record` is its last line."""

    path: Path
    descriptor: int
    record: Mapping[str, Any]

    def add(self, record: Mapping[str, Any]) -> None:
        """Append the record in its current form.

        Raises:
            OSError: it cannot be written.
        """
        _add(self.descriptor, record_bytes(record))

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
    """The note, if this user wrote it, no process holds it and it was not deleted in between."""
    descriptor = opened(path, os.O_RDWR | os.O_APPEND)
    if descriptor is None:
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
    return next(filter(None, map(parsed, reversed(path.read_bytes().splitlines()))), None)


Record = Mapping[str, Any]
# The members of an object in S3 until the record replaces it.
_RUNNING: Final = {"outcome": "begun", "message": "the apply is running, or its process was killed"}


class AuditLog(Struct, frozen=True):
    """Writes records. `also` is a further file or an address in S3; `warn` receives a message when writing fails.

    `hide` removes secrets of the configuration; those of the environment are removed, too.
    """

    folder: Path
    also: str | None
    objects: Callable[[], Objects]
    warn: Callable[[str], None]
    hide: Callable[[str], str] = str
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: Callable[[], datetime] = utc_now

    @contextmanager
    def recording(self, attempt: Attempt, calls: Callable[[], Mapping[str, int]]) -> Iterator[Attempt]:
        """A context manager for one apply that always writes its record; `calls` returns the counts of calls so far."""
        self._close_left_behind()
        stamp, before = Stamp.of(attempt, self._start(attempt), self.environ), Counter(calls())
        note = self._noted(attempt, stamp)
        try:
            yield attempt
        except BaseException as error:
            attempt.error = attempt.error or error
            raise
        finally:
            made = Counter(calls())
            made.subtract(before)
            self._write(attempt, stamp, +made)
            if note:
                note.end()

    def _start(self, attempt: Attempt) -> datetime:
        """When an apply begins, never before the one that it follows: records are told apart by their times."""
        known = [attempt.follows]
        with suppress(Exception):  # a record must not prevent an apply
            here = self._here(applies_to(attempt.project_arn, attempt.dataset_type.word))
            known += [str(record["at"]) for record in here]
        return after(self.now(), known)

    def find(self, identity: str) -> Record | None:
        """The record with this id in the folder; notes of killed processes become records first."""
        self._close_left_behind()
        return newest(self.folder, lambda record: record["id"] == identity)

    def last_apply(self, project: str, project_arn: str, dataset_type: DatasetType) -> Record | None:
        """The record of the newest apply to a dataset, in any of the places; None if there is none, or it was deleted.

        An apply that was killed, or is running, has its note in place of a record.
        """
        matches = applies_to(project_arn, dataset_type.word)
        ending = f"-{dataset_type.word}-{project[:100]}-"
        # A note that was left beside its record, here or in S3, has the same time: the record comes first.
        known = chain(self._here(matches), self._elsewhere(ending, matches))
        last = max(known, key=lambda record: str(record["at"]), default=None)
        return None if last and last["action"] == "destroy" else last

    def _here(self, matches: Callable[[Record], bool]) -> Iterator[Record]:
        """The newest record of the folder that matches, and the notes that do."""
        found = newest(self.folder, matches)
        return chain([found] if found else [], filter(matches, last_notes(self.folder)))

    def newest_first(self, wanted: Callable[[Record], bool], limit: int) -> list[Record]:
        """The newest records of all places that are wanted, each once; applies that run now have a note instead.

        Notes of killed processes become records first.
        """
        self._close_left_behind()
        running = ({**note, "outcome": "running", "message": ""} for note in last_notes(self.folder))
        months = chain.from_iterable(map(records_in, sorted(self.folder.glob(MONTHS))))
        here = chain(filter(wanted, months), filter(wanted, running))
        found: dict[str, Record] = {}
        for record in chain(here, self._elsewhere("-", wanted, limit)):
            found.setdefault(record["id"], record)
        return sorted(found.values(), key=lambda record: str(record["at"]), reverse=True)[:limit]

    def _elsewhere(self, ending: str, matches: Callable[[Record], bool], limit: int = 1) -> Iterator[Record]:
        """Records in the further place: all that match, or in S3 the newest ones, at most `limit`."""
        if not self.also:
            return
        if not is_s3(self.also):
            yield from filter(matches, records_in(Path(self.also)))
            return
        place = S3Address.parse(self.also)
        try:
            objects = self.objects()
            names = sorted((name for name in objects.names(place) if ending in name), reverse=True)
            records = (parsed(b"".join(objects.read(place / name))) for name in names)
            yield from islice((record for record in records if record and matches(record)), limit)
        except ReconcilerError as error:
            self.warn(f"the records in {inert(self.also)} were not read: {error}")

    def _noted(self, attempt: Attempt, stamp: Stamp) -> Note | None:
        """The note of an apply that begins; None when it cannot be written: writing the record will warn of it."""
        note: Note | None = None
        with suppress(Exception):  # a record must not prevent an apply
            first = self._scrubbed(begun(attempt, stamp))
            with suppress(OSError):
                note = begin(self.folder, stamp.identity, first)
            if self.also and is_s3(self.also):
                self._to_also(first | _RUNNING)

        def add_news() -> None:
            with suppress(Exception):
                if note:
                    note.add(self._scrubbed(begun(attempt, stamp)))

        attempt.on_news = add_news
        return note

    def _close_left_behind(self) -> None:
        """Turn the notes of killed processes into records, unless their record was written already."""
        for note in left_behind(self.folder):
            with suppress(Exception):  # a damaged note must not prevent an apply
                if not has(self.folder, note.record):
                    self._to_places(note.record)
            note.end()

    def _write(self, attempt: Attempt, stamp: Stamp, calls: Mapping[str, int]) -> None:
        try:
            record = self._scrubbed(ended(attempt, stamp, self.now(), calls))
        except Exception as error:  # noqa: BLE001 - a record must not hide the result of the apply
            self.warn(f"no record of this apply was written: {inert(str(error))}")
            return
        self._to_places(record)

    def _scrubbed(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same out
        return scrubber(self.environ, self.hide)(value)

    def _to_places(self, record: Record) -> None:
        for place in (partial(append, self.folder), self._to_also):
            try:
                place(record)
            except Exception as error:  # noqa: BLE001 - a record must not hide the result of the apply
                self.warn(f"the record of this apply was not written: {self._scrubbed(_reason(error))}")

    def _to_also(self, record: Record) -> None:
        if not self.also:
            return
        if not is_s3(self.also):
            append_record(Path(self.also), record)
            return
        self.objects().put(S3Address.parse(self.also) / _object_name(record), record_bytes(record))


def _object_name(record: Record) -> str:
    """One object per record, because S3 cannot append: `2026-01/31T120000123456Z-train-cells-ID.json`."""
    month, rest = record["at"][:7], record["at"][8:].replace(":", "").replace(".", "")
    return f"{month}/{rest}-{record['type']}-{record['project'][:100]}-{record['id']}.json"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return inert(f"{error.filename}: {error.strerror}")
    return inert(str(error))
