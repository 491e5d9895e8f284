"""Time, as something that is handed in: the only module that sleeps or reads the clock."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Seconds that only grow, and a way to let them pass."""

    def now(self) -> float:
        """Seconds since some start; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds since an arbitrary start, unmoved by changes of the wall clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep; a signal's handler may raise out of it."""
        time.sleep(seconds)


def utc_now() -> datetime:
    """The wall clock in UTC: for names and records, never for waiting."""
    return datetime.now(UTC)
