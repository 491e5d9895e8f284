"""Finding projects and datasets, and moving them along when their time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_emulator.errors import ServiceError, in_use, not_found
from rekognition_emulator.lines.codes import Terminal
from rekognition_emulator.operations import jobs
from rekognition_emulator.state import statuses
from rekognition_emulator.state.records import Caller, Dataset, Job, Project, belongs_to
from rekognition_emulator.state.statuses import Status, Work

if TYPE_CHECKING:
    from rekognition_emulator.state.backend import Backend


class Lifecycle:
    """Reads records as they are now: due work is done before anything is answered."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.store = backend.store

    def projects(self, caller: Caller) -> list[Project]:
        """The caller's projects in the order of creation, those being deleted included."""
        found = [self.settled_project(each) for each in self.store.projects() if belongs_to(each.arn, caller)]
        return sorted((each for each in found if each), key=lambda each: each.created)

    def project(self, arn: str, caller: Caller) -> Project:
        """The project with this ARN.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        found = self.store.project(arn)
        settled = self.settled_project(found) if found and belongs_to(arn, caller) else None
        if settled is None:
            raise not_found(arn)
        return settled

    def datasets(self, project_arn: str) -> list[Dataset]:
        """The datasets of a project, in the order of creation."""
        settled = [self.settle(each) for each in self.store.datasets(project_arn)]
        return [each for each in settled if each]

    def dataset(self, arn: str, caller: Caller, operation: str = "") -> Dataset:
        """The dataset with this ARN, if `operation` is allowed in its status.

        Raises:
            ServiceError: ResourceNotFoundException, or the exception of the table in statuses.py.
        """
        found = self.store.dataset(arn)
        settled = self.settle(found) if found and belongs_to(arn, caller) else None
        if settled is None:
            raise not_found(arn)
        self.allow(settled, operation)
        return settled

    def allow(self, dataset: Dataset, operation: str) -> None:
        """Let an operation work on a dataset.

        Raises:
            ServiceError: the exception of the table in statuses.py for the dataset's status.
        """
        code = statuses.refusal(operation, dataset.status, self.backend.switches)
        if code == "ResourceInUseException":
            raise in_use(f"The dataset {dataset.arn} is in status {dataset.status}.")
        if code:
            raise ServiceError(code, f"The dataset {dataset.arn} is in status {dataset.status}.")

    def allow_work(self, caller: Caller) -> None:
        """Let one more of the caller's datasets become busy.

        Raises:
            ServiceError: LimitExceededException, with the switch `concurrent_jobs`.
        """
        most = self.backend.switches.concurrent_jobs
        if most:
            found = [self.settle(each) for each in self.store.datasets() if belongs_to(each.arn, caller)]
            if sum(1 for each in found if each and each.job) >= most:
                raise ServiceError("LimitExceededException", f"{most} datasets are busy, the most allowed.")

    def start(self, dataset: Dataset, job: Job) -> None:
        """Make a dataset busy: its status shows it as soon as the call returns."""
        switches = self.backend.switches
        if statuses.IN_PROGRESS[job.work] is Status.UPDATE_IN_PROGRESS and switches.update_shows_after:
            job.before = dataset.shown_status(self.backend.clock.now())
            job.shown_from = self.backend.clock.now() + switches.update_shows_after
        dataset.job = job
        dataset.status = statuses.IN_PROGRESS[job.work]
        dataset.message = statuses.in_progress_message(job.work, switches)
        dataset.message_code = statuses.SUCCESS if switches.in_progress_code == "SUCCESS" else ""
        self.store.save_dataset(dataset)

    def settle(self, dataset: Dataset) -> Dataset | None:
        """Do the dataset's work if it is due; None when that was its deletion."""
        job = dataset.job
        if job is None or job.due > self.backend.clock.now():
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
            jobs.finish(self.backend, dataset, job)
            self.store.save_dataset(dataset)
        return dataset

    def _distribute(self, job: Job) -> None:
        train, test = self.store.dataset(job.source["train"]), self.store.dataset(job.source["test"])
        if train and test:
            jobs.distribute(self.backend, train, test, job)
        for dataset in (train, test):
            if dataset and dataset.job:  # the other is gone: a fault plan's colleague deleted it meanwhile
                text = statuses.failure_message(Terminal.TOO_FEW_IMAGES, self.backend.switches)
                jobs.close(dataset, job, Terminal.TOO_FEW_IMAGES, text)
            if dataset:
                self.store.save_dataset(dataset)

    def settled_project(self, project: Project) -> Project | None:
        """The project, or None when its deletion was due."""
        if project.gone_at is None or project.gone_at > self.backend.clock.now():
            return project
        with self.store.transaction():
            self.store.remove_project(project.arn)
        return None
