"""Time as a parameter: the only module that sleeps or reads the clock."""

import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# A moment as records have it.
MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


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


def after(now: "datetime", earlier: "Iterable[str]", form: str = MOMENT) -> "datetime":
    """`now`, or just after the latest of these moments, where the clock that wrote it was ahead of this one.

    What is ordered by time stays in the order in which it was written. A text of another form does not count.
    """
    from contextlib import suppress  # noqa: PLC0415 - as above
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - as above

    for text in earlier:
        with suppress(ValueError, OverflowError):
            now = max(now, datetime.strptime(text, form).replace(tzinfo=UTC) + timedelta(microseconds=1))
    return now
