"""Ctrl-C and SIGTERM: once means stop after what runs, twice means stop now.

Nothing here prints through the console, because a signal can arrive in the middle of a line.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from localengine.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_FIRST = "\nStopping: what runs is finished, nothing new begins. Again to end it at once.\n"
_SECOND = "\nTerminating.\n"


class Interruptible(Protocol):
    """A phase that can be stopped."""

    def interrupt(self) -> None:
        """Begin nothing new; called in a signal handler."""

    def terminate(self) -> None:
        """End every child process now; called in a signal handler."""


class Interrupts:
    """Counts the signals of one command and passes them to the phase that runs."""

    def __init__(self) -> None:
        self._count = 0
        self._number = signal.SIGINT
        self._target: Interruptible | None = None

    @property
    def exit(self) -> Exit | None:
        """The exit status that the signals ask for; None without any."""
        if self._count == 0:
            return None
        if self._count > 1:
            return Exit.TERMINATED
        return Exit.INTERRUPTED_BY_TERM if self._number == signal.SIGTERM else Exit.INTERRUPTED

    def install(self) -> None:
        """Take over both signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    @contextmanager
    def passed_to(self, target: Interruptible) -> Iterator[None]:
        """Stop `target` on a signal instead of ending the command where it is."""
        self._target = target
        try:
            yield
        finally:
            self._target = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._count += 1
        self._number = signal.Signals(number) if self._count == 1 else self._number
        if self._target is None:
            raise KeyboardInterrupt
        if self._count == 1:
            _write(_FIRST)
            self._target.interrupt()
        elif self._count == 2:
            _write(_SECOND)
            self._target.terminate()


def _write(text: str) -> None:
    try:
        os.write(2, text.encode())
    except OSError:
        return
