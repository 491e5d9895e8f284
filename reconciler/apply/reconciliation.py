"""The conductor: observe, plan, apply, destroy, for one dataset.

Its steps are the level-based loop: look at live, compare with desired, send what differs, look again. Nothing is
remembered between runs that live could tell.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from random import Random

from reconciler.apply.create import Readying
from reconciler.apply.delete import Destroying, Removal
from reconciler.apply.list_live import Listing
from reconciler.apply.observe import Observation, Observing, Target
from reconciler.apply.outcome import Outcome
from reconciler.apply.plan_against_live import Planning
from reconciler.apply.rounds import Rounds, Work
from reconciler.apply.send import Delivery
from reconciler.apply.verify import Circumstances, counted_by_verb, judged, lacks
from reconciler.aws.calls import Patience
from reconciler.aws.clock import Clock
from reconciler.aws.gateway import DatasetDescription, Gateway
from reconciler.aws.wait import Waiter
from reconciler.errors import Interrupted, NotFound, ReconcilerError, Refused
from reconciler.ledger import Ledger, SendQueue
from reconciler.model import Policy, Progress, Reporter
from reconciler.plan.figures import labels_of_live
from reconciler.plan.plan import Plan, Statistics, sends
from reconciler.snapshots.places import NOWHERE, Keeper


class Reconciliation:
    """One dataset's observe, plan and apply.

    `stop` is asked between batches: it gives the reason to stop, None to go on. `report` is told how far things are.
    `keeper` keeps a snapshot of what is about to be deleted; without one, nothing with entries is deleted.
    `allow` gives a reason for each guard that is overridden in this run; `test_keys` what the manifest of the project's
    test dataset has.
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
        test_keys: Callable[[], Collection[str]] = tuple,
    ) -> None:
        gateway = gateway.patient(Patience(policy.patience, stop, lambda said: report(Progress(said))))
        waiter = Waiter(gateway, clock, random, policy.patience)
        removal = Removal(gateway, waiter, report, stop, keeper)
        self._policy = policy
        self._listing = Listing(gateway, clock, waiter, report)
        self._observing = Observing(gateway, waiter, report)
        self._planning = Planning(gateway, self._listing, keeper, policy, dict(allow or {}), test_keys)
        self._destroying = Destroying(gateway, removal, keeper, policy.destroy)
        readying = Readying(gateway, waiter, removal, report)
        delivery = partial(Delivery, gateway, clock, waiter, report, stop)
        self._rounds = Rounds(clock, random, self._observing, self._planning, readying, delivery)

    def observe(self, target: Target) -> Observation:
        """Find the dataset of a project by its type, and wait until no operation runs on it.

        Raises:
            NotFound: there is no such project.
        """
        return self._observing.observe(target)

    def look_at(self, arn: str) -> Observation:
        """Look at a dataset by its ARN; one that is not there gives an empty observation."""
        return self._observing.look_at(arn)

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
        return self._planning.plan(ledger, seen, bucket, settled)

    def guarded(self, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Plan:
        """The plan with what the guards say: a refusal for each that trips, unless `allow` gives a reason."""
        return self._planning.guarded(ledger, plan, seen, target)

    def apply(self, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Outcome:
        """Carry out a plan and read back. What goes wrong after the first request is in the outcome's `error`.

        Raises:
            Refused: the plan has refusals; nothing was sent.
        """
        if plan.refusals:
            raise Refused(plan.refusal)
        marked_before = frozenset(row.key for row in ledger.marked())
        queue = ledger.send_queue(sends(ledger, plan))
        work = Work(ledger, queue, target, labels_of_live(ledger))
        done = self._rounds.carry_out(work, plan, seen)
        overwritten = False
        outcome = replace(done, snapshots=tuple(work.snapshots), counted=None if plan.has_changes else plan.counted)
        if outcome.dataset_arn and plan.has_changes:
            try:
                read = self._read_back(ledger, queue, outcome.dataset_arn)
                outcome = replace(outcome, counted=Statistics(read.entries, read.errors))
                overwritten = not work.is_last_at(read.updated)
            except ReconcilerError as error:
                arn = "" if isinstance(error, NotFound) else outcome.dataset_arn
                return replace(counted_by_verb(queue, outcome), dataset_arn=arn, error=outcome.error or error)
        if not outcome.dataset_arn:
            return outcome
        return judged(ledger, self._policy, queue, outcome, Circumstances(marked_before, overwritten=overwritten))

    def destroy(self, arn: str) -> tuple[str, ...]:
        """Delete a dataset as `policy.destroy` says, and wait until it is gone; where snapshots of it are.

        Raises:
            Refused: the policy is `refuse` and the dataset has entries, or there is no place for a snapshot.
        """
        return self._destroying.destroy(arn)

    def _read_back(self, ledger: Ledger, queue: SendQueue, arn: str) -> DatasetDescription:
        """List until what was sent is there, within reason; what the service says of the dataset then."""
        return self._listing.list_fresh(ledger, arn, lambda: lacks(ledger, self._policy, queue))
