"""Ctrl-C and SIGTERM: the first one stops after the running steps, the second one stops at once.

This module does not print through the console, because a signal can arrive in the middle of a line.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from localengine.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# Pulumi's messages: the signal, and how to terminate at once.
_FIRST = {
    signal.SIGINT: "^C received; cancelling. If you would like to terminate immediately, press ^C again.",
    signal.SIGTERM: "SIGTERM received; cancelling. If you would like to terminate immediately, send SIGTERM again.",
}
_NOTE = "Note that terminating immediately may lead to orphaned resources and other inconsistencies."
_SECOND = {signal.SIGINT: "^C received; terminating", signal.SIGTERM: "SIGTERM received; terminating"}


class Interruptible(Protocol):
    """A phase that can be stopped."""

    def interrupt(self) -> None:
        """Start nothing new; called in a signal handler."""

    def terminate(self) -> None:
        """End the running calls; called in a signal handler."""


class Interrupts:
    """Counts the signals of one command and passes them to the phase that runs."""

    def __init__(self) -> None:
        self._count = 0
        self._target: Interruptible | None = None
        # The stream of the messages above: standard output, or standard error with --json.
        self.descriptor = 1

    @property
    def exit(self) -> Exit | None:
        """The exit status after the signals so far; None without a signal."""
        if self._count == 0:
            return None
        return Exit.FAILED if self._count == 1 else Exit.TERMINATED

    def install(self) -> None:
        """Install the handler for both signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    @contextmanager
    def passed_to(self, target: Interruptible) -> Iterator[None]:
        """Stop `target` on a signal, instead of raising KeyboardInterrupt."""
        self._target = target
        try:
            yield
        finally:
            self._target = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._count += 1
        if self._target is None:
            raise KeyboardInterrupt
        received = signal.Signals(number)
        if self._count == 1:
            self._write(f"{_FIRST[received]}\n{_NOTE}\n\n")
            self._target.interrupt()
        elif self._count == 2:
            self._write(f"{_SECOND[received]}\n")
            self._target.terminate()

    def _write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self.descriptor, text.encode())
