"""AWS's query protocol: parameters in a form, results and errors in XML; spoken by STS and IAM.

Sources: AWS STS and IAM API References (common errors, namespaces); botocore parsers.py (QueryParser).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from rekognition_emulator.aws_json.callers import signed_service
from rekognition_emulator.aws_json.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.errors import ServiceError

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
