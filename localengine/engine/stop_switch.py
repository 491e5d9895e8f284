"""Stops a command from starting new steps.

Steps start until one fails or the user interrupts; after that, running steps are only waited for.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from localengine.errors import TerminatedError

if TYPE_CHECKING:
    from collections.abc import Iterator


class StopSwitch:
    """Whether the command runs, was stopped by a failure or by an interrupt; and how many steps are running."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._fails_later = False
        self.failed = False
        self.step_failed = False
        self.interrupted = False
        # The program waits for an answer that it will not get; or it used a feature that the engine refuses.
        self.program_waits = False
        self.refused = False

    @property
    def stopped(self) -> bool:
        """Whether new steps are refused."""
        return self.failed or self.interrupted

    def fail(self, *, by_step: bool = False) -> None:
        """Stop after a failure; `by_step` if a step was executed and failed."""
        with self._changed:
            self.failed = True
            self.step_failed = self.step_failed or by_step
            self._changed.notify_all()

    def fail_later(self) -> None:
        """A preview found what an update would refuse: it continues until `end_preview`."""
        self._fails_later = True

    def end_preview(self) -> None:
        """Stop with a failure and raise TerminatedError, if `fail_later` was called."""
        if self._fails_later:
            self.fail(by_step=True)
            raise TerminatedError

    def interrupt(self) -> None:
        """Stop because of a signal. Takes no lock: it is called from a signal handler."""
        self.interrupted = True

    def check(self) -> None:
        """Raise TerminatedError if the command was stopped."""
        if self.stopped:
            raise TerminatedError

    @contextmanager
    def step(self, *, in_group: bool = False) -> Iterator[None]:
        """Run a step; raises TerminatedError if the command was stopped.

        A step of a group that started together is stopped by an interrupt only, not by the failure of a different step.
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
        """Wait until no step runs; False if one still runs after `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)
