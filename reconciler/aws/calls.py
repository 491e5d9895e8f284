"""Make one call at a time: paced, counted, logged, retried with backoff and jitter."""

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Any, Final, Self, TypeVar

from reconciler.aws.clock import Clock
from reconciler.aws.faults import Answer, Fault, fault_of
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.text import inert

Reply = TypeVar("Reply")

# First pause, growth and cap of the backoff, in seconds. AWS: "retry with exponential backoff" (Rekognition Developer
# Guide, Error handling); the numbers are ours.
_FIRST_PAUSE: Final = 0.5
_GROWTH: Final = 2.0
_LONGEST_PAUSE: Final = 20.0
# An account has 5 calls per second per dataset operation (Rekognition endpoints and quotas). Other programs share them,
# so an operation that was throttled keeps to less. In seconds.
_SPACING_AFTER_THROTTLE: Final = 0.25
_RETRIED: Final = {Answer.RETRY, Answer.RETRY_UNSURE}
THROTTLES: Final = {"ThrottlingException", "ProvisionedThroughputExceededException"}
# Calls that are made in thousands and change nothing.
_LISTINGS: Final = {"ListDatasetEntries"}
# Calls that are not needed to follow an operation that runs, and those that start one.
_READS: Final = {*_LISTINGS, "DescribeProjects"}
_WRITES: Final = {"CreateDataset", "DeleteDataset", "UpdateDatasetEntries"}


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One request and its answer: AWS's operation, `ok` or AWS's error code, request id, duration in seconds."""

    operation: str
    answer: str
    request_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Patience:
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

    `log` receives every attempt, `tell` a message before every retry.
    """

    clock: Clock
    random: Random
    log: Callable[[CallRecord], None] = lambda _record: None
    tell: Callable[[str], None] = lambda _message: None
    patience: Patience | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _earliest: dict[str, float] = field(default_factory=dict)
    _spacing: dict[str, float] = field(default_factory=dict)
    _answered: Event = field(default_factory=Event)

    def patient(self, patience: Patience) -> Self:
        """The same calls, counted and paced together with these, which wait until a lost network is back."""
        calls = copy(self)
        calls.patience, calls.tell = patience, patience.tell
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
            self._keep_to_spacing(operation)
            try:
                return self._attempt(operation, send)
            except Exception as error:
                fault = fault_of(operation, error)
                if fault is None:
                    raise
                if known and (reply := known(fault.error, unsure)) is not None:
                    return reply
                wait, lasted = max(fault.pause, wait), self.clock.now() - start
                left = self._seconds_left(fault, lasted)
                if wait > left:
                    raise fault.error from None
                unsure = unsure or fault.answer is Answer.RETRY_UNSURE
            if fault.code in THROTTLES:
                self._spacing[operation] = _SPACING_AFTER_THROTTLE
            silent = f": no answer from AWS for {lasted:,.0f} s" if fault.is_silence and lasted >= 1 else ""
            failed = f"{operation}: {inert(fault.code)}; attempt {attempts} failed{silent}"
            self.tell(f"{failed}, trying again in {wait:.1f} s and for at most {left:,.0f} s")
            self._sleep(wait, operation in _READS or (operation in _WRITES and fault.answer is Answer.RETRY))
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _seconds_left(self, fault: Fault, lasted: float) -> float:
        """For how long to retry, `lasted` seconds after the first attempt; -1: no retry helps or is asked for."""
        patience = self.patience
        if fault.answer not in _RETRIED or (fault.is_silence and patience and patience.stop()):
            return -1.0
        longest = fault.retry_for
        if fault.is_silence and patience and self._answered.is_set():
            longest = max(patience.seconds, longest)
        return longest - lasted

    def _stop_listing(self, operation: str) -> None:
        """Raise the reason to stop before a call that only reads one more page."""
        if self.patience and operation in _LISTINGS and (reason := self.patience.stop()):
            raise reason.saying("stopped while live entries were listed, as requested; run again to continue")

    def _sleep(self, seconds: float, stoppable: bool) -> None:  # noqa: FBT001 - a fact of the call
        """Sleep before a retry; where nothing of ours is running at AWS, a stop ends it within a second."""
        while stoppable and self.patience and seconds > 1.0:
            self.clock.sleep(1.0)
            seconds -= 1.0
            if reason := self.patience.stop():
                raise reason
        self.clock.sleep(seconds)

    def _attempt(self, operation: str, send: Callable[[], Reply]) -> Reply:
        self.counts[operation] += 1
        start = self.clock.now()
        try:
            reply = send()
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

    def _record(self, operation: str, answer: str, response: dict[str, Any], start: float) -> None:
        request_id = response.get("ResponseMetadata", {}).get("RequestId", "")
        self.log(CallRecord(operation, answer, request_id, self.clock.now() - start))

    def _keep_to_spacing(self, operation: str) -> None:
        """Wait until an operation that was throttled may be called again."""
        now = self.clock.now()
        wait = self._earliest.get(operation, now) - now
        if wait > 0:
            self.clock.sleep(wait)
        self._earliest[operation] = max(now, now + wait) + self._spacing.get(operation, 0.0)
