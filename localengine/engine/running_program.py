"""The program of one phase while it runs: started, waited for, and interrupted when nothing new may begin.

As Pulumi does, a command that fails or is interrupted leaves the program's open registrations unanswered and sends
SIGINT, a second time when the program does not end. A program without an excepthook then shows a KeyboardInterrupt.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from localengine.engine.events import Events, Severity
from localengine.processes.program import Run, start_program

if TYPE_CHECKING:
    from localengine.engine.gate import Gate
    from localengine.engine.registrar import Registrar
    from localengine.processes.process import Child, Nursery

# How long a program may take to end after a SIGINT, before the next one and before it is killed.
_MOMENT_SECONDS = 0.4
_GRACE_SECONDS = 5.0
# How long a program that failed may go on without registering anything.
_PATIENCE_SECONDS = 2.0
# The program's exit status when its traceback was reported already (driver.py).
_REPORTED = 32


class RunningProgram:
    """The program of one phase."""

    def __init__(self, run: Run, nursery: Nursery, gate: Gate, events: Events) -> None:
        self._run = run
        self._nursery = nursery
        self._gate = gate
        self._events = events
        self._child: Child | None = None
        self._signalled = False
        self._signalling = threading.Lock()
        self._stopped = threading.Event()

    def execute(self, address: str, registrar: Registrar) -> None:
        """Run the program against the monitor at `address`; TerminatedError when it was not let to its end."""
        child = self._child = start_program(self._nursery, self._run, address)
        child.read_rest(self._read, self._read)
        try:
            status = self._wait(child)
        finally:
            self._stopped.set()
            self._nursery.stop(child, 0.0)
        self._gate.check()
        if status == 0 and registrar.finished:
            return
        self._gate.fail()
        if status != _REPORTED:
            self._events.say(Severity.ERROR, f"program exited with non-zero exit code: {status}")

    def hold(self) -> None:
        """Keep a registration that nothing may come of, until the program was interrupted.

        After a refusal the program is told at once, so that the refusal is the last word on the screen.
        """
        if self._gate.refused:
            return
        self._gate.program_waits = True
        self._stopped.wait()

    def interrupt_before_answer(self) -> None:
        """After an interrupt by the user: stop the program before an answer lets it go on."""
        if self._gate.interrupted and self._child is not None:
            self._signal_once(self._child)
            self._child.wait(_MOMENT_SECONDS)

    def _read(self, line: str) -> None:
        if line.strip():
            self._events.say(Severity.INFO, line)

    def _wait(self, child: Child) -> int:
        patience = _PATIENCE_SECONDS
        while (status := child.wait(0.1)) is None:
            if not (self._gate.closed and self._gate.wait_idle(0.1)):
                continue
            patience -= 0.1
            if self._gate.program_waits or self._gate.interrupted or patience < 0:
                return self._stop(child)
        return status

    def _stop(self, child: Child) -> int:
        """Interrupt the program, twice when it waits for an answer, and kill it when that does not end it."""
        self._signal_once(child)
        patience = _GRACE_SECONDS
        while (status := child.wait(_MOMENT_SECONDS)) is None and patience > 0:
            patience -= _MOMENT_SECONDS
            if self._gate.program_waits and not self._stopped.is_set():
                child.signal(signal.SIGINT)
                self._stopped.set()
        return -1 if status is None else status

    def _signal_once(self, child: Child) -> None:
        with self._signalling:
            if not self._signalled:
                self._signalled = True
                child.signal(signal.SIGINT)
