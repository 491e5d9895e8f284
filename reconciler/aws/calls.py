"""One call at a time: paced, counted, logged, retried with backoff and jitter."""

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from random import Random
from threading import Event
from typing import Any, Final, Self, TypeVar

from reconciler.aws.clock import Clock
from reconciler.aws.faults import Answer, Fault, fault_of

Reply = TypeVar("Reply")

# First pause, growth and cap of the backoff, in seconds. AWS: "retry with exponential backoff" (Rekognition Developer
# Guide, Error handling); the numbers are ours.
_FIRST_PAUSE: Final = 0.5
_GROWTH: Final = 2.0
_LONGEST_PAUSE: Final = 20.0
# Every dataset operation has 5 calls a second an account (Rekognition endpoints and quotas). Others share them, so once
# throttled an operation keeps to less.
_SPACING_AFTER_THROTTLE: Final = 0.25
_RETRIED: Final = {Answer.RETRY, Answer.RETRY_UNSURE}
_THROTTLES: Final = {"ThrottlingException", "ProvisionedThroughputExceededException"}


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One request and its answer: AWS's operation, `ok` or AWS's error code, request id, duration in seconds."""

    operation: str
    answer: str
    request_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a network that is away, once AWS has answered: it is no wrong region or endpoint then.

    `seconds` without any answer are waited out; `tell` is told so, and `stop` is asked meanwhile: it gives a reason to
    wait no longer, or None.
    """

    seconds: float
    stop: Callable[[], object | None]
    tell: Callable[[str], None]


class Calls:
    """Makes calls and counts them: `counts` has every attempt by operation."""

    def __init__(self, clock: Clock, random: Random, log: Callable[[CallRecord], None] = lambda _record: None) -> None:
        self._clock = clock
        self._random = random
        self._log = log
        self._earliest: dict[str, float] = {}
        self._spacing: dict[str, float] = {}
        self._answered = Event()
        self._patience: Patience | None = None
        self.counts: Counter[str] = Counter()

    def patient(self, patience: Patience) -> Self:
        """The same calls, counted and paced together with these, for somebody who waits out a lost network."""
        calls = copy(self)
        calls._patience = patience  # noqa: SLF001 - one of us
        return calls

    def make(
        self, operation: str, send: Callable[[], Reply], done_if: Callable[[Exception], Reply | None] | None = None
    ) -> Reply:
        """Send until there is an answer, a fault that no retry cures, or the fault's time for retries is over.

        `done_if` is asked after an attempt that may have done its work: it gives the reply when the error of a later
        attempt shows that the work was done.

        Raises:
            ReconcilerError: the fault, as a sentence.
        """
        start, pause, unsure = self._clock.now(), _FIRST_PAUSE, False
        while True:
            wait = pause * (0.5 + self._random.random() / 2)
            self._keep_to_spacing(operation)
            try:
                return self._attempt(operation, send)
            except Exception as error:
                fault = fault_of(operation, error)
                if fault is None:
                    raise
                if unsure and done_if is not None and (reply := done_if(fault.error)) is not None:
                    return reply
                if not self._goes_on(fault, self._clock.now() - start, wait):
                    raise fault.error from None
                unsure = unsure or fault.answer is Answer.RETRY_UNSURE
                if fault.code in _THROTTLES:
                    self._spacing[operation] = _SPACING_AFTER_THROTTLE
            self._clock.sleep(wait)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _goes_on(self, fault: Fault, lasted: float, wait: float) -> bool:
        """Whether to send again after another pause of `wait`; `lasted` is the time since the first attempt."""
        if fault.answer not in _RETRIED:
            return False
        patience = self._patience
        if not (fault.is_silence and patience and self._answered.is_set()):
            return lasted + wait <= fault.retry_for
        longest = max(patience.seconds, fault.retry_for)
        if lasted + wait > longest or patience.stop() is not None:
            return False
        patience.tell(f"no answer from AWS for {lasted:.0f} s; trying again until it is {longest / 60:.3g} min")
        return True

    def _attempt(self, operation: str, send: Callable[[], Reply]) -> Reply:
        self.counts[operation] += 1
        start = self._clock.now()
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
        self._log(CallRecord(operation, answer, request_id, self._clock.now() - start))

    def _keep_to_spacing(self, operation: str) -> None:
        """Once throttled, calls of an operation keep their distance."""
        now = self._clock.now()
        wait = self._earliest.get(operation, now) - now
        if wait > 0:
            self._clock.sleep(wait)
        self._earliest[operation] = max(now, now + wait) + self._spacing.get(operation, 0.0)
