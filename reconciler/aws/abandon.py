"""A call in a thread of its own, so that a run that is to stop does not wait for an answer that it does not need.

botocore waits for an answer for up to two minutes, and a signal ends that only in a main thread whose handler raises.
The thread of a call that is given up ends with the answer, or with the process.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

Reply = TypeVar("Reply")

# Seconds between two looks at whether the run is to stop.
_LOOK: Final = 0.1


def answer_of(send: Callable[[], Reply], stop: Callable[[], BaseException | None]) -> Reply:
    """What `send` returns or raises; while it runs, `stop` is asked again and again for a reason to give it up.

    Raises:
        BaseException: what `send` raised, or the reason.
    """
    answers: SimpleQueue[Callable[[], Reply]] = SimpleQueue()

    def work() -> None:
        try:
            reply = send()
        except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
            answers.put(_raising(error))
        else:
            answers.put(lambda: reply)

    Thread(target=work, daemon=True, name="call").start()
    while True:
        try:
            answer = answers.get(timeout=_LOOK)
        except Empty:
            if reason := stop():
                raise reason from None
        else:
            return answer()


def _raising(error: BaseException) -> Callable[[], Reply]:
    def answer() -> Reply:
        raise error

    return answer
