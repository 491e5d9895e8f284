"""Time as a parameter: the only module that sleeps or reads the clock."""

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """A monotonic clock, and a way to sleep."""

    def now(self) -> float:
        """Seconds since an arbitrary start; only differences are meaningful."""

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds since an arbitrary start; changes of the wall clock do not affect it."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep; a signal's handler may raise during it."""
        time.sleep(seconds)


def utc_now() -> "datetime":
    """The wall clock in UTC: for names and records, never for waiting."""
    from datetime import UTC, datetime  # noqa: PLC0415 - a wrong argument needs no date

    return datetime.now(UTC)
