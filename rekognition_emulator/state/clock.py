"""The emulator's clock: everything that takes time asks this one object what time it is."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


LATEST = 253_402_300_799.0
"""The last second of the year 9999: times behind it cannot be written as a date."""


class Setting(NamedTuple):
    """How a clock was set: where it stands still (None: it runs), and by how much it is ahead of the system's."""

    frozen: float | None
    offset: float


class Clock:
    """Seconds since the epoch; runs with the system, or stands still and is advanced by hand.

    `Clock(start)` stands still at `start`; `Clock()` runs. Safe to use from several threads. Whoever wants to keep how
    it is set gives it a `keeper`, which is called whenever that changes.
    """

    def __init__(self, start: float | None = None) -> None:
        self._lock = threading.Lock()
        self._frozen = start
        self._offset = 0.0
        self._interrupted = threading.Event()
        self.keeper: Callable[[Setting], None] | None = None

    def now(self) -> float:
        """Seconds since the epoch, as this clock has them."""
        with self._lock:
            return self._read()

    def freeze(self, at: float | None = None) -> float:
        """Stand still at `at`, or at the present moment; answers the time it stands at."""
        with self._lock:
            self._frozen = self._read() if at is None else at
        return self._kept()

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
        return self._kept()

    def resume(self) -> float:
        """Run on from where the clock stands; answers the time."""
        with self._lock:
            if self._frozen is not None:
                self._offset = self._frozen - time.time()
                self._frozen = None
        return self._kept()

    @property
    def setting(self) -> Setting:
        """How the clock is set: `set` on another clock makes it show the same."""
        with self._lock:
            return Setting(self._frozen, self._offset)

    def set(self, setting: Setting) -> None:
        """Show what another clock with this setting shows."""
        with self._lock:
            self._frozen, self._offset = setting

    def _kept(self) -> float:
        """The time, once the keeper knows how the clock is set."""
        if self.keeper:
            self.keeper(self.setting)
        return self.now()

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
