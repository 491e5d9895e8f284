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
    """How long to wait for a lost network, once AWS has answered in this run: region and endpoint are right then.

    Retries last `seconds` without any answer; `tell` receives a message for each, and `stop` returns a reason to stop
    waiting, or None.
    """

    seconds: float
    stop: Callable[[], object | None]
    tell: Callable[[str], None]


@dataclass
class Calls:
    """Makes calls; `counts` has the number of attempts of each operation, `log` receives every attempt."""

    clock: Clock
    random: Random
    log: Callable[[CallRecord], None] = lambda _record: None
    patience: Patience | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _earliest: dict[str, float] = field(default_factory=dict)
    _spacing: dict[str, float] = field(default_factory=dict)
    _answered: Event = field(default_factory=Event)

    def patient(self, patience: Patience) -> Self:
        """The same calls, counted and paced together with these, which wait until a lost network is back."""
        calls = copy(self)
        calls.patience = patience
        return calls

    def make(
        self, operation: str, send: Callable[[], Reply], done_if: Callable[[Exception], Reply | None] | None = None
    ) -> Reply:
        """Send until there is an answer, a fault that no retry cures, or no time left for retries.

        `done_if` is called when an earlier attempt may have succeeded: it returns the reply when the error of a later
        attempt shows that it did.

        Raises:
            ReconcilerError: the fault.
        """
        start, pause, unsure = self.clock.now(), _FIRST_PAUSE, False
        while True:
            wait = pause * (0.5 + self.random.random() / 2)
            self._keep_to_spacing(operation)
            try:
                return self._attempt(operation, send)
            except Exception as error:
                fault = fault_of(operation, error)
                if fault is None:
                    raise
                if unsure and done_if is not None and (reply := done_if(fault.error)) is not None:
                    return reply
                if not self._retries(fault, self.clock.now() - start, wait):
                    raise fault.error from None
                unsure = unsure or fault.answer is Answer.RETRY_UNSURE
                if fault.code in _THROTTLES:
                    self._spacing[operation] = _SPACING_AFTER_THROTTLE
            self.clock.sleep(wait)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _retries(self, fault: Fault, lasted: float, wait: float) -> bool:
        """Whether to send again after a pause of `wait`; `lasted` is the time since the first attempt, in seconds."""
        if fault.answer not in _RETRIED:
            return False
        patience = self.patience
        if not (fault.is_silence and patience and self._answered.is_set()):
            return lasted + wait <= fault.retry_for
        longest = max(patience.seconds, fault.retry_for)
        if lasted + wait > longest or patience.stop() is not None:
            return False
        patience.tell(f"no answer from AWS for {lasted:.0f} s; trying again for up to {longest / 60:.3g} min")
        return True

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
