"""The service without HTTP: decoded requests in, replies out, and the doors for tests that AWS does not have."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import model, replies, requests
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.lines import manifest
from rekognition_emulator.operations import jobs
from rekognition_emulator.operations.creation import Creation
from rekognition_emulator.operations.datasets import Datasets
from rekognition_emulator.operations.lifecycle import Lifecycle
from rekognition_emulator.operations.listing import Listing
from rekognition_emulator.operations.projects import Projects
from rekognition_emulator.operations.tags import Tags
from rekognition_emulator.state.context import ServiceContext
from rekognition_emulator.state.records import Caller, Dataset
from rekognition_emulator.state.statuses import SUCCESS, Status

if TYPE_CHECKING:
    from rekognition_emulator.lines.entries import Entry

Operation = Callable[[dict[str, Any], Caller], dict[str, Any]]


def method_name(operation: str) -> str:
    """The method for an operation: `list_dataset_entries` for `ListDatasetEntries`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


class Service:
    """The service of one emulator. Safe to call from several threads: calls run one after the other."""

    def __init__(self, context: ServiceContext | None = None) -> None:
        self.context = context or ServiceContext()
        self.lock = threading.RLock()
        self.lifecycle = Lifecycle(self.context)
        groups = [group(self.context, self.lifecycle) for group in (Projects, Creation, Datasets, Listing, Tags)]
        self._operations: dict[str, Operation] = {}
        for name in model.OPERATIONS:
            group = next(each for each in groups if hasattr(each, method_name(name)))
            self._operations[name] = getattr(group, method_name(name))

    def decode(self, operation: str, document: object) -> dict[str, Any]:
        """The request in a JSON document: see requests.decode_request."""
        return requests.decode_request(operation, document)

    def call(self, operation: str, request: dict[str, Any], caller: Caller | None = None) -> dict[str, Any]:
        """The reply to one decoded request, with listed lines as text.

        Raises:
            ServiceError: when the service refuses the request.
            ReplyError: for a reply that the service model does not allow, a defect of the emulator.
        """
        return replies.with_text_lines(self.answer(operation, request, caller))

    def answer(self, operation: str, request: dict[str, Any], caller: Caller | None = None) -> dict[str, Any]:
        """Like `call`, with listed lines as JSON strings (msgspec.Raw), as they are sent."""
        try:
            with self.lock, self.context.store.transaction():
                reply = self._operations[operation](request, caller or Caller())
        except ServiceError as error:
            if self.context.switches.refusal_texts == "generic" and error.code != "ValidationException":
                raise ServiceError(error.code) from error
            raise
        return replies.check_reply(operation, reply)

    def edit_entries(self, dataset_arn: str, lines: Iterable[str | bytes]) -> None:
        """Add and replace entries at once, like somebody else's finished update; limits and the 20 % rule do not apply.

        Raises:
            KeyError: when the dataset is not found.
            ValueError: for a line that the service would drop.
        """
        encoded = [line.encode() if isinstance(line, str) else line for line in lines]
        with self.lock, self.context.store.transaction():
            dataset = self._dataset(dataset_arn)
            batch = manifest.read_lines(encoded, self.context.judge, limited=False)
            if batch.dropped:
                raise ValueError(f"line {batch.dropped[0][0]}: {batch.dropped[0][1].value}")
            store = self.context.store
            live = partial(store.entry, dataset_arn)
            dataset.tally = manifest.tally_after(dataset.tally, batch, live, self.context.switches)
            store.put_entries(dataset_arn, batch.entries.values())
            self._edited(dataset)

    def remove_entries(self, dataset_arn: str, keys: Iterable[str]) -> None:
        """Remove entries by source-ref, which no operation of AWS can do; unknown keys are ignored.

        Raises:
            KeyError: when the dataset is not found.
        """
        with self.lock, self.context.store.transaction():
            dataset = self._dataset(dataset_arn)
            for key in keys:
                entry = self.context.store.entry(dataset_arn, key)
                if entry:
                    dataset.tally.remove(entry)
                    self.context.store.remove_entries(dataset_arn, [key])
            dataset.tally.forget_unused(keep_labels=self.context.switches.unused_labels == "kept")
            self._edited(dataset)

    def save_version(self, project_arn: str, name: str, status: str) -> None:
        """Give a project a model version in this status, or change the version's status; nothing is trained.

        Raises:
            KeyError: when the project is not found.
        """
        with self.lock, self.context.store.transaction():
            project = self.context.store.project(project_arn)
            if project is None:
                raise KeyError(project_arn)
            project.versions[name] = status
            self.context.store.save_project(project)

    def entries(self, dataset_arn: str) -> list[Entry]:
        """All entries of a dataset in order, in any status.

        Raises:
            KeyError: when the dataset is not found.
        """
        with self.lock:
            self._dataset(dataset_arn)
            return [entry for _, entry in jobs.all_entries(self.context, dataset_arn)]

    def _dataset(self, arn: str) -> Dataset:
        found = self.context.store.dataset(arn)
        current = self.lifecycle.finish_due_work(found) if found else None
        if current is None:
            raise KeyError(arn)
        return current

    def _edited(self, dataset: Dataset) -> None:
        """Set the status and the time of a finished update, unless the dataset is busy."""
        if dataset.job is None:
            dataset.status, dataset.message = Status.UPDATE_COMPLETE, self.context.switches.message_updated
            dataset.message_code = SUCCESS
            dataset.updated = max(self.context.stamp(), round(dataset.updated + 0.001, 3))
        self.context.store.save_dataset(dataset)
