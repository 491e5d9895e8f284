"""Planning: live is listed and compared, and the guards are asked."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from reconciler.apply.list_live import Listing
from reconciler.apply.observe import Observation, Target
from reconciler.aws.gateway import Gateway
from reconciler.entries import key_of
from reconciler.errors import InUse, Moved, NotFound
from reconciler.guards import Asked, Labels, threshold_of
from reconciler.ledger import Ledger
from reconciler.model import Policy
from reconciler.plan.figures import check_guards, guarded
from reconciler.plan.plan import Action, Plan, Statistics, make_plan
from reconciler.snapshots.places import Keeper


@dataclass(frozen=True, slots=True)
class Planning:
    """Makes plans under one policy.

    `allow` gives a reason for each guard that is overridden in this run; `test_keys` what the manifest of the test
    dataset has, asked for only where it matters.
    """

    gateway: Gateway
    listing: Listing
    keeper: Keeper
    policy: Policy
    allow: Mapping[str, str]
    test_keys: Callable[[], Collection[str]]

    def plan(
        self, ledger: Ledger, seen: Observation, bucket: str | None, settled: frozenset[str] = frozenset()
    ) -> Plan:
        """List live into the ledger, which holds the desired entries already, and compare."""
        listed = self.listing.list(ledger, seen.arn, seen.description) if seen.arn else None
        plan = make_plan(ledger, self.policy, exists=seen.arn is not None, bucket=bucket, settled=settled)
        if plan.action is Action.REPLACE and (refusal := self.keeper.refusal()):
            plan = replace(plan, refusals=(*plan.refusals, refusal))
        if listed is None:
            return plan
        return replace(plan, updated=listed.updated, counted=Statistics(listed.entries, listed.errors))

    def guarded(
        self, ledger: Ledger, plan: Plan, seen: Observation, target: Target, before: Labels | None = None
    ) -> Plan:
        """The plan with what the guards say: a refusal for each that trips, unless `allow` gives a reason.

        `before` are the labels that shares are compared with, where live is not as it was found any more.
        """
        moved = self._moved_to_test(ledger, plan, seen)
        asked = Asked(target.dataset_type, self.policy.guards, moved, before)
        return guarded(ledger, plan, check_guards(ledger, plan, asked, self.allow))

    def _moved_to_test(self, ledger: Ledger, plan: Plan, seen: Observation) -> int:
        """How many entries the plan would add to TRAIN that are live only in TEST; looked up where it matters."""
        if (
            not threshold_of(self.policy.guards, "distributed")
            or seen.test_arn is None
            or not plan.add
            or not plan.live
        ):
            return 0
        try:
            found = ledger.missing(key_of(line) for line in self.gateway.entries(seen.test_arn))
        except (InUse, Moved, NotFound):
            return 0  # the test dataset is being worked on: this guard is a hint, no lock
        return len(set(found) - set(self.test_keys())) if found else 0
