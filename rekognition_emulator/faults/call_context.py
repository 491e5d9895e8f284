"""What a fault may see and do: the call it fires on, and the service behind it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations import jobs
from rekognition_emulator.operations.admission import access_denied, needed_permissions
from rekognition_emulator.operations.listing import Listing
from rekognition_emulator.state.records import Dataset, Job
from rekognition_emulator.state.statuses import Work
from rekognition_emulator.state.store import MemoryStore

if TYPE_CHECKING:
    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.records import Caller


class HangUp(Exception):
    """Resets the connection; no response is sent."""


class _OldEntries(MemoryStore):
    """The entries of one dataset as they were at some moment, with their positions in the real store."""

    def __init__(self, rows: list[tuple[int, Entry]]) -> None:
        super().__init__()
        self._rows = rows

    def entries_after(self, arn: str, position: int, limit: int) -> list[tuple[int, Entry]]:
        """Up to `limit` of the old entries after `position`."""
        del arn
        return [row for row in self._rows if row[0] > position][:limit]


@dataclass
class StaleReplies:
    """Old descriptions and entries by dataset ARN, each with the number of reads that it still answers."""

    descriptions: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    listings: dict[str, tuple[int, MemoryStore]] = field(default_factory=dict)


def _encoded(line: object) -> bytes:
    return (line if isinstance(line, str) else json.dumps(line)).encode()


@dataclass
class CallContext:
    """One call and the service behind it; `stale_replies` is shared by all calls.

    Every method takes the service's lock, because calls of other clients run at the same time.
    """

    operation: str
    request: dict[str, Any]
    caller: Caller
    service: Service
    stale_replies: StaleReplies
    request_id: str = ""
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that the call is about, with its due work done; None when there is none."""
        with self.service.lock:
            found = self._named_dataset()
            return self.service.lifecycle.finish_due_work(found) if found else None

    def _named_dataset(self) -> Dataset | None:
        """The dataset that the call is about or has just created, without doing its due work."""
        several = self.request.get("Datasets")
        arn = self.reply.get("DatasetArn") or (several[0]["Arn"] if several else self.request.get("DatasetArn"))
        return self.service.context.store.dataset(str(arn))

    def denial(self) -> str:
        """AWS's message for a caller who may not make this call."""
        action, resource = next(needed_permissions(self.operation, self.request, self.service.context.switches))
        return access_denied(self.caller, action, resource).message

    def hang_up(self) -> None:
        """Reset the connection now.

        Raises:
            HangUp: always.
        """
        raise HangUp

    def pause(self, seconds: float) -> None:
        """Let `seconds` pass on the emulator's clock."""
        self.service.context.clock.pause(seconds)

    def time_text(self, shift: float = 0.0) -> str:
        """The time now plus `shift` seconds, in the form of SigV4: 20260131T235959Z."""
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.service.context.clock.now() + shift))

    def repeat_description(self, reads: int) -> None:
        """Answer the next `reads` DescribeDataset calls with the present description."""
        with self.service.lock:
            dataset = self.dataset
            if dataset:
                shown = self.service.call("DescribeDataset", {"DatasetArn": dataset.arn}, self.caller)
                self.stale_replies.descriptions[dataset.arn] = (reads, shown)

    def repeat_listing(self, reads: int) -> None:
        """Answer the next `reads` ListDatasetEntries calls from the present entries."""
        with self.service.lock:
            dataset = self.dataset
            if dataset:
                rows = list(jobs.all_entries(self.service.context, dataset.arn))
                self.stale_replies.listings[dataset.arn] = (reads, _OldEntries(rows))

    def stale_reply(self) -> dict[str, Any] | None:
        """The reply from before an update, if this call gets one; None otherwise. Counts the read."""
        with self.service.lock:
            return self._stale_reply()

    def _stale_reply(self) -> dict[str, Any] | None:
        arn = self.request.get("DatasetArn", "")
        if self.operation == "DescribeDataset" and self.stale_replies.descriptions.get(arn, (0,))[0]:
            left, shown = self.stale_replies.descriptions[arn]
            self.stale_replies.descriptions[arn] = (left - 1, shown)
            return shown
        if self.operation == "ListDatasetEntries" and self.stale_replies.listings.get(arn, (0,))[0]:
            left, store = self.stale_replies.listings[arn]
            self.stale_replies.listings[arn] = (left - 1, store)
            context = replace(self.service.context, store=store)
            return Listing(context, self.service.lifecycle).list_dataset_entries(self.request, self.caller)
        return None

    def add_job_fault(self, name: str, options: dict[str, Any]) -> None:
        """Store a fault in the job that this call started; nothing happens when it started none."""
        with self.service.lock, self.service.context.store.transaction():
            dataset = self._named_dataset()
            if dataset and dataset.job:
                dataset.job.faults[name] = options
                self.service.context.store.save_dataset(dataset)

    def edit(self, lines: list[Any], remove: list[str]) -> None:
        """Add, replace and remove entries at once.

        Raises:
            ValueError: for a line that the service would drop.
        """
        with self.service.lock:
            dataset = self.dataset
            if dataset and lines:
                self.service.edit_entries(dataset.arn, [_encoded(line) for line in lines])
            if dataset and remove:
                self.service.remove_entries(dataset.arn, remove)

    def start_update(self, lines: list[Any], seconds: float) -> None:
        """Start somebody else's update, unless the dataset is busy."""
        payload, due = b"\n".join(_encoded(line) for line in lines), self.service.context.clock.now() + seconds
        with self.service.lock, self.service.context.store.transaction():
            dataset = self.dataset
            if dataset and dataset.job is None:
                self.service.lifecycle.start(dataset, Job(Work.UPDATE, due, payload=payload))

    def recreate(self) -> None:
        """Replace the dataset by an empty one of the same type with a new ARN."""
        with self.service.lock, self.service.context.store.transaction():
            dataset = self.dataset
            if dataset:
                self.service.context.store.remove_dataset(dataset.arn)
                self._create(dataset.project_arn, dataset.kind)

    def _create(self, project_arn: str, kind: str) -> str:
        request = {"ProjectArn": project_arn, "DatasetType": kind}
        arn: str = self.service.call("CreateDataset", request, self.caller)["DatasetArn"]
        created = self.service.context.store.dataset(arn)
        if created and created.job:
            created.job.due = self.service.context.clock.now()
        return arn

    def distribute(self) -> None:
        """Distribute the project's TRAIN dataset; nothing happens when the service refuses it."""
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
