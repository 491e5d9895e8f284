"""Make one call at a time: paced, counted, logged, retried with backoff and jitter."""

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import InitVar, dataclass, field
from itertools import count
from random import Random
from threading import Event, Lock
from typing import Any, Final, Self, TypeVar

from msgspec import Struct

from reconciler.aws.abandon import LOOK, answer_of
from reconciler.aws.clock import Clock
from reconciler.aws.faults import Answer, Fault, fault_of
from reconciler.aws.pace import Pace
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.text import inert

Reply = TypeVar("Reply")

# First pause, growth and cap of the backoff, in seconds. AWS: "retry with exponential backoff" (Rekognition Developer
# Guide, Error handling); the numbers are ours.
_FIRST_PAUSE: Final = 0.5
_GROWTH: Final = 2.0
_LONGEST_PAUSE: Final = 20.0
_RETRIED: Final = {Answer.RETRY, Answer.RETRY_UNSURE}
THROTTLES: Final = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "Throttling",
    "TooManyRequestsException",
}
# Calls that are made in thousands and change nothing.
_LISTINGS: Final = {"ListDatasetEntries"}
# Calls that are not needed to follow an operation that runs, and those that start one.
_READS: Final = {*_LISTINGS, "DescribeProjects", "GetCallerIdentity", "GetObject", "ListObjectsV2"}
_WRITES: Final = {"CreateDataset", "DeleteDataset", "UpdateDatasetEntries"}
# Records and copies are written to S3, also at the end of a run that was stopped.
_STORES: Final = {"PutObject"}
_STOPPED_LISTING: Final = "stopped while live entries were listed, as requested; run again to continue"
# For how many seconds after a stop the answer of a call is waited for that follows an operation, or writes a record.
_GRACE: Final = 10.0


class CallRecord(Struct, frozen=True):
    """One request and its answer: AWS's operation, `ok` or AWS's error code, request id, duration in seconds."""

    operation: str
    answer: str
    request_id: str
    seconds: float


class Patience(Struct, frozen=True):
    """How long to wait for a lost network, once AWS has answered in this run: region and endpoint are right then.

    Retries last `seconds` without any answer; `tell` receives a message for each retry of any call, and `stop` returns
    a reason to stop waiting and listing, or None.
    """

    seconds: float
    stop: Callable[[], Interrupted | None]
    tell: Callable[[str], None]


@dataclass
class Calls:
    """Makes calls; `counts` has the number of attempts of each operation.

    `log` receives every attempt, `tell` a message before every retry. `wrote`: an operation of this run was started.
    `pace` gives what says when an operation may be called.
    """

    clock: Clock
    random: Random
    log: Callable[[CallRecord], None] = lambda _record: None
    tell: Callable[[str], None] = lambda _message: None
    patience: Patience | None = None
    counts: Counter[str] = field(default_factory=Counter)
    pace: InitVar[Callable[[], Pace] | None] = None
    wrote: bool = False
    _answered: Event = field(default_factory=Event)
    _counting: Lock = field(default_factory=Lock)

    def __post_init__(self, pace: Callable[[], Pace] | None) -> None:
        own = Pace(self.clock)
        self._pace = pace or (lambda: own)

    def patient(self, patience: Patience) -> Self:
        """The same calls, counted and paced together with these, which wait until a lost network is back."""
        calls = copy(self)
        calls.patience, calls.tell, calls.wrote = patience, patience.tell, False
        return calls

    def make(
        self,
        operation: str,
        send: Callable[[], Reply],
        known: Callable[[ReconcilerError, bool], Reply | None] | None = None,
    ) -> Reply:
        """Send until there is an answer, a fault that no retry cures, or no time left for retries.

        `known` is called with the error of each attempt and whether an earlier attempt may have succeeded. It returns
        the reply where the error shows that all is done, or raises a different error; None: the fault decides.

        Raises:
            ReconcilerError: the fault; or the reason to stop, where the call is part of a listing.
        """
        start, pause, unsure, attempts = self.clock.now(), _FIRST_PAUSE, False, 0
        while True:
            attempts += 1
            wait = pause * (0.5 + self.random.random() / 2)
            self._stop_listing(operation)
            try:
                return self._attempt(operation, send)
            except Exception as error:
                fault = fault_of(operation, error)
                if fault is None:
                    raise
                if known and (reply := known(fault.error, unsure)) is not None:
                    return reply
                wait, lasted = max(fault.pause, wait), self.clock.now() - start
                left = self._seconds_left(operation, fault, lasted)
                if wait > left:
                    raise fault.error from None
                unsure = unsure or fault.answer is Answer.RETRY_UNSURE
            silent = f": no answer from AWS for {lasted:,.0f} s" if fault.is_silence and lasted >= 1 else ""
            failed = f"{operation}: {inert(fault.code)}; attempt {attempts} failed{silent}"
            self.tell(f"{failed}, trying again in {wait:.1f} s and for at most {left:,.0f} s")
            self._sleep(wait, self._is_idle(operation) or (operation in _WRITES and fault.answer is Answer.RETRY))
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _seconds_left(self, operation: str, fault: Fault, lasted: float) -> float:
        """For how long to retry, `lasted` seconds after the first attempt; -1: no retry helps or is asked for."""
        patience = self.patience
        if fault.answer not in _RETRIED or (fault.is_silence and patience and patience.stop()):
            return -1.0
        longest = fault.retry_for
        if operation in _STORES and patience and patience.stop():
            longest = min(longest, _GRACE)
        if fault.is_silence and patience and self._answered.is_set():
            longest = max(patience.seconds, longest)
        return longest - lasted

    def _stop_listing(self, operation: str) -> None:
        """Raise the reason to stop before a call that only reads one more page."""
        if self.patience and operation in _LISTINGS and (reason := self.patience.stop()):
            raise reason.saying(_STOPPED_LISTING)

    def _sleep(self, seconds: float, stoppable: bool) -> None:  # noqa: FBT001 - a fact of the call
        """Sleep before a retry; where nothing of ours is running at AWS, a stop ends it within a second."""
        while stoppable and self.patience and seconds > 1.0:
            self.clock.sleep(1.0)
            seconds -= 1.0
            if reason := self.patience.stop():
                raise reason
        self.clock.sleep(seconds)

    def _attempt(self, operation: str, send: Callable[[], Reply]) -> Reply:
        self._pace().keep(operation)
        with self._counting:
            self.counts[operation] += 1
        start = self.clock.now()
        self.wrote = self.wrote or operation in _WRITES
        try:
            reply = answer_of(send, self._giving_up(operation)) if self.patience else send()
        except Exception as error:
            response: dict[str, Any] = getattr(error, "response", None) or {}  # None where no reply came
            code = response.get("Error", {}).get("Code", type(error).__name__)
            if response:
                self._answered.set()
            self._record(operation, code, response, start)
            raise
        self._answered.set()
        self._record(operation, "ok", reply if isinstance(reply, dict) else {}, start)
        return reply

    def _giving_up(self, operation: str) -> Callable[[], Interrupted | None]:
        """A function that returns why the answer of a call is no longer waited for, None while it is.

        A reading call is given up at once; one that follows an operation of this run, or writes a record, after ten
        seconds. The answer of a call that starts an operation is always waited for, and that is told.
        """
        looks = count()
        at_once = self._is_idle(operation)

        def reason() -> Interrupted | None:
            stopped = self.patience.stop() if self.patience else None
            if stopped is None:
                return None
            look = next(looks)
            if operation in _WRITES and look == 0:
                self.tell(f"{operation} was sent: waiting for the answer of AWS before stopping")
            if operation in _WRITES or not (at_once or look * LOOK >= _GRACE):
                return None
            waited = f"stopped while waiting for the answer of {operation}, as requested; run again to continue"
            return stopped.saying(_STOPPED_LISTING if operation in _LISTINGS else waited)

        return reason

    def _is_idle(self, operation: str) -> bool:
        """Whether a call neither follows an operation that this run may have started nor writes a record."""
        return operation in _READS or not (self.wrote or operation in _STORES)

    def _record(self, operation: str, answer: str, response: dict[str, Any], start: float) -> None:
        pace = self._pace()
        told = pace.slow_down if answer in THROTTLES else pace.answered
        told(operation)
        request_id = response.get("ResponseMetadata", {}).get("RequestId", "")
        self.log(CallRecord(operation, answer, request_id, self.clock.now() - start))
