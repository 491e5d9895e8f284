"""Calls in threads of their own, which a run that is to stop does not wait for."""

from __future__ import annotations

from threading import Event, current_thread

import pytest

from reconciler.aws.abandon import answer_of


def test_a_thread_whose_call_was_answered_makes_the_next_one() -> None:
    """It is not the thread that waits, and an error of a call comes out where it was waited for."""
    first, second = (answer_of(current_thread, lambda: None) for _ in range(2))
    assert first is second is not current_thread()
    with pytest.raises(ZeroDivisionError):
        answer_of(lambda: 1 // 0, lambda: None)
    assert answer_of(current_thread, lambda: None) is first


def test_a_call_that_is_given_up_keeps_its_thread_until_it_is_answered() -> None:
    """The reason to stop is raised at once, and later calls do not wait behind it."""
    answered = Event()

    def hangs() -> bool:
        return answered.wait()

    with pytest.raises(KeyboardInterrupt):
        answer_of(hangs, KeyboardInterrupt)
    assert answer_of(lambda: "at once", lambda: None) == "at once"
    answered.set()
