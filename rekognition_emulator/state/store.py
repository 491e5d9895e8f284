"""Where projects, datasets, entries and tags are kept: the interface, and the one in memory."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.state.clock import Setting
    from rekognition_emulator.state.records import Dataset, Project


class Store(Protocol):
    """What the service asks of a store. Records are changed in place and then saved."""

    def transaction(self) -> AbstractContextManager[None]:
        """Everything saved inside becomes durable together, when the block ends."""

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
        """Up to `limit` entries behind `position`, in the order of first appearance, each with its position (> 0)."""

    def lines_after(self, arn: str, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Like `entries_after`, with nothing of the entries but `listed`."""

    def put_entries(self, arn: str, entries: Iterable[Entry]) -> None:
        """Replace entries of the same key where they stand; append the others."""

    def remove_entries(self, arn: str, keys: Iterable[str]) -> None:
        """Forget entries; unknown keys are ignored."""

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource; empty when it has none."""

    def save_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Keep the tags of a resource."""

    def clock(self) -> Setting | None:
        """How the emulator's clock was set last, if it was kept."""

    def save_clock(self, setting: Setting) -> None:
        """Keep how the emulator's clock is set."""

    def close(self) -> None:
        """Let go of files."""


class _Rows:
    """Entries of one dataset: positions count from 1 and are never used again."""

    def __init__(self) -> None:
        self.rows: list[Entry | None] = []
        self.places: dict[str, int] = {}

    def put(self, entry: Entry) -> None:
        place = self.places.get(entry.key)
        if place is None:
            self.places[entry.key] = len(self.rows)
            self.rows.append(entry)
        else:
            self.rows[place] = entry

    def remove(self, key: str) -> None:
        place = self.places.pop(key, None)
        if place is not None:
            self.rows[place] = None

    def after(self, position: int, limit: int) -> list[tuple[int, Entry]]:
        found: list[tuple[int, Entry]] = []
        while len(found) < limit and position < len(self.rows):
            piece = self.rows[position : position + limit]
            found += [(place, entry) for place, entry in enumerate(piece, position + 1) if entry is not None]
            position += len(piece)
        return found[:limit]


class MemoryStore:
    """A store that ends with the process."""

    def __init__(self) -> None:
        self._projects: dict[str, Project] = {}
        self._datasets: dict[str, Dataset] = {}
        self._entries: dict[str, _Rows] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def transaction(self) -> AbstractContextManager[None]:
        """Nothing to do: the service checks before it changes."""
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
        place = rows.places.get(key) if rows else None
        return rows.rows[place] if rows and place is not None else None

    def entries_after(self, arn: str, position: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` entries behind `position`."""
        rows = self._entries.get(arn)
        return rows.after(position, limit) if rows else []

    def lines_after(self, arn: str, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Like `entries_after`, with nothing of the entries but `listed`."""
        return [(place, entry.listed) for place, entry in self.entries_after(arn, position, limit)]

    def put_entries(self, arn: str, entries: Iterable[Entry]) -> None:
        """Replace entries of the same key where they stand; append the others."""
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

    def clock(self) -> Setting | None:
        """Nothing: the clock ends with the process too."""
        return None

    def save_clock(self, setting: Setting) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing is open."""
