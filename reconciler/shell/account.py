"""The AWS account of one process: gateways, S3, where snapshots and records are written, and an apply's context."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from random import Random
from threading import Lock
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply import Context
from reconciler.apply.context import ManifestPlace
from reconciler.aws.abandon import answer_of
from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import CallRecord, Calls, Patience
from reconciler.aws.clock import Clock
from reconciler.aws.connection import Connection, check_account
from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects, S3Address
from reconciler.aws.pace import Pace, Paces
from reconciler.errors import BadInput, Interrupted
from reconciler.limits import DEFAULT_RATE
from reconciler.model import Progress, ProjectDeclaration, Reporter
from reconciler.plan import Sibling
from reconciler.policy import Policy
from reconciler.records import Attempt, AuditLog
from reconciler.snapshots.listings import Listings
from reconciler.snapshots.live_copies import LiveCopies
from reconciler.snapshots.places import Keeper, keeper_for

Made = TypeVar("Made")


class Places(Struct, frozen=True):
    """Where this program writes: `folder` is `.reconciler`; `snapshots`, `audit` and `manifests` are settings.

    `cure` says how to set a place for snapshots that outlives this machine.
    """

    folder: Path
    snapshots: str | None
    audit: str | None
    cure: str
    manifests: str | None = None


class Account(Struct):
    """AWS with one connection: one gateway per role and region, made when it is first used. Safe to use from threads.

    `log` receives every call, `report` the progress of an apply; `stop` returns the reason to stop an apply, or None.
    `warn` receives a message when a record cannot be written; `hide` removes secrets of the configuration from records.
    `counts` has the calls of each gateway, by operation, `throttled` the throttled ones of all; `rate` is how many
    calls per second are made of each operation. `full`: live is listed, whatever the probe says.
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
    throttled: Counter[str] = field(default_factory=Counter)
    rate: float = DEFAULT_RATE
    full: bool = False
    _random: Random = field(default_factory=Random)
    _gateways: dict[str, Gateway] = field(default_factory=dict)
    _paces: Paces = field(default_factory=Paces)
    _aside: set[str] = field(default_factory=set)  # when listings began that serve a later plan of this run
    _lock: Lock = field(default_factory=Lock)
    _assuming: dict[tuple[str, str, str, str], "Account"] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def assuming(self, role: str, snapshots: str = "", audit: str = "", manifests: str = "") -> "Account":
        """The same with a role, assumed after those of the connection: all calls for a project are made with it.

        `snapshots`, `audit` and `manifests` are places where the settings name none.
        """
        key, places = (role, snapshots, audit, manifests), self.places
        if not any(key):
            return self
        with self._lock:
            if key not in self._assuming:
                own = replace(
                    places,
                    snapshots=places.snapshots or snapshots or None,
                    audit=places.audit or audit or None,
                    manifests=places.manifests or manifests or None,
                )
                connection = self.connection.assuming(role)
                apart = replace(self, connection=connection, places=own, _gateways={}, _assuming={}, _lock=Lock())
                self._assuming[key] = apart
            return self._assuming[key]

    def gateway(self, region: str) -> Gateway:
        """The gateway to a region; clients are shared, because making one is slow and not thread-safe."""
        with self._lock:
            if region not in self._gateways:
                whose, make = self.connection.role_account, partial(Pace, self.clock, self.rate, self.throttled)
                pace = partial(self._paces.of, whose, region, make)
                calls = Calls(self.clock, self._random, self.log, self._tell, pace=pace)
                client = self._stoppable(lambda: self.connection.client(region))
                learn = (lambda _arn: None) if whose else self._paces.answered_with
                self._gateways[region] = Gateway(client, calls, partial(self.connection.account, region), learn)
                self.counts.append(calls.counts)
            return self._gateways[region]

    def objects(self, region: str | None = None) -> Objects:
        """S3; the region is the one to try first."""
        client = self._stoppable(lambda: self.connection.s3_client(region or self.connection.region))
        tell = self._tell
        return Objects(client, Calls(self.clock, self._random, tell=tell).patient(Patience(0.0, self.stop, tell)))

    def _stoppable(self, make: Callable[[], Made]) -> Made:
        """A client; to sign in takes calls to STS, whose answers a stop does not wait for."""
        return answer_of(make, self.stop)

    def _tell(self, text: str) -> None:
        self.report(Progress(text, at_once=True))

    def keeper(self, region: str) -> Keeper:
        """Writes copies of this region's datasets before lines are deleted or overwritten.

        Raises:
            BadInput: the setting for snapshots is invalid.
        """
        places = self.places
        return keeper_for(
            places.snapshots, places.folder, lambda: self.objects(region), cure=places.cure, warn=self._warn_once
        )

    def live_copies(self, region: str) -> LiveCopies:
        """The copies of live of this region's datasets.

        Raises:
            BadInput: the setting for snapshots is invalid.
        """
        places = self.places
        return LiveCopies.at(places.snapshots, places.folder, lambda: self.objects(region), self._warn_once)

    def _warn_once(self, text: str) -> None:
        """A warning that concerns every apply of this process."""
        with self._lock:
            new = text not in self._warned
            self._warned.add(text)
        if new:
            self.warn(text)

    def context(
        self,
        region: str,
        policy: Policy,
        allow: Mapping[str, str] | None = None,
        sibling: Sibling | None = None,
    ) -> Context:
        """What an apply to a dataset of this region needs; `allow` and `sibling` as in the context."""
        gateway, keeper = self.gateway(region), self.keeper(region)
        given = (
            gateway,
            self.clock,
            self._random,
            policy,
            self.report,
            self.stop,
            keeper,
            allow or {},
            sibling or Sibling(),
        )
        return Context(
            *given,
            listings=Listings(self.live_copies(region), policy, self.full, aside=self._aside),
            manifests=self.manifests(region),
        ).patient()

    def manifests(self, region: str) -> ManifestPlace | None:
        """Where manifests of first loads go; None where no place is set.

        Raises:
            BadInput: the setting is invalid.
        """
        place = self.places.manifests
        return ManifestPlace(S3Address.of_bucket(place), partial(self.objects, region)) if place else None

    def recording(
        self, attempt: Attempt, calls: Callable[[], Mapping[str, int]], region: str | None = None
    ) -> AbstractContextManager[Attempt]:
        """A block that is one apply or destroy of a dataset: however it ends, a record of it is written."""
        return self.records(region).recording(attempt, calls)

    def records(self, region: str | None = None) -> AuditLog:
        """The records of this account; the region is that of S3 to try first."""
        places = self.places
        return AuditLog(places.folder / "audit", places.audit, lambda: self.objects(region), self.warn, hide=self.hide)

    def records_within_reach(self, region: str | None = None) -> AuditLog:
        """The same for a question that may stay open: without a warning where they cannot be read."""
        return replace(self.records(region), warn=lambda _text: None)


def region_of(connection: Connection, declared: ProjectDeclaration, cure: str) -> str:
    """The region of a project: its ARN's, or the one to look for projects by name; `cure` says how to set one.

    Raises:
        BadInput: there is none.
    """
    if declared.project_arn is not None:
        return ProjectArn.parse(declared.project_arn).region
    region = declared.region or connection.configured_region()
    if not region:
        raise BadInput(f"the project {declared.name} has no ARN and no region is set to look for it: {cure}")
    return region


def allowed_region(connection: Connection, project_arn: str) -> str:
    """The region of a project, after checking that its account may be used.

    Raises:
        BadInput: the ARN is malformed, or its account is not allowed.
    """
    project = ProjectArn.parse(project_arn)
    check_account(connection, project)
    return project.region
