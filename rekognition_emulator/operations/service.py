"""Rekognition Custom Labels: one call at a time, judged requests in, replies of the service model out."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import model, protocol, replies
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.lines import payload as manifest
from rekognition_emulator.operations import jobs
from rekognition_emulator.operations.creation import Creation
from rekognition_emulator.operations.datasets import Datasets
from rekognition_emulator.operations.lifecycle import Lifecycle
from rekognition_emulator.operations.listing import Listing
from rekognition_emulator.operations.projects import Projects
from rekognition_emulator.operations.tags import Tags
from rekognition_emulator.state.backend import Backend
from rekognition_emulator.state.records import Caller, Dataset
from rekognition_emulator.state.statuses import SUCCESS, Status

if TYPE_CHECKING:
    from rekognition_emulator.lines.entries import Entry

Operation = Callable[[dict[str, Any], Caller], dict[str, Any]]


def method_name(operation: str) -> str:
    """`ListDatasetEntries` as Python spells it: `list_dataset_entries`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


class Service:
    """The service of one emulator, safe to call from several threads: calls run one after another."""

    def __init__(self, backend: Backend | None = None) -> None:
        self.backend = backend or Backend()
        self.lock = threading.RLock()
        self.lifecycle = Lifecycle(self.backend)
        rooms = [room(self.backend, self.lifecycle) for room in (Projects, Creation, Datasets, Listing, Tags)]
        self._operations: dict[str, Operation] = {}
        for name in model.OPERATIONS:
            room = next(room for room in rooms if hasattr(room, method_name(name)))
            self._operations[name] = getattr(room, method_name(name))

    def decode(self, operation: str, document: object) -> dict[str, Any]:
        """The request as the service model reads it (see protocol.decode_request)."""
        return protocol.decode_request(operation, document)

    def call(self, operation: str, request: dict[str, Any], caller: Caller | None = None) -> dict[str, Any]:
        """Answer one judged request.

        Raises:
            ServiceError: the service's refusal.
        """
        return replies.in_plain(self.answer(operation, request, caller))

    def answer(self, operation: str, request: dict[str, Any], caller: Caller | None = None) -> dict[str, Any]:
        """Like `call`, with listed lines in the form they have on the wire (msgspec.Raw)."""
        try:
            with self.lock, self.backend.store.transaction():
                reply = self._operations[operation](request, caller or Caller())
        except ServiceError as error:
            if self.backend.switches.refusal_texts == "generic" and error.code != "ValidationException":
                raise ServiceError(error.code) from error
            raise
        return replies.checked(operation, reply)

    def edit_entries(self, dataset_arn: str, lines: Iterable[str | bytes]) -> None:
        """Upsert lines at once, as a colleague's finished update would: limits and the 20 % rule do not apply.

        Raises:
            KeyError: when there is no such dataset.
            ValueError: for a line that the service would drop.
        """
        encoded = [line.encode() if isinstance(line, str) else line for line in lines]
        with self.lock, self.backend.store.transaction():
            dataset = self._dataset(dataset_arn)
            batch = manifest.read(encoded, self.backend.judge)
            if batch.dropped:
                raise ValueError(f"line {batch.dropped[0][0]}: {batch.dropped[0][1].value}")
            store = self.backend.store
            live = partial(store.entry, dataset_arn)
            dataset.tally = manifest.outcome(dataset.tally, batch, live, self.backend.switches)
            store.put_entries(dataset_arn, batch.entries.values())
            self._edited(dataset)

    def remove_entries(self, dataset_arn: str, keys: Iterable[str]) -> None:
        """Take entries away by source-ref, which no operation of AWS can do one by one; unknown keys are ignored.

        Raises:
            KeyError: when there is no such dataset.
        """
        with self.lock, self.backend.store.transaction():
            dataset = self._dataset(dataset_arn)
            for key in keys:
                entry = self.backend.store.entry(dataset_arn, key)
                if entry:
                    dataset.tally.remove(entry)
                    self.backend.store.remove_entries(dataset_arn, [key])
            dataset.tally.settle(keep_labels=self.backend.switches.unused_labels == "kept")
            self._edited(dataset)

    def entries(self, dataset_arn: str) -> list[Entry]:
        """All entries of a dataset in order, past any page, status or filter."""
        with self.lock:
            self._dataset(dataset_arn)
            return [entry for _, entry in jobs.all_entries(self.backend, dataset_arn)]

    def _dataset(self, arn: str) -> Dataset:
        found = self.backend.store.dataset(arn)
        settled = self.lifecycle.settle(found) if found else None
        if settled is None:
            raise KeyError(arn)
        return settled

    def _edited(self, dataset: Dataset) -> None:
        """Leave the traces of a finished update, unless the dataset is busy with work of its own."""
        if dataset.job is None:
            dataset.status, dataset.message = Status.UPDATE_COMPLETE, self.backend.switches.message_updated
            dataset.message_code = SUCCESS
            dataset.updated = max(self.backend.stamp(), round(dataset.updated + 0.001, 3))
        self.backend.store.save_dataset(dataset)
