"""The life of a dataset: statuses, their messages, and what each of them forbids.

Knows the table of section "DatasetStatus". Refuses to know time and entries: lifecycle.py moves a dataset along.

Sources: API Reference, DatasetDescription, DeleteDataset; JS SDK examples of DescribeDataset and DescribeProjects. AWS
prints the texts of "created from the manifest file" and of failures (codes.Terminal); the texts marked [I] are ours.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """AWS's DatasetStatus."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


class Work(StrEnum):
    """What a dataset can be busy with."""

    CREATE = "create"
    UPDATE = "update"
    DISTRIBUTE = "distribute"
    DELETE = "delete"


IN_PROGRESS = {
    Work.CREATE: Status.CREATE_IN_PROGRESS,
    Work.UPDATE: Status.UPDATE_IN_PROGRESS,
    Work.DISTRIBUTE: Status.UPDATE_IN_PROGRESS,
    Work.DELETE: Status.DELETE_IN_PROGRESS,
}
COMPLETE = {
    Work.CREATE: Status.CREATE_COMPLETE,
    Work.UPDATE: Status.UPDATE_COMPLETE,
    Work.DISTRIBUTE: Status.UPDATE_COMPLETE,
}
FAILED = {
    Work.CREATE: Status.CREATE_FAILED,
    Work.UPDATE: Status.UPDATE_FAILED,
    Work.DISTRIBUTE: Status.UPDATE_FAILED,
}

IN_PROGRESS_MESSAGE = {
    Work.CREATE: "The dataset is being created.",  # [I]
    Work.UPDATE: "The dataset is being updated.",  # [I]
    Work.DISTRIBUTE: "The dataset is being updated.",  # [I]
    Work.DELETE: "The dataset is being deleted.",  # [I]
}
COMPLETE_MESSAGE = {
    Work.CREATE: "The dataset was successfully created.",  # [I], of an empty dataset
    Work.UPDATE: "The dataset was successfully updated.",  # [I]
    Work.DISTRIBUTE: "The dataset was successfully updated.",  # [I]
}
CREATED_FROM_MANIFEST = "The dataset was successfully created from the manifest file."
CREATED_FROM_DATASET = "The dataset was successfully created from the existing dataset."  # [I]
SERVICE_FAILURE = "Internal server error"  # [I], with StatusMessageCode SERVICE_ERROR

SUCCESS, CLIENT_ERROR, SERVICE_ERROR = "SUCCESS", "CLIENT_ERROR", "SERVICE_ERROR"
"""AWS's DatasetStatusMessageCode. SUCCESS while in progress is inferred."""

_BUSY = {Status.CREATE_IN_PROGRESS, Status.UPDATE_IN_PROGRESS, Status.DELETE_IN_PROGRESS}
_UNBORN = {Status.CREATE_IN_PROGRESS, Status.CREATE_FAILED}

FORBIDDEN: dict[str, dict[Status, str]] = {
    "UpdateDatasetEntries": dict.fromkeys(_BUSY, "ResourceInUseException"),
    "DeleteDataset": dict.fromkeys(_BUSY, "ResourceInUseException"),
    "DistributeDatasetEntries": dict.fromkeys(_BUSY | _UNBORN, "ResourceNotReadyException"),
    "ListDatasetEntries": dict.fromkeys(_UNBORN, "ResourceNotReadyException"),
    "ListDatasetLabels": dict.fromkeys(_UNBORN, "ResourceNotReadyException"),
    "CreateDataset": dict.fromkeys(_BUSY | _UNBORN, "InvalidParameterException"),  # as the source of a copy
}
"""The exception that answers an operation on a dataset in a status; each is one the model lists for the operation."""
