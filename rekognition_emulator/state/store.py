"""The interface of a store of projects, datasets, entries and tags, and the store in memory."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.state.clock import ClockSetting
    from rekognition_emulator.state.records import Dataset, Project


class Store(Protocol):
    """What the service needs of a store. Records are changed in place and then saved."""

    def transaction(self) -> AbstractContextManager[None]:
        """Everything that the block saves becomes durable together, when it ends."""

    def projects(self) -> list[Project]:
        """All projects in the order of creation."""

    def project(self, arn: str) -> Project | None:
        """The project with this ARN."""

    def save_project(self, project: Project) -> None:
        """Keep a new or changed project."""

    def remove_project(self, arn: str) -> None:
        """Forget a project and its tags."""

    def datasets(self, project_arn: str | None = None) -> list[Dataset]:
        """The datasets of a project, or all, in the order of creation."""

    def dataset(self, arn: str) -> Dataset | None:
        """The dataset with this ARN."""

    def save_dataset(self, dataset: Dataset) -> None:
        """Keep a new or changed dataset."""

    def remove_dataset(self, arn: str) -> None:
        """Forget a dataset, its entries and its tags."""

    def entry(self, arn: str, key: str) -> Entry | None:
        """The entry of a dataset with this source-ref."""

    def entries_after(self, arn: str, position: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` entries after `position`, in the order of first appearance, each with its position (> 0)."""

    def lines_after(self, arn: str, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Like `entries_after`, but only `listed` of each entry."""

    def put_entries(self, arn: str, entries: Iterable[Entry]) -> None:
        """Replace entries with the same key, which keep their positions; append the others."""

    def remove_entries(self, arn: str, keys: Iterable[str]) -> None:
        """Forget entries; unknown keys are ignored."""

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource; empty when it has none."""

    def save_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Keep the tags of a resource."""

    def clock(self) -> ClockSetting | None:
        """How the emulator's clock was last set; None when that is unknown."""

    def save_clock(self, setting: ClockSetting) -> None:
        """Keep how the emulator's clock is set."""

    def close(self) -> None:
        """Close open files."""


class _Rows:
    """The entries of one dataset; positions count from 1 and are never used again."""

    def __init__(self) -> None:
        self.rows: list[Entry | None] = []
        self.indexes: dict[str, int] = {}

    def put(self, entry: Entry) -> None:
        index = self.indexes.get(entry.key)
        if index is None:
            self.indexes[entry.key] = len(self.rows)
            self.rows.append(entry)
        else:
            self.rows[index] = entry

    def remove(self, key: str) -> None:
        index = self.indexes.pop(key, None)
        if index is not None:
            self.rows[index] = None

    def after(self, position: int, limit: int) -> list[tuple[int, Entry]]:
        found: list[tuple[int, Entry]] = []
        while len(found) < limit and position < len(self.rows):
            piece = self.rows[position : position + limit]
            found += [(place, entry) for place, entry in enumerate(piece, position + 1) if entry is not None]
            position += len(piece)
        return found[:limit]


class MemoryStore:
    """A store in memory, which ends with the process."""

    def __init__(self) -> None:
        self._projects: dict[str, Project] = {}
        self._datasets: dict[str, Dataset] = {}
        self._entries: dict[str, _Rows] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def transaction(self) -> AbstractContextManager[None]:
        """Nothing to do: the service checks a request before it changes records."""
        return nullcontext()

    def projects(self) -> list[Project]:
        """All projects in the order of creation."""
        return list(self._projects.values())

    def project(self, arn: str) -> Project | None:
        """The project with this ARN."""
        return self._projects.get(arn)

    def save_project(self, project: Project) -> None:
        """Keep a new or changed project."""
        self._projects[project.arn] = project

    def remove_project(self, arn: str) -> None:
        """Forget a project and its tags."""
        del self._projects[arn]
        self._tags.pop(arn, None)

    def datasets(self, project_arn: str | None = None) -> list[Dataset]:
        """The datasets of a project, or all, in the order of creation."""
        return [each for each in self._datasets.values() if project_arn in (None, each.project_arn)]

    def dataset(self, arn: str) -> Dataset | None:
        """The dataset with this ARN."""
        return self._datasets.get(arn)

    def save_dataset(self, dataset: Dataset) -> None:
        """Keep a new or changed dataset."""
        self._datasets[dataset.arn] = dataset

    def remove_dataset(self, arn: str) -> None:
        """Forget a dataset, its entries and its tags."""
        del self._datasets[arn]
        self._entries.pop(arn, None)
        self._tags.pop(arn, None)

    def entry(self, arn: str, key: str) -> Entry | None:
        """The entry of a dataset with this source-ref."""
        rows = self._entries.get(arn)
        index = rows.indexes.get(key) if rows else None
        return rows.rows[index] if rows and index is not None else None

    def entries_after(self, arn: str, position: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` entries after `position`."""
        rows = self._entries.get(arn)
        return rows.after(position, limit) if rows else []

    def lines_after(self, arn: str, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Like `entries_after`, but only `listed` of each entry."""
        return [(place, entry.listed) for place, entry in self.entries_after(arn, position, limit)]

    def put_entries(self, arn: str, entries: Iterable[Entry]) -> None:
        """Replace entries with the same key, which keep their positions; append the others."""
        rows = self._entries.setdefault(arn, _Rows())
        for entry in entries:
            rows.put(entry)

    def remove_entries(self, arn: str, keys: Iterable[str]) -> None:
        """Forget entries; unknown keys are ignored."""
        rows = self._entries.setdefault(arn, _Rows())
        for key in keys:
            rows.remove(key)

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource."""
        return dict(self._tags.get(arn, {}))

    def save_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Keep the tags of a resource."""
        self._tags[arn] = dict(tags)

    def clock(self) -> ClockSetting | None:
        """None: the clock ends with the process."""
        return None

    def save_clock(self, setting: ClockSetting) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing is open."""
