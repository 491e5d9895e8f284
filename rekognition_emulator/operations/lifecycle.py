"""Finding projects and datasets as they are now: work that is due is finished first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_emulator.errors import ServiceError, in_use, not_found
from rekognition_emulator.lines.codes import DatasetFailure
from rekognition_emulator.operations import jobs
from rekognition_emulator.state import statuses
from rekognition_emulator.state.records import Caller, Dataset, Job, Project, belongs_to
from rekognition_emulator.state.statuses import Status, Work

if TYPE_CHECKING:
    from rekognition_emulator.state.context import ServiceContext


class Lifecycle:
    """Reads projects and datasets; there are no timers, so due work is finished when a record is read."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self.store = context.store

    def projects(self, caller: Caller) -> list[Project]:
        """The caller's projects in the order of creation, including those that are being deleted."""
        found = [self.current_project(each) for each in self.store.projects() if belongs_to(each.arn, caller)]
        return sorted((each for each in found if each), key=lambda each: each.created)

    def project(self, arn: str, caller: Caller) -> Project:
        """The project with this ARN.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        found = self.store.project(arn)
        current = self.current_project(found) if found and belongs_to(arn, caller) else None
        if current is None:
            raise not_found(arn)
        return current

    def datasets(self, project_arn: str) -> list[Dataset]:
        """The datasets of a project, in the order of creation."""
        current = [self.finish_due_work(each) for each in self.store.datasets(project_arn)]
        return [each for each in current if each]

    def dataset(self, arn: str, caller: Caller, operation: str = "") -> Dataset:
        """The dataset with this ARN, after `check_status` for `operation`.

        Raises:
            ServiceError: ResourceNotFoundException, or the exception that the status causes (state/statuses.py).
        """
        found = self.store.dataset(arn)
        current = self.finish_due_work(found) if found and belongs_to(arn, caller) else None
        if current is None:
            raise not_found(arn)
        self.check_status(current, operation)
        return current

    def check_status(self, dataset: Dataset, operation: str) -> None:
        """Refuse an operation that the dataset's status forbids.

        Raises:
            ServiceError: the exception of the table in state/statuses.py.
        """
        code = statuses.refusal(operation, dataset.status, self.context.switches)
        if code == "ResourceInUseException":
            raise in_use(f"The dataset {dataset.arn} is in status {dataset.status}.")
        if code:
            raise ServiceError(code, f"The dataset {dataset.arn} is in status {dataset.status}.")

    def check_busy_limit(self, caller: Caller) -> None:
        """Refuse to make one more of the caller's datasets busy when too many are.

        Raises:
            ServiceError: LimitExceededException, with the switch `concurrent_jobs`.
        """
        most = self.context.switches.concurrent_jobs
        if most:
            found = [self.finish_due_work(each) for each in self.store.datasets() if belongs_to(each.arn, caller)]
            if sum(1 for each in found if each and each.job) >= most:
                raise ServiceError("LimitExceededException", f"{most} datasets are busy; this is the limit.")

    def start(self, dataset: Dataset, job: Job) -> None:
        """Make a dataset busy with a job. The status shows it at once, or later by the switch `update_shows_after`."""
        switches = self.context.switches
        if statuses.IN_PROGRESS[job.work] is Status.UPDATE_IN_PROGRESS and switches.update_shows_after:
            job.before = dataset.shown_status(self.context.clock.now())
            job.shown_from = self.context.clock.now() + switches.update_shows_after
        dataset.job = job
        dataset.status = statuses.IN_PROGRESS[job.work]
        dataset.message = statuses.in_progress_message(job.work, switches)
        dataset.message_code = statuses.SUCCESS if switches.in_progress_code == "SUCCESS" else ""
        self.store.save_dataset(dataset)

    def finish_due_work(self, dataset: Dataset) -> Dataset | None:
        """The dataset after the end of its job, if that is due; None when the job was its deletion."""
        job = dataset.job
        if job is None or job.due > self.context.clock.now():
            return dataset
        with self.store.transaction():
            return self._finish(dataset, job)

    def _finish(self, dataset: Dataset, job: Job) -> Dataset | None:
        if job.work is Work.DELETE:
            self.store.remove_dataset(dataset.arn)
            return None
        if job.work is Work.DISTRIBUTE:
            self._distribute(job)
        else:
            jobs.finish_job(self.context, dataset, job)
            self.store.save_dataset(dataset)
        return dataset

    def _distribute(self, job: Job) -> None:
        train, test = self.store.dataset(job.source["train"]), self.store.dataset(job.source["test"])
        if train and test:
            jobs.finish_distribution(self.context, train, test, job)
        for dataset in (train, test):
            if dataset and dataset.job:  # a fault of the plan deleted the other dataset
                text = statuses.failure_message(DatasetFailure.TOO_FEW_IMAGES, self.context.switches)
                jobs.record_end(dataset, job, DatasetFailure.TOO_FEW_IMAGES, text)
            if dataset:
                self.store.save_dataset(dataset)

    def current_project(self, project: Project) -> Project | None:
        """The project; None when its deletion is due, which removes it."""
        if project.gone_at is None or project.gone_at > self.context.clock.now():
            return project
        with self.store.transaction():
            self.store.remove_project(project.arn)
        return None
