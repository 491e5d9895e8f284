"""A call in a thread of its own, so that a run that is to stop does not wait for an answer that it does not need.

botocore waits for an answer for up to two minutes, and a signal ends that only in a main thread whose handler raises.
A thread whose call was answered makes later ones, because to start a thread takes as long as to parse a page of a
listing. That of a call that is given up waits for the answer, or ends with the process.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

Reply = TypeVar("Reply")
_Answers = SimpleQueue[tuple[Any, BaseException | None]]
_Jobs = SimpleQueue[tuple[Callable[[], Any], _Answers]]

# Seconds between two looks at whether the run is to stop.
LOOK: Final = 0.1
# What the threads wait at that have nothing to do. To append and to pop are atomic.
_IDLE: Final[list[_Jobs]] = []
os.register_at_fork(after_in_child=_IDLE.clear)


def answer_of(send: Callable[[], Reply], stop: Callable[[], BaseException | None]) -> Reply:
    """What `send` returns or raises; while it runs, `stop` is asked again and again for a reason to give it up.

    Raises:
        BaseException: what `send` raised, or the reason.
    """
    answers: _Answers = SimpleQueue()
    try:
        jobs = _IDLE.pop()
    except IndexError:
        jobs = SimpleQueue()
        Thread(target=_work, args=(jobs,), daemon=True, name="call").start()
    jobs.put((send, answers))
    while True:
        with suppress(Empty):
            reply, error = answers.get(timeout=LOOK)
            break
        if reason := stop():
            raise reason from None
    if error is not None:
        raise error
    answered: Reply = reply
    return answered


def _work(jobs: _Jobs) -> None:
    """Make one call after the other, for as long as the process lives."""
    while True:
        send, answers = jobs.get()
        try:
            answer: tuple[Any, BaseException | None] = send(), None
        except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
            answer = None, error
        _IDLE.append(jobs)
        answers.put(answer)
        del send, answers, answer  # an answer may be large
