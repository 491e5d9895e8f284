"""Rounds of sending: as long as somebody else changes the dataset meanwhile, look again, plan anew and go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from reconciler.apply.create import Readying
from reconciler.apply.list_live import Listing
from reconciler.apply.observe import Observation, Observing, Target
from reconciler.apply.outcome import Outcome
from reconciler.apply.plan_against_live import Planning
from reconciler.apply.send import Delivery, LiveView
from reconciler.aws.clock import Clock
from reconciler.errors import Moved, ReconcilerError, Refused
from reconciler.guards import Labels
from reconciler.ledger import Ledger, SendQueue
from reconciler.model import Change, Policy
from reconciler.plan.plan import Action, Plan, sends

# A dataset that somebody else changes again and again under an apply: so often it is planned anew, then the apply ends
# and says so.
_ROUNDS: Final = 6
# The pause before each, in seconds; it doubles, and varies so that two applies get out of one another's step.
_ROUND_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Work:
    """What an apply works on: both sides, the lines to send, where to; and the snapshots that it has left.

    `before` are the labels that were live when the apply was planned, `moments` the LastUpdatedTimestamps that our
    batches left.
    """

    ledger: Ledger
    queue: SendQueue
    target: Target
    before: Labels
    snapshots: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def is_last_at(self, updated: float) -> bool:
        """Whether nobody was at the dataset since our last batch, if there was one."""
        return not self.moments or self.moments[-1] == updated


@dataclass(frozen=True, slots=True)
class Rounds:
    """Sends what there is to send; `delivery` makes the sender that reads live from a view."""

    clock: Clock
    random: Random
    observing: Observing
    planning: Planning
    readying: Readying
    delivery: Callable[[LiveView], Delivery]

    def carry_out(self, work: Work, plan: Plan, seen: Observation) -> Outcome:
        """Send all there is to send. Where somebody else changed the dataset meanwhile, look again and plan anew."""
        outcome = Outcome(seen.arn or "", settled=plan.settled)
        for number in range(_ROUNDS):
            try:
                if number:
                    self.clock.sleep(_ROUND_PAUSE * 2**number * (0.5 + self.random.random() / 2))
                    seen, plan = self._planned_anew(work, plan)
                arn, updated = self.readying.ready(plan, seen, work.target, work.snapshots.append)
                outcome = replace(outcome, dataset_arn=arn)
                for done in self._delivery(work.ledger).send(work.queue, plan, arn, updated):
                    size = len(done.batch.body)
                    outcome = replace(outcome, batches=outcome.batches + 1, bytes=outcome.bytes + size)
                    work.moments.append(done.updated)
            except Moved as moved:
                outcome = replace(outcome, error=moved)
            except ReconcilerError as error:
                return replace(outcome, error=error)
            else:
                return replace(outcome, error=None)
        return outcome

    def _planned_anew(self, work: Work, plan: Plan) -> tuple[Observation, Plan]:
        """Read what somebody else did, and what is left to send.

        Raises:
            Refused: the policy or a guard says no by now, or the dataset would have to be deleted, which nobody was
            shown.
        """
        seen = self.observing.observe(work.target)
        anew = self.planning.plan(work.ledger, seen, plan.bucket, plan.settled)
        # What we have sent is live: it must not be held against what is left to send.
        before = work.before if work.queue.confirmed_by_verb() else None
        anew = self.planning.guarded(work.ledger, anew, seen, work.target, before)
        if anew.refusals:
            raise Refused(f"the dataset was changed meanwhile, and nothing more is sent: {anew.refusal}")
        if anew.action is Action.REPLACE and plan.action is not Action.REPLACE:
            raise Refused(
                f"the dataset {seen.arn} has entries by now that the manifest does not have, so that it would have to "
                "be deleted and loaded anew (`extra: replace`); run again to see that plan"
            )
        work.queue.refill(sends(work.ledger, anew))
        return seen, anew

    def _delivery(self, ledger: Ledger) -> Delivery:
        return self.delivery(_Live(self.planning.listing, ledger, self.planning.policy))


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
