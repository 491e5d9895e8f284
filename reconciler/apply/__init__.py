"""Observe, plan, apply and delete one dataset: functions that work with one `Context`.

`observe` finds the dataset. `plan_against_live` lists it and makes the plan. `apply` carries out the plan: it creates
or replaces the dataset where the plan says so, and makes a new plan when somebody else changed the dataset. `destroy`
deletes it.

The names are loaded when they are first asked for: a run that asks AWS nothing needs only `outcome`.
"""

from typing import TYPE_CHECKING, Final

from reconciler.lazy import lazy

if TYPE_CHECKING:
    from reconciler.apply.context import Context, Target
    from reconciler.apply.delete import destroy
    from reconciler.apply.live import (
        known_live,
        list_live,
        look_at,
        observe,
        observe_in,
        observe_recorded,
        plan_against_live,
        plan_without_project,
    )
    from reconciler.apply.outcome import Outcome
    from reconciler.apply.reconciliation import apply

__all__ = [
    "Context",
    "Outcome",
    "Target",
    "apply",
    "destroy",
    "known_live",
    "list_live",
    "look_at",
    "observe",
    "observe_in",
    "observe_recorded",
    "plan_against_live",
    "plan_without_project",
]

_MODULES: Final = {
    "Context": "context",
    "Outcome": "outcome",
    "Target": "context",
    "apply": "reconciliation",
    "destroy": "delete",
    "known_live": "live",
    "list_live": "live",
    "look_at": "live",
    "observe": "live",
    "observe_in": "live",
    "observe_recorded": "live",
    "plan_against_live": "live",
    "plan_without_project": "live",
}

if not TYPE_CHECKING:  # the checker sees the names above, and no other
    __getattr__ = lazy(__name__, _MODULES)
