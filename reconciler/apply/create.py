"""Readying: a dataset that can be loaded, created or deleted and created where the plan says so."""

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.apply.delete import Removal
from reconciler.apply.observe import Observation, Target
from reconciler.apply.send import looking
from reconciler.aws.gateway import DatasetStatus, Gateway
from reconciler.aws.wait import Waiter
from reconciler.errors import AlreadyThere, Moved, ServiceError
from reconciler.model import Reporter
from reconciler.plan.plan import Action, Plan
from reconciler.text import inert


@dataclass(frozen=True, slots=True)
class Readying:
    """Makes datasets ready to be loaded."""

    gateway: Gateway
    waiter: Waiter
    removal: Removal
    report: Reporter

    def ready(self, plan: Plan, seen: Observation, target: Target, kept: Callable[[str], None]) -> tuple[str, float]:
        """The dataset's ARN, and the LastUpdatedTimestamp to go by; `kept` is told where a snapshot is.

        Raises:
            Moved: somebody else created it meanwhile, or changed what was to be deleted.
            ServiceError: it could not be created.
        """
        if plan.action not in {Action.CREATE, Action.REPLACE} and seen.arn:
            return seen.arn, plan.updated
        if plan.action is Action.REPLACE and seen.arn:
            entries = plan.live.entries if plan.live else 0
            self.removal.delete_kept(seen.arn, plan.updated, entries, kept)
        elif seen.leftover:
            self.removal.delete(seen.leftover)
        return self._created(target)

    def _created(self, target: Target) -> tuple[str, float]:
        try:
            arn = self.gateway.create_dataset(target.project_arn, target.dataset_type)
        except AlreadyThere as error:
            raise Moved(str(error)) from None
        described = self.waiter.until_idle(arn, looking(self.report, "creating the dataset"))
        if described.status == DatasetStatus.CREATE_FAILED:
            reason = inert(described.message) or "AWS gave no reason"
            raise ServiceError(f"the dataset {arn} could not be created: {reason}; run again")
        return arn, described.updated
