"""When a command stops starting new steps."""

from __future__ import annotations

import contextlib
import threading

import pytest

from localengine.engine.stop_switch import StopSwitch
from localengine.errors import TerminatedError


def test_after_a_failure_only_what_was_begun_together_goes_on() -> None:
    """The failure of a step stops new steps, but not those of its group."""
    stop_switch = StopSwitch()
    stop_switch.fail(by_step=True)
    with stop_switch.step(in_group=True):
        assert stop_switch.step_failed
    with pytest.raises(TerminatedError), stop_switch.step():
        pass


def test_after_an_interrupt_nothing_begins() -> None:
    """An interrupt stops new steps, also those of a group."""
    stop_switch = StopSwitch()
    stop_switch.interrupt()
    for in_group in (False, True):
        with pytest.raises(TerminatedError), stop_switch.step(in_group=in_group):
            pass
    with pytest.raises(TerminatedError):
        stop_switch.check()


def test_waiting_ends_when_the_last_step_does() -> None:
    """The wait for running steps ends with the last one, also if it fails."""
    stop_switch = StopSwitch()
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        with contextlib.suppress(ValueError), stop_switch.step():
            begun.set()
            go.wait(10)
            raise ValueError

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(10)
    assert stop_switch.wait_idle(0.01) is False
    go.set()
    assert stop_switch.wait_idle(10) is True
    thread.join()
