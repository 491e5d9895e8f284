"""DescribeDataset, DeleteDataset, UpdateDatasetEntries, DistributeDatasetEntries.

Source: API Reference of the four operations; Developer Guide, Managing your dataset. state/statuses.py
has the operations that a status forbids.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rekognition_emulator.aws_json.requests import violation
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.lines import manifest
from rekognition_emulator.state.records import Job
from rekognition_emulator.state.statuses import Work

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.context import Reply, Request, ServiceContext
    from rekognition_emulator.state.records import Caller, Dataset


class Datasets:
    """The operations on an existing dataset, without its listings."""

    def __init__(self, context: ServiceContext, lifecycle: Lifecycle) -> None:
        self.context = context
        self.lifecycle = lifecycle

    def describe_dataset(self, request: Request, caller: Caller) -> Reply:
        """The status and the statistics of a dataset, in any status."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller)
        tally, updated = dataset.tally, dataset.updated
        whole = self.context.switches.last_updated == "seconds"
        return {
            "DatasetDescription": {
                "CreationTimestamp": dataset.created,
                "LastUpdatedTimestamp": float(int(updated)) if whole else updated,
                **dataset.shown_status(self.context.clock.now()),
                "DatasetStats": {
                    "LabeledEntries": tally.labeled,
                    "TotalEntries": tally.total,
                    "TotalLabels": manifest.counted_labels(tally, self.context.switches),
                    "ErrorEntries": tally.errors,
                },
            }
        }

    def delete_dataset(self, request: Request, caller: Caller) -> Reply:
        """Start the deletion of a dataset."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "DeleteDataset")
        self.lifecycle.check_busy_limit(caller)
        due = self.context.clock.now() + self.context.latency.delete
        self.lifecycle.start(dataset, Job(Work.DELETE, due))
        return {}

    def update_dataset_entries(self, request: Request, caller: Caller) -> Reply:
        """Start an update. The payload is judged when the update ends: mistakes show in the status or the listing."""
        payload = request["Changes"]["GroundTruth"]
        self._check_payload_size(payload)
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "UpdateDatasetEntries")
        self.lifecycle.check_busy_limit(caller)
        self._check_entry_limit(dataset, payload)
        latency = self.context.latency
        due = self.context.clock.now() + latency.update + latency.update_megabyte * len(payload) / 1_000_000
        self.lifecycle.start(dataset, Job(Work.UPDATE, due, payload=payload))
        return {}

    def _check_payload_size(self, payload: bytes) -> None:
        most, size = self.context.switches.payload_most, len(payload)
        if self.context.switches.payload_measured == "base64":
            size = -(-size // 3) * 4
        if size > most:
            sentence = f"Member must have length less than or equal to {most}"
            text = f"1 validation error detected: {violation(payload, 'changes.groundTruth', sentence)}"
            if self.context.switches.too_large_payload == "HTTP 413":
                raise ServiceError("RequestEntityTooLargeException", status=413)
            raise ServiceError("ValidationException", text)

    def _check_entry_limit(self, dataset: Dataset, payload: bytes) -> None:
        """With the switch `too_many_entries`: refuse an update that would make the dataset too large."""
        if self.context.switches.too_many_entries == "UPDATE_FAILED":
            return
        limits, switches = self.context.limits, self.context.switches
        batch = manifest.read_lines(manifest.lines_of(payload), self.context.judge)
        after = manifest.tally_after(dataset.tally, batch, partial(self.context.store.entry, dataset.arn), switches)
        most = manifest.max_entries(after, limits, switches)
        if after.total > most:
            raise ServiceError(
                "LimitExceededException", f"The dataset would have {after.total} entries; the limit is {most}."
            )

    def distribute_dataset_entries(self, request: Request, caller: Caller) -> Reply:
        """Start to move 20 % of a project's TRAIN dataset to its empty TEST dataset.

        Raises:
            ServiceError: InvalidParameterException for datasets that are not such a pair, ResourceNotFoundException,
                ResourceNotReadyException for a dataset that is busy or was not created.
        """
        arns = [each["Arn"] for each in request["Datasets"]]
        if _type_in(arns[0]) == "test" and self.context.switches.distribute_order == "any":
            arns.reverse()
        if list(map(_type_in, arns)) != ["train", "test"]:
            raise ServiceError(
                "InvalidParameterException", "Datasets must name one TRAIN dataset and one TEST dataset."
            )
        train, test = (self.lifecycle.dataset(arn, caller) for arn in arns)
        if train.project_arn != test.project_arn:
            raise ServiceError("InvalidParameterException", "Both datasets must belong to the same project.")
        for dataset in (train, test):
            self.lifecycle.check_status(dataset, "DistributeDatasetEntries")
        if not train.tally.total and self.context.switches.empty_train_dataset != "UPDATE_FAILED":
            raise ServiceError(self.context.switches.empty_train_dataset, "The TRAIN dataset must contain images.")
        if test.tally.total:
            raise ServiceError(self.context.switches.full_test_dataset, "The TEST dataset must be empty.")
        due = self.context.clock.now() + self.context.latency.distribute
        for dataset in (train, test):
            source = {"train": train.arn, "test": test.arn}
            self.lifecycle.start(dataset, Job(Work.DISTRIBUTE, due, source=source))
        return {}


def _type_in(arn: str) -> str:
    """The type in the ARN of a dataset: `train` or `test`."""
    return arn.rsplit("/", 2)[1]
