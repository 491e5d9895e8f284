"""The environment variable RECONCILER_PLAN: the id of the plan that was reviewed, and nothing else is applied.

It is the id that `reconciler plan` and its views show for a run, in which every dataset finds its part; or the ids that
previews show for each dataset, joined by `-`.

Knows the variable. Refuses to know how ids are made (`reconciler.review.identity`).
"""

import os
from typing import Final

from reconciler.aws.arns import ProjectArn
from reconciler.errors import Refused
from reconciler.ledger import Ledger
from reconciler.plan import Plan
from reconciler.reconcile import Target
from reconciler.review.identity import ids_in, moved, plan_id

__all__ = ["refuse_moved"]

_VARIABLE: Final = "RECONCILER_PLAN"


def refuse_moved(ledger: Ledger, plan: Plan, target: Target) -> None:
    """Stop an apply of anything else than what was reviewed; without the variable everything may be applied.

    Raises:
        Refused: saying what moved.
    """
    reviewed = os.environ.get(_VARIABLE, "").strip()
    if not reviewed:
        return
    if not ids_in(reviewed):
        raise Refused(
            f"{_VARIABLE} is no plan id: give the one that `reconciler plan` shows, or those of the previews joined by "
            "`-`; nothing was sent"
        )
    title = f"{ProjectArn.parse(target.project_arn).name} {target.dataset_type.word}"
    words = moved(reviewed, plan_id(ledger, plan, title))
    if words:
        raise Refused(
            f"{words}: it is not the plan that {_VARIABLE} names; nothing was sent, review the plan as it is now"
        )
