"""Ctrl-C and SIGTERM: at once while nothing was sent, after the running batch while an apply sends."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Final, Self

from reconciler.errors import Exit, Interrupted

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_EXITS: Final = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM}


class Signals:
    """A context in which signals are ours. A signal that the parent process ignores stays ignored (nohup).

    Outside `patiently` a signal raises KeyboardInterrupt at once, which no retry mistakes for a fault of the network.
    Inside, the first one only makes `stop` give the reason, and a second one raises.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._received: signal.Signals | None = None
        self._patient = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself gave

    @property
    def exit_code(self) -> Exit | None:
        """The exit code of the last signal; None when there was none."""
        return None if self._received is None else _EXITS[self._received]

    def stop(self) -> Interrupted | None:
        """Why nothing more is to be sent, or None."""
        return None if self._received is None else self.interrupted("stopped as asked; run again to go on")

    def interrupted(self, message: str) -> Interrupted:
        """The error that says so and carries the exit code."""
        error = Interrupted(f"{message} ({(self._received or signal.SIGINT).name})")
        error.exit_code = self.exit_code or Exit.SIGINT
        return error

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """While an apply sends: finish the running batch first."""
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
        self._say(f"finishing the running batch, then stopping; {again} to leave at once")
