"""Whether a command still begins new work.

A gate is open until a step fails or the user interrupts; then no step begins, and those that run are waited for. It
knows no resources and prints nothing.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from localengine.errors import TerminatedError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gate:
    """Open, closed by a failure, or closed by an interrupt; and how many steps are under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._fails_later = False
        self.failed = False
        self.step_failed = False
        self.interrupted = False
        # The program waits for an answer that it will not get; or it asked for what the engine refuses by name.
        self.program_waits = False
        self.refused = False

    @property
    def closed(self) -> bool:
        """Whether nothing new begins."""
        return self.failed or self.interrupted

    def fail(self, *, by_step: bool = False) -> None:
        """Close after a failure; `by_step` when a step was carried out and failed, not only decided."""
        with self._changed:
            self.failed = True
            self.step_failed = self.step_failed or by_step
            self._changed.notify_all()

    def fail_later(self) -> None:
        """A preview found what an update would refuse: it stays open until `end_preview`."""
        self._fails_later = True

    def end_preview(self) -> None:
        """Close with a failure and raise TerminatedError after `fail_later`."""
        if self._fails_later:
            self.fail(by_step=True)
            raise TerminatedError

    def interrupt(self) -> None:
        """Close because the user asked. Takes no lock: it is called from a signal handler."""
        self.interrupted = True

    def check(self) -> None:
        """Raise TerminatedError when the gate is closed."""
        if self.closed:
            raise TerminatedError

    @contextmanager
    def step(self, *, in_group: bool = False) -> Iterator[None]:
        """Run a step: raises TerminatedError instead when the gate is closed.

        A step of a group that was begun together is held back by an interrupt only, not by another one's failure.
        """
        with self._changed:
            if self.interrupted or (self.failed and not in_group):
                raise TerminatedError
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no step runs; False when one still does after `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)
