"""What an apply would do to one dataset: in which order, in how many batches, what blocks it, and its id.

The names are loaded when they are first asked for: a run that validates manifests makes no plan.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

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

    def __getattr__(name: str) -> object:
        """A name of this package (PEP 562).

        Raises:
            AttributeError: there is none.
        """
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
