"""The statuses of a dataset: their messages, and the operations that each of them forbids.

Sources: API Reference, DatasetDescription, DeleteDataset; JS SDK examples of DescribeDataset and DescribeProjects. AWS
publishes the texts of "created from the manifest file" and of failures (codes.DatasetFailure); the others are switches.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from rekognition_emulator.lines.codes import TERMINAL_CODES, DatasetFailure

if TYPE_CHECKING:
    from rekognition_emulator.switches.all_switches import Switches


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
    """The work that a dataset can be busy with."""

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

CREATED_FROM_MANIFEST = "The dataset was successfully created from the manifest file."
"""The only message of success that AWS publishes; the others are switches."""
SERVICE_FAILURE = "Internal server error"
"""Default message of a failure with StatusMessageCode SERVICE_ERROR, which only faults cause; AWS publishes none."""

SUCCESS, CLIENT_ERROR, SERVICE_ERROR = "SUCCESS", "CLIENT_ERROR", "SERVICE_ERROR"
"""AWS's DatasetStatusMessageCode. That it is SUCCESS while work is in progress is inferred."""


def in_progress_message(work: Work, switches: Switches) -> str:
    """StatusMessage of a dataset that is busy with `work`."""
    if work is Work.CREATE:
        return switches.message_creating
    return switches.message_deleting if work is Work.DELETE else switches.message_updating


def failure_message(reason: DatasetFailure, switches: Switches) -> str:
    """StatusMessage of a dataset whose work failed for this reason."""
    text = switches.message_empty_manifest if reason is DatasetFailure.EMPTY else reason.value
    return f"{TERMINAL_CODES[reason]}: {text}" if switches.failure_message == "code: text" else text


_BUSY = {Status.CREATE_IN_PROGRESS, Status.UPDATE_IN_PROGRESS, Status.DELETE_IN_PROGRESS}
_NOT_CREATED = {Status.CREATE_IN_PROGRESS, Status.CREATE_FAILED}

FORBIDDEN: dict[str, dict[Status, str]] = {
    "UpdateDatasetEntries": dict.fromkeys(_BUSY, "ResourceInUseException"),
    "DeleteDataset": dict.fromkeys(_BUSY, "ResourceInUseException"),
    "DistributeDatasetEntries": dict.fromkeys(_BUSY | _NOT_CREATED, "ResourceNotReadyException"),
    "ListDatasetEntries": dict.fromkeys(_NOT_CREATED, "ResourceNotReadyException"),
    "ListDatasetLabels": dict.fromkeys(_NOT_CREATED, "ResourceNotReadyException"),
    "CreateDataset": dict.fromkeys(_BUSY | _NOT_CREATED, "InvalidParameterException"),  # as the source of a copy
}
"""The exception for an operation on a dataset in a status; the service model lists each for its operation.

These are the defaults; `refusal` applies the switches.
"""

_AFTER_FAILURE = {
    ("UpdateDatasetEntries", Status.CREATE_FAILED): "update_on_create_failed",
    ("UpdateDatasetEntries", Status.UPDATE_FAILED): "update_on_update_failed",
    ("DeleteDataset", Status.CREATE_FAILED): "delete_on_create_failed",
    ("DeleteDataset", Status.UPDATE_FAILED): "delete_on_update_failed",
}
"""The switch that says whether an operation is refused after a failure."""


def refusal(operation: str, status: Status, switches: Switches) -> str | None:
    """Name of the exception for an operation on a dataset in a status; None when the operation is allowed."""
    usual = FORBIDDEN.get(operation, {}).get(status)
    if operation.startswith("List"):
        return _of_listing(status, switches)
    if operation == "CreateDataset" and status in _BUSY:
        return None if switches.busy_source == "copied" else switches.busy_source
    failed = _AFTER_FAILURE.get((operation, status))
    if usual == "ResourceInUseException" or (failed and getattr(switches, failed) == "refused"):
        return switches.busy_dataset
    return usual


def _of_listing(status: Status, switches: Switches) -> str | None:
    if status in _NOT_CREATED:
        return switches.unready_listing
    return switches.list_while_updating if status in _BUSY and switches.list_while_updating != "answers" else None
