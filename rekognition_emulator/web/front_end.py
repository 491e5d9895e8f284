"""AWS's front end: everything between an HTTP request and the service, and between its reply and the response."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import wire
from rekognition_emulator.aws_json.wire import HttpResponse
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.faults.call_context import HangUp
from rekognition_emulator.faults.injector import FaultInjector
from rekognition_emulator.journal import Call, Journal
from rekognition_emulator.web import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.aws_json.callers import Callers
    from rekognition_emulator.aws_json.wire import HttpRequest
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.records import Caller
    from rekognition_emulator.web.iam import Iam
    from rekognition_emulator.web.sts import Sts

CallCheck = Callable[[str, dict[str, Any], "Caller"], None]
"""Checks a decoded call (operation, request, caller) before the service is asked; raises ServiceError to refuse it."""


_LOG = logging.getLogger("rekognition_emulator")


class FrontEnd:
    """Handles AWS's requests; `journal` has the calls, `seed` decides the request ids, `beside` answers as STS and IAM.

    `before_decoding` (operation, caller) and `before_work` (operation, request, caller) are checks that may refuse a
    call with a ServiceError; tests may add their own.
    """

    def __init__(
        self, service: Service, *, callers: Callers, journal: Journal, beside: Mapping[str, Sts | Iam], seed: int = 0
    ) -> None:
        self.service = service
        self.journal = journal
        self.callers = callers
        self.beside = beside
        self.before_decoding: list[Callable[[str, Caller], None]] = []
        self.before_work: list[CallCheck] = []
        self.faults = FaultInjector(service, seed, journal.keep)
        self._ids = random.Random(seed)  # noqa: S311 - request ids of an emulator, reproducible on purpose

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to one request. An exception inside becomes an InternalServerError, not a broken connection."""
        began = time.perf_counter()
        request_id = str(uuid.UUID(int=self._ids.getrandbits(128), version=4))
        call = Call("?", {}, 0, request_id=request_id, at=self.service.context.stamp())
        try:
            response = self._respond(request, call)
        except HangUp:
            response = HttpResponse(0, b"", reset=True)
        except ServiceError as error:
            response = self._error_response(error, call)
        except Exception as error:  # noqa: BLE001 - a defect must not look like a network fault
            _LOG.error("defect of the emulator in %s", call.operation, exc_info=error)
            call.error = "InternalServerError"
            response = wire.failure(
                ServiceError("InternalServerError", f"defect of the emulator: {error!r}"), request_id
            )
        call.status, call.seconds = response.status, time.perf_counter() - began
        self.journal.add(call)
        return response

    def _respond(self, request: HttpRequest, call: Call) -> HttpResponse:
        service = query.service_of(request)
        return self._respond_beside(service, request, call) if service else self._respond_for_rekognition(request, call)

    def _respond_beside(self, service: str, request: HttpRequest, call: Call) -> HttpResponse:
        """The response of STS or IAM."""
        try:
            call.operation, call.request, result = self.beside[service].answer(request)
        except ServiceError as error:
            call.error = error.code
            return query.failure(service, error, call.request_id)
        return query.success(service, call.operation, result, call.request_id)

    def _respond_for_rekognition(self, request: HttpRequest, call: Call) -> HttpResponse:
        switches = self.service.context.switches
        call.request = {"X-Amz-Target": request.headers.get("x-amz-target", "")}  # until the operation is known
        call.operation = wire.operation_of(request)
        call.request = {}
        caller = self.callers.caller_of(request, unsigned=switches.unsigned == "accepted")
        call.region = caller.region
        for check in self.before_decoding:
            check(call.operation, caller)
        call.request = self.service.decode(call.operation, wire.document_of(request))
        for call_check in self.before_work:
            call_check(call.operation, call.request, caller)
        return self._ask_service(call, caller)

    def _ask_service(self, call: Call, caller: Caller) -> HttpResponse:
        """Ask the service, with the faults that the plan has for this call."""
        faults = self.faults.faults_for(call.operation, call.request, caller, call.request_id)
        call.faults = [planned.name for planned in faults.fired]
        try:
            reply = faults.before()
            if reply is None:
                reply = self.service.answer(call.operation, call.request, caller)
            reply = faults.after(reply)
        except ServiceError as error:
            return faults.change_response(self._error_response(error, call))
        empty = b"{}" if self.service.context.switches.empty_reply == "{}" else b""
        return faults.change_response(wire.success(reply, call.request_id, empty=empty))

    def _error_response(self, error: ServiceError, call: Call) -> HttpResponse:
        """The response for an error; the switches choose the exception, the status and the key of the text."""
        switches, text_key = self.service.context.switches, "Message"
        chosen = {
            "ValidationException": switches.constraint_error,
            "SerializationException": switches.unreadable_body,
            "UnknownOperationException": switches.unknown_operation,
        }
        if error.code == "ValidationException":
            text_key = switches.validation_text_key
        if error.code in chosen:
            error = ServiceError(chosen[error.code], error.message, error.status)
        if error.code == "ThrottlingException" and error.status == 500:
            error = ServiceError(error.code, error.message, int(switches.throttling_status))
        call.error = error.code
        return wire.failure(error, call.request_id, text_key)
