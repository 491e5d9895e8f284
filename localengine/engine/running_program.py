"""The program of one phase while it runs: starts it, waits for it, and interrupts it after a failure.

As Pulumi does, a command that fails or is interrupted leaves the program's open registrations unanswered and sends
SIGINT, a second time when the program does not end. A program without an excepthook then shows a KeyboardInterrupt.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from localengine.engine.events import Events, Severity
from localengine.processes.program import ProgramRun, start_program

if TYPE_CHECKING:
    from localengine.engine.registration_handler import RegistrationHandler
    from localengine.engine.stop_switch import StopSwitch
    from localengine.processes.child_processes import ChildProcess, ChildProcesses

# How long a program may take to end after a SIGINT: before the next one, and before it is killed.
_MOMENT_SECONDS = 0.4
_GRACE_SECONDS = 5.0
# How long the program of a failed command may run without registering anything.
_PATIENCE_SECONDS = 2.0
# The program's exit status when its traceback was already reported (language_host.py).
_REPORTED = 32


class RunningProgram:
    """The program of one phase."""

    def __init__(
        self, run: ProgramRun, child_processes: ChildProcesses, stop_switch: StopSwitch, events: Events
    ) -> None:
        self._run = run
        self._child_processes = child_processes
        self._stop_switch = stop_switch
        self._events = events
        self._child: ChildProcess | None = None
        self._signalled = False
        self._signalling = threading.Lock()
        self._stopped = threading.Event()

    def execute(self, address: str, handler: RegistrationHandler) -> None:
        """Run the program against the monitor at `address`; TerminatedError when it was interrupted."""
        child = self._child = start_program(self._child_processes, self._run, address)
        child.read_rest(self._read, self._read)
        try:
            status = self._wait(child)
        finally:
            self._stopped.set()
            self._child_processes.stop(child, 0.0)
        self._stop_switch.check()
        if status == 0 and handler.finished:
            return
        self._stop_switch.fail()
        if status != _REPORTED:
            self._events.say(Severity.ERROR, f"program exited with non-zero exit code: {status}")

    def wait_for_stop(self) -> None:
        """Block a registration that will not be answered until the program is interrupted.

        After a refusal, return at once, so that the refusal is the last message on the screen.
        """
        if self._stop_switch.refused:
            return
        self._stop_switch.program_waits = True
        self._stopped.wait()

    def interrupt_before_answer(self) -> None:
        """After an interrupt by the user: stop the program before an answer lets it continue."""
        if self._stop_switch.interrupted and self._child is not None:
            self._signal_once(self._child)
            self._child.wait(_MOMENT_SECONDS)

    def _read(self, line: str) -> None:
        if line.strip():
            self._events.say(Severity.INFO, line)

    def _wait(self, child: ChildProcess) -> int:
        patience = _PATIENCE_SECONDS
        while (status := child.wait(0.1)) is None:
            if not (self._stop_switch.stopped and self._stop_switch.wait_idle(0.1)):
                continue
            patience -= 0.1
            if self._stop_switch.program_waits or self._stop_switch.interrupted or patience < 0:
                return self._stop(child)
        return status

    def _stop(self, child: ChildProcess) -> int:
        """Interrupt the program, twice when it waits for an answer, and kill it when that does not end it."""
        self._signal_once(child)
        patience = _GRACE_SECONDS
        while (status := child.wait(_MOMENT_SECONDS)) is None and patience > 0:
            patience -= _MOMENT_SECONDS
            if self._stop_switch.program_waits and not self._stopped.is_set():
                child.signal(signal.SIGINT)
                self._stopped.set()
        return -1 if status is None else status

    def _signal_once(self, child: ChildProcess) -> None:
        with self._signalling:
            if not self._signalled:
                self._signalled = True
                child.signal(signal.SIGINT)
