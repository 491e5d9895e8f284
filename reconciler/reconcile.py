"""The conductor: observe, plan, apply, destroy, for one dataset.

Its steps are the level-based loop: look at live, compare with desired, send what differs, look again. Nothing is
remembered between runs that live could tell. Knows the order of things. Refuses to know files, Pulumi, terminals and
boto3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from reconciler.aws.clock import Clock
from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.delivery import Delivery, looking
from reconciler.entries import key_of
from reconciler.errors import AlreadyThere, Interrupted, InUse, Moved, NotFound, ReconcilerError, Refused, ServiceError
from reconciler.guards import check_guards, refusals
from reconciler.inert import inert
from reconciler.keeping import NOWHERE, Keeper
from reconciler.ledger import Ledger
from reconciler.listing import Listing
from reconciler.model import Change, DatasetType, Destroy, Policy
from reconciler.outcome import Outcome
from reconciler.plan import Action, Plan, make_plan, sends
from reconciler.progress import Reporter
from reconciler.readback import counted_by_verb, judged
from reconciler.removal import Removal
from reconciler.sending import SendQueue

__all__ = ["Observation", "Reconciliation", "Target"]

# A dataset that somebody else changes again and again under an apply: so often it is planned anew, then the apply ends
# and says so.
_ROUNDS: Final = 6
# The pause before each, in seconds; it doubles, and varies so that two applies get out of one another's step.
_ROUND_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Target:
    """Which dataset: a project's ARN and the type."""

    project_arn: str
    dataset_type: DatasetType


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there: the dataset's ARN and description, or neither.

    `leftover` is a dataset that must go before a new one can be created: its creation failed, or it is being deleted.
    `test_arn` is the project's test dataset, where a training dataset is looked at.
    """

    arn: str | None = None
    description: DatasetDescription | None = None
    leftover: str | None = None
    test_arn: str | None = None


class Reconciliation:
    """One dataset's observe, plan and apply.

    `stop` is asked between batches: it gives the reason to stop, None to go on. `report` is told how far things are.
    `keeper` keeps a snapshot of what is about to be deleted; without one, nothing with entries is deleted.
    `allow` gives a reason for each guard that is overridden in this run.
    """

    def __init__(  # noqa: PLR0913 - the edges come in from outside, each for itself
        self,
        gateway: Gateway,
        clock: Clock,
        random: Random,
        policy: Policy,
        *,
        report: Reporter = lambda _progress: None,
        stop: Callable[[], Interrupted | None] = lambda: None,
        keeper: Keeper = NOWHERE,
        allow: Mapping[str, str] | None = None,
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._policy = policy
        self._random = random
        self._report = report
        self._stop = stop
        self._keeper = keeper
        self._allow = dict(allow or {})
        self._waiter = Waiter(gateway, clock, random, policy.patience)
        self._listing = Listing(gateway, clock, self._waiter, report)
        self._removal = Removal(gateway, self._waiter, report, stop, keeper)

    def observe(self, target: Target) -> Observation:
        """Find the dataset of a project by its type, and wait until no operation runs on it.

        Raises:
            NotFound: there is no such project.
        """
        project = self._gateway.project(target.project_arn)
        if project is None:
            raise NotFound(f"there is no project {target.project_arn}; create it, or mend the ARN or the region")
        arn = project.datasets.get(target.dataset_type)
        seen = self.look_at(arn) if arn else Observation()
        is_train = target.dataset_type is DatasetType.TRAIN
        return replace(seen, test_arn=project.datasets.get(DatasetType.TEST)) if is_train else seen

    def look_at(self, arn: str) -> Observation:
        """Look at a dataset by its ARN; one that is not there gives an empty observation."""
        description = self._gateway.describe(arn)
        if description is None:
            return Observation()
        if description.status == DatasetStatus.DELETE_IN_PROGRESS:
            return Observation(leftover=arn)
        if description.is_running:
            description = self._waiter.until_idle(arn, looking(self._report, "waiting for a running operation"))
        if description.status == DatasetStatus.CREATE_FAILED:
            return Observation(leftover=arn)
        return Observation(arn, description)

    def list_live(self, ledger: Ledger, arn: str) -> DatasetDescription:
        """List a dataset's entries into the ledger, in place of what it held of live.

        Raises:
            ServiceError: a call failed, the dataset kept changing, or the service listed what is no entry.
        """
        return self._listing.list(ledger, arn)

    def plan(
        self, ledger: Ledger, seen: Observation, bucket: str | None, settled: frozenset[str] = frozenset()
    ) -> Plan:
        """List live into the ledger, which holds the desired entries already, and compare."""
        updated = self._listing.list(ledger, seen.arn, seen.description).updated if seen.arn else 0.0
        plan = make_plan(ledger, self._policy, exists=seen.arn is not None, bucket=bucket, settled=settled)
        if plan.action is Action.REPLACE and (refusal := self._keeper.refusal()):
            plan = replace(plan, refusals=(*plan.refusals, refusal))
        return replace(plan, updated=updated)

    def guarded(self, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Plan:
        """The plan with what the guards say: a refusal for each that trips, unless `allow` gives a reason."""
        tripped = check_guards(
            ledger, plan, target.dataset_type, self._policy.guards, self._moved_to_test(ledger, plan, seen)
        )
        names = {one.guard.value for one in tripped}
        overrides = tuple((name, reason) for name, reason in self._allow.items() if name in names)
        return replace(plan, refusals=(*plan.refusals, *refusals(tripped, self._allow)), overrides=overrides)

    def _moved_to_test(self, ledger: Ledger, plan: Plan, seen: Observation) -> int:
        """How many entries the plan would add to TRAIN that are live in TEST; looked up only where it matters."""
        if not self._policy.guards.distributed or seen.test_arn is None or not plan.add or not plan.live:
            return 0
        try:
            return ledger.count_missing(key_of(line) for line in self._gateway.entries(seen.test_arn))
        except (InUse, Moved, NotFound):
            return 0  # the test dataset is being worked on: this guard is a hint, no lock

    def apply(self, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Outcome:
        """Carry out a plan and read back. What goes wrong after the first request is in the outcome's `error`.

        Raises:
            Refused: the plan has refusals; nothing was sent.
        """
        if plan.refusals:
            raise Refused("; ".join(plan.refusals))
        marked_before = frozenset(row.key for row in ledger.marked())
        queue = SendQueue(ledger, sends(ledger, plan))
        work = _Work(ledger, queue, target)
        outcome = replace(self._carried_out(work, plan, seen), snapshots=tuple(work.snapshots))
        if outcome.dataset_arn and plan.has_changes:
            try:
                read = self._listing.list_fresh(ledger, outcome.dataset_arn, lambda: self._lacks(ledger, queue))
                outcome = replace(outcome, counted=read.entries)
            except ReconcilerError as error:
                arn = "" if isinstance(error, NotFound) else outcome.dataset_arn
                return replace(counted_by_verb(queue, outcome), dataset_arn=arn, error=outcome.error or error)
        return judged(ledger, self._policy, queue, outcome, marked_before) if outcome.dataset_arn else outcome

    def destroy(self, arn: str) -> tuple[str, ...]:
        """Delete a dataset as `policy.destroy` says, and wait until it is gone; where snapshots of it are.

        Raises:
            Refused: the policy is `refuse` and the dataset has entries, or there is no place for a snapshot.
        """
        snapshots: list[str] = []
        error: Moved | None = None
        for _round in range(_ROUNDS):
            description = None if self._policy.destroy is Destroy.KEEP else self._gateway.describe(arn)
            if description is None:
                return tuple(snapshots)
            self._refuse_to_destroy(arn, description)
            try:
                self._destroy(arn, description, snapshots)
            except Moved as moved:
                error = moved
            else:
                return tuple(snapshots)
        raise error or Moved(f"the dataset {arn} is not deleted; run again")

    def _destroy(self, arn: str, seen: DatasetDescription, snapshots: list[str]) -> None:
        if seen.entries and seen.status != DatasetStatus.DELETE_IN_PROGRESS:
            self._removal.delete_kept(arn, seen.updated, seen.entries, snapshots.append)
        else:
            self._removal.delete(arn)

    def _refuse_to_destroy(self, arn: str, description: DatasetDescription) -> None:
        if not description.entries:
            return
        if self._policy.destroy is Destroy.REFUSE:
            raise Refused(
                f"the dataset {arn} has {description.entries:,} entries and the policy is `destroy: refuse`; to delete "
                "it, put its folder back, set `destroy: delete` (or `keep`, to leave it alone) in project.yaml, run "
                "`pulumi up` once, then destroy; to only forget it, run `pulumi state delete`"
            )
        if refusal := self._keeper.refusal():
            raise Refused(f"the dataset {arn} is not deleted: {refusal}")

    def _carried_out(self, work: "_Work", plan: Plan, seen: Observation) -> Outcome:
        """Send all there is to send. Where somebody else changed the dataset meanwhile, look again and plan anew."""
        outcome = Outcome(seen.arn or "", settled=plan.settled)
        for number in range(_ROUNDS):
            try:
                if number:
                    self._clock.sleep(_ROUND_PAUSE * 2**number * (0.5 + self._random.random() / 2))
                    seen, plan = self._planned_anew(work, plan)
                arn, updated = self._ready(plan, seen, work)
                outcome = replace(outcome, dataset_arn=arn)
                for _done in self._delivery(work.ledger).send(work.queue, plan, arn, updated):
                    outcome = replace(outcome, batches=outcome.batches + 1)
            except Moved as moved:
                outcome = replace(outcome, error=moved)
            except ReconcilerError as error:
                return replace(outcome, error=error)
            else:
                return replace(outcome, error=None)
        return outcome

    def _planned_anew(self, work: "_Work", plan: Plan) -> tuple[Observation, Plan]:
        """Read what somebody else did, and what is left to send.

        Raises:
            Refused: the policy says no by now, or the dataset would have to be deleted, which nobody was shown.
        """
        seen = self.observe(work.target)
        anew = self.plan(work.ledger, seen, plan.bucket, plan.settled)
        if anew.refusals:
            raise Refused("; ".join(anew.refusals))
        if anew.action is Action.REPLACE and plan.action is not Action.REPLACE:
            raise Refused(
                f"the dataset {seen.arn} has entries by now that the manifest does not have, so that it would have to "
                "be deleted and loaded anew (`extra: replace`); run again to see that plan"
            )
        work.queue.refill(sends(work.ledger, anew))
        return seen, anew

    def _delivery(self, ledger: Ledger) -> Delivery:
        live = _Live(self._listing, ledger, self._policy)
        return Delivery(self._gateway, self._clock, self._waiter, self._report, self._stop, live)

    def _lacks(self, ledger: Ledger, queue: SendQueue) -> bool:
        """Whether confirmed lines are not live as sent: the service dropped them, or the listing is stale."""
        if any(queue.is_confirmed(row.key) and not row.same_meaning for row in ledger.differing(self._policy.compare)):
            return True
        return any(row.live_labelled and queue.is_confirmed(row.key) for row in ledger.live_only())

    def _ready(self, plan: Plan, seen: Observation, work: "_Work") -> tuple[str, float]:
        """A dataset that can be loaded: created, or deleted and created, where the plan says so; and its timestamp.

        Raises:
            Moved: somebody else created it meanwhile, or changed what was to be deleted.
        """
        if plan.action not in {Action.CREATE, Action.REPLACE} and seen.arn:
            return seen.arn, plan.updated
        if plan.action is Action.REPLACE and seen.arn:
            entries = plan.live.entries if plan.live else 0
            self._removal.delete_kept(seen.arn, plan.updated, entries, work.snapshots.append)
        elif seen.leftover:
            self._removal.delete(seen.leftover)
        try:
            arn = self._gateway.create_dataset(work.target.project_arn, work.target.dataset_type)
        except AlreadyThere as error:
            raise Moved(str(error)) from None
        described = self._waiter.until_idle(arn, looking(self._report, "creating the dataset"))
        if described.status == DatasetStatus.CREATE_FAILED:
            reason = inert(described.message) or "AWS gave no reason"
            raise ServiceError(f"the dataset {arn} could not be created: {reason}; run again")
        return arn, described.updated


@dataclass(frozen=True, slots=True)
class _Work:
    """What an apply works on: both sides, the lines to send, where to; and the snapshots that it has left."""

    ledger: Ledger
    queue: SendQueue
    target: Target
    snapshots: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Live:
    """Live, read anew for a delivery that cannot tell from the status what became of its lines."""

    listing: Listing
    ledger: Ledger
    policy: Policy

    def missing(self, arn: str, changes: Sequence[Change]) -> tuple[list[Change], float]:
        """List again: which of the changes are not live as sent, and the LastUpdatedTimestamp that holds for it."""
        described = self.listing.list(self.ledger, arn)
        absent = {row.key for row in self.ledger.differing(self.policy.compare)}
        absent |= {row.key for row in self.ledger.live_only() if row.live_labelled}
        return [change for change in changes if change.key in absent], described.updated

    def sample(self) -> tuple[list[str], set[str]]:
        """Some keys that are live, and all labels in use."""
        return self.ledger.some_live_keys(), set(self.ledger.live_label_counts())
