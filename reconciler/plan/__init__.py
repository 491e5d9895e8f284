"""What an apply would do to one dataset: in which order, in how many batches, what blocks it, and its id.

The names are loaded when they are first asked for: a run that validates manifests makes no plan.
"""

from typing import TYPE_CHECKING, Final

from reconciler.lazy import lazy

if TYPE_CHECKING:
    from reconciler.plan.ids import DECIDING, ids_in, moved, run_id
    from reconciler.plan.leakage import Sibling
    from reconciler.plan.make import Plan, Request, plan, sends
    from reconciler.plan.theirs import Basis, Judge, Judged, not_judged

__all__ = [
    "DECIDING",
    "Basis",
    "Judge",
    "Judged",
    "Plan",
    "Request",
    "Sibling",
    "ids_in",
    "moved",
    "not_judged",
    "plan",
    "run_id",
    "sends",
]

_MODULES: Final = {
    "DECIDING": "ids",
    "Basis": "theirs",
    "Judge": "theirs",
    "Judged": "theirs",
    "Plan": "make",
    "Request": "make",
    "Sibling": "leakage",
    "ids_in": "ids",
    "moved": "ids",
    "not_judged": "theirs",
    "plan": "make",
    "run_id": "ids",
    "sends": "make",
}

if not TYPE_CHECKING:  # the checker sees the names above, and no other
    __getattr__ = lazy(__name__, _MODULES)
