"""The conductor: observe, plan, apply, destroy, for one dataset.

Its steps are the level-based loop: look at live, compare with desired, send what differs, look again. Nothing is
remembered between runs that live could tell. Knows the order of things. Refuses to know files, Pulumi, terminals and
boto3.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from reconciler.aws.clock import Clock
from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.batch import Batch
from reconciler.delivery import Delivery, looking
from reconciler.errors import Interrupted, NotFound, ReconcilerError, Refused, ServiceError
from reconciler.inert import inert
from reconciler.ledger import Ledger, fill_live
from reconciler.model import DatasetType, Destroy, Policy
from reconciler.outcome import Outcome
from reconciler.plan import Action, Plan, make_plan, sends
from reconciler.progress import Progress, Reporter
from reconciler.readback import counted_by_verb, judged
from reconciler.sending import SendQueue

__all__ = ["Observation", "Reconciliation", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """Which dataset: a project's ARN and the type."""

    project_arn: str
    dataset_type: DatasetType


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there: the dataset's ARN and description, or neither.

    `leftover` is a dataset that must go before a new one can be created: its creation failed, or it is being deleted.
    """

    arn: str | None = None
    description: DatasetDescription | None = None
    leftover: str | None = None


class Reconciliation:
    """One dataset's observe, plan and apply.

    `stop` is asked between batches: it gives the reason to stop, None to go on. `report` is told how far things are.
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
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._policy = policy
        self._report = report
        self._stop = stop
        self._waiter = Waiter(gateway, clock, random, policy.patience)

    def observe(self, target: Target) -> Observation:
        """Find the dataset of a project by its type, and wait until no operation runs on it.

        Raises:
            NotFound: there is no such project.
        """
        project = self._gateway.project(target.project_arn)
        if project is None:
            raise NotFound(f"there is no project {target.project_arn}; create it, or mend the ARN or the region")
        arn = project.datasets.get(target.dataset_type)
        return self.look_at(arn) if arn else Observation()

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

    def list_live(self, ledger: Ledger, arn: str) -> None:
        """List a dataset's entries into the ledger, in place of what it held of live.

        Raises:
            ServiceError: a call failed, or the service listed what is no entry.
        """
        try:
            fill_live(
                ledger,
                self._gateway.entries(arn),
                lambda count: self._report(Progress(f"listing: {count:,} entries")),
            )
        except ValueError as error:
            raise ServiceError(f"{arn}: {error}; report it to AWS", operation="ListDatasetEntries") from None

    def plan(
        self, ledger: Ledger, seen: Observation, bucket: str | None, settled: frozenset[str] = frozenset()
    ) -> Plan:
        """List live into the ledger, which holds the desired entries already, and compare."""
        if seen.arn:
            self.list_live(ledger, seen.arn)
        return make_plan(ledger, self._policy, exists=seen.arn is not None, bucket=bucket, settled=settled)

    def apply(self, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Outcome:
        """Carry out a plan and read back. What goes wrong after the first request is in the outcome's `error`.

        Raises:
            Refused: the plan has refusals; nothing was sent.
        """
        if plan.refusals:
            raise Refused("; ".join(plan.refusals))
        marked_before = frozenset(row.key for row in ledger.marked())
        queue = SendQueue(ledger, sends(ledger, plan))
        outcome = self._carried_out(ledger, plan, queue, seen, target)
        if outcome.dataset_arn and plan.has_changes:
            try:
                self.list_live(ledger, outcome.dataset_arn)
            except ReconcilerError as error:
                arn = "" if isinstance(error, NotFound) else outcome.dataset_arn
                return replace(counted_by_verb(queue, outcome), dataset_arn=arn, error=outcome.error or error)
        return judged(ledger, self._policy, queue, outcome, marked_before) if outcome.dataset_arn else outcome

    def destroy(self, arn: str) -> None:
        """Delete a dataset as `policy.destroy` says, and wait until it is gone.

        Raises:
            Refused: the policy is `refuse` and the dataset has entries.
        """
        if self._policy.destroy is Destroy.KEEP:
            return
        description = self._gateway.describe(arn)
        if description is None:
            return
        if self._policy.destroy is Destroy.REFUSE and description.entries:
            raise Refused(
                f"the dataset {arn} has {description.entries:,} entries and the policy is `destroy: refuse`; to delete "
                "it, put its folder back, set `destroy: delete` (or `keep`, to leave it alone) in project.yaml, run "
                "`pulumi up` once, then destroy; to only forget it, run `pulumi state delete`"
            )
        self._delete(arn)

    def _carried_out(self, ledger: Ledger, plan: Plan, queue: SendQueue, seen: Observation, target: Target) -> Outcome:
        outcome = Outcome(seen.arn or "", settled=plan.settled)
        try:
            outcome = replace(outcome, dataset_arn=self._ready(plan, seen, target))
            for _confirmed in self._delivery(ledger).send(queue, plan, outcome.dataset_arn):
                outcome = replace(outcome, batches=outcome.batches + 1)
        except ReconcilerError as error:
            return replace(outcome, error=error)
        return outcome

    def _delivery(self, ledger: Ledger) -> Delivery:
        def listing_decides(arn: str, batch: Batch) -> None:
            self._listing_decides(ledger, arn, batch)

        return Delivery(self._gateway, self._clock, self._waiter, self._report, self._stop, listing_decides)

    def _ready(self, plan: Plan, seen: Observation, target: Target) -> str:
        """The ARN of a dataset that can be loaded: created, or deleted and created, where the plan says so."""
        if plan.action not in {Action.CREATE, Action.REPLACE} and seen.arn:
            return seen.arn
        doomed = seen.arn if plan.action is Action.REPLACE else seen.leftover
        if doomed:
            self._delete(doomed)
        arn = self._gateway.create_dataset(target.project_arn, target.dataset_type)
        described = self._waiter.until_idle(arn, looking(self._report, "creating the dataset"))
        if described.status == DatasetStatus.CREATE_FAILED:
            reason = inert(described.message) or "AWS gave no reason"
            raise ServiceError(f"the dataset {arn} could not be created: {reason}; run again")
        return arn

    def _delete(self, arn: str) -> None:
        description = self._gateway.describe(arn)
        if description is not None and description.status != DatasetStatus.DELETE_IN_PROGRESS:
            self._waiter.until_idle(arn, looking(self._report, "waiting for a running operation"))
            self._gateway.delete_dataset(arn)
        self._waiter.until_gone(arn, looking(self._report, "deleting the dataset"))

    def _listing_decides(self, ledger: Ledger, arn: str, batch: Batch) -> None:
        """The status never moved: the update is done when its lines are live as sent, else it was not taken."""
        self.list_live(ledger, arn)
        sent = {change.key for change in batch.changes}
        missing = sum(1 for row in ledger.differing(self._policy.compare) if row.key in sent)
        missing += sum(1 for row in ledger.live_only() if row.key in sent and row.live_labelled)
        if missing:
            raise ServiceError(
                f"UpdateDatasetEntries was accepted, but after 30 seconds the status of {arn} has not moved and "
                f"{missing:,} of {len(sent):,} lines are not live; run again"
            )
