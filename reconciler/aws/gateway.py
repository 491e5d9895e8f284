"""The operations of Rekognition Custom Labels that the reconciler needs; all calls use `reconciler.aws.calls`."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

from botocore.exceptions import ConnectionClosedError
from botocore.parsers import ResponseParserError

from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import Calls, Patience
from reconciler.dataset import DatasetDescription, Project
from reconciler.errors import AccessDenied, InUse, NotFound, ReconcilerError, ServiceError
from reconciler.model import DatasetType
from reconciler.text import inert

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


# The largest page of every listing here (service-2.json: PageSize of ListDatasetEntries and DescribeProjects).
_PAGE: Final = 100


class Gateway:
    """Rekognition Custom Labels in one account and region. Every method may raise ReconcilerError."""

    def __init__(self, client: "RekognitionClient", calls: Calls, caller: Callable[[], str] | None = None) -> None:
        """`caller` asks STS for the account of the credentials."""
        self._client, self._caller = client, caller
        self.calls = calls
        events, check = client.meta.events, partial(_insist_on_whole_replies, client.meta.endpoint_url)
        events.register("before-parse.rekognition.*", check, unique_id="reconciler-whole-replies")

    def patient(self, patience: Patience) -> Self:
        """The same gateway, which waits until a lost network is back; counts and pace are shared."""
        gateway = copy(self)
        gateway.calls = self.calls.patient(patience)
        return gateway

    def find_project(self, name: str) -> Project | None:
        """The project of this name, or None."""
        return next((one for one in self._projects(name) if ProjectArn.parse(one.arn).name == name), None)

    def project(self, arn: str) -> Project | None:
        """The project with exactly this ARN, or None: a project created again under the same name has a new ARN."""
        return next((one for one in self._projects(ProjectArn.parse(arn).name) if one.arn == arn), None)

    def prove_account(self, arn: str) -> None:
        """Prove that the credentials are of an ARN's account: only then is what is not found there gone.

        Raises:
            AccessDenied: they are of a different account, or neither a listed project nor STS says of which.
        """
        account, wanted = self._account(arn), arn.split(":")[4]
        if account != wanted:
            raise AccessDenied(
                f"{arn} was not found, but that proves nothing: the credentials are of account {inert(account)}, not "
                f"of {wanted}; run again with credentials of account {wanted}"
            )

    def describe(self, dataset_arn: str) -> DatasetDescription | None:
        """The dataset's status and statistics, or None when it is deleted."""
        try:
            reply = self.calls.make("DescribeDataset", lambda: self._client.describe_dataset(DatasetArn=dataset_arn))
        except NotFound:
            return None
        return _description(reply["DatasetDescription"])

    def entries(self, dataset_arn: str) -> Iterator[str]:
        """All entries as JSON lines, page by page."""
        for page in self._pages("ListDatasetEntries", self._client.list_dataset_entries, DatasetArn=dataset_arn):
            yield from page.get("DatasetEntries", [])

    def create_dataset(self, project_arn: str, dataset_type: DatasetType) -> str:
        """Start to create an empty dataset; returns its ARN."""
        reply: Any = self.calls.make(
            "CreateDataset",
            partial(self._client.create_dataset, ProjectArn=project_arn, DatasetType=dataset_type.value),
            done_if=lambda _error: self._created(project_arn, dataset_type),
        )
        return str(reply["DatasetArn"])

    def update_entries(self, dataset_arn: str, body: bytes) -> bool:
        """Start an update with this body (JSON Lines); whether it is certain that the running update is this one.

        An attempt without a clear answer is sent again: lines have keys, so sending them twice does no harm. When the
        service then answers that an operation is running, that is this update or somebody else's.
        """
        unsure: list[bool] = []

        def running(error: Exception) -> dict[str, Any] | None:
            if not isinstance(error, InUse):
                return None
            unsure.append(True)
            return {}

        request: Any = {"DatasetArn": dataset_arn, "Changes": {"GroundTruth": body}}
        self.calls.make(
            "UpdateDatasetEntries", partial(self._client.update_dataset_entries, **request), done_if=running
        )
        return not unsure

    def delete_dataset(self, dataset_arn: str) -> None:
        """Start to delete the dataset; it may be deleted already."""
        try:
            self.calls.make(
                "DeleteDataset",
                lambda: self._client.delete_dataset(DatasetArn=dataset_arn),
                done_if=lambda error: {} if isinstance(error, InUse) else None,
            )
        except NotFound:
            return

    def _account(self, arn: str) -> str:
        """The account of the credentials: that of any project of theirs, else as STS says."""
        reason = "no project is listed, and STS was not asked"
        try:
            if project := next(self._projects(), None):
                return ProjectArn.parse(project.arn).account
        except ServiceError as error:
            reason = str(error)
        try:
            if self._caller:
                return self.calls.make("GetCallerIdentity", self._caller)
        except ReconcilerError as error:
            reason = str(error)
        raise AccessDenied(
            f"{arn} was not found, but that proves nothing: the account of the credentials is not known ({reason}); "
            "allow rekognition:DescribeProjects or sts:GetCallerIdentity, and run again"
        )

    def _created(self, project_arn: str, dataset_type: DatasetType) -> Any:  # noqa: ANN401 - a reply
        """The reply of a CreateDataset that was answered with an error but did its work."""
        project = self.project(project_arn)
        arn = project.datasets.get(dataset_type) if project else None
        return {"DatasetArn": arn} if arn else None

    def _projects(self, *names: str) -> Iterator[Project]:
        """The projects of these names; without a name, all of them."""
        named = {"ProjectNames": list(names)} if names else {}
        for page in self._pages("DescribeProjects", self._client.describe_projects, **named):
            yield from (_project(one) for one in page.get("ProjectDescriptions", []))

    def _pages(self, operation: str, send: Callable[..., Any], **request: object) -> Iterator[Any]:
        """The replies of a listing; an empty token ends it, like an absent one."""
        request["MaxResults"] = _PAGE
        while True:
            yield (page := self.calls.make(operation, partial(send, **request)))
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]


def _insist_on_whole_replies(endpoint: str, response_dict: Mapping[str, Any], **_event: object) -> None:
    """Raise an error of the connection, which is retried, for a truncated reply.

    botocore reads a body that ends early, or is not JSON, as a reply without members; for a listing that would mean "no
    more entries" (parsers.py, `_parse_body_as_json`; endpoint.py, the event `before-parse`). An empty body is a success
    without output (API Reference, UpdateDatasetEntries: "an HTTP 200 response with an empty HTTP body").
    """
    body: bytes = response_dict["body"]
    length = response_dict["headers"].get("Content-Length")
    if length is not None and len(body) < int(length):
        raise ConnectionClosedError(endpoint_url=endpoint)
    succeeded = response_dict["status_code"] < HTTPStatus.MULTIPLE_CHOICES
    if succeeded and body and not (body.startswith(b"{") and body.rstrip().endswith(b"}")):
        raise ResponseParserError(f"{endpoint} sent a reply that is not JSON")


def _project(description: Any) -> Project:  # noqa: ANN401 - the reply's own type exists only in the stubs
    datasets = {DatasetType(one["DatasetType"]): one["DatasetArn"] for one in description.get("Datasets", [])}
    return Project(description["ProjectArn"], description.get("Status", ""), datasets)


def _description(reply: Any) -> DatasetDescription:  # noqa: ANN401 - likewise
    stats = reply.get("DatasetStats", {})
    updated = reply.get("LastUpdatedTimestamp")
    return DatasetDescription(
        status=reply.get("Status", ""),
        message=reply.get("StatusMessage", ""),
        message_code=reply.get("StatusMessageCode", ""),
        updated=updated.timestamp() if isinstance(updated, datetime) else 0.0,
        entries=stats.get("TotalEntries", 0),
        labelled=stats.get("LabeledEntries", 0),
        errors=stats.get("ErrorEntries", 0),
    )
