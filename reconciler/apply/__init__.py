"""One dataset's observe, plan, apply and destroy, each in a room of its own, and the conductor over them.

`observing` finds the dataset, `planning` compares it and asks the guards, `readying` creates or replaces it, `rounds`
sends what there is to send, `destroying` deletes it; `conductor` knows their order.
"""

from reconciler.apply.observe import Observation, Target
from reconciler.apply.reconciliation import Reconciliation

__all__ = ["Observation", "Reconciliation", "Target"]
