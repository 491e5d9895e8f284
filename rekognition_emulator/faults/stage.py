"""The call during which a fault strikes: what a fault may see and do."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations import jobs
from rekognition_emulator.operations.listing import Listing
from rekognition_emulator.operations.quota import denied, needed
from rekognition_emulator.state.records import Dataset, Job
from rekognition_emulator.state.statuses import Work
from rekognition_emulator.state.store import MemoryStore

if TYPE_CHECKING:
    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.records import Caller


class HangUp(Exception):
    """The connection is to be reset without an answer."""


class _Before(MemoryStore):
    """The entries of one dataset as they were; positions are those of the real store."""

    def __init__(self, rows: list[tuple[int, Entry]]) -> None:
        super().__init__()
        self._kept = rows

    def entries_after(self, arn: str, position: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` of the old entries behind `position`."""
        del arn
        return [row for row in self._kept if row[0] > position][:limit]


@dataclass
class Views:
    """Old descriptions and listings by dataset, each with the number of reads it is still shown for."""

    descriptions: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    listings: dict[str, tuple[int, MemoryStore]] = field(default_factory=dict)


def _encoded(line: object) -> bytes:
    return (line if isinstance(line, str) else json.dumps(line)).encode()


@dataclass
class Stage:
    """One call and the service behind it; `views` outlives the call.

    Whatever a fault sees or changes it does under the service's lock: calls of other clients run at the same time.
    """

    operation: str
    request: dict[str, Any]
    caller: Caller
    service: Service
    views: Views
    request_id: str = ""
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def dataset(self) -> Dataset | None:
        """The dataset the call is about, as it is now."""
        with self.service.lock:
            found = self._unsettled()
            return self.service.lifecycle.settle(found) if found else None

    def _unsettled(self) -> Dataset | None:
        """The dataset the call is about, or has just created, without doing its due work."""
        several = self.request.get("Datasets")
        arn = self.reply.get("DatasetArn") or (several[0]["Arn"] if several else self.request.get("DatasetArn"))
        return self.service.backend.store.dataset(str(arn))

    def denial(self) -> str:
        """The sentence that refuses the caller this call."""
        action, resource = next(needed(self.operation, self.request, self.service.backend.switches))
        return denied(self.caller, action, resource).message

    def hang_up(self) -> None:
        """Reset the connection now."""
        raise HangUp

    def pause(self, seconds: float) -> None:
        """Let time pass on the emulator's clock."""
        self.service.backend.clock.pause(seconds)

    def time_text(self, shift: float = 0.0) -> str:
        """The present moment, shifted by seconds, as SigV4 writes it."""
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.service.backend.clock.now() + shift))

    def keep_description(self, reads: int) -> None:
        """Show the present description for so many reads."""
        with self.service.lock:
            dataset = self.dataset
            if dataset:
                shown = self.service.call("DescribeDataset", {"DatasetArn": dataset.arn}, self.caller)
                self.views.descriptions[dataset.arn] = (reads, shown)

    def keep_listing(self, reads: int) -> None:
        """Show the present entries for so many pages."""
        with self.service.lock:
            dataset = self.dataset
            if dataset:
                rows = list(jobs.all_entries(self.service.backend, dataset.arn))
                self.views.listings[dataset.arn] = (reads, _Before(rows))

    def old_reply(self) -> dict[str, Any] | None:
        """The reply from an old view, if this call is to be answered from one."""
        with self.service.lock:
            return self._old_reply()

    def _old_reply(self) -> dict[str, Any] | None:
        arn = self.request.get("DatasetArn", "")
        if self.operation == "DescribeDataset" and self.views.descriptions.get(arn, (0,))[0]:
            left, shown = self.views.descriptions[arn]
            self.views.descriptions[arn] = (left - 1, shown)
            return shown
        if self.operation == "ListDatasetEntries" and self.views.listings.get(arn, (0,))[0]:
            left, store = self.views.listings[arn]
            self.views.listings[arn] = (left - 1, store)
            backend = replace(self.service.backend, store=store)
            return Listing(backend, self.service.lifecycle).list_dataset_entries(self.request, self.caller)
        return None

    def note(self, name: str, options: dict[str, Any]) -> None:
        """Leave a note in the job this call began."""
        with self.service.lock, self.service.backend.store.transaction():
            dataset = self._unsettled()
            if dataset and dataset.job:
                dataset.job.twist[name] = options
                self.service.backend.store.save_dataset(dataset)

    def edit(self, lines: list[Any], remove: list[str]) -> None:
        """Upsert and remove entries at once."""
        with self.service.lock:
            dataset = self.dataset
            if dataset and lines:
                self.service.edit_entries(dataset.arn, [_encoded(line) for line in lines])
            if dataset and remove:
                self.service.remove_entries(dataset.arn, remove)

    def start_update(self, lines: list[Any], seconds: float) -> None:
        """Make the dataset busy with somebody else's update, unless it is busy already."""
        payload, due = b"\n".join(_encoded(line) for line in lines), self.service.backend.clock.now() + seconds
        with self.service.lock, self.service.backend.store.transaction():
            dataset = self.dataset
            if dataset and dataset.job is None:
                self.service.lifecycle.start(dataset, Job(Work.UPDATE, due, payload=payload))

    def recreate(self) -> None:
        """Replace the dataset by an empty one with a new ARN."""
        with self.service.lock, self.service.backend.store.transaction():
            dataset = self.dataset
            if dataset:
                self.service.backend.store.remove_dataset(dataset.arn)
                self._create(dataset.project_arn, dataset.kind)

    def _create(self, project_arn: str, kind: str) -> str:
        request = {"ProjectArn": project_arn, "DatasetType": kind}
        arn: str = self.service.call("CreateDataset", request, self.caller)["DatasetArn"]
        created = self.service.backend.store.dataset(arn)
        if created and created.job:
            created.job.due = self.service.backend.clock.now()
        return arn

    def distribute(self) -> None:
        """Distribute the project's TRAIN dataset; what the service refuses does not happen."""
        with self.service.lock:
            dataset = self.dataset
            if dataset:
                self._distribute(dataset)

    def _distribute(self, dataset: Dataset) -> None:
        arns = {each.kind: each.arn for each in self.service.lifecycle.datasets(dataset.project_arn)}
        with suppress(ServiceError, KeyError):
            test = arns.get("TEST") or self._create(dataset.project_arn, "TEST")
            request = {"Datasets": [{"Arn": arns["TRAIN"]}, {"Arn": test}]}
            self.service.call("DistributeDatasetEntries", request, self.caller)
