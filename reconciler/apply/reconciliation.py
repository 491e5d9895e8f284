"""The steps of an apply: send what differs, plan again when somebody else changed the dataset, list the result.

Nothing is stored between runs that a listing can show.
"""

from dataclasses import replace
from functools import partial

from reconciler.apply.context import Context, Target
from reconciler.apply.list_live import list_live
from reconciler.apply.outcome import Outcome
from reconciler.apply.rounds import Work, carry_out
from reconciler.apply.verify import Circumstances, counted_by_verb, lacks, verified
from reconciler.dataset import Observation
from reconciler.errors import Failure, NotFound, ReconcilerError, Refused
from reconciler.ledger import Ledger
from reconciler.plan import Plan, Statistics, sends
from reconciler.plan.figures import labels_of_live


def apply(context: Context, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Outcome:
    """Carry out a plan and list the result. Errors after the first request are in the outcome's `error`.

    Raises:
        Refused: the plan has refusals, or was made without a service; nothing was sent.
    """
    if plan.offline:
        raise Refused("a comparison without a service is for reading only; nothing was sent")
    if plan.refusals:
        raise Refused(plan.refusal)
    marked_before = frozenset(row.key for row in ledger.marked())
    queue = ledger.send_queue(sends(ledger, plan))
    work = Work(ledger, queue, target, labels_of_live(ledger))
    done = carry_out(context, work, plan, seen)
    overwritten = False
    outcome = replace(done, snapshots=tuple(work.snapshots), counted=None if plan.has_changes else plan.counted)
    if outcome.dataset_arn and plan.has_changes:
        try:
            stale = partial(lacks, ledger, context.policy, queue)
            read = list_live(context, ledger, outcome.dataset_arn, looks_stale=stale)
            outcome = replace(outcome, counted=Statistics(read.entries, read.errors))
            overwritten = work.updated not in {None, read.updated}
        except ReconcilerError as error:
            arn = "" if isinstance(error, NotFound) else outcome.dataset_arn
            return replace(counted_by_verb(queue, outcome), dataset_arn=arn, error=outcome.error or Failure.of(error))
    if not outcome.dataset_arn:
        return outcome
    return verified(ledger, context.policy, queue, outcome, Circumstances(marked_before, overwritten=overwritten))
