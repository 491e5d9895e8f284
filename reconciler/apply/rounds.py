"""Rounds of sending: as long as somebody else changes the dataset meanwhile, look again, plan anew and go on."""

from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.apply.context import Context, Target
from reconciler.apply.create import ready
from reconciler.apply.observe import observe
from reconciler.apply.outcome import Outcome
from reconciler.apply.plan_against_live import plan_against_live
from reconciler.apply.send import Lane, send
from reconciler.changes import Action
from reconciler.dataset import Observation
from reconciler.errors import Failure, Moved, ReconcilerError, Refused
from reconciler.guards import Labels
from reconciler.ledger import Ledger, SendQueue
from reconciler.plan import Plan, sends

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


def carry_out(context: Context, work: Work, plan: Plan, seen: Observation) -> Outcome:
    """Send all there is to send. Where somebody else changed the dataset meanwhile, look again and plan anew."""
    outcome = Outcome(seen.arn or "", settled=plan.settled)
    for number in range(_ROUNDS):
        try:
            if number:
                context.clock.sleep(_ROUND_PAUSE * 2**number * (0.5 + context.random.random() / 2))
                seen, plan = _planned_anew(context, work, plan)
            arn, updated = ready(context, plan, seen, work.target, work.snapshots.append)
            outcome = replace(outcome, dataset_arn=arn)
            for done in send(Lane(context, work.ledger, work.queue, plan, arn, updated)):
                size = len(done.batch.body)
                outcome = replace(outcome, batches=outcome.batches + 1, bytes=outcome.bytes + size)
                work.moments.append(done.updated)
        except Moved as moved:
            outcome = replace(outcome, error=Failure.of(moved))
        except ReconcilerError as error:
            return replace(outcome, error=Failure.of(error))
        else:
            return replace(outcome, error=None)
    return outcome


def _planned_anew(context: Context, work: Work, plan: Plan) -> tuple[Observation, Plan]:
    """Read what somebody else did, and what is left to send.

    Raises:
        Refused: the policy or a guard says no by now, or the dataset would have to be deleted, which nobody was
        shown.
    """
    seen = observe(context, work.target)
    # What we have sent is live: it must not be held against what is left to send.
    before = work.before if work.queue.confirmed_by_verb() else None
    bucket, settled = plan.request.bucket, plan.settled
    anew = plan_against_live(context, work.ledger, seen, work.target, bucket=bucket, settled=settled, before=before)
    if anew.refusals:
        raise Refused(f"the dataset was changed meanwhile, and nothing more is sent: {anew.refusal}")
    if anew.action is Action.REPLACE and plan.action is not Action.REPLACE:
        raise Refused(
            f"the dataset {seen.arn} has entries by now that the manifest does not have, so that it would have to "
            "be deleted and loaded anew (`extra: replace`); run again to see that plan"
        )
    work.queue.refill(sends(work.ledger, anew))
    return seen, anew
