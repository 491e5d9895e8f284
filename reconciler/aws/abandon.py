"""A call in a thread of its own, so that a run that is to stop does not wait for an answer that it does not need.

botocore waits for an answer for up to two minutes, and a signal ends that only in a main thread whose handler raises.
The thread of a call that is given up ends with the answer, or with the process.
"""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

Reply = TypeVar("Reply")

# Seconds between two looks at whether the run is to stop.
LOOK: Final = 0.1


def answer_of(send: Callable[[], Reply], stop: Callable[[], BaseException | None]) -> Reply:
    """What `send` returns or raises; while it runs, `stop` is asked again and again for a reason to give it up.

    Raises:
        BaseException: what `send` raised, or the reason.
    """
    answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            answers.put((send(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
            answers.put((None, error))

    Thread(target=work, daemon=True, name="call").start()
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
