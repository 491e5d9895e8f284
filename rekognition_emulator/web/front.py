"""The front end: from an HTTP request to an answer, with everything AWS checks before the service is asked."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import wire
from rekognition_emulator.aws_json.wire import Answer
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.faults.engine import Engine
from rekognition_emulator.faults.stage import HangUp
from rekognition_emulator.journal import Call, Journal
from rekognition_emulator.state.records import Caller

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import HttpRequest
    from rekognition_emulator.operations.service import Service

Guard = Callable[[str, dict[str, Any], Caller], None]
"""Looks at a judged call before the service does; raises ServiceError to refuse it."""


_LOG = logging.getLogger("rekognition_emulator")


class Front:
    """Answers requests one by one; `journal` has all of them, `seed` decides the request ids."""

    def __init__(self, service: Service, *, caller: Caller, journal: Journal, seed: int = 0) -> None:
        self.service = service
        self.journal = journal
        self.caller = caller
        self.gates: list[Callable[[str, Caller], None]] = []
        self.guards: list[Guard] = []
        self.faults = Engine(service, seed, journal.keep)
        self._ids = random.Random(seed)  # noqa: S311 - request ids of an emulator, reproducible on purpose

    def handle(self, request: HttpRequest) -> Answer:
        """Answer one request; whatever happens inside, the client gets a proper answer."""
        began = time.perf_counter()
        request_id = str(uuid.UUID(int=self._ids.getrandbits(128), version=4))
        call = Call("?", {}, 0, request_id=request_id, at=self.service.backend.stamp())
        try:
            answer = self._answer(request, call)
        except HangUp:
            answer = Answer(0, b"", reset=True)
        except ServiceError as error:
            answer = self._refusal(error, call)
        except Exception as error:  # noqa: BLE001 - a defect must not look like a network fault: it is answered and logged
            _LOG.error("defect of the emulator in %s", call.operation, exc_info=error)
            call.error = "InternalServerError"
            answer = wire.failure(ServiceError("InternalServerError", f"defect of the emulator: {error!r}"), request_id)
        call.status, call.seconds = answer.status, time.perf_counter() - began
        self.journal.add(call)
        return answer

    def _answer(self, request: HttpRequest, call: Call) -> Answer:
        switches = self.service.backend.switches
        call.request = {"X-Amz-Target": request.headers.get("x-amz-target", "")}  # until it is known to be a call
        call.operation = wire.operation_of(request)
        call.request = {}
        caller = wire.caller_of(request, self.caller, unsigned=switches.unsigned == "accepted")
        call.region = caller.region
        for gate in self.gates:
            gate(call.operation, caller)
        call.request = self.service.decode(call.operation, wire.document_of(request))
        for guard in self.guards:
            guard(call.operation, call.request, caller)
        return self._work(call, caller)

    def _work(self, call: Call, caller: Caller) -> Answer:
        """Ask the service, with whatever the fault plan has for this call."""
        meeting = self.faults.meet(call.operation, call.request, caller, call.request_id)
        call.faults = [rule.name for rule in meeting.rules]
        try:
            reply = meeting.before()
            if reply is None:
                reply = self.service.answer(call.operation, call.request, caller)
            reply = meeting.after(reply)
        except ServiceError as error:
            return meeting.answered(self._refusal(error, call))
        empty = b"{}" if self.service.backend.switches.empty_reply == "{}" else b""
        return meeting.answered(wire.success(reply, call.request_id, empty=empty))

    def _refusal(self, error: ServiceError, call: Call) -> Answer:
        """The answer for a refusal, spelled as the switches have it."""
        switches, text_key = self.service.backend.switches, "Message"
        answered = {
            "ValidationException": switches.constraint_error,
            "SerializationException": switches.unreadable_body,
            "UnknownOperationException": switches.unknown_operation,
        }
        if error.code == "ValidationException":
            text_key = switches.validation_text_key
        if error.code in answered:
            error = ServiceError(answered[error.code], error.message, error.status)
        if error.code == "ThrottlingException" and error.status == 500:
            error = ServiceError(error.code, error.message, int(switches.throttling_status))
        call.error = error.code
        return wire.failure(error, call.request_id, text_key)
