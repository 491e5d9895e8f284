"""Replies that are truncated, or not from AWS: botocore reads both as replies without members.

For a listing that would mean "no more entries". A truncated reply becomes an error of the connection; a proxy's page,
or the reply of a different server, becomes `NotFromAws`. `reconciler.aws.faults` says what is done about each.

Source: botocore parsers.py (`_parse_body_as_json`, `_do_error_parse`) and endpoint.py (the event `before-parse`); an
empty body is a success without output (API Reference, UpdateDatasetEntries: "an HTTP 200 response with an empty HTTP
body").
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from reconciler.text import inert

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


_FIRST_ERROR: Final = 300
# Too large a request: AWS's front end may say so without a body of its own.
TOO_LARGE: Final = 413
# The members of an error body that name the exception, in JSON protocols of AWS.
_ERROR_NAMES: Final = ("__type", "code", "Code")
_SHOWN: Final = 80
# Headers of S3 and STS, and the root of their documents (botocore data/s3 and data/sts; S3 API Reference, "Common
# Response Headers" and "Error Responses").
_OF_AWS: Final = ("x-amz-request-id", "x-amzn-requestid", "ETag")
_XML_ROOT: Final = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<(Error|\w+(Response|Result))[\s>]")
_START: Final = 400


_LISTING: Final = "ListDatasetEntries"


class _Page(Struct, rename="pascal"):
    """The members of ListDatasetEntries' reply; others, which AWS may add, are for nobody here."""

    dataset_entries: list[str] | None = None
    next_token: str | None = None


_page = msgspec.json.Decoder(_Page).decode


class NotFromAws(Exception):
    """A reply that no AWS service gives; the text has its HTTP status, type and beginning, and is safe to show."""


def insist_on_whole_replies(client: "RekognitionClient") -> None:
    """Make a client raise ConnectionClosedError for a truncated reply, NotFromAws for one that is not AWS's."""
    from botocore.exceptions import ConnectionClosedError  # noqa: PLC0415 - loaded when AWS is asked

    endpoint = client.meta.endpoint_url

    def check(
        response_dict: dict[str, Any],
        operation_model: Any,  # noqa: ANN401 - botocore's
        customized_response_dict: dict[str, Any],
        **_event: object,
    ) -> None:
        body, headers, status = response_dict["body"], response_dict["headers"], response_dict["status_code"]
        length = headers.get("Content-Length")
        cut = status < _FIRST_ERROR and body.startswith(b"{") and not body.rstrip().endswith(b"}")
        if cut or (length is not None and len(body) < int(length)):
            raise ConnectionClosedError(endpoint_url=endpoint)
        output = operation_model.output_shape
        known = (
            _is_error(headers, body) if status >= _FIRST_ERROR else _is_reply(body, output.members if output else ())
        )
        if not known and status != TOO_LARGE:
            raise NotFromAws(_shown(status, headers.get("Content-Type", ""), body))
        if operation_model.name == _LISTING and status < _FIRST_ERROR and (members := _listed(body)):
            customized_response_dict.update(members)
            response_dict["body"] = b"{}"

    client.meta.events.register("before-parse.rekognition.*", check, unique_id="reconciler-whole-replies")


def insist_on_aws(client: Any) -> None:  # noqa: ANN401 - boto3's client types exist only in its stubs
    """Make a client of STS or S3, whose replies are XML or bytes, raise NotFromAws for a reply that is not AWS's.

    A reply of S3 has a request id or an ETag; its error, and every reply of STS, has a root that AWS names.
    """

    def check(response_dict: Mapping[str, Any], operation_model: Any, **_event: object) -> None:  # noqa: ANN401 - botocore's
        body, headers, status = response_dict["body"], response_dict["headers"], response_dict["status_code"]
        if any(name in headers for name in _OF_AWS) or operation_model.http["method"] == "HEAD":
            return
        start = body if isinstance(body, bytes) else body.read(_START)
        if not _XML_ROOT.match(start):
            raise NotFromAws(_shown(status, headers.get("Content-Type", ""), start))

    name = client.meta.service_model.service_name
    client.meta.events.register(f"before-parse.{name}.*", check, unique_id="reconciler-replies-of-aws")


def _listed(body: bytes) -> dict[str, Any]:
    """The members of a page, as botocore's parser gives them; none where that parser is to read it."""
    try:
        page = _page(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    named = {"DatasetEntries": page.dataset_entries, "NextToken": page.next_token}
    return {name: value for name, value in named.items() if value is not None}


def _is_error(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether an error names its exception, as every error of AWS does."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    named = "x-amzn-ErrorType" in headers or any(name in document for name in _ERROR_NAMES)
    return isinstance(document, dict) and named


def _is_reply(body: bytes, members: Mapping[str, object] | tuple[()]) -> bool:
    """Whether a success has a member of the operation's output, or nothing where there is no output."""
    if not members:
        return not body or body.startswith(b"{")
    return body.startswith(b"{") and any(f'"{name}"'.encode() in body for name in members)


def _shown(status: int, kind: str, body: bytes) -> str:
    said = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return inert(f"HTTP {status}, {kind or 'no content type'}: {said or 'an empty body'}", _SHOWN * 2)
