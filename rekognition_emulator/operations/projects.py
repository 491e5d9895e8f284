"""CreateProject, DescribeProjects, DeleteProject.

Source: API Reference of the three operations; Developer Guide, Deleting a project (datasets go first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError, in_use
from rekognition_emulator.operations import page_tokens as tokens
from rekognition_emulator.state.records import Caller, Dataset, Project, project_arn

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.backend import Backend

Request = dict[str, Any]
Reply = dict[str, Any]


class Projects:
    """The operations on projects."""

    def __init__(self, backend: Backend, lifecycle: Lifecycle) -> None:
        self.backend = backend
        self.lifecycle = lifecycle

    def create_project(self, request: Request, caller: Caller) -> Reply:
        """A new project, ready at once.

        Raises:
            ServiceError: InvalidParameterException for AutoUpdate of a project of labels, ResourceInUseException for a
                name in use, LimitExceededException for one too many.
        """
        feature = request.get("Feature", "CUSTOM_LABELS")
        if "AutoUpdate" in request and feature == "CUSTOM_LABELS":
            raise ServiceError("InvalidParameterException", "AutoUpdate is for CONTENT_MODERATION projects only.")
        existing = self.lifecycle.projects(caller)
        if any(each.name == request["ProjectName"] for each in existing):
            text = f"A project named {request['ProjectName']} already exists."
            raise ServiceError(self.backend.switches.duplicate_project, text)
        if len(existing) >= self.backend.limits.projects:
            text = f"The account has {len(existing)} projects, the most allowed."
            raise ServiceError(self.backend.switches.too_many_projects, text)
        created = self.backend.fresh_moment()
        arn = project_arn(caller, request["ProjectName"], round(created * 1000))
        project = Project(arn, request["ProjectName"], created, feature, request.get("AutoUpdate"))
        self.backend.store.save_project(project)
        self.backend.store.save_tags(arn, request.get("Tags", {}))
        return {"ProjectArn": arn}

    def describe_projects(self, request: Request, caller: Caller) -> Reply:
        """One page of projects by creation; unknown names are simply not there."""
        names, features = request.get("ProjectNames"), request.get("Features", ["CUSTOM_LABELS"])
        found = [
            each
            for each in self.lifecycle.projects(caller)
            if each.feature in features and (names is None or each.name in names)
        ]
        listing = tokens.scope("DescribeProjects", names, features, caller.region)
        now, lifetime = self.backend.clock.now(), self.backend.switches.token_lifetime
        position = tokens.read(request.get("NextToken"), listing, now, lifetime)
        size = request.get("MaxResults", tokens.PAGE)
        reply: Reply = {"ProjectDescriptions": [self._describe(each) for each in found[position : position + size]]}
        if len(found) > position + size:
            reply["NextToken"] = tokens.write(listing, position + size, now)
        return reply

    def _describe(self, project: Project) -> Reply:
        described: Reply = {
            "ProjectArn": project.arn,
            "CreationTimestamp": project.created,
            "Status": "DELETING" if project.gone_at is not None else "CREATED",
            "Datasets": [
                _metadata(dataset, self.backend.clock.now()) for dataset in self.lifecycle.datasets(project.arn)
            ],
            "Feature": project.feature,
        }
        return described | ({"AutoUpdate": project.auto_update} if project.auto_update else {})

    def delete_project(self, request: Request, caller: Caller) -> Reply:
        """Begin the deletion of a project.

        Raises:
            ServiceError: ResourceInUseException while it has datasets or is being deleted.
        """
        project = self.lifecycle.project(request["ProjectArn"], caller)
        if project.gone_at is not None:
            raise in_use(f"The project {project.arn} is being deleted.")
        if self.lifecycle.datasets(project.arn):
            text = f"Delete the datasets of the project {project.arn} first."
            code = self.backend.switches.project_in_use
            raise in_use(text) if code == "ResourceInUseException" else ServiceError(code, text)
        project.gone_at = self.backend.clock.now() + self.backend.latency.delete_project
        self.backend.store.save_project(project)
        return {"Status": "DELETING"}


def _metadata(dataset: Dataset, now: float) -> Reply:
    """A dataset as DescribeProjects shows it: without statistics."""
    return {
        "CreationTimestamp": dataset.created,
        "DatasetType": dataset.kind,
        "DatasetArn": dataset.arn,
        **dataset.shown_status(now),
    }
