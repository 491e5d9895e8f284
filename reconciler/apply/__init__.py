"""One dataset's observe, plan, apply and destroy: functions over one `Context`.

`observe` finds the dataset, `plan_against_live` lists and plans it, `apply` carries a plan out (creating or replacing
the dataset where it says so, and planning anew when somebody else was there), `destroy` deletes it.
"""

from reconciler.apply.context import Context, Target
from reconciler.apply.delete import destroy
from reconciler.apply.list_live import list_live
from reconciler.apply.observe import look_at, observe, observe_in
from reconciler.apply.outcome import Outcome
from reconciler.apply.plan_against_live import plan_against_live
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
    "plan_against_live",
]
