"""Destroying: a dataset goes as its policy says, after its entries were kept.

Knows `policy.destroy`. Refuses to know how entries are kept and how a dataset is deleted (`reconciler.removal`).
"""

from dataclasses import dataclass
from typing import Final

from reconciler.aws.gateway import DatasetDescription, DatasetStatus, Gateway
from reconciler.errors import Moved, Refused
from reconciler.keeping import Keeper
from reconciler.model import Destroy
from reconciler.removal import Removal

__all__ = ["Destroying"]

# A dataset that somebody else changes again and again meanwhile: so often it is looked at anew.
_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True)
class Destroying:
    """Deletes datasets under one policy."""

    gateway: Gateway
    removal: Removal
    keeper: Keeper
    policy: Destroy

    def destroy(self, arn: str) -> tuple[str, ...]:
        """Delete a dataset as `policy.destroy` says, and wait until it is gone; where snapshots of it are.

        Raises:
            Refused: the policy is `refuse` and the dataset has entries, or there is no place for a snapshot.
            Moved: somebody else changed it again and again meanwhile.
        """
        snapshots: list[str] = []
        error: Moved | None = None
        for _round in range(_ROUNDS):
            description = None if self.policy is Destroy.KEEP else self.gateway.describe(arn)
            if description is None:
                return tuple(snapshots)
            self._refuse(arn, description)
            try:
                self._delete(arn, description, snapshots)
            except Moved as moved:
                error = moved
            else:
                return tuple(snapshots)
        raise error or Moved(f"the dataset {arn} is not deleted; run again")

    def _delete(self, arn: str, seen: DatasetDescription, snapshots: list[str]) -> None:
        if seen.entries and seen.status != DatasetStatus.DELETE_IN_PROGRESS:
            self.removal.delete_kept(arn, seen.updated, seen.entries, snapshots.append)
        else:
            self.removal.delete(arn)

    def _refuse(self, arn: str, description: DatasetDescription) -> None:
        if not description.entries:
            return
        if self.policy is Destroy.REFUSE:
            raise Refused(
                f"the dataset {arn} has {description.entries:,} entries and the policy is `destroy: refuse`; to delete "
                "it, put its folder back, set `destroy: delete` (or `keep`, to leave it alone) in project.yaml, run "
                "`pulumi up` once, then destroy; to only forget it, run `pulumi state delete`"
            )
        if refusal := self.keeper.refusal():
            raise Refused(f"the dataset {arn} is not deleted: {refusal}")
