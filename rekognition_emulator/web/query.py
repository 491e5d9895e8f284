"""AWS's query protocol: parameters in a form, results and errors in XML; spoken by STS and IAM.

Sources: AWS STS and IAM API References (common errors, namespaces); botocore parsers.py (QueryParser).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from rekognition_emulator.aws_json.callers import signed_service
from rekognition_emulator.aws_json.wire import HttpRequest, HttpResponse
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations.admission import access_denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.aws_json.callers import Callers
    from rekognition_emulator.operations.admission import Denial
    from rekognition_emulator.state.records import Caller

NAMESPACES = {"sts": "https://sts.amazonaws.com/doc/2011-06-15/", "iam": "https://iam.amazonaws.com/doc/2010-05-08/"}
_FORM = "application/x-www-form-urlencoded"
# The errors with a different HTTP status than 400.
_STATUSES = {"AccessDenied": 403, "NoSuchEntity": 404}

Result = dict[str, "str | Result | list[Result]"]
"""The elements of a result by their names; the elements of a list are all named `member`."""


def service_of(request: HttpRequest) -> str:
    """`sts` or `iam`, else empty: by the signature of a request, or, without one, by its form, which is that of STS."""
    service = signed_service(request)
    if service:
        return service if service in NAMESPACES else ""
    return "sts" if request.headers.get("content-type", "").startswith(_FORM) else ""


def parameters_of(request: HttpRequest) -> dict[str, str]:
    """The parameters of a request by their names."""
    return dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))


def members(parameters: Mapping[str, str], name: str) -> list[str]:
    """A parameter that is a list, `NAME.member.1` and so on."""
    found: list[str] = []
    while (value := parameters.get(f"{name}.member.{len(found) + 1}")) is not None:
        found.append(value)
    return found


class QueryService(ABC):
    """A service that speaks the protocol: who calls, which operation, and whether that is denied."""

    service: ClassVar[str]
    operations: ClassVar[tuple[str, ...]]
    # The parameter with the ARN that a denial is held against, and the operations that nobody signs.
    resource: ClassVar[str]
    unsigned: ClassVar[tuple[str, ...]] = ()

    def __init__(self, callers: Callers, denials: list[Denial]) -> None:
        self._callers = callers
        self._denials = denials

    def answer(self, request: HttpRequest) -> tuple[str, dict[str, str], Result]:
        """The operation that a request names, its parameters and its result.

        Raises:
            ServiceError: for an unknown operation, a missing signature, a denied operation or an invalid parameter.
        """
        parameters = parameters_of(request)
        operation = parameters.get("Action", "")
        if operation not in self.operations:
            version = NAMESPACES[self.service].rstrip("/").rpartition("/")[2]
            raise ServiceError("InvalidAction", f"Could not find operation {operation} for version {version}")
        caller = self._callers.caller_of(request, unsigned=operation in self.unsigned, service=self.service)
        resource = parameters.get(self.resource, "*")
        if self.is_denied(operation, resource, self.service):
            raise access_denied(caller, operation, resource, self.service)
        return operation, parameters, self.result(operation, parameters, caller)

    def is_denied(self, operation: str, resource: str, service: str) -> bool:
        """Whether a denial covers an operation of a service on a resource."""
        return any(denial.covers(operation, resource, service) for denial in self._denials)

    @abstractmethod
    def result(self, operation: str, parameters: Mapping[str, str], caller: Caller) -> Result:
        """The result of an operation that is allowed.

        Raises:
            ServiceError: for an invalid parameter.
        """


def success(service: str, operation: str, result: Result, request_id: str) -> HttpResponse:
    """The XML response with a result."""
    inner: Result = {f"{operation}Result": result, "ResponseMetadata": {"RequestId": request_id}}
    return _xml(200, service, f"{operation}Response", inner, request_id)


def failure(service: str, error: ServiceError, request_id: str) -> HttpResponse:
    """The XML response for an error; these services write the names of AWS's front end without `Exception`."""
    code = error.code.removesuffix("Exception")
    inner: Result = {"Error": {"Type": "Sender", "Code": code, "Message": error.message}, "RequestId": request_id}
    return _xml(_STATUSES.get(code, error.status), service, "ErrorResponse", inner, request_id)


def _elements(value: str | Result | list[Result]) -> str:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return "".join(f"<member>{_elements(one)}</member>" for one in value)
    return "".join(f"<{name}>{_elements(one)}</{name}>" for name, one in value.items())


def _xml(status: int, service: str, root: str, inner: Result, request_id: str) -> HttpResponse:
    body = f'<{root} xmlns="{NAMESPACES[service]}">{_elements(inner)}</{root}>\n'
    return HttpResponse(status, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request_id})
