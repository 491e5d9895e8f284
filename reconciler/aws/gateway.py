"""The operations of Rekognition Custom Labels that the reconciler needs; all calls use `reconciler.aws.calls`."""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import Calls, Patience
from reconciler.aws.faults import LIMIT_EXCEEDED
from reconciler.aws.lately import Lately
from reconciler.aws.objects import S3Address
from reconciler.aws.replies import insist_on_whole_replies
from reconciler.errors import AccessDenied, InUse, NotFound, ReconcilerError, ServiceError, TooLarge
from reconciler.limits import BATCH_BYTES, PROJECT_NAMES
from reconciler.model import DatasetDescription, DatasetType, Project
from reconciler.text import inert

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


# The largest page of every listing here (service-2.json: PageSize of ListDatasetEntries and DescribeProjects).
_PAGE: Final = 100
# Stands for the reply of a call of which an earlier attempt, or somebody else, started an operation.
_RUNNING: Final[dict[str, Any]] = {}
# For how many seconds a description that one dataset's plan asked for serves the plan of the other; and who takes it.
_LATELY: Final = 10.0
_PLAN: Final = "plan"
# For how many seconds it serves which datasets a project had.
_PROJECT: Final = 60.0


class Gateway:
    """Rekognition Custom Labels in one account and region. Every method may raise ReconcilerError."""

    def __init__(
        self,
        client: "RekognitionClient",
        calls: Calls,
        caller: Callable[[], str] | None = None,
        learn: Callable[[str], None] = lambda _arn: None,
    ) -> None:
        """`caller` asks STS for the account of the credentials; `learn` gets the ARNs that AWS answers about."""
        self._client, self._caller, self._learn = client, caller, learn
        self.calls = calls
        self._largest = [BATCH_BYTES]  # shared by the gateways that `patient` makes, as the next two are
        self._described = Lately[DatasetDescription](calls.clock, _LATELY)
        self._projects = Lately[Project](calls.clock, _PROJECT)
        insist_on_whole_replies(client)

    def patient(self, patience: Patience) -> Self:
        """The same gateway, which waits until a lost network is back; counts and pace are shared."""
        gateway = copy(self)
        gateway.calls = self.calls.patient(patience)
        return gateway

    def find_project(self, name: str) -> Project | None:
        """The project of this name, or None."""
        return next((one for one in self.projects(name) if ProjectArn.parse(one.arn).name == name), None)

    def project(self, arn: str, together: Iterable[str] = ()) -> Project | None:
        """The project with exactly this ARN, or None: a project created again under the same name has a new ARN.

        `together` are the ARNs of further projects, which the same call looks up for `project_seen`.
        """
        others = (one for one in together if self._projects.see(one) is None)
        names = list(dict.fromkeys(ProjectArn.parse(one).name for one in (arn, *others)))
        found = {one.arn: one for one in self.projects(*names[:PROJECT_NAMES])}
        for one in found.values():
            self._projects.keep(one.arn, one)
        return found.get(arn)

    def project_seen(self, arn: str) -> Project | None:
        """The project as it was seen in the last minute; DescribeDataset says whether its datasets are still there."""
        return self._projects.see(arn)

    def forget_project(self, arn: str) -> None:
        """Look a project up again, where it is next asked for."""
        self._projects.forget(arn)

    def prove_account(self, arn: str) -> None:
        """Prove that the credentials are of an ARN's account: only then is what is not found there gone.

        Raises:
            AccessDenied: they are of a different account, or neither a listed project nor STS says of which.
        """
        wanted = arn.split(":")[4]
        try:
            account = self.account()
        except AccessDenied as error:
            raise AccessDenied(f"{arn} was not found, but that proves nothing: {error}") from None
        if account != wanted:
            raise AccessDenied(
                f"{arn} was not found, but that proves nothing: the credentials are of account {inert(account)}, not "
                f"of {wanted}; run again with credentials of account {wanted}"
            )

    def account(self) -> str:
        """The account of the credentials: that of any project of theirs, else as STS says.

        Raises:
            AccessDenied: neither answers.
        """
        reason = "no project is listed, and STS was not asked"
        try:
            if project := next(self.projects(), None):
                return ProjectArn.parse(project.arn).account
        except ServiceError as error:
            reason = str(error)
        try:
            if self._caller:
                return self.calls.make("GetCallerIdentity", self._caller)
        except ReconcilerError as error:
            reason = str(error)
        raise AccessDenied(
            f"the account of the credentials is not known ({reason}); allow rekognition:DescribeProjects or "
            "sts:GetCallerIdentity, and run again"
        )

    def describe(self, dataset_arn: str) -> DatasetDescription | None:
        """The dataset's status and statistics, or None when it is deleted."""
        try:
            reply = self.calls.make("DescribeDataset", lambda: self._client.describe_dataset(DatasetArn=dataset_arn))
        except NotFound:
            self._described.forget(dataset_arn)
            return None
        self._learn(dataset_arn)
        described = _description(reply["DatasetDescription"])
        self._described.keep(dataset_arn, described)
        return described

    def describe_for_hint(self, dataset_arn: str) -> DatasetDescription | None:
        """As `describe`, or what was answered in the last seconds: for a question that nothing sent depends on.

        Where AWS had to be asked, the dataset's own plan (`describe_to_plan`) takes the answer.
        """
        if known := self._described.see(dataset_arn):
            return known
        if described := self.describe(dataset_arn):
            self._described.keep(dataset_arn, described, [_PLAN])
        return described

    def describe_to_plan(self, dataset_arn: str) -> DatasetDescription | None:
        """As `describe`, or what `describe_for_hint` was just answered.

        Nothing is sent before LastUpdatedTimestamp is found to be as it was planned with.
        """
        return self._described.take(dataset_arn, _PLAN) or self.describe(dataset_arn)

    def entries(self, dataset_arn: str) -> Iterator[str]:
        """All entries as JSON lines, page by page."""
        for page in self._pages("ListDatasetEntries", self._client.list_dataset_entries, DatasetArn=dataset_arn):
            yield from page.get("DatasetEntries", [])

    def first_entry(self, dataset_arn: str) -> str | None:
        """The first entry as a JSON line; None in an empty dataset."""
        first = partial(self._client.list_dataset_entries, DatasetArn=dataset_arn, MaxResults=1)
        return next(iter(self.calls.make("ListDatasetEntries", first).get("DatasetEntries", [])), None)

    def trainings(self, project_arn: str) -> int:
        """How many of a project's latest model versions are being trained."""
        first = partial(self._client.describe_project_versions, ProjectArn=project_arn, MaxResults=_PAGE)
        versions = self.calls.make("DescribeProjectVersions", first).get("ProjectVersionDescriptions", [])
        return sum(one.get("Status") == "TRAINING_IN_PROGRESS" for one in versions)

    def entries_like(self, dataset_arn: str, key: str) -> list[str] | None:
        """The entries whose keys contain this one, by one call; None where they are more than a page."""
        request: Any = {"DatasetArn": dataset_arn, "SourceRefContains": key}
        page = next(self._pages("ListDatasetEntries", self._client.list_dataset_entries, **request))
        return None if page.get("NextToken") else list(page.get("DatasetEntries", []))

    def marked_entries(self, dataset_arn: str) -> Iterator[str]:
        """The entries that the service marked with errors, page by page."""
        request: Any = {"DatasetArn": dataset_arn, "HasErrors": True}
        for page in self._pages("ListDatasetEntries", self._client.list_dataset_entries, **request):
            yield from page.get("DatasetEntries", [])

    def pages(self, entries: int) -> int:
        """How many calls a listing of so many entries takes."""
        return max(1, -(-entries // _PAGE))

    def create_dataset(self, project_arn: str, dataset_type: DatasetType, manifest: S3Address | None = None) -> str:
        """Start to create a dataset, empty or from a manifest in S3; returns its ARN."""
        self.forget_project(project_arn)
        request: Any = {"ProjectArn": project_arn, "DatasetType": dataset_type.value}
        if manifest:
            request["DatasetSource"] = {
                "GroundTruthManifest": {"S3Object": {"Bucket": manifest.bucket, "Name": manifest.key}}
            }
        reply: Any = self.calls.make(
            "CreateDataset",
            partial(self._client.create_dataset, **request),
            lambda _error, unsure: self._created(project_arn, dataset_type) if unsure else None,
        )
        return str(reply["DatasetArn"])

    def update_entries(self, dataset_arn: str, body: bytes) -> bool:
        """Start an update with this body (JSON Lines); whether it is certain that the running update is this one.

        An attempt without a clear answer is sent again: lines have keys, so sending them twice does no harm. When the
        service then answers that an operation is running, that is this update or somebody else's.

        Raises:
            TooLarge: the body is larger than the service takes; `largest_body` is half of it from now on.
        """
        self._described.forget(dataset_arn)
        request: Any = {"DatasetArn": dataset_arn, "Changes": {"GroundTruth": body}}
        send = partial(self._client.update_dataset_entries, **request)
        try:
            reply = self.calls.make("UpdateDatasetEntries", send, self._running(dataset_arn))
        except TooLarge:
            self._largest[:] = [min(self.largest_body, len(body) // 2)]
            raise
        return reply is not _RUNNING

    @property
    def largest_body(self) -> int:
        """How many bytes an update may have, as far as the service's refusals in this process show."""
        return self._largest[0]

    def delete_dataset(self, dataset_arn: str) -> None:
        """Start to delete the dataset; it may be deleted already."""
        self._described.forget(dataset_arn)
        try:
            self.calls.make(
                "DeleteDataset",
                lambda: self._client.delete_dataset(DatasetArn=dataset_arn),
                self._running(dataset_arn),
            )
        except NotFound:
            return

    def _running(self, dataset_arn: str) -> Callable[[ReconcilerError, bool], Any]:
        """What an error shows about an operation on a dataset that was started, perhaps by an earlier attempt.

        AWS does not say what LimitExceededException counts: the dataset may be busy, and then it is InUse.
        """

        def known(error: ReconcilerError, unsure: bool) -> Any:  # noqa: ANN401, FBT001 - a reply, a callback
            is_limit = isinstance(error, ServiceError) and error.code == LIMIT_EXCEEDED
            if is_limit and (now := self.describe(dataset_arn)) and now.is_running:
                error = InUse(str(error), code=LIMIT_EXCEEDED)
                if not unsure:
                    raise error
            return _RUNNING if unsure and isinstance(error, InUse) else None

        return known

    def _created(self, project_arn: str, dataset_type: DatasetType) -> Any:  # noqa: ANN401 - a reply
        """The reply of a CreateDataset that was answered with an error but did its work."""
        project = self.project(project_arn)
        arn = project.datasets.get(dataset_type) if project else None
        return {"DatasetArn": arn} if arn else None

    def projects(self, *names: str) -> Iterator[Project]:
        """The projects of these names; without a name, all of them."""
        named = {"ProjectNames": list(names)} if names else {}
        for page in self._pages("DescribeProjects", self._client.describe_projects, **named):
            for project in map(_project, page.get("ProjectDescriptions", [])):
                self._learn(project.arn)
                yield project

    def _pages(self, operation: str, send: Callable[..., Any], **request: object) -> Iterator[Any]:
        """The replies of a listing; an empty token ends it, like an absent one."""
        request["MaxResults"] = _PAGE
        while True:
            yield (page := self.calls.make(operation, partial(send, **request)))
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]


def _project(description: Any) -> Project:  # noqa: ANN401 - the reply's own type exists only in the stubs
    # A type that AWS adds later is not for this program.
    known = [one for one in description.get("Datasets", []) if one["DatasetType"] in set(DatasetType)]
    datasets = {DatasetType(one["DatasetType"]): one["DatasetArn"] for one in known}
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
