"""CreateDataset: empty, from a manifest in S3, or a copy of another dataset.

Source: API Reference, CreateDataset; Developer Guide, Creating training and test datasets.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError, not_found
from rekognition_emulator.operations import jobs
from rekognition_emulator.state.backend import Backend, ManifestError
from rekognition_emulator.state.records import Caller, Dataset, Job, belongs_to, dataset_arn
from rekognition_emulator.state.statuses import Status, Work

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle

Request = dict[str, Any]
Reply = dict[str, Any]


class Creation:
    """The operation that makes a dataset."""

    def __init__(self, backend: Backend, lifecycle: Lifecycle) -> None:
        self.backend = backend
        self.lifecycle = lifecycle

    def create_dataset(self, request: Request, caller: Caller) -> Reply:
        """Begin a dataset: empty, from a manifest in S3, or a copy.

        Raises:
            ServiceError: ResourceAlreadyExistsException for a second dataset of a type, InvalidParameterException for
                a source that is both or neither, ResourceNotFoundException, InvalidS3ObjectException,
                LimitExceededException.
        """
        _judge_source(request.get("DatasetSource"))
        project = self.lifecycle.project(request["ProjectArn"], caller)
        if project.gone_at is not None:
            raise not_found(project.arn)
        kind = request["DatasetType"]
        replaced = [each for each in self.lifecycle.datasets(project.arn) if self._gives_way(each, kind)]
        source = self._source(request.get("DatasetSource"), caller)
        self.lifecycle.allow_work(caller)
        for failed in replaced:
            self.backend.store.remove_dataset(failed.arn)
        created = self.backend.fresh_moment()
        arn = dataset_arn(project.arn, kind, round(created * 1000))
        created = round(created + self.backend.switches.creation_delay, 3)
        dataset = Dataset(arn, project.arn, kind, created, created, Status.CREATE_IN_PROGRESS, "", "")
        at_once = not source and self.backend.switches.empty_creation == "at once"
        due = self.backend.clock.now() + (0.0 if at_once else self.backend.latency.create)
        self.lifecycle.start(dataset, Job(Work.CREATE, due, source=source))
        if "dataset" in source:
            jobs.begin_copy(self.backend, source["dataset"], arn)
        self.backend.store.save_tags(arn, request.get("Tags", {}))
        return {"DatasetArn": arn}

    def _gives_way(self, other: Dataset, kind: str) -> bool:
        """Whether another dataset of the project makes room for a new one of type `kind`.

        Raises:
            ServiceError: when it is of this type and does not.
        """
        switches = self.backend.switches
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
                code = self.backend.switches.foreign_source
                raise ServiceError(code, f"The resource {source['DatasetArn']} was not found.")
            return {"dataset": self.lifecycle.dataset(source["DatasetArn"], caller, "CreateDataset").arn}
        return {"manifest": self._manifest(source["GroundTruthManifest"]["S3Object"])}

    def _manifest(self, s3_object: Request) -> Request:
        switches = self.backend.switches
        if switches.manifest_extension == "required" and not PurePosixPath(s3_object["Name"]).suffix:
            raise ServiceError("InvalidS3ObjectException")
        if switches.unreadable_manifest == "InvalidS3ObjectException":
            try:
                self.backend.manifests.lines(s3_object, self.backend.limits.manifest_bytes)
            except ManifestError as error:
                raise ServiceError("InvalidS3ObjectException") from error
        return s3_object


def _judge_source(source: Request | None) -> None:
    """What is wrong with a source whatever there is: refused before anything is looked up.

    Raises:
        ServiceError: InvalidParameterException.
    """
    if source is None:
        return
    if ("GroundTruthManifest" in source) == ("DatasetArn" in source):
        text = "Exactly one of GroundTruthManifest and DatasetArn is needed in DatasetSource."
        raise ServiceError("InvalidParameterException", text)
    if "DatasetArn" not in source and not {"Bucket", "Name"} <= set(source["GroundTruthManifest"].get("S3Object", {})):
        raise ServiceError("InvalidParameterException", "S3Object needs a Bucket and a Name.")
