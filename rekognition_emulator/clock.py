"""The emulator's clock: everything that takes time asks this one object what time it is.

Knows the system's time and how to stand still or jump. Refuses to know what the time is used for.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


LATEST = 253_402_300_799.0
"""The last second of the year 9999: times behind it cannot be written as a date."""


class Clock:
    """Seconds since the epoch; runs with the system, or stands still and is advanced by hand.

    `Clock(start)` stands still at `start`; `Clock()` runs. Safe to use from several threads.
    """

    def __init__(self, start: float | None = None) -> None:
        self._lock = threading.Lock()
        self._frozen = start
        self._offset = 0.0
        self._interrupted = threading.Event()

    def now(self) -> float:
        """Seconds since the epoch, as this clock has them."""
        with self._lock:
            return self._read()

    def freeze(self, at: float | None = None) -> float:
        """Stand still at `at`, or at the present moment; answers the time it stands at."""
        with self._lock:
            self._frozen = self._read() if at is None else at
            return self._frozen

    def advance(self, seconds: float) -> float:
        """Go forward by `seconds` (a running clock keeps running); answers the new time.

        Raises:
            ValueError: for a negative number, because statuses never go back.
        """
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        with self._lock:
            if self._frozen is None:
                self._offset += seconds
            else:
                self._frozen += seconds
            return self._read()

    def resume(self) -> float:
        """Run on from where the clock stands; answers the time."""
        with self._lock:
            if self._frozen is not None:
                self._offset = self._frozen - time.time()
                self._frozen = None
            return self._read()

    @property
    def is_frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen is not None

    def pause(self, seconds: float) -> None:
        """Let `seconds` pass: really wait when the clock runs, jump when it stands still."""
        if self.is_frozen:
            self.advance(seconds)
        else:
            self._interrupted.wait(seconds)

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Nobody waits while this block runs: pauses that have begun end, new ones do not begin."""
        self._interrupted.set()
        try:
            yield
        finally:
            self._interrupted.clear()

    def _read(self) -> float:
        return time.time() + self._offset if self._frozen is None else self._frozen
