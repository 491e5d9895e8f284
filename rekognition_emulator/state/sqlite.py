"""The store in a SQLite file, which survives a kill of the process at any moment.

Projects, datasets and tags are few and are also held in memory; entries are read from the file. The file is locked
while it is open: one process at a time can use it.

The query of a page names the index on `ds`, because SQLite otherwise takes the unique index and sorts: 34 ms per page
instead of 0.05 (measured with 250,000 rows).
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError
from rekognition_emulator.lines.entries import Entry, LabelCount, Tally
from rekognition_emulator.lines.labels import shared_tuple
from rekognition_emulator.state.clock import ClockSetting
from rekognition_emulator.state.records import Dataset, Job, Project
from rekognition_emulator.state.statuses import Status, Work
from rekognition_emulator.state.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FORMAT = 2
_FAULTS = "twist"  # the name of Job.faults in a file of this format
_PAGE_BYTES = 16_384  # a dozen lines: listing and loading are a quarter faster than with SQLite's 4096
_SCHEMA = """
CREATE TABLE IF NOT EXISTS project (id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT UNIQUE, data TEXT);
CREATE TABLE IF NOT EXISTS dataset (id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT UNIQUE, data TEXT, payload BLOB);
CREATE TABLE IF NOT EXISTS tags (arn TEXT PRIMARY KEY, data TEXT);
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), frozen REAL, ahead REAL NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, ds INTEGER NOT NULL, key TEXT NOT NULL, listed BLOB, facts TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS entry_key ON entry(ds, key);
CREATE INDEX IF NOT EXISTS entry_ds ON entry(ds);
"""

_PAGE = "SELECT {} FROM entry INDEXED BY entry_ds WHERE ds = ? AND seq > ? ORDER BY seq LIMIT ?"


class StateFileError(Exception):
    """The state file cannot be used; the text has the reason and what to do."""


def _facts(entry: Entry) -> str:
    return json.dumps(entry[2:], separators=(",", ":"))


def _entry(key: str, listed: bytes, facts: str) -> Entry:
    bucket, declared, used, boxed, labeled, errors = json.loads(facts)
    names = [shared_tuple(tuple(names)) for names in (declared, used, boxed)]
    return Entry(key, listed, bucket, names[0], names[1], names[2], labeled, errors)


def _dataset(text: str, payload: bytes | None) -> Dataset:
    data: dict[str, Any] = json.loads(text)
    tally, job = data.pop("tally"), data.pop("job")
    labels = {name: LabelCount(**count) for name, count in tally.pop("labels").items()}
    restored = Dataset(**data | {"status": Status(data["status"])}, tally=Tally(**tally, labels=labels))
    if job:
        job["faults"] = job.pop(_FAULTS)
        restored.job = Job(**job | {"work": Work(job["work"]), "payload": payload or b""})
    return restored


def _dataset_row(dataset: Dataset) -> tuple[str, bytes | None]:
    payload = dataset.job.payload if dataset.job else None
    data = asdict(dataset)
    if data["job"]:
        data["job"]["payload"] = None
        data["job"][_FAULTS] = data["job"].pop("faults")
    return json.dumps(data), payload


class SqliteStore(MemoryStore):
    """A store in one file.

    Raises:
        StateFileError: when a different process has the file open, or it is not a state file of this version.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._depth = 0
        self._ids: dict[str, int] = {}
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
            self._open()
        except sqlite3.Error as error:
            self.close()
            cure = "Check the path, stop the emulator that uses the file, or use a new file."
            raise StateFileError(f"{path} cannot be used as a state file: {error}. {cure}") from error

    def _open(self) -> None:
        self._db.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a new file; an older one keeps its own
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing with this, a power failure may lose the last calls.
        self._db.execute("PRAGMA synchronous = NORMAL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, FORMAT):
            raise sqlite3.DatabaseError(f"its format is {version}, this emulator needs {FORMAT}")
        if version == 0 and self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("it is the database of a different program")
        self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
        self._load()

    def _load(self) -> None:
        projects = self._db.execute("SELECT data FROM project ORDER BY id")
        self._projects = {each.arn: each for each in (Project(**json.loads(data)) for (data,) in projects)}
        rows = self._db.execute("SELECT id, arn, data, payload FROM dataset ORDER BY id").fetchall()
        self._ids = {arn: number for number, arn, _, _ in rows}
        self._datasets = {arn: _dataset(data, payload) for _, arn, data, payload in rows}
        self._tags = {arn: json.loads(data) for arn, data in self._db.execute("SELECT arn, data FROM tags")}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; but work that was due is kept when the service refuses the call (ServiceError)."""
        self._depth += 1
        try:
            yield
        except ServiceError:
            raise
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                self._load()
            raise
        finally:
            self._depth -= 1
            if not self._depth and self._db.in_transaction:
                self._db.execute("COMMIT")

    def _writing(self) -> sqlite3.Connection:
        """The connection, in a transaction if the service started one."""
        if self._depth and not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        return self._db

    def save_project(self, project: Project) -> None:
        """Keep a new or changed project."""
        super().save_project(project)
        self._writing().execute(
            "INSERT INTO project (arn, data) VALUES (?, ?) ON CONFLICT (arn) DO UPDATE SET data = excluded.data",
            (project.arn, json.dumps(asdict(project))),
        )

    def remove_project(self, arn: str) -> None:
        """Forget a project and its tags."""
        super().remove_project(arn)
        self._writing().execute("DELETE FROM project WHERE arn = ?", (arn,))
        self._writing().execute("DELETE FROM tags WHERE arn = ?", (arn,))

    def save_dataset(self, dataset: Dataset) -> None:
        """Keep a new or changed dataset."""
        super().save_dataset(dataset)
        row = self._writing().execute(
            "INSERT INTO dataset (arn, data, payload) VALUES (?, ?, ?) ON CONFLICT (arn) "
            "DO UPDATE SET data = excluded.data, payload = excluded.payload RETURNING id",
            (dataset.arn, *_dataset_row(dataset)),
        )
        self._ids[dataset.arn] = row.fetchone()[0]

    def remove_dataset(self, arn: str) -> None:
        """Forget a dataset, its entries and its tags."""
        super().remove_dataset(arn)
        database = self._writing()
        database.execute("DELETE FROM entry WHERE ds = ?", (self._ids.pop(arn),))
        database.execute("DELETE FROM dataset WHERE arn = ?", (arn,))
        database.execute("DELETE FROM tags WHERE arn = ?", (arn,))

    def entry(self, arn: str, key: str) -> Entry | None:
        """The entry of a dataset with this source-ref."""
        query = "SELECT key, listed, facts FROM entry WHERE ds = ? AND key = ?"
        row = self._db.execute(query, (self._ids[arn], key)).fetchone()
        return _entry(*row) if row else None

    def entries_after(self, arn: str, position: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` entries after `position`."""
        rows = self._db.execute(_PAGE.format("seq, key, listed, facts"), (self._ids.get(arn), position, limit))
        return [(seq, _entry(key, listed, facts)) for seq, key, listed, facts in rows]

    def lines_after(self, arn: str, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Like `entries_after`, but only `listed` of each entry."""
        return self._db.execute(_PAGE.format("seq, listed"), (self._ids.get(arn), position, limit)).fetchall()

    def put_entries(self, arn: str, entries: Iterable[Entry]) -> None:
        """Replace entries with the same key, which keep their positions; append the others."""
        number = self._ids[arn]
        self._writing().executemany(
            "INSERT INTO entry (ds, key, listed, facts) VALUES (?, ?, ?, ?) ON CONFLICT (ds, key) "
            "DO UPDATE SET listed = excluded.listed, facts = excluded.facts",
            ((number, entry.key, entry.listed, _facts(entry)) for entry in entries),
        )

    def remove_entries(self, arn: str, keys: Iterable[str]) -> None:
        """Forget entries; unknown keys are ignored."""
        number = self._ids[arn]
        query = "DELETE FROM entry WHERE ds = ? AND key = ?"
        self._writing().executemany(query, ((number, key) for key in keys))

    def save_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Keep the tags of a resource."""
        super().save_tags(arn, tags)
        self._writing().execute("INSERT OR REPLACE INTO tags (arn, data) VALUES (?, ?)", (arn, json.dumps(tags)))

    def clock(self) -> ClockSetting | None:
        """How the clock was last set; None when it never was."""
        row = self._db.execute("SELECT frozen, ahead FROM clock").fetchone()
        return ClockSetting(*row) if row else None

    def save_clock(self, setting: ClockSetting) -> None:
        """Keep how the clock is set."""
        self._writing().execute("INSERT OR REPLACE INTO clock (id, frozen, ahead) VALUES (1, ?, ?)", setting)

    def close(self) -> None:
        """Close the file; SQLite moves its write-ahead log into it."""
        if hasattr(self, "_db"):
            self._db.close()
