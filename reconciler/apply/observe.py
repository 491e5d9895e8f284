"""Observing: which dataset it is, and whether there is one."""

from dataclasses import dataclass, replace

from reconciler.apply.send import looking
from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.errors import NotFound
from reconciler.model import DatasetType, Reporter


@dataclass(frozen=True, slots=True)
class Target:
    """Which dataset: a project's ARN and the type."""

    project_arn: str
    dataset_type: DatasetType


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there: the dataset's ARN and description, or neither.

    `leftover` is a dataset that must go before a new one can be created: its creation failed, or it is being deleted.
    `test_arn` is the project's test dataset, where a training dataset is looked at.
    """

    arn: str | None = None
    description: DatasetDescription | None = None
    leftover: str | None = None
    test_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Observing:
    """Looks at datasets."""

    gateway: Gateway
    waiter: Waiter
    report: Reporter

    def observe(self, target: Target) -> Observation:
        """Find the dataset of a project by its type, and wait until no operation runs on it.

        Raises:
            NotFound: there is no such project.
        """
        project = self.gateway.project(target.project_arn)
        if project is None:
            raise NotFound(f"there is no project {target.project_arn}; create it, or mend the ARN or the region")
        arn = project.datasets.get(target.dataset_type)
        seen = self.look_at(arn) if arn else Observation()
        is_train = target.dataset_type is DatasetType.TRAIN
        return replace(seen, test_arn=project.datasets.get(DatasetType.TEST)) if is_train else seen

    def look_at(self, arn: str) -> Observation:
        """Look at a dataset by its ARN; one that is not there gives an empty observation."""
        description = self.gateway.describe(arn)
        if description is None:
            return Observation()
        if description.status == DatasetStatus.DELETE_IN_PROGRESS:
            return Observation(leftover=arn)
        if description.is_running:
            description = self.waiter.until_idle(arn, looking(self.report, "waiting for a running operation"))
        if description.status == DatasetStatus.CREATE_FAILED:
            return Observation(leftover=arn)
        return Observation(arn, description)
