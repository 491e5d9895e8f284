"""What the service should have after some calls: a small model of its documents that shares no code with the emulator.

It has the entries, statuses and due times of projects and datasets; test_call_sequences.py makes the calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_ENTRIES, MAX_LABELS = 8, 3


@dataclass
class DatasetModel:
    """What a dataset should be. `pending` are the entries of its work, which is due at `due`."""

    kind: str
    status: str = "CREATE_IN_PROGRESS"
    due: float | None = None
    pending: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, frozenset[str]] = field(default_factory=dict)
    distributing: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class ProjectModel:
    """What a project should be. `gone_at` is the end of its deletion."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, DatasetModel] = field(default_factory=dict)
    gone_at: float | None = None

    def of_kind(self, kind: str) -> DatasetModel | None:
        """The dataset of a type."""
        return next((each for each in self.datasets.values() if each.kind == kind), None)


class ExpectedState:
    """All projects by ARN, and the ARNs of everything that was deleted."""

    def __init__(self) -> None:
        self.projects: dict[str, ProjectModel] = {}
        self.deleted: list[str] = []

    def pick(self, number: int) -> tuple[ProjectModel, str, DatasetModel] | None:
        """One of the existing datasets, with its project and its ARN."""
        existing = [(p, arn, d) for p in self.projects.values() for arn, d in p.datasets.items()]
        return existing[number % len(existing)] if existing else None

    def finish_due_work(self, now: float) -> None:
        """End all work that is due."""
        for arn, project in list(self.projects.items()):
            for dataset_arn, dataset in list(project.datasets.items()):
                if dataset.due is not None and dataset.due <= now:
                    self._finish(project, dataset_arn, dataset)
            if project.gone_at is not None and project.gone_at <= now:
                self.deleted.append(arn)
                del self.projects[arn]

    def _finish(self, project: ProjectModel, arn: str, dataset: DatasetModel) -> None:
        if dataset.distributing:
            _finish_distribution(project)
            return
        dataset.due = None
        if dataset.status == "DELETE_IN_PROGRESS":
            self.deleted.append(arn)
            del project.datasets[arn]
        elif dataset.status == "CREATE_IN_PROGRESS":
            dataset.status, dataset.entries = "CREATE_COMPLETE", dict(dataset.pending)
        else:
            _finish_update(dataset)


def _finish_update(dataset: DatasetModel) -> None:
    after = dataset.entries | dataset.pending
    labels = frozenset[str]().union(*after.values())
    one_bucket = len({key.split("/")[2] for key in after}) == 1
    fits = bool(dataset.pending) and len(labels) <= MAX_LABELS and one_bucket and len(after) <= MAX_ENTRIES
    dataset.status = "UPDATE_COMPLETE" if fits else "UPDATE_FAILED"
    dataset.entries = after if fits else dataset.entries


def _finish_distribution(project: ProjectModel) -> None:
    """Every fifth entry moves, if enough are labelled."""
    train, test = (project.of_kind(kind) for kind in ("TRAIN", "TEST"))
    assert train
    assert test
    enough = sum(1 for labels in train.entries.values() if labels) >= 5
    for key in list(train.entries)[4::5] if enough else []:
        test.entries[key] = train.entries.pop(key)
    for each in (train, test):
        each.due, each.distributing = None, False
        each.status = "UPDATE_COMPLETE" if enough else "UPDATE_FAILED"
