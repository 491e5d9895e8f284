"""A row of the table of checks, and what the checks of one run share."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.aws.permissions import Permissions
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run
from reconciler.errors import USER_CAUSED, ReconcilerError, ends_the_run, with_cure
from reconciler.model import DatasetDeclaration, Project, ProjectDeclaration
from reconciler.review.model import Checked, CheckState
from reconciler.text import inert

Subject = TypeVar("Subject")


class Said(Struct, frozen=True):
    """What a check found about one subject."""

    state: CheckState
    finding: str
    cure: str = ""


class Examined(Struct):
    """What is examined, and what earlier checks found out.

    `callers` has account and ARN of the credentials ("") and of each role that a project names, `permissions` what asks
    about them, `found` the projects that exist, by the folder of their declaration. `unreachable` is why AWS is not
    asked any more.
    """

    run: Run
    live: LiveSide
    screen: Screen
    projects: tuple[ProjectDeclaration, ...] = ()
    callers: dict[str, tuple[str, str]] = field(default_factory=dict)
    found: dict[str, Project] = field(default_factory=dict)
    unreachable: ReconcilerError | None = None
    permissions: dict[str, Permissions] = field(default_factory=dict)
    _stores: dict[tuple[str, str], Objects | None] = field(default_factory=dict)

    def gateway(self, project: ProjectDeclaration) -> Gateway:
        """The gateway to a project's Region.

        Raises:
            BadInput: no Region is set, or it cannot be used.
        """
        return self.live.account_of(project).gateway(self.live.region(project))

    def roles(self) -> tuple[str, ...]:
        """The credentials as they are (""), and the roles that are assumed for projects."""
        return tuple(dict.fromkeys(("", *(project.assume_role for project in self.projects))))

    def objects(self, region: str, role: str = "") -> Objects | None:
        """S3 near a Region; None where only Rekognition has an endpoint that is not AWS's, so that AWS is not meant.

        Raises:
            BadInput: the Region cannot be used.
        """
        if (region, role) not in self._stores:
            account = self.live.account.assuming(role)
            elsewhere = account.connection.only_rekognition_is_elsewhere(region)
            self._stores[region, role] = None if elsewhere else account.objects(region)
        return self._stores[region, role]

    @property
    def places(self) -> tuple[str, ...]:
        """Where snapshots, records and manifests go in S3: by the options, or by the stage."""
        options, stage = self.run.options, self.run.stage
        bucket = options.manifest_bucket or stage.manifests
        manifests = str(S3Address.of_bucket(bucket)) if bucket else ""
        named = (options.snapshots or stage.snapshots, options.audit or stage.audit, manifests)
        return tuple(dict.fromkeys(place for place in named if place and is_s3(place)))


class OneDataset(Struct, frozen=True):
    """A declared dataset of a project that exists; `arn` is None where there is no such dataset yet."""

    project: ProjectDeclaration
    declared: DatasetDeclaration
    project_arn: str
    arn: str | None

    def __str__(self) -> str:
        return f"{self.project.name} {self.declared.dataset_type.word}"


def datasets(examined: Examined) -> Iterator[OneDataset]:
    """The declared datasets of all projects that exist."""
    for project in examined.projects:
        if found := examined.found.get(project.shown):
            for dataset in project.datasets:
                yield OneDataset(project, dataset, found.arn, found.datasets.get(dataset.dataset_type))


def once(_examined: Examined) -> Iterable[str]:
    """One subject without a name: the machine, or the account."""
    return ("",)


class Check(Struct, Generic[Subject], frozen=True):
    """A check: what it asks about each subject, and where the demand comes from.

    A subject's text names it. `at_aws`: it makes calls. `optional`: no apply needs the answers, so that an error of AWS
    is "not tried".
    """

    name: str
    ask: Callable[[Examined, Subject], Said]
    source: str
    over: Callable[[Examined], Iterable[Subject]]
    at_aws: bool = False
    optional: bool = False

    def answers(self, examined: Examined) -> Iterator[Checked]:
        """What was found; subjects about which the same was found share an answer."""
        together: dict[Said, list[str]] = {}
        if self.at_aws and examined.unreachable:
            together[Said("not tried", "AWS could not be asked")] = []
        else:
            self._collect(examined, together)
        for said, names in (together or {Said("not tried", "there is nothing to try it with"): []}).items():
            about = tuple(filter(None, names))
            yield Checked(
                check=self.name,
                state=said.state,
                finding=said.finding,
                cure=said.cure,
                subjects=about,
                source=self.source,
            )

    def _collect(self, examined: Examined, together: dict[Said, list[str]]) -> None:
        try:
            for subject in self.over(examined):
                together.setdefault(self._tried(examined, subject), []).append(str(subject))
        except USER_CAUSED as problem:
            together[self._failed(examined, problem)] = []

    def _tried(self, examined: Examined, subject: Subject) -> Said:
        try:
            said = self.ask(examined, subject)
        except USER_CAUSED as problem:
            said = self._failed(examined, problem)
        return replace(said, finding=said.finding.removeprefix(f"{inert(str(subject))}: "))

    def _failed(self, examined: Examined, problem: Exception) -> Said:
        error = with_cure(problem)
        if self.at_aws and ends_the_run(error):
            examined.unreachable = error
        return failed(error, "not tried" if self.optional else "fails")


def failed(error: ReconcilerError, state: CheckState = "fails") -> Said:
    """What an error says: its sentence, and its cure."""
    finding, _, cure = str(error).partition("; ")
    return Said(state, finding, cure)
