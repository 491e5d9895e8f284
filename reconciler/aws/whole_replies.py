"""Detect truncated replies: botocore reads a body that ends early, or is not JSON, as a reply without members.

For a listing that would mean "no more entries", so such a reply becomes an error of the connection, which is retried
(`reconciler.aws.faults`).

Source: botocore parsers.py (`_parse_body_as_json`) and endpoint.py (the event `before-parse`); an empty body is a
success without output (API Reference, UpdateDatasetEntries: "an HTTP 200 response with an empty HTTP body").
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ConnectionClosedError
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


_FIRST_ERROR: Final = 300


def insist_on_whole_replies(client: "RekognitionClient") -> None:
    """Make a client raise ConnectionClosedError or ResponseParserError for a truncated reply."""
    endpoint = client.meta.endpoint_url

    def check(response_dict: Mapping[str, Any], **_event: object) -> None:
        body: bytes = response_dict["body"]
        length = response_dict["headers"].get("Content-Length")
        if length is not None and len(body) < int(length):
            raise ConnectionClosedError(endpoint_url=endpoint)
        succeeded = response_dict["status_code"] < _FIRST_ERROR
        if succeeded and body and not (body.startswith(b"{") and body.rstrip().endswith(b"}")):
            raise ResponseParserError(f"{endpoint} sent a reply that is not JSON")

    client.meta.events.register("before-parse.rekognition.*", check)
