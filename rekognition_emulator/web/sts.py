"""AWS STS on the same port: GetCallerIdentity, AssumeRole and AssumeRoleWithWebIdentity, for proofs of the account.

Every role can be assumed, unless `deny` names `sts:AssumeRole`. Sources: AWS STS API Reference (the three operations,
common errors); botocore sts/2011-06-15/service-2.json (query protocol, names of the XML elements, patterns).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from rekognition_emulator.aws_json.callers import Callers, signed_service, temporary_credentials
from rekognition_emulator.aws_json.wire import HttpRequest, HttpResponse
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations.admission import STS_OPERATIONS, access_denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.operations.admission import Denial

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_FORM = "application/x-www-form-urlencoded"
_ROLE = re.compile(r"arn:([a-z-]+):iam::(\d{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")

Result = dict[str, "str | Result"]
"""The elements of a result by their names."""


def is_sts(request: HttpRequest) -> bool:
    """Whether a request is for STS: by its signature, or, without one, by its form (the query protocol)."""
    service = signed_service(request)
    return service == "sts" or (not service and request.headers.get("content-type", "").startswith(_FORM))


class Sts:
    """Answers the calls of STS."""

    def __init__(self, callers: Callers, denials: list[Denial]) -> None:
        self._callers = callers
        self._denials = denials

    def answer(self, request: HttpRequest) -> tuple[str, dict[str, str], Result]:
        """The operation that a request names, its parameters and its result.

        Raises:
            ServiceError: for an unknown operation, a missing signature, a denied operation or an invalid parameter.
        """
        parameters = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        operation = parameters.get("Action", "")
        if operation not in STS_OPERATIONS:
            raise ServiceError("InvalidAction", f"Could not find operation {operation} for version 2011-06-15")
        unsigned = operation == "AssumeRoleWithWebIdentity"
        caller = self._callers.caller_of(request, unsigned=unsigned, service="sts")
        resource = parameters.get("RoleArn", "*")
        if any(denial.covers(operation, resource, "sts") for denial in self._denials):
            raise access_denied(caller, operation, resource, "sts")
        if operation == "GetCallerIdentity":
            return operation, parameters, {"Arn": caller.user, "UserId": "AIDAEMULATOR", "Account": caller.account}
        return operation, parameters, _assume_role(parameters)


def _assume_role(parameters: Mapping[str, str]) -> Result:
    """Temporary credentials of the account in the role's ARN."""
    role = _ROLE.fullmatch(parameters.get("RoleArn", ""))
    session = _SESSION_NAME.fullmatch(parameters.get("RoleSessionName", ""))
    seconds = parameters.get("DurationSeconds", "3600")
    for name, valid in (("RoleArn", role), ("RoleSessionName", session), ("DurationSeconds", seconds.isdecimal())):
        if not valid:
            raise ServiceError("ValidationError", f"1 validation error detected: {name} is missing or invalid")
    arn = f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/{session[0]}" if role and session else ""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + min(int(seconds), 43_200)))
    return {
        "AssumedRoleUser": {"AssumedRoleId": f"AROAEMULATOR:{arn.rpartition('/')[2]}", "Arn": arn},
        "Credentials": {**temporary_credentials(arn), "Expiration": ends},
    }


def _elements(result: Result) -> str:
    return "".join(
        f"<{name}>{escape(value) if isinstance(value, str) else _elements(value)}</{name}>"
        for name, value in result.items()
    )


def success(operation: str, result: Result, request_id: str) -> HttpResponse:
    """The XML response with a result."""
    inner: Result = {f"{operation}Result": result, "ResponseMetadata": {"RequestId": request_id}}
    return _xml(200, f"{operation}Response", inner, request_id)


def failure(error: ServiceError, request_id: str) -> HttpResponse:
    """The XML response for an error; STS writes the names of AWS's front end without `Exception`."""
    code = error.code.removesuffix("Exception")
    inner: Result = {"Error": {"Type": "Sender", "Code": code, "Message": error.message}, "RequestId": request_id}
    status = 403 if code == "AccessDenied" else error.status
    return _xml(status, "ErrorResponse", inner, request_id)


def _xml(status: int, root: str, inner: Result, request_id: str) -> HttpResponse:
    body = f'<{root} xmlns="{_NAMESPACE}">{_elements(inner)}</{root}>\n'
    return HttpResponse(status, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request_id})
