"""Waiting for the service to end an operation.

Reads may be stale and out of order.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from reconciler.aws.clock import Clock
from reconciler.aws.gateway import Gateway
from reconciler.dataset import DatasetDescription, DatasetStatus
from reconciler.errors import Moved, NotFound, OutOfPatience
from reconciler.text import inert

# AWS's samples poll every 5 seconds; the account's 5 calls a second are shared. Small batches end soon, so the first
# looks come quicker.
_FIRST_LOOK: Final = 0.5
_GROWTH: Final = 1.5
_LAST_LOOK: Final = 5.0
# So long a terminal status that did not move since sending is taken for a stale read; then a listing decides.
_STALE_FOR: Final = 30.0


class Waiter:
    """Waits for one dataset's operations. `patience` is the longest time without progress, in seconds."""

    def __init__(self, gateway: Gateway, clock: Clock, random: Random, patience: float) -> None:
        self._gateway = gateway
        self._clock = clock
        self._random = random
        self._patience = patience

    def until_updated(
        self, arn: str, before: DatasetDescription, look: Callable[[DatasetDescription], None]
    ) -> DatasetDescription | None:
        """Wait for the update sent after `before` was read; None when a listing must decide whether it happened.

        Raises:
            NotFound: the dataset was deleted meanwhile. OutOfPatience: no progress for too long.
        """
        ran, since, looks = False, self._clock.now(), self._looks(arn)
        while True:
            look(now := looks.next())
            if now.is_running:
                ran, since = True, self._clock.now()
            elif now.updated > before.updated or (ran and now.updated == before.updated and now != before):
                return now
            elif self._clock.now() - since >= _STALE_FOR:
                return None

    def until_idle(
        self, arn: str, look: Callable[[DatasetDescription], None], not_before: float = 0.0
    ) -> DatasetDescription:
        """Wait until no operation runs, whoever started it.

        A description older than `not_before` (a LastUpdatedTimestamp that was seen already) is a stale read: it is
        read again for 30 seconds.

        Raises:
            NotFound: the dataset is gone. OutOfPatience: no progress for too long.
        """
        start, looks = self._clock.now(), self._looks(arn)
        while True:
            look(now := looks.next())
            is_stale = now.updated < not_before and self._clock.now() - start < _STALE_FOR
            if not now.is_running and not is_stale:
                return now

    def until_gone(self, arn: str, look: Callable[[DatasetDescription], None]) -> None:
        """Wait until the dataset is deleted; there is no status for it, it is not found any more.

        Raises:
            Moved: it is not being deleted, whatever was answered. OutOfPatience: no progress for too long.
        """
        since, looks = self._clock.now(), self._looks(arn)
        try:
            while True:
                look(now := looks.next())
                if now.status == DatasetStatus.DELETE_IN_PROGRESS:
                    since = self._clock.now()
                elif self._clock.now() - since >= _STALE_FOR:
                    raise Moved(f"the dataset {arn} is {inert(now.status)} and not being deleted; run again")
        except NotFound:
            return

    def _looks(self, arn: str) -> "_Looks":
        return _Looks(self._gateway, self._clock, self._random, self._patience, arn)


class _Looks:
    """Descriptions of a dataset, one after each pause, until it is gone or patience ends."""

    def __init__(self, gateway: Gateway, clock: Clock, random: Random, patience: float, arn: str) -> None:
        self._gateway, self._clock, self._random = gateway, clock, random
        self._patience, self._arn = patience, arn
        self._pause = 0.0
        self._last: DatasetDescription | None = None
        self._moved = clock.now()

    def next(self) -> DatasetDescription:
        """Rest, then look."""
        self._rest()
        now = self._gateway.describe(self._arn)
        if now is None:
            raise NotFound(f"the dataset {self._arn} is gone: somebody deleted it; run again to create it")
        if now != self._last:
            self._last, self._moved = now, self._clock.now()
        elif self._clock.now() - self._moved > self._patience:
            raise OutOfPatience(
                f"the dataset {self._arn} has been {inert(now.status)} without progress for "
                f"{self._patience / 60:g} minutes; nothing is lost: run again to go on, or raise `policy.patience`"
            )
        return now

    def _rest(self) -> None:
        """The first look comes at once; each pause is longer than the one before and varied by a tenth."""
        if self._pause:
            self._clock.sleep(self._pause * (0.9 + self._random.random() / 5))
        self._pause = min(max(self._pause * _GROWTH, _FIRST_LOOK), _LAST_LOOK)
