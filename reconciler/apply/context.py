"""What every step of an apply needs: the service, the clock, progress reports, and which dataset it works on."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.outcome import Outcome
from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import Patience
from reconciler.aws.clock import Clock
from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects, S3Address
from reconciler.aws.wait import Waiter
from reconciler.errors import Interrupted
from reconciler.model import DatasetDescription, DatasetStatus, DatasetType, Progress, Reporter
from reconciler.plan import Judge, Sibling, not_judged
from reconciler.policy import Policy
from reconciler.snapshots.listings import Listings
from reconciler.snapshots.places import NOWHERE, Keeper
from reconciler.text import inert


class Target(Struct, frozen=True):
    """Which dataset: a project's ARN and the type."""

    project_arn: str
    dataset_type: DatasetType

    @property
    def title(self) -> str:
        """`blood-cells train`."""
        return f"{ProjectArn.parse(self.project_arn).name} {self.dataset_type.word}"


class ManifestPlace(Struct, frozen=True):
    """Where manifests of first loads are uploaded; `objects` opens S3."""

    address: S3Address
    objects: Callable[[], Objects]


class Context(Struct, frozen=True):
    """The service, the clock and the policy of an apply, and the functions that it calls while it runs.

    `report` receives the progress. `stop` is called between batches and
    returns the reason to stop, or None. `keeper` writes a copy of lines before they are deleted or overwritten; without
    a keeper neither is done. `overwrites` is called with the place of each copy of lines, before they are overwritten.
    `allow` has a reason for each guard that is overridden in this run. `sibling` is the project's other dataset as far
    as it is known without the service. `judge` finds out by what it is told whose changes there are. `listings` has
    those of earlier runs.
    `so_far` is called with the outcome so far whenever an apply has done more. A large dataset that is created is
    loaded from a manifest in `manifests`, where such a place is named.
    """

    gateway: Gateway
    clock: Clock
    random: Random
    policy: Policy
    report: Reporter = lambda _progress: None
    stop: Callable[[], Interrupted | None] = lambda: None
    keeper: Keeper = NOWHERE
    allow: Mapping[str, str] = field(default_factory=dict)
    sibling: Sibling = field(default_factory=Sibling)
    judge: Judge = not_judged
    listings: Listings = field(default_factory=Listings)
    overwrites: Callable[[str], None] = lambda _place: None
    so_far: Callable[[Outcome], None] = lambda _outcome: None
    manifests: ManifestPlace | None = None

    def patient(self) -> Self:
        """The same context, whose calls wait for a lost network for as long as the policy allows."""
        patience = Patience(self.policy.patience, self.stop, lambda retry: self.report(Progress(retry, at_once=True)))
        return replace(self, gateway=self.gateway.patient(patience))

    @property
    def waiter(self) -> Waiter:
        """Waits for the service's operations, for as long as the policy allows."""
        return Waiter(self.gateway, self.clock, self.random, self.policy.patience)

    def tell(self, doing: str, done: int = 0, total: int = 0) -> None:
        """Report what is done now, and how many of all entries are done."""
        self.report(Progress(doing, done, total, "entries"))

    def pause(self, seconds: float) -> None:
        """Sleep; a stop ends it within a second.

        Raises:
            Interrupted: `stop` returned it.
        """
        while seconds > 1.0:
            self.clock.sleep(1.0)
            seconds -= 1.0
            if reason := self.stop():
                raise reason
        self.clock.sleep(seconds)

    def idle(self, arn: str, not_before: float = 0.0) -> DatasetDescription:
        """Wait until no operation runs on a dataset, whoever started it; `not_before` as for the waiter.

        Raises:
            NotFound: the dataset was deleted. OutOfPatience: no progress for too long. Interrupted: `stop` returned it.
        """
        look = self.looking("waiting for a running operation")

        def look_or_stop(now: DatasetDescription) -> None:
            look(now)
            if now.is_running and (reason := self.stop()):
                raise reason.saying(
                    "stopped while a running operation was waited for, as requested; run again to continue"
                )

        return self.waiter.until_idle(arn, look_or_stop, not_before)

    def looking(self, doing: str) -> Callable[[DatasetDescription], None]:
        """A function for a waiter: it reports `doing`, or a deletion, with the status while an operation runs."""

        def look(now: DatasetDescription) -> None:
            if now.is_running:
                goes = now.status == DatasetStatus.DELETE_IN_PROGRESS
                self.tell(f"{'deleting the dataset' if goes else doing} ({inert(now.status)})")

        return look
