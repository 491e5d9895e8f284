"""Write records: to one file per month under `.reconciler/audit`, and to a file or an address in S3 where one is set.

Before an apply does anything, a note of it is written on disk (`reconciler.records.on_disk`) and, where records are
written to S3, put there; its record replaces both. A killed process leaves its note, and the next apply in the same
folder turns it into a record. Neither contains a secret. A record that cannot be written is a warning: it never hides
the result of the apply.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from reconciler.aws.clock import utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.records.attempt import Attempt
from reconciler.records.on_disk import Note, append, append_record, begin, has, left_behind, record_bytes
from reconciler.records.record import Stamp, begun, ended
from reconciler.records.who import scrubber
from reconciler.text import inert

Record = Mapping[str, Any]
# The members of an object in S3 until the record replaces it.
_RUNNING: Final = {"outcome": "begun", "message": "the apply is running, or its process was killed"}


@dataclass(frozen=True, slots=True)
class AuditLog:
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
        stamp, before = Stamp.of(attempt, self.now(), self.environ), Counter(calls())
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
        """The note of an apply that begins; None when it cannot be written: writing the record will warn of it."""
        try:
            first = self._scrubbed(begun(attempt, stamp))
            note = begin(self.folder, stamp.identity, first)
        except Exception:  # noqa: BLE001 - a record must not prevent an apply
            return None

        def add_plan() -> None:
            with suppress(Exception):
                note.add(self._scrubbed(begun(attempt, stamp)))

        attempt.on_plan = add_plan
        if self.also and is_s3(self.also):
            with suppress(Exception):
                self._to_also(first | _RUNNING)
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
