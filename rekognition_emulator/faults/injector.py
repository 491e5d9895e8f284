"""The fault plan of a running emulator: which faults apply to a call, and the log of those that fired."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import replies
from rekognition_emulator.faults import plan
from rekognition_emulator.faults.call_context import CallContext, StaleReplies
from rekognition_emulator.journal import without_blobs

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import HttpResponse
    from rekognition_emulator.faults.plan import PlannedFault
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.records import Caller


@dataclass(frozen=True)
class FiredFault:
    """One fault that fired, with the call it fired on. `at`: seconds since the epoch on the emulator's clock."""

    name: str
    fault: str
    operation: str
    request: dict[str, Any]
    request_id: str
    at: float


class CallFaults:
    """The faults that fire on one call, in the order of the plan."""

    def __init__(self, fired: list[PlannedFault], call: CallContext) -> None:
        self.fired = fired
        self.call = call

    def before(self) -> dict[str, Any] | None:
        """Run the faults that come before the service's work.

        Returns:
            A stale reply if one answers this call; the service is then not asked.

        Raises:
            ServiceError: when a fault refuses the call.
            HangUp: when a fault resets the connection.
        """
        for planned in self.fired:
            planned.kind.before(self.call)
        return self.call.stale_reply()

    def after(self, reply: dict[str, Any]) -> dict[str, Any]:
        """Run the faults that come after the service's work; returns the reply to send.

        Raises:
            ServiceError: when a fault replaces the reply by an exception.
        """
        if self.fired:
            reply = replies.with_text_lines(reply)
        self.call.reply = reply
        for planned in self.fired:
            reply = planned.kind.after(self.call, reply)
        return reply

    def change_response(self, response: HttpResponse) -> HttpResponse:
        """Let the faults change the response, success or error, as it is sent."""
        for planned in self.fired:
            planned.kind.change_response(response)
        return response


class FaultInjector:
    """Holds the current plan, which can be replaced while the emulator runs.

    `keep` limits the length of the log; a limited log does not keep blobs, so that a long run does not fill memory.
    """

    def __init__(self, service: Service, seed: int = 0, keep: int | None = None) -> None:
        self.service = service
        self.seed = seed
        self.planned: list[PlannedFault] = []
        self.log: list[FiredFault] = []
        self._keep = keep
        self._stale_replies = StaleReplies()
        self._lock = threading.Lock()

    def load(self, text: str, seed: int | None = None, source: str = "") -> None:
        """Replace the plan by `text` (YAML or JSON, from the file `source`). Counters restart; the log is kept.

        Raises:
            PlanError: when the text is not a valid plan; the current plan then stays.
        """
        judge = self.service.context.judge
        planned = plan.read_plan(text, judge, self.seed if seed is None else seed, source)
        with self._lock:
            self.planned = planned
            self._stale_replies = StaleReplies()

    def faults_for(self, operation: str, request: dict[str, Any], caller: Caller, request_id: str) -> CallFaults:
        """The faults that fire on a call. Counts the call and logs the faults."""
        with self._lock:
            fired = [
                each for each in self.planned if each.kind.concerns(request) and each.trigger.fires(operation, request)
            ]
            self._log(fired, operation, request, request_id)
            return CallFaults(
                fired, CallContext(operation, request, caller, self.service, self._stale_replies, request_id)
            )

    def _log(self, fired: list[PlannedFault], operation: str, request: dict[str, Any], request_id: str) -> None:
        at = self.service.context.stamp()
        if self._keep is not None:
            request = {name: without_blobs(part) for name, part in request.items()}
        self.log += [FiredFault(each.name, each.fault, operation, request, request_id, at) for each in fired]
        if self._keep is not None:
            del self.log[: -self._keep]
