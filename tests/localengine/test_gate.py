"""Whether anything new begins."""

from __future__ import annotations

import contextlib
import threading

import pytest

from localengine.engine.gate import Gate
from localengine.errors import TerminatedError


def test_after_a_failure_only_what_was_begun_together_goes_on() -> None:
    """A step of a group is not held back by another one's failure; a new step is."""
    gate = Gate()
    gate.fail(by_step=True)
    with gate.step(in_group=True):
        assert gate.step_failed
    with pytest.raises(TerminatedError), gate.step():
        pass


def test_after_an_interrupt_nothing_begins() -> None:
    """Not even in a group."""
    gate = Gate()
    gate.interrupt()
    for in_group in (False, True):
        with pytest.raises(TerminatedError), gate.step(in_group=in_group):
            pass
    with pytest.raises(TerminatedError):
        gate.check()


def test_waiting_ends_when_the_last_step_does() -> None:
    """Also when that step fails."""
    gate = Gate()
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        with contextlib.suppress(ValueError), gate.step():
            begun.set()
            go.wait(10)
            raise ValueError

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(10)
    assert gate.wait_idle(0.01) is False
    go.set()
    assert gate.wait_idle(10) is True
    thread.join()
