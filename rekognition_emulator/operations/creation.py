"""CreateDataset: empty, from a manifest in S3, or a copy of a dataset.

Source: API Reference, CreateDataset; Developer Guide, Creating training and test datasets.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError, not_found
from rekognition_emulator.operations import jobs
from rekognition_emulator.state.context import ManifestError, Reply, Request, ServiceContext
from rekognition_emulator.state.records import Caller, Dataset, Job, belongs_to, dataset_arn
from rekognition_emulator.state.statuses import Status, Work

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle


class Creation:
    """CreateDataset; the other operations on datasets are in datasets.py."""

    def __init__(self, context: ServiceContext, lifecycle: Lifecycle) -> None:
        self.context = context
        self.lifecycle = lifecycle

    def create_dataset(self, request: Request, caller: Caller) -> Reply:
        """Start the creation of a dataset; the reply has its ARN.

        Raises:
            ServiceError: ResourceAlreadyExistsException for a second dataset of a type, InvalidParameterException for
                a source that has both or neither of its members, ResourceNotFoundException, InvalidS3ObjectException,
                LimitExceededException.
        """
        _check_source(request.get("DatasetSource"))
        project = self.lifecycle.project(request["ProjectArn"], caller)
        if project.gone_at is not None:
            raise not_found(project.arn)
        kind = request["DatasetType"]
        replaced = [each for each in self.lifecycle.datasets(project.arn) if self._is_replaced(each, kind)]
        source = self._source(request.get("DatasetSource"), caller)
        self.lifecycle.check_busy_limit(caller)
        for failed in replaced:
            self.context.store.remove_dataset(failed.arn)
        created = self.context.fresh_moment()
        arn = dataset_arn(project.arn, kind, round(created * 1000))
        created = round(created + self.context.switches.creation_delay, 3)
        dataset = Dataset(arn, project.arn, kind, created, created, Status.CREATE_IN_PROGRESS, "", "")
        at_once = not source and self.context.switches.empty_creation == "at once"
        due = self.context.clock.now() + (0.0 if at_once else self.context.latency.create)
        self.lifecycle.start(dataset, Job(Work.CREATE, due, source=source))
        if "dataset" in source:
            jobs.copy_entries(self.context, source["dataset"], arn)
        self.context.store.save_tags(arn, request.get("Tags", {}))
        return {"DatasetArn": arn}

    def _is_replaced(self, other: Dataset, kind: str) -> bool:
        """Whether a new dataset of type `kind` replaces this dataset of the same project.

        Raises:
            ServiceError: when the dataset is of this type and stays.
        """
        switches = self.context.switches
        deleted = other.status is Status.DELETE_IN_PROGRESS and switches.slot_while_deleting == "free"
        if other.kind != kind or deleted:
            return False
        if other.status is Status.CREATE_FAILED and not switches.create_failed_keeps_slot:
            return True
        text = f"The project already has a dataset of type {kind}: {other.arn}."
        raise ServiceError(switches.second_dataset, text)

    def _source(self, source: Request | None, caller: Caller) -> dict[str, Any]:
        if source is None:
            return {}
        if "DatasetArn" in source:
            if not belongs_to(source["DatasetArn"], caller):
                code = self.context.switches.foreign_source
                raise ServiceError(code, f"The resource {source['DatasetArn']} was not found.")
            return {"dataset": self.lifecycle.dataset(source["DatasetArn"], caller, "CreateDataset").arn}
        return {"manifest": self._manifest(source["GroundTruthManifest"]["S3Object"])}

    def _manifest(self, s3_object: Request) -> Request:
        switches = self.context.switches
        if switches.manifest_extension == "required" and not PurePosixPath(s3_object["Name"]).suffix:
            raise ServiceError("InvalidS3ObjectException")
        if switches.unreadable_manifest == "InvalidS3ObjectException":
            try:
                self.context.manifests.lines(s3_object, self.context.limits.manifest_bytes)
            except ManifestError as error:
                raise ServiceError("InvalidS3ObjectException") from error
        return s3_object


def _check_source(source: Request | None) -> None:
    """Refuse a source that is invalid by itself, before any resource is looked up.

    Raises:
        ServiceError: InvalidParameterException.
    """
    if source is None:
        return
    if ("GroundTruthManifest" in source) == ("DatasetArn" in source):
        text = "DatasetSource must have exactly one of GroundTruthManifest and DatasetArn."
        raise ServiceError("InvalidParameterException", text)
    if "DatasetArn" not in source and not {"Bucket", "Name"} <= set(source["GroundTruthManifest"].get("S3Object", {})):
        raise ServiceError("InvalidParameterException", "S3Object must have a Bucket and a Name.")
