"""CreateProject, DescribeProjects, DeleteProject, DescribeProjectVersions.

Source: API Reference of the four operations; Developer Guide, Deleting a project (datasets go first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_emulator.errors import ServiceError, in_use
from rekognition_emulator.operations import page_tokens
from rekognition_emulator.state.records import Caller, Dataset, Project, project_arn

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.context import Reply, Request, ServiceContext


class Projects:
    """The operations on projects."""

    def __init__(self, context: ServiceContext, lifecycle: Lifecycle) -> None:
        self.context = context
        self.lifecycle = lifecycle

    def create_project(self, request: Request, caller: Caller) -> Reply:
        """Create a project, which is ready at once; the reply has its ARN.

        Raises:
            ServiceError: InvalidParameterException for AutoUpdate of a CUSTOM_LABELS project, ResourceInUseException
                for a name in use, LimitExceededException when the account has as many projects as allowed.
        """
        feature = request.get("Feature", "CUSTOM_LABELS")
        if "AutoUpdate" in request and feature == "CUSTOM_LABELS":
            raise ServiceError("InvalidParameterException", "AutoUpdate is for CONTENT_MODERATION projects only.")
        existing = self.lifecycle.projects(caller)
        if any(each.name == request["ProjectName"] for each in existing):
            text = f"A project named {request['ProjectName']} already exists."
            raise ServiceError(self.context.switches.duplicate_project, text)
        if len(existing) >= self.context.limits.projects:
            text = f"The account has {len(existing)} projects; this is the limit."
            raise ServiceError(self.context.switches.too_many_projects, text)
        created = self.context.fresh_moment()
        arn = project_arn(caller, request["ProjectName"], round(created * 1000))
        project = Project(arn, request["ProjectName"], created, feature, request.get("AutoUpdate"))
        self.context.store.save_project(project)
        self.context.store.save_tags(arn, request.get("Tags", {}))
        return {"ProjectArn": arn}

    def describe_projects(self, request: Request, caller: Caller) -> Reply:
        """One page of projects in the order of creation; unknown names are absent from it."""
        names, features = request.get("ProjectNames"), request.get("Features", ["CUSTOM_LABELS"])
        found = [
            each
            for each in self.lifecycle.projects(caller)
            if each.feature in features and (names is None or each.name in names)
        ]
        listing = page_tokens.listing_id("DescribeProjects", names, features, caller.region)
        now, lifetime = self.context.clock.now(), self.context.switches.token_lifetime
        position = page_tokens.read_token(request.get("NextToken"), listing, now, lifetime)
        size = request.get("MaxResults", page_tokens.PAGE)
        reply: Reply = {"ProjectDescriptions": [self._describe(each) for each in found[position : position + size]]}
        if len(found) > position + size:
            reply["NextToken"] = page_tokens.write_token(listing, position + size, now)
        return reply

    def _describe(self, project: Project) -> Reply:
        described: Reply = {
            "ProjectArn": project.arn,
            "CreationTimestamp": project.created,
            "Status": "DELETING" if project.gone_at is not None else "CREATED",
            "Datasets": [
                _metadata(dataset, self.context.clock.now()) for dataset in self.lifecycle.datasets(project.arn)
            ],
            "Feature": project.feature,
        }
        return described | ({"AutoUpdate": project.auto_update} if project.auto_update else {})

    def describe_project_versions(self, request: Request, caller: Caller) -> Reply:
        """One page of the model versions of a project, the latest first; unknown names are absent from it.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        project, names = self.lifecycle.project(request["ProjectArn"], caller), request.get("VersionNames")
        found = [name for name in reversed(project.versions) if names is None or name in names]
        listing = page_tokens.listing_id("DescribeProjectVersions", project.arn, names)
        now, lifetime = self.context.clock.now(), self.context.switches.token_lifetime
        position = page_tokens.read_token(request.get("NextToken"), listing, now, lifetime)
        end = position + request.get("MaxResults", page_tokens.PAGE)
        shown = [_version(project, name) for name in found[position:end]]
        token = {"NextToken": page_tokens.write_token(listing, end, now)} if len(found) > end else {}
        return {"ProjectVersionDescriptions": shown, **token}

    def delete_project(self, request: Request, caller: Caller) -> Reply:
        """Start the deletion of a project.

        Raises:
            ServiceError: ResourceInUseException while it has datasets or is being deleted.
        """
        project = self.lifecycle.project(request["ProjectArn"], caller)
        if project.gone_at is not None:
            raise in_use(f"The project {project.arn} is being deleted.")
        if self.lifecycle.datasets(project.arn):
            text = f"Delete the datasets of the project {project.arn} first."
            code = self.context.switches.project_in_use
            raise in_use(text) if code == "ResourceInUseException" else ServiceError(code, text)
        project.gone_at = self.context.clock.now() + self.context.latency.delete_project
        self.context.store.save_project(project)
        return {"Status": "DELETING"}


def _version(project: Project, name: str) -> Reply:
    arn = f"{project.arn.rpartition('/')[0]}/version/{name}/{round(project.created * 1000)}"
    return {"ProjectVersionArn": arn, "CreationTimestamp": project.created, "Status": project.versions[name]}


def _metadata(dataset: Dataset, now: float) -> Reply:
    """A dataset as DescribeProjects shows it: without statistics."""
    return {
        "CreationTimestamp": dataset.created,
        "DatasetType": dataset.kind,
        "DatasetArn": dataset.arn,
        **dataset.shown_status(now),
    }
