"""The live side of a run: each project in AWS, and the plan of each dataset."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from reconciler.apply import Context, Outcome, Target, observe_in, plan_against_live, plan_without_project
from reconciler.aws.calls import THROTTLES, CallRecord
from reconciler.aws.clock import SystemClock
from reconciler.aws.connection import Connection
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.cli.screen import ProgressLine, Screen
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import USER_CAUSED, BadInput, NotFound, ends_the_run, with_cure
from reconciler.ledger import Facts, Ledger
from reconciler.manifest.parts import parts_of
from reconciler.model import Project, ProjectDeclaration
from reconciler.plan import Basis, Judged
from reconciler.policy import Compare
from reconciler.records import Attempt, AuditLog
from reconciler.records.stored import Record, parsed
from reconciler.run import DatasetRun, sibling_in
from reconciler.shell.account import Account, Places, region_of
from reconciler.shell.base import judge_by, left_by, manifest_of
from reconciler.shell.declared_twice import in_two_folders, undone_apply
from reconciler.shell.drift import LeftLive, left_in
from reconciler.shell.lookups import Lookups
from reconciler.snapshots.folder import FOLDER
from reconciler.snapshots.probe import Sheet
from reconciler.stored_differently import SettledStore
from reconciler.text import for_shell, inert

_REGION_CURE: Final = "give --region, set AWS_REGION, or name `projectArn` in project.yaml"


class LiveSide:
    """The projects and datasets of one run in AWS; each project is looked up once.

    `throttled` counts the requests that AWS throttled, by operation.
    """

    def __init__(self, run: Run, screen: Screen, signals: Signals) -> None:
        options, clock = run.options, SystemClock()
        endpoints = {"rekognition": options.endpoint_url} if options.endpoint_url else {}
        self._run, self._screen, self._clock = run, screen, clock
        self._lookups = Lookups(
            lambda: (one.project for one in run.datasets),
            self.region,
            lambda declared: self.account_of(declared).gateway(self.region(declared)),
        )
        self._records: dict[str, Record | None] = {}
        self._progress = ProgressLine(screen, clock.now)
        self.folder = folder = options.datasets.resolve().parent / FOLDER
        self.account = Account(
            Connection(region=options.region, profile=options.profile, endpoints=endpoints),
            clock,
            Places(
                *(folder, options.snapshots, options.audit, "give --snapshots s3://BUCKET/FOLDER"),
                options.manifest_bucket,
            ),
            self._log,
            self._progress,
            signals.stop,
            lambda text: screen.remark(f"warning: {text}"),
            counts=run.calls,
            throttled=run.throttled,
            rate=options.rate,
            full=options.full,
        )
        self.throttled = Counter[str]()
        self.objects = run.objects = self.account.objects
        self.store = SettledStore(folder / "settled")

    def plan(self, one: DatasetRun) -> None:
        """Find the dataset, list it and compare; without a project the plan is from the manifest alone.

        Raises:
            BadInput: the region, profile or endpoint cannot be used. ServiceError: a call failed.
        """
        if not self.find(one) or one.project_arn is None:
            declared = one.dataset.policy, one.bucket
            allow = self._allow(one)
            other = sibling_in(self._run.datasets, one)
            manifests = self.account.places.manifests or ""
            kind = one.dataset.dataset_type
            one.plan = plan_without_project(one.ledger, one.title, kind, declared, allow, other, manifests)
        else:
            context, target = self.context(one), Target(one.project_arn, one.dataset.dataset_type)
            settled = self.store.read(one.project_arn, target.dataset_type)
            one.plan = plan_against_live(context, one.ledger, one.seen, target, bucket=one.bucket, settled=settled)
            if one.plan.has_changes:
                one.remark = undone_apply(self._newest(one))

    def projects(self) -> list[Project]:
        """All projects of the account in the region that is set.

        Raises:
            BadInput: no region is set. ServiceError: a call failed.
        """
        region = self.account.connection.configured_region()
        if not region:
            raise BadInput(f"no region is set: {_REGION_CURE}")
        return list(self.account.gateway(region).projects())

    def find(self, one: DatasetRun) -> bool:
        """Find the project and the dataset, and wait until nothing runs on it; whether the project exists.

        Raises:
            BadInput: the region, profile or endpoint cannot be used. ServiceError: a call failed.
        """
        project = self.project(one.project)
        if project is None and one.project.project_arn:
            self.account_of(one.project).gateway(self.region(one.project)).prove_account(one.project.project_arn)
        if project is not None:
            one.project_arn = project.arn
            self._refuse_twin(one)
            one.seen = observe_in(self.context(one), project, one.dataset.dataset_type)
        return project is not None

    def context(self, one: DatasetRun) -> Context:
        """What an apply of a dataset needs; the screen shows its progress under the title of the dataset."""
        self._progress.title = one.title
        sibling, region = sibling_in(self._run.datasets, one), self.region(one.project)
        account = self.account_of(one.project)
        context = account.context(region, one.dataset.policy, self._allow(one), sibling)
        copies = account.live_copies(region)
        judge = judge_by(copies, one.dataset, lambda: [self.left(one)])

        def judge_or_base(ledger: Ledger, facts: Facts) -> Judged:
            judged, base = judge(ledger, facts), one.base
            if base is None or base.unread or judged.basis in {Basis.SAME, Basis.BASE}:
                return judged
            return Judged(Basis.REVISION, judged.words, base.whose)

        def probe() -> Sheet | None:
            left = self.left(one)
            return left.probe if left else None

        def applied(then: Ledger) -> bool:
            return manifest_of(self.left(one), one.dataset)(then)

        listings = replace(context.listings, left=probe, applied=applied)
        return replace(context, judge=judge_or_base, listings=listings)

    def judged(self, one: DatasetRun) -> Judged:
        """By what it is known whose the differences of a dataset are, whose live side was listed."""
        return self.context(one).judge(one.ledger, one.ledger.live_facts(one.dataset.policy.compare))

    def left(self, one: DatasetRun) -> LeftLive | None:
        """What the newest apply of a dataset left live; None where no record of it is at hand."""
        return left_in(self._newest(one))

    def leaves(self, one: DatasetRun, outcome: Outcome) -> LeftLive | None:
        """What an apply left live, of which a copy is written; after a restore, what the apply before it left."""
        if self._run.options.snapshot:
            return self.left(one)
        copies = self.account_of(one.project).live_copies(self.region(one.project))
        return left_by(copies, one, outcome, self._sources(one), self.left(one))

    def _newest(self, one: DatasetRun) -> Record | None:
        """The newest record of an apply, read once in a run, without a warning where it cannot be read."""
        key = f"{one.project_arn} {one.title}"
        if key not in self._records and one.project_arn:
            log = self.account_of(one.project).records_within_reach(self.region(one.project))
            self._records[key] = log.last_apply(one.project.name, one.project_arn, one.dataset.dataset_type)
        return self._records.get(key)

    @staticmethod
    def _sources(one: DatasetRun) -> tuple[Path, ...]:
        """The files that declare a dataset."""
        return (*(part.path for part in parts_of(one.dataset)), one.project.folder / "project.yaml")

    def _allow(self, one: DatasetRun) -> dict[str, str]:
        """Overrides for a dataset: those of project.yaml for its manifest, then those of this run."""
        declared = one.project.allowed(
            one.dataset.dataset_type, lambda: one.ledger.desired_facts(Compare.STRICT).digest
        )
        return declared | dict(self._run.options.allow)

    def _refuse_twin(self, one: DatasetRun) -> None:
        """Two folders for one dataset, one by its project's name and one by its ARN, undo each other's changes.

        Raises:
            BadInput: a dataset that was planned before is the same.
        """
        kind = one.dataset.dataset_type
        for other in self._run.datasets:
            if other is not one and (other.project_arn, other.dataset.dataset_type) == (one.project_arn, kind):
                raise in_two_folders(other.project, one.project, kind)

    def records(self) -> AuditLog:
        """The records of the applies from this folder, and in the further place."""
        return self.account.records()

    def last_record(self, one: DatasetRun) -> Record | None:
        """The newest record of an apply to a dataset; None if there is none."""
        if one.project_arn is None:
            return None
        log = self.account_of(one.project).records(self.region(one.project))
        return log.last_apply(one.project.name, one.project_arn, one.dataset.dataset_type)

    def record(self, named: str) -> Record:
        """The record with an id in `.reconciler/audit`, or at an address in S3.

        Raises:
            BadInput: there is none, or what is there is not a record. ServiceError: S3 cannot be read.
        """
        if is_s3(named):
            found = parsed(b"".join(self.objects(None).read(S3Address.parse(named))))
        else:
            found = self.account.records().find(named)
        if found is None:
            audit = inert(str(self.folder / "audit"))
            raise BadInput(
                f"there is no record {inert(named)} of this user in {audit}; give the id that the apply showed, and "
                "--datasets as for that apply"
            )
        return found

    def recording(self, one: DatasetRun) -> AbstractContextManager[Attempt]:
        """A block that is one apply of a dataset: however it ends, a record of it is written."""
        sources = () if self._run.options.snapshot else self._sources(one)
        attempt = Attempt(
            self._run.options.command,
            one.project.name,
            one.project_arn or "",
            one.dataset.dataset_type,
            one.dataset.shown,
            sources,
            role=one.project.assume_role,
        )
        newest = self._newest(one)
        attempt.follows = str(newest["at"]) if newest else ""
        if one.plan:
            left = self.left(one)
            attempt.base = left.stored() if left else None
            attempt.planned(one.ledger, one.plan)
        return self.account_of(one.project).recording(attempt, self._run.call_counts)

    @contextmanager
    def metered(self, one: DatasetRun) -> Iterator[None]:
        """A block whose calls and time are those of this dataset."""
        start, before = self._clock.now(), self._run.call_counts()
        try:
            yield
        finally:
            made = self._run.call_counts()
            made.subtract(before)
            one.calls += made
            one.seconds += self._clock.now() - start

    def region(self, project: ProjectDeclaration) -> str:
        """The region of a project: its ARN's, or where projects are looked for by name.

        Raises:
            BadInput: no region is set.
        """
        given = self._run.options.region
        if given and project.region not in ("", given):
            raise BadInput(
                f"--region {inert(given)} is not the region in {inert(project.shown)}/project.yaml, {project.region}; "
                "leave one of them out"
            )
        return region_of(self.account.connection, project, _REGION_CURE)

    def objects_of(self, project: ProjectDeclaration) -> Objects:
        """S3 with the role that the project names."""
        return self.account_of(project).objects()

    def account_of(self, project: ProjectDeclaration) -> Account:
        """The account with the role that the project names."""
        return self.account.assuming(project.assume_role)

    def project(self, declared: ProjectDeclaration) -> Project | None:
        """The project that a declaration names, looked up once; None when it does not exist.

        Raises:
            BadInput: the region, profile or account cannot be used. ServiceError: a call failed.
        """
        return self._lookups.project(declared)

    def _log(self, call: CallRecord) -> None:
        if call.answer in THROTTLES:
            self.throttled[call.operation] += 1
        if not self._run.options.verbose:
            return
        name = f" {inert(call.request_id)}" if call.request_id else ""
        self._screen.remark(f"{call.operation} {inert(call.answer)} {call.seconds:.3f} s{name}")


def plan_all(run: Run, live: LiveSide) -> None:
    """Plan dataset after dataset; a failure ends its project, and a failure that all would have in common ends the run.

    A project that does not exist is planned from its manifests; that is an error unless Pulumi creates the project.

    Raises:
        BadInput: the region, profile or endpoint cannot be used.
    """
    failed: dict[str, str] = {}
    for one in run.datasets:
        first = failed.get(one.project.shown) or failed.get("")
        if first:
            one.skipped = f"not planned, because {first} failed"
            continue
        with live.metered(one):
            try:
                live.plan(one)
            except BadInput:
                raise
            except USER_CAUSED as error:
                one.error = with_cure(error)
        if one.error:
            failed["" if ends_the_run(one.error) else one.project.shown] = one.title
    for one in run.datasets:
        if one.plan and one.project_arn is None:
            _without_project(one, live)


def _without_project(one: DatasetRun, live: LiveSide) -> None:
    """Report that a project does not exist, and how to create it."""
    missing = no_project(one.project, live)
    if isinstance(missing, NotFound):
        one.error = missing
    else:
        one.remark = missing


def no_project(project: ProjectDeclaration, live: LiveSide) -> NotFound | str:
    """That a project does not exist, and how to create it; as text where Pulumi creates it."""
    if project.project_arn is not None:
        return NotFound(
            f"there is no project {project.project_arn}; fix `projectArn` in {inert(project.shown)}/project.yaml"
        )
    where = f"the project {project.name} does not exist in {live.region(project)}"
    if project.managed:
        return f"{where}; `pulumi up` creates it (`managed: true`)"
    named = f"--project-name{'=' if project.name.startswith('-') else ' '}{for_shell(project.name, 'NAME')}"
    create = f"aws rekognition create-project {named}"
    return NotFound(f"{where}; create it (`{create}`), or fix its name or the region")
