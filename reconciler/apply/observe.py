"""Find a project's dataset and describe it, if there is one."""

from dataclasses import replace

from reconciler.apply.context import Context, Target
from reconciler.dataset import DatasetStatus, Observation, Project
from reconciler.errors import NotFound
from reconciler.model import DatasetType


def observe(context: Context, target: Target) -> Observation:
    """Find the dataset of a project by its type, and wait until no operation runs on it.

    Raises:
        NotFound: there is no such project.
    """
    project = context.gateway.project(target.project_arn)
    if project is None:
        raise NotFound(f"there is no project {target.project_arn}; create it, or fix the ARN or the region")
    return observe_in(context, project, target.dataset_type)


def observe_in(context: Context, project: Project, dataset_type: DatasetType) -> Observation:
    """The dataset of this type in a project that was just described; waits as `observe` does."""
    arn = project.datasets.get(dataset_type)
    seen = look_at(context, arn) if arn else Observation()
    is_train = dataset_type is DatasetType.TRAIN
    return replace(seen, test_arn=project.datasets.get(DatasetType.TEST)) if is_train else seen


def look_at(context: Context, arn: str) -> Observation:
    """Describe a dataset by its ARN; the observation is empty when there is no such dataset."""
    description = context.gateway.describe(arn)
    if description is None:
        return Observation()
    if description.status == DatasetStatus.DELETE_IN_PROGRESS:
        return Observation(leftover=arn)
    if description.is_running:
        description = context.idle(arn)
    if description.status == DatasetStatus.CREATE_FAILED:
        return Observation(leftover=arn)
    return Observation(arn, description)
