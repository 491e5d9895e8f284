"""What an apply would do to one dataset: in which order, in how many batches, what blocks it, and its id."""

from reconciler.plan.ids import DECIDING, ids_in, moved, run_id
from reconciler.plan.leakage import Sibling
from reconciler.plan.make import Plan, Request, Statistics, plan, sends
from reconciler.plan.theirs import Basis, Judge, Judged, not_judged

__all__ = [
    "DECIDING",
    "Basis",
    "Judge",
    "Judged",
    "Plan",
    "Request",
    "Sibling",
    "Statistics",
    "ids_in",
    "moved",
    "not_judged",
    "plan",
    "run_id",
    "sends",
]
