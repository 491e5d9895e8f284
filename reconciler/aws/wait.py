"""Wait for the service to end an operation, by DescribeDataset; its reads may be stale and out of order."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from msgspec import Struct

from reconciler.aws.clock import Clock
from reconciler.aws.gateway import Gateway
from reconciler.errors import Moved, NotFound, OutOfPatience
from reconciler.model import DatasetDescription, DatasetStatus
from reconciler.text import inert

# Pauses between two calls, in seconds. AWS's samples poll every 5 seconds, and the account's 5 calls per second are
# shared. Small batches end soon, so the first pause follows the size: for a full batch of 5 MB it is 3 seconds.
_FIRST_LOOK: Final = 0.5
_PER_BYTE: Final = 0.5e-6
_GROWTH: Final = 1.5
_LAST_LOOK: Final = 5.0
# For how many seconds a terminal status that did not change is a stale read; after that a listing decides.
_STALE_FOR: Final = 30.0


class Waiter(Struct, frozen=True):
    """Waits for one dataset's operations. `patience` is the longest time without progress, in seconds."""

    gateway: Gateway
    clock: Clock
    random: Random
    patience: float

    def until_updated(
        self, arn: str, before: DatasetDescription, look: Callable[[DatasetDescription], None], size: int = 0
    ) -> DatasetDescription | None:
        """Wait for the update sent after `before` was read; None when a listing must decide whether it happened.

        `size` is that of the update in bytes.

        Raises:
            NotFound: the dataset was deleted. OutOfPatience: no progress for too long.
        """
        ran, since, looks = False, self.clock.now(), self._looks(arn, size)
        while True:
            look(now := next(looks))
            if now.is_running:
                ran, since = True, self.clock.now()
            elif now.updated > before.updated or (ran and now.updated == before.updated and now != before):
                return now
            elif self.clock.now() - since >= _STALE_FOR:
                return None

    def until_idle(
        self, arn: str, look: Callable[[DatasetDescription], None], not_before: float = 0.0, size: int = 0
    ) -> DatasetDescription:
        """Wait until no operation runs, whoever started it.

        A description older than `not_before` (a LastUpdatedTimestamp that was read before) is a stale read: it is
        read again for 30 seconds. `size` is how many bytes the operation has to load.

        Raises:
            NotFound: the dataset was deleted. OutOfPatience: no progress for too long.
        """
        start, looks = self.clock.now(), self._looks(arn, size)
        while True:
            look(now := next(looks))
            is_stale = now.updated < not_before and self.clock.now() - start < _STALE_FOR
            if not now.is_running and not is_stale:
                return now

    def until_gone(self, arn: str, look: Callable[[DatasetDescription], None]) -> None:
        """Wait until the dataset is deleted: there is no status for that, it is not found any more.

        Raises:
            Moved: it is not being deleted, whatever was answered. OutOfPatience: no progress for too long.
        """
        since = self.clock.now()
        try:
            for now in self._looks(arn):
                look(now)
                if now.status == DatasetStatus.DELETE_IN_PROGRESS:
                    since = self.clock.now()
                elif self.clock.now() - since >= _STALE_FOR:
                    raise Moved(f"the dataset {arn} is {inert(now.status)} and not being deleted; run again")
        except NotFound:
            return

    def _looks(self, arn: str, size: int = 0) -> Iterator[DatasetDescription]:
        """Descriptions of a dataset, the first at once; each pause is longer than the last and varied by a tenth."""
        pause, last, moved = min(_FIRST_LOOK + size * _PER_BYTE, _LAST_LOOK), None, self.clock.now()
        while True:
            now = self.gateway.describe(arn)
            if now is None:
                raise NotFound(f"somebody else deleted the dataset {arn}; run again to create it")
            if now != last:
                last, moved = now, self.clock.now()
            elif self.clock.now() - moved > self.patience:
                raise OutOfPatience(
                    f"the dataset {arn} has been {inert(now.status)} without progress for {self.patience / 60:g} "
                    "minutes; nothing is lost: run again to continue, or raise `policy.patience`"
                )
            yield now
            self.clock.sleep(pause * (0.9 + self.random.random() / 5))
            pause = min(pause * _GROWTH, _LAST_LOOK)
