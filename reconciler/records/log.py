"""Where records go: a file a month under `.reconciler/audit`, and a file or an address in S3 where one is set.

Before an apply does anything, what is known of it is noted on disk (`reconciler.records.on_disk`) and, where records go
to
S3, put there; its record takes the place of both. A process that dies leaves its note, and the next apply in the same
folder makes it a record. No secret is in either. What cannot be written is a warning: it never hides the result of the
apply.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from reconciler.aws.clock import utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import ReconcilerError
from reconciler.records.attempt import Attempt
from reconciler.records.on_disk import AuditFolder, Note, append_record, begin, left_behind, record_bytes
from reconciler.records.record import Stamp, begun, ended
from reconciler.records.who import scrubber
from reconciler.text import inert

Record = Mapping[str, Any]
# What an object in S3 says until the record takes its place.
_RUNNING: Final = {"outcome": "begun", "message": "the apply is running, or its process ended without a word"}


class AuditLog:
    """Writes records. `also` is a further file or an address in S3; `warn` is told when one cannot be written.

    `hide` takes out secrets of the configuration; those of the environment are taken out anyway.
    """

    def __init__(  # noqa: PLR0913 - the edges come in from outside, each for itself
        self,
        folder: Path,
        also: str | None,
        objects: Callable[[], Objects],
        warn: Callable[[str], None],
        *,
        hide: Callable[[str], str] = str,
        environ: Mapping[str, str] = os.environ,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._folder, self._also, self._objects, self._warn = AuditFolder(folder), also, objects, warn
        self._environ, self._now = environ, now
        self._scrubbed = scrubber(environ, hide)

    @contextmanager
    def recording(self, attempt: Attempt, calls: Callable[[], Mapping[str, int]]) -> Iterator[Attempt]:
        """A block that is one apply; however it ends, its record is written. `calls` counts all calls so far."""
        self._close_left_behind()
        stamp, before = Stamp.of(attempt, self._now(), self._environ), Counter(calls())
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

    def _noted(self, attempt: Attempt, stamp: Stamp) -> Note | None:
        """The note of an apply that begins; None where none can be written, which the record will complain about."""
        try:
            first = self._scrubbed(begun(attempt, stamp))
            note = begin(self._folder.folder, stamp.identity, first)
        except Exception:  # noqa: BLE001 - nothing about a record may keep an apply from being made
            return None
        attempt.on_plan = lambda: self._renewed(note, attempt, stamp)
        if self._also and is_s3(self._also):
            with suppress(Exception):
                self._to_also(first | _RUNNING)
        return note

    def _renewed(self, note: Note, attempt: Attempt, stamp: Stamp) -> None:
        with suppress(Exception):
            note.add(self._scrubbed(begun(attempt, stamp)))

    def _close_left_behind(self) -> None:
        """Make records of the notes of processes that have died; a record that was written already is not repeated."""
        for note in left_behind(self._folder.folder):
            with suppress(Exception):  # a note that somebody spoiled is no reason to apply nothing
                if not self._folder.has(note.record):
                    self._to_places(note.record)
            note.end()

    def _write(self, attempt: Attempt, stamp: Stamp, calls: Mapping[str, int]) -> None:
        try:
            record = self._scrubbed(ended(attempt, stamp, self._now(), calls))
        except Exception as error:  # noqa: BLE001 - nothing about a record may hide the result of the apply
            self._warn(f"no record of this apply was written: {inert(str(error))}")
            return
        self._to_places(record)

    def _to_places(self, record: Record) -> None:
        for place in (self._folder.append, self._to_also):
            try:
                place(record)
            except Exception as error:  # noqa: BLE001 - nothing about a record may hide the result of the apply
                self._warn(f"the record of this apply was not written: {self._scrubbed(_reason(error))}")

    def _to_also(self, record: Record) -> None:
        if not self._also:
            return
        if not is_s3(self._also):
            append_record(Path(self._also), record)
            return
        self._objects().put(S3Address.parse(self._also) / _object_name(record), record_bytes(record))


def _object_name(record: Record) -> str:
    """S3 cannot append: an object a record, found by month and time: `2026-01/31T120000123456Z-train-cells-ID.json`."""
    month, rest = record["at"][:7], record["at"][8:].replace(":", "").replace(".", "")
    return f"{month}/{rest}-{record['type']}-{record['project'][:100]}-{record['id']}.json"


def _reason(error: Exception) -> str:
    if isinstance(error, ReconcilerError) or not isinstance(error, OSError):
        return inert(str(error))
    return inert(f"{error.filename}: {error.strerror}" if error.filename else str(error))
