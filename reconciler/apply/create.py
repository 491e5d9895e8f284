"""Make a dataset ready to be loaded: create it, or delete it first and create it again, where the plan says so."""

from collections.abc import Callable

from reconciler.apply.context import Context, Target
from reconciler.apply.delete import delete_empty, delete_kept
from reconciler.changes import Action
from reconciler.dataset import DatasetStatus, Observation
from reconciler.errors import AlreadyThere, Moved, ServiceError
from reconciler.plan import Plan
from reconciler.text import inert


def ready(
    context: Context, plan: Plan, seen: Observation, target: Target, kept: Callable[[str], None]
) -> tuple[str, float]:
    """The dataset's ARN and its LastUpdatedTimestamp; `kept` is called with the place of each snapshot.

    Raises:
        Moved: somebody else created the dataset, or changed the one that was to be deleted.
        ServiceError: it could not be created.
    """
    if not plan.loads_all and seen.arn:
        return seen.arn, plan.updated
    if plan.action is Action.REPLACE and seen.arn:
        delete_kept(context, seen.arn, plan.updated, plan.live.entries if plan.live else 0, kept)
    elif seen.leftover:
        delete_empty(context, seen.leftover)
    try:
        arn = context.gateway.create_dataset(target.project_arn, target.dataset_type)
    except AlreadyThere as error:
        raise Moved(str(error)) from None
    described = context.waiter.until_idle(arn, context.looking("creating the dataset"))
    if described.status == DatasetStatus.CREATE_FAILED:
        reason = inert(described.message) or "AWS gave no reason"
        raise ServiceError(f"the dataset {arn} could not be created: {reason}; run again")
    return arn, described.updated
