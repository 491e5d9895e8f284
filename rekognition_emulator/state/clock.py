"""The emulator's clock: the only source of time; it runs, or is frozen and a test advances it."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


LATEST_TIME = 253_402_300_799.0
"""The last second of the year 9999, in seconds since the epoch: later times cannot be written as a date."""


# A running clock shows no whole second: at this distance from one it shows the end of it. A client may take a time
# without a fraction, one of a thousand, for that of a clock that counts seconds.
_CLEAR = 0.003


class ClockSetting(NamedTuple):
    """How a clock is set.

    `frozen`: the time at which it is frozen, None when it runs; `offset`: seconds it is ahead of the system's clock.
    """

    frozen: float | None
    offset: float


class Clock:
    """Seconds since the epoch. `Clock(start)` is frozen at `start`; `Clock()` runs with the system's clock.

    Safe to use from several threads. `on_change` is called with the new setting whenever the clock is set.
    """

    def __init__(self, start: float | None = None) -> None:
        self._lock = threading.Lock()
        self._frozen = start
        self._offset = 0.0
        self._interrupted = threading.Event()
        self.on_change: Callable[[ClockSetting], None] | None = None

    def now(self) -> float:
        """The time of this clock in seconds since the epoch."""
        with self._lock:
            return self._read()

    def freeze(self, at: float | None = None) -> float:
        """Freeze the clock at `at`, or at the present time; returns the time."""
        with self._lock:
            self._frozen = self._read() if at is None else at
        return self._changed()

    def advance(self, seconds: float) -> float:
        """Move forward by `seconds` (a running clock keeps running); returns the new time.

        Raises:
            ValueError: for a negative number, because work that has ended cannot start again.
        """
        if seconds < 0:
            raise ValueError("the clock can only move forward")
        with self._lock:
            if self._frozen is None:
                self._offset += seconds
            else:
                self._frozen += seconds
        return self._changed()

    def resume(self) -> float:
        """Run from the time at which the clock is frozen; returns the time."""
        with self._lock:
            if self._frozen is not None:
                self._offset = self._frozen - time.time()
                self._frozen = None
        return self._changed()

    @property
    def setting(self) -> ClockSetting:
        """How the clock is set; `set` gives the same setting to a different clock."""
        with self._lock:
            return ClockSetting(self._frozen, self._offset)

    def set(self, setting: ClockSetting) -> None:
        """Show what a clock with this setting shows; `on_change` is not called."""
        with self._lock:
            self._frozen, self._offset = setting

    def _changed(self) -> float:
        """Report the setting to `on_change`; returns the time."""
        if self.on_change:
            self.on_change(self.setting)
        return self.now()

    @property
    def is_frozen(self) -> bool:
        """Whether the clock is frozen."""
        return self._frozen is not None

    def pause(self, seconds: float) -> None:
        """Let `seconds` pass: wait if the clock runs, advance it if it is frozen."""
        if self.is_frozen:
            self.advance(seconds)
        else:
            self._interrupted.wait(seconds)

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """End the waiting of every `pause`, and let no new one wait, while this block runs."""
        self._interrupted.set()
        try:
            yield
        finally:
            self._interrupted.clear()

    def _read(self) -> float:
        if self._frozen is not None:
            return self._frozen
        seconds = time.time() + self._offset
        return max(seconds, math.floor(seconds + _CLEAR) + _CLEAR)
