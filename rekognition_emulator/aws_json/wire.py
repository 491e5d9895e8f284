"""AWS JSON 1.1 on the wire: the operation and the document of a request; responses and error bodies.

Sources: botocore service-2.json (target prefix, JSON version); Rekognition Developer Guide, Error handling (error body,
x-amzn-RequestId). The exceptions for unknown operations and unreadable bodies are those of other AWS JSON services.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from rekognition_emulator.aws_json import model
from rekognition_emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET = re.compile(r"RekognitionService\.(\w+)")


@dataclass
class HttpRequest:
    """A request as it arrived; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class HttpResponse:
    """A response to send.

    `cut`: send only so many bytes of the body, then close the connection. `reset`: reset the connection instead of
    sending anything; `then_reset`: after sending everything.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    then_reset: bool = False


def operation_of(request: HttpRequest) -> str:
    """The operation that a request names.

    Raises:
        ServiceError: UnknownOperationException for a wrong content type, a wrong target, or an operation that is not
            one of the fourteen.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != CONTENT_TYPE:
        raise ServiceError("UnknownOperationException", f"The content type is {content_type!r}, not {CONTENT_TYPE}.")
    target = request.headers.get("x-amz-target", "")
    found = _TARGET.fullmatch(target)
    if not found or found[1] not in model.known_operations():
        raise ServiceError("UnknownOperationException", f"The target {target!r} names no operation of Rekognition.")
    if found[1] not in model.OPERATIONS:
        raise ServiceError(
            "UnknownOperationException",
            f"The emulator does not have {found[1]}, which is not a dataset operation.",
        )
    return found[1]


def document_of(request: HttpRequest) -> object:
    """The JSON value in the body of a request; an empty body is an empty object.

    Raises:
        ServiceError: SerializationException when the body is not JSON.
    """
    try:
        return json.loads(request.body.decode() or "{}")
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", "The request body is not JSON.") from error


def success(reply: dict[str, Any], request_id: str, *, empty: bytes = b"{}") -> HttpResponse:
    """The response for a reply; `empty` is the body of a reply without members."""
    body = msgspec.json.encode(reply) if reply else empty
    return HttpResponse(200, body, _headers(request_id))


def failure(error: ServiceError, request_id: str, text_key: str = "Message") -> HttpResponse:
    """The response for an error, with AWS's four members; `text_key` is the name of the one with the text."""
    body = {"__type": error.code, "Code": error.code, "Logref": request_id, text_key: error.message}
    return HttpResponse(error.status, json.dumps(body, separators=(",", ":")).encode(), _headers(request_id))


def _headers(request_id: str) -> dict[str, str]:
    return {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id}
