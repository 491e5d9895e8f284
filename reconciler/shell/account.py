"""The account as one process uses it: gateways, S3, where snapshots and records go, and what an apply needs."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock

from reconciler.apply import Context
from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import CallRecord
from reconciler.aws.clock import Clock
from reconciler.aws.connection import Connection, check_account
from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects
from reconciler.aws.open import default_region, open_gateway, open_objects
from reconciler.dataset import Project
from reconciler.errors import BadInput, Interrupted
from reconciler.model import Policy, ProjectDeclaration, Reporter
from reconciler.records import Attempt, AuditLog
from reconciler.snapshots.places import Keeper, keeper_for


@dataclass(frozen=True, slots=True)
class Places:
    """Where files of our own go: `folder` is `.reconciler`; `snapshots` and `audit` are what the user set beside it.

    `cure` says how to name a place for snapshots that outlives this machine.
    """

    folder: Path
    snapshots: str | None
    audit: str | None
    cure: str


@dataclass(slots=True)
class Account:
    """AWS under one connection: one gateway per region, made when it is first asked for. Safe to use from threads.

    `log` gets every call, `report` how far an apply is; `stop` gives the reason to stop an apply, or None.
    `warn` gets what could not be recorded; `hide` takes secrets of the configuration out of records.
    `counts` has the calls of each gateway, by operation.
    """

    connection: Connection
    clock: Clock
    places: Places
    log: Callable[[CallRecord], None]
    report: Reporter
    stop: Callable[[], Interrupted | None]
    warn: Callable[[str], None]
    hide: Callable[[str], str] = str
    counts: list[Counter[str]] = field(default_factory=list)
    _random: Random = field(default_factory=Random)
    _gateways: dict[str, Gateway] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def gateway(self, region: str) -> Gateway:
        """The gateway to a region; clients are shared, because making one is slow and not thread-safe."""
        with self._lock:
            if region not in self._gateways:
                gateway = open_gateway(self.connection, region, self.clock, self._random, self.log)
                self._gateways[region] = gateway
                self.counts.append(gateway.calls.counts)
            return self._gateways[region]

    def objects(self, region: str | None = None) -> Objects:
        """S3; the region says where to ask first."""
        return open_objects(self.connection, region or self.connection.region)

    def keeper(self, region: str) -> Keeper:
        """Where the entries of a dataset of this region are kept before it is deleted.

        Raises:
            BadInput: the place that was set is malformed.
        """
        places = self.places
        default = places.folder / "snapshots"
        return keeper_for(places.snapshots, default, lambda: self.objects(region), cure=places.cure)

    def context(
        self,
        region: str,
        policy: Policy,
        allow: Mapping[str, str] | None = None,
        test_keys: Callable[[], Collection[str]] = tuple,
    ) -> Context:
        """What an apply to a dataset of this region needs; `allow` and `test_keys` as the context has them."""
        return Context(
            self.gateway(region),
            self.clock,
            self._random,
            policy,
            self.report,
            self.stop,
            self.keeper(region),
            allow or {},
            test_keys,
        )

    def recording(
        self, attempt: Attempt, calls: Callable[[], Mapping[str, int]], region: str | None = None
    ) -> AbstractContextManager[Attempt]:
        """A block that is one apply or destroy of a dataset: however it ends, a record of it is written."""
        places = self.places
        log = AuditLog(places.folder / "audit", places.audit, lambda: self.objects(region), self.warn, hide=self.hide)
        return log.recording(attempt, calls)


def region_of(connection: Connection, declared: ProjectDeclaration, cure: str) -> str:
    """The region of a project: its ARN's, or where projects are looked for by name; `cure` says how to set one.

    Raises:
        BadInput: there is none.
    """
    if declared.project_arn is not None:
        return ProjectArn.parse(declared.project_arn).region
    region = default_region(connection)
    if not region:
        raise BadInput(f"the project {declared.name} is looked for by name, but no region is set: {cure}")
    return region


def project_of(gateway: Gateway, declared: ProjectDeclaration) -> Project | None:
    """The project that a declaration names by its ARN or its name; None where there is none."""
    arn = declared.project_arn
    return gateway.project(arn) if arn else gateway.find_project(declared.name)


def allowed_region(connection: Connection, project_arn: str) -> str:
    """The region of a project in an account that may be used.

    Raises:
        BadInput: the ARN is malformed, or its account is not allowed.
    """
    project = ProjectArn.parse(project_arn)
    check_account(connection, project)
    return project.region
