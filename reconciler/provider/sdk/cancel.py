"""When an apply must stop between two batches: the engine asked to cancel, has died, or no longer waits for the call.

When the engine has died, nobody ends this process (pulumi/pulumi's CLI 3.260 was seen to leave it running): it ends
itself as soon as no call is in flight.

The dynamic provider's server answers Cancel (the engine's request after the first Ctrl-C) without notifying the
provider, and has four worker threads, so that Cancel waits while four calls are running. A provider can change neither.
This module alone works around it, and tests pin it: the code of the server's own `Cancel` is replaced, at most three
datasets are worked on at once, and the pool of threads, found at the bottom of the worker's stack, is allowed more
threads. Where any of this fails, an apply still stops when its call has ended or the engine stopped.
"""

import os
import select
import signal
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition, Event, Thread
from traceback import walk_stack
from typing import Any, Final

from reconciler.errors import Interrupted
from reconciler.provider.sdk.failure import call_is_open

# Datasets worked on at once. The service runs one operation per dataset; all share the account's calls per second.
_AT_ONCE: Final = 3
# Threads beyond the server's four: calls that wait for a place must not keep Cancel from being answered.
_SPARE_THREADS: Final = 28
# Seconds that the server has to send its last answer, and to end after SIGINT, once the engine has died.
_GRACE: Final = 0.5
_AT_MOST: Final = 5.0
# A socket tells of its other end only where the system has POLLRDHUP.
_HUNG_UP: Final = select.POLLHUP | getattr(select, "POLLRDHUP", 0)
ASKED: Final = Event()
# Shown before anything is sent, where Cancel cannot be detected: afterwards nothing can show it.
CANNOT_CANCEL: Final = (
    "this version of the Pulumi SDK cannot detect Ctrl-C: the first Ctrl-C is ignored until the apply ends; the "
    "second stops it within seconds, and AWS still processes the batch that was sent"
)


class EngineWatch:
    """Knows why nothing more may be sent. Without a pipe as input, only Cancel and the call can give a reason.

    `detects_cancel` is whether Cancel reaches the process; where it does not, show `CANNOT_CANCEL`.

    It is made in the process's first call, before the engine sends more calls than the server has threads.
    """

    def __init__(self) -> None:
        self._gone = Event()
        self._calls = 0
        self._idle = Condition()
        self._places = BoundedSemaphore(_AT_ONCE)
        self.detects_cancel = detect_cancel()
        _allow_more_threads()
        self._watches = _has_open_pipe()
        if self._watches:
            Thread(target=self._watch, daemon=True, name="engine-watch").start()

    def stop(self) -> Interrupted | None:
        """The reason to send nothing more, or None."""
        if ASKED.is_set():
            return Interrupted("stopped after the running batch, as requested; run `pulumi up` again to continue")
        if call_is_open() and not self._has_gone():
            return None
        return Interrupted("the Pulumi engine stopped; nothing more is sent, run `pulumi up` again to continue")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among the datasets that are worked on at once; waits for one.

        Raises:
            Interrupted: the wait ended because nothing more may be sent.
        """
        with self._places:
            if reason := self.stop():
                raise reason
            yield

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """A block that is one call: this process does not end itself before it."""
        with self._idle:
            self._calls += 1
        try:
            yield
        finally:
            with self._idle:
                self._calls -= 1
                self._idle.notify_all()

    def _has_gone(self) -> bool:
        """Whether the engine let go of the pipe; asks the pipe, because the thread that watches may not have run."""
        return self._gone.is_set() or (self._watches and _has_hung_up())

    def _watch(self) -> None:
        while os.read(0, 4096):
            pass
        self._gone.set()
        self._end()

    def _end(self) -> None:
        """End this process when its calls have ended and their answers are out."""
        with self._idle:
            self._idle.wait_for(lambda: not self._calls)
            while self._idle.wait(_GRACE) or self._calls:  # a call that the server had already taken
                self._idle.wait_for(lambda: not self._calls)
        os.kill(os.getpid(), signal.SIGINT)
        with self._idle:
            self._idle.wait(_AT_MOST)
        os._exit(1)  # SIGINT may be ignored, as for the background jobs of a shell


def detect_cancel() -> bool:
    """Have the server's Cancel set `ASKED`; False where the server is not the one that is known."""
    servicer = getattr(sys.modules.get("__main__"), "DynamicResourceProviderServicer", None)
    cancel = getattr(servicer, "Cancel", None)
    code = getattr(cancel, "__code__", None)
    if code is None or code.co_argcount != 3 or code.co_freevars:
        return False
    cancel.__code__ = _cancel.__code__  # type: ignore[union-attr]  # a function has its code
    return True


def _cancel(_self: Any, _request: Any, _context: Any) -> Any:  # noqa: ANN401 - runs as a method of the SDK's class
    """What Cancel does from then on. It runs among the SDK's globals, so it imports what it needs."""
    from google.protobuf import empty_pb2  # noqa: PLC0415 - see above

    from reconciler.provider.sdk.cancel import ASKED as asked  # noqa: N811, PLC0415 - see above

    asked.set()
    return empty_pb2.Empty()


def _allow_more_threads() -> None:
    """Let the pool that this thread works for start more threads than the server gave it."""
    pool = _pool()
    if pool is not None and pool._max_workers < _SPARE_THREADS:  # noqa: SLF001 - see the module docstring
        pool._max_workers += _SPARE_THREADS  # noqa: SLF001 - likewise


def _pool() -> ThreadPoolExecutor | None:
    """The pool at the bottom of this thread's stack: `concurrent.futures` keeps a weak reference to it there."""
    for frame, _line in walk_stack(sys._getframe()):  # noqa: SLF001 - see the module docstring
        if (reference := frame.f_locals.get("executor_reference")) is not None:
            pool = reference()
            return pool if isinstance(pool, ThreadPoolExecutor) else None
    return None


def _has_open_pipe() -> bool:
    try:
        if not stat.S_ISFIFO(os.fstat(0).st_mode) and not stat.S_ISSOCK(os.fstat(0).st_mode):
            return False
    except OSError:
        return False
    poller = select.poll()
    poller.register(0, select.POLLIN)
    return not poller.poll(0)


def _has_hung_up() -> bool:
    poller = select.poll()
    poller.register(0, _HUNG_UP)
    return bool(poller.poll(0))
