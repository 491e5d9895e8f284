"""The pace of calls: below the account's quota for each operation, shared by all threads that call a Region.

An account has 5 calls per second of each dataset operation in each Region (AWS General Reference, Rekognition endpoints
and quotas), and other programs share them. Calls come at equal distances, without bursts.
"""

from collections import Counter
from collections.abc import Callable
from math import inf
from threading import Lock
from typing import Final

from msgspec import Struct, field

from reconciler.aws.clock import Clock
from reconciler.limits import DEFAULT_RATE

# However often an operation is throttled, it is called every two seconds.
_SLOWEST: Final = 0.5
# Calls that were on their way when one of them was throttled do not slow the operation again; in seconds.
_TOGETHER: Final = 1.0
# After so many answers in a row an operation that was throttled is called twice as often, up to its rate.
_ANSWERS: Final = 50


class _Turn(Struct):
    """When an operation may be called next, and how often."""

    rate: float
    earliest: float = -inf
    slowed: float = -inf
    answered: int = 0


class Pace(Struct):
    """At most `rate` calls per second of each operation, half as many after it was throttled. Safe to use from threads.

    `throttled` counts the throttled calls by operation. Without a rate nothing waits until an operation is throttled.
    """

    clock: Clock
    rate: float = inf
    throttled: Counter[str] = field(default_factory=Counter)
    _turns: dict[str, _Turn] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, operation: str) -> None:
        """Wait until this thread may call an operation."""
        with self._lock:
            turn, now = self._turn(operation), self.clock.now()
            start = max(now, turn.earliest)
            turn.earliest = start + 1 / turn.rate
        if start > now:
            self.clock.sleep(start - now)

    def answered(self, operation: str) -> None:
        """A call was not throttled."""
        with self._lock:
            turn = self._turn(operation)
            turn.answered += 1
            if turn.answered % _ANSWERS == 0:
                turn.rate = min(turn.rate * 2, self.rate)

    def slow_down(self, operation: str) -> None:
        """A call was throttled."""
        with self._lock:
            turn, now = self._turn(operation), self.clock.now()
            self.throttled[operation] += 1
            turn.answered = 0
            if now - turn.slowed >= _TOGETHER:
                turn.rate, turn.slowed = max(min(turn.rate, 2 * DEFAULT_RATE) / 2, _SLOWEST), now

    def _turn(self, operation: str) -> _Turn:
        return self._turns.setdefault(operation, _Turn(self.rate))


class Paces(Struct):
    """The paces of a process, by account and Region. Safe to use from threads.

    The account of a role is in its ARN. Credentials without a role may be of any of those accounts: from their first
    call in a Region on all share one pace there, until AWS has answered with an ARN of theirs.
    """

    _own: str = ""
    _paces: dict[tuple[str, str], Pace] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, account: str, region: str, make: Callable[[], Pace]) -> Pace:
        """The pace of credentials; `account` is empty where no role gives it."""
        with self._lock:
            key = account or self._own, region
            if not self._own and ("", region) in self._paces:
                key = "", region
            if key not in self._paces:
                self._paces[key] = make()
            return self._paces[key]

    def answered_with(self, arn: str) -> None:
        """AWS gave credentials without a role this ARN, which is of their account."""
        with self._lock:
            if self._own or not (account := "".join(arn.split(":")[4:5])):
                return
            self._own = account
            for key in [key for key in self._paces if not key[0]]:
                self._paces[account, key[1]] = self._paces.pop(key)
