"""What the service reports about a dataset and its project."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model import DatasetType


class DatasetStatus(StrEnum):
    """AWS's DatasetStatus (service-2.json); there is no status for "deleted" or "deletion failed"."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """DescribeDataset's answer: `updated` is LastUpdatedTimestamp in epoch seconds, the counts are DatasetStats."""

    status: str
    message: str
    message_code: str
    updated: float
    entries: int
    labelled: int
    errors: int

    @property
    def is_running(self) -> bool:
        """Whether an operation is running; a status that AWS adds later counts as running if it ends so."""
        return self.status.endswith("_IN_PROGRESS")


@dataclass(frozen=True, slots=True)
class Project:
    """A project and its datasets' ARNs by type."""

    arn: str
    status: str
    datasets: Mapping[DatasetType, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there: the dataset's ARN and description, or neither.

    `leftover` is a dataset that must be gone before a new one can be created: its creation failed, or it is being
    deleted.
    `sibling_arn` is the project's other dataset.
    """

    arn: str | None = None
    description: DatasetDescription | None = None
    leftover: str | None = None
    is_being_deleted: bool = False
    sibling_arn: str | None = None
