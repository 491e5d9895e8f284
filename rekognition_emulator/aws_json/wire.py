"""AWS JSON 1.1 on the wire: which operation a request names, who signed it, how replies and errors look.

Sources: botocore service-2.json (target prefix, JSON version); Rekognition Developer Guide, Error handling (error body,
x-amzn-RequestId). The front end's texts for unknown operations and unreadable bodies are from other AWS JSON services.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from rekognition_emulator.aws_json import model
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.state.records import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET = re.compile(r"RekognitionService\.(\w+)")
_SCOPE = re.compile(r"Credential=([^/\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


@dataclass
class HttpRequest:
    """What arrived: `headers` with lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What is sent back.

    `cut`: send only so many bytes of the body, then hang up; `reset`: hang up without a word; `then_reset`: after all.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    then_reset: bool = False


def operation_of(request: HttpRequest) -> str:
    """The operation a request names.

    Raises:
        ServiceError: UnknownOperationException for a wrong content type, a wrong target, or an operation that is not
            one of the thirteen.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != CONTENT_TYPE:
        raise ServiceError("UnknownOperationException", f"The content type is {content_type!r}, not {CONTENT_TYPE}.")
    target = request.headers.get("x-amz-target", "")
    found = _TARGET.fullmatch(target)
    if not found or found[1] not in model.known_operations():
        raise ServiceError("UnknownOperationException", f"The target {target!r} names no operation of Rekognition.")
    if found[1] not in model.OPERATIONS:
        raise ServiceError("UnknownOperationException", f"{found[1]} is not a dataset operation: not emulated.")
    return found[1]


def caller_of(request: HttpRequest, default: Caller, *, unsigned: bool) -> Caller:
    """Who signed a request; signatures are read, not verified. `unsigned`: answer requests without one as `default`.

    Raises:
        ServiceError: MissingAuthenticationTokenException, IncompleteSignatureException.
    """
    header = request.headers.get("authorization")
    if header is None:
        if unsigned:
            return default
        raise ServiceError("MissingAuthenticationTokenException")
    found = _SCOPE.search(header)
    if not found:
        raise ServiceError("IncompleteSignatureException", "Authorization header requires 'Credential' parameter.")
    if found[4] != "rekognition":
        text = f"Credential should be scoped to correct service: 'rekognition'. It is scoped to {found[4]!r}."
        raise ServiceError("InvalidSignatureException", text)
    return Caller(found[3], default.account, default.user)


def document_of(request: HttpRequest) -> object:
    """The JSON body.

    Raises:
        ServiceError: SerializationException.
    """
    try:
        return json.loads(request.body.decode() or "{}")
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", "The request body is not JSON.") from error


def success(reply: dict[str, Any], request_id: str, *, empty: bytes = b"{}") -> Answer:
    """The answer for a reply; `empty` is the body of a reply without members."""
    body = msgspec.json.encode(reply) if reply else empty
    return Answer(200, body, _headers(request_id))


def failure(error: ServiceError, request_id: str, text_key: str = "Message") -> Answer:
    """The answer for a refusal, with AWS's four members; `text_key` is the name of the text."""
    body = {"__type": error.code, "Code": error.code, "Logref": request_id, text_key: error.message}
    return Answer(error.status, json.dumps(body, separators=(",", ":")).encode(), _headers(request_id))


def _headers(request_id: str) -> dict[str, str]:
    return {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id}
