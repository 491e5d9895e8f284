"""DescribeDataset, DeleteDataset, UpdateDatasetEntries, DistributeDatasetEntries.

Source: API Reference of the four operations; Developer Guide, Managing your dataset. What each status forbids stands in
statuses.py.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.protocol import violation
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.lines import payload as manifest
from rekognition_emulator.state.records import Job
from rekognition_emulator.state.statuses import Work

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.backend import Backend
    from rekognition_emulator.state.records import Caller, Dataset

Request = dict[str, Any]
Reply = dict[str, Any]


class Datasets:
    """The operations on a dataset that is there, but for its listings."""

    def __init__(self, backend: Backend, lifecycle: Lifecycle) -> None:
        self.backend = backend
        self.lifecycle = lifecycle

    def describe_dataset(self, request: Request, caller: Caller) -> Reply:
        """Status and statistics of a dataset, in any status."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller)
        tally = dataset.tally
        return {
            "DatasetDescription": {
                "CreationTimestamp": dataset.created,
                "LastUpdatedTimestamp": dataset.updated,
                **dataset.shown_status(self.backend.clock.now()),
                "DatasetStats": {
                    "LabeledEntries": tally.labeled,
                    "TotalEntries": tally.total,
                    "TotalLabels": manifest.counted_labels(tally, self.backend.switches),
                    "ErrorEntries": tally.errors,
                },
            }
        }

    def delete_dataset(self, request: Request, caller: Caller) -> Reply:
        """Begin the deletion of a dataset."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "DeleteDataset")
        self.lifecycle.allow_work(caller)
        due = self.backend.clock.now() + self.backend.latency.delete
        self.lifecycle.start(dataset, Job(Work.DELETE, due))
        return {}

    def update_dataset_entries(self, request: Request, caller: Caller) -> Reply:
        """Take a payload and judge it later: whatever is wrong with its lines shows in the status or the listing."""
        payload = request["Changes"]["GroundTruth"]
        self._payload_fits(payload)
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "UpdateDatasetEntries")
        self.lifecycle.allow_work(caller)
        self._entries_fit(dataset, payload)
        latency = self.backend.latency
        due = self.backend.clock.now() + latency.update + latency.update_megabyte * len(payload) / 1_000_000
        self.lifecycle.start(dataset, Job(Work.UPDATE, due, payload=payload))
        return {}

    def _payload_fits(self, payload: bytes) -> None:
        most, size = self.backend.switches.payload_most, len(payload)
        if self.backend.switches.payload_measured == "base64":
            size = -(-size // 3) * 4
        if size > most:
            sentence = f"Member must have length less than or equal to {most}"
            text = f"1 validation error detected: {violation(payload, 'changes.groundTruth', sentence)}"
            raise ServiceError("ValidationException", text)

    def _entries_fit(self, dataset: Dataset, payload: bytes) -> None:
        """With the switch `too_many_entries`, count what the dataset would have before the work begins."""
        if self.backend.switches.too_many_entries == "UPDATE_FAILED":
            return
        limits, switches = self.backend.limits, self.backend.switches
        batch = manifest.read(manifest.lines_of(payload), self.backend.judge)
        after = manifest.outcome(dataset.tally, batch, partial(self.backend.store.entry, dataset.arn), switches)
        most = manifest.most_entries(after, limits, switches)
        if after.total > most:
            raise ServiceError(
                "LimitExceededException", f"The dataset would have {after.total} entries; {most} may be."
            )

    def distribute_dataset_entries(self, request: Request, caller: Caller) -> Reply:
        """Begin moving 20 % of a project's TRAIN dataset to its empty TEST dataset.

        Raises:
            ServiceError: InvalidParameterException for datasets that are not such a pair.
        """
        arns = [each["Arn"] for each in request["Datasets"]]
        if _type_in(arns[0]) == "test" and self.backend.switches.distribute_order == "any":
            arns.reverse()
        if list(map(_type_in, arns)) != ["train", "test"]:
            raise ServiceError("InvalidParameterException", "One TRAIN dataset and one TEST dataset are needed.")
        train, test = (self.lifecycle.dataset(arn, caller) for arn in arns)
        if train.project_arn != test.project_arn:
            raise ServiceError("InvalidParameterException", "Both datasets must belong to the same project.")
        for dataset in (train, test):
            self.lifecycle.allow(dataset, "DistributeDatasetEntries")
        if not train.tally.total and self.backend.switches.empty_train_dataset != "UPDATE_FAILED":
            raise ServiceError(self.backend.switches.empty_train_dataset, "The TRAIN dataset must contain images.")
        if test.tally.total:
            raise ServiceError(self.backend.switches.full_test_dataset, "The TEST dataset must be empty.")
        due = self.backend.clock.now() + self.backend.latency.distribute
        for dataset in (train, test):
            source = {"train": train.arn, "test": test.arn}
            self.lifecycle.start(dataset, Job(Work.DISTRIBUTE, due, source=source))
        return {}


def _type_in(arn: str) -> str:
    """The type that a dataset's ARN names: `train` or `test`."""
    return arn.rsplit("/", 2)[1]
