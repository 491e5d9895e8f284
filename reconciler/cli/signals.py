"""Ctrl-C, SIGTERM and SIGHUP (a closed terminal): stop at once before anything is sent, in an apply after the batch."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Final, Self

from reconciler.errors import Exit, Interrupted

STOPPED_AT_ONCE: Final = "stopped at once; AWS still processes a batch that was sent"
_EXITS: Final = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM, signal.SIGHUP: Exit.SIGHUP}


class Signals:
    """A context that handles these signals. A signal that the parent process ignores stays ignored (nohup).

    Outside `patiently` a signal raises KeyboardInterrupt at once, which no retry mistakes for a network error. Inside,
    the first signal only makes `stop` return an error; a second one raises KeyboardInterrupt.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._received: signal.Signals | None = None
        self._patient = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _EXITS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # a handler that signal.signal returned

    @property
    def exit_code(self) -> Exit | None:
        """The exit code of the last signal; None when there was none."""
        return None if self._received is None else _EXITS[self._received]

    def stop(self) -> Interrupted | None:
        """Why no further batch may be sent, or None."""
        if self._received is None:
            return None
        return self.interrupted("stopped after the running batch, as requested; run again to continue")

    def interrupted(self, message: str) -> Interrupted:
        """The error for an interrupted run, with the exit code of the signal."""
        error = Interrupted(f"{message} ({(self._received or signal.SIGINT).name})")
        error.exit_code = self.exit_code or Exit.SIGINT
        return error

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """During an apply: finish the running batch first."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        first, self._received = self._received is None, signal.Signals(number)
        if not (self._patient and first):
            raise KeyboardInterrupt
        again = "press Ctrl-C again" if number == signal.SIGINT else "send the signal again"
        self._report(f"finishing the running batch, then stopping; {again} to stop at once")
