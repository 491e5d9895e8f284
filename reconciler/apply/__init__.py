"""Observe, plan, apply and delete one dataset: functions that work with one `Context`.

`observe` finds the dataset. `plan_against_live` lists it and makes the plan. `apply` carries out the plan: it creates
or replaces the dataset where the plan says so, and makes a new plan when somebody else changed the dataset. `destroy`
deletes it.
"""

from reconciler.apply.context import Context, Target
from reconciler.apply.delete import destroy
from reconciler.apply.live import (
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
    "list_live",
    "look_at",
    "observe",
    "observe_in",
    "observe_recorded",
    "plan_against_live",
    "plan_without_project",
]
