"""AWS JSON 1.1 without an SDK: headers, error bodies, and the exceptions of the front end."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from rekognition_emulator import Emulator, Switches, serve

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/rekognition/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0"
)


class Answered(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        """The body as JSON."""
        document: dict[str, Any] = json.loads(self.body)
        return document


def send(
    endpoint: str,
    target: str | None = "RekognitionService.DescribeProjects",
    body: bytes = b"{}",
    method: str = "POST",
    path: str = "/",
    **headers: str,
) -> Answered:
    """One request with chosen headers and body."""
    where = urlsplit(endpoint)
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 0, timeout=10)
    sent = {"Content-Type": "application/x-amz-json-1.1"} | {
        key.replace("_", "-"): text for key, text in headers.items()
    }
    try:
        connection.request(method, path, body, sent | ({"X-Amz-Target": target} if target else {}))
        reply = connection.getresponse()
        return Answered(reply.status, {key.lower(): text for key, text in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def test_a_reply_is_aws_json(emulator: Emulator) -> None:
    """A reply has status 200, the content type, a request id and JSON."""
    reply = send(emulator)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", reply.headers["x-amzn-requestid"]
    )
    assert reply.error == {"ProjectDescriptions": []}


def test_timestamps_are_seconds_with_milliseconds(emulator: Emulator) -> None:
    """They are JSON numbers, as in the API reference."""
    send(emulator, "RekognitionService.CreateProject", b'{"ProjectName": "cells"}')
    assert b'"CreationTimestamp":1700000000.0' in send(emulator).body


def test_an_error_body_has_awss_four_members(emulator: Emulator) -> None:
    """An error has `__type`, `Code`, `Logref` (the request id) and `Message`, and the HTTP status of the model."""
    body = json.dumps({"DatasetArn": "arn:aws:rekognition:us-east-1:111122223333:project/x/dataset/train/1"})
    reply = send(emulator, "RekognitionService.DescribeDataset", body.encode())
    assert reply.status == 400
    assert list(reply.error) == ["__type", "Code", "Logref", "Message"]
    assert reply.error["__type"] == reply.error["Code"] == "ResourceNotFoundException"
    assert reply.error["Logref"] == reply.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target": None}, "UnknownOperationException"),
        ({"target": "RekognitionService.Nonsense"}, "UnknownOperationException"),
        ({"target": "RekognitionService.DetectFaces"}, "UnknownOperationException"),
        ({"target": "OtherService.DescribeProjects"}, "UnknownOperationException"),
        ({"Content_Type": "text/plain"}, "UnknownOperationException"),
        ({"body": b"notjson"}, "SerializationException"),
        ({"body": b"\xff"}, "SerializationException"),
        ({"body": b"[" * 100_000}, "SerializationException"),
        ({"body": b"[]"}, "SerializationException"),
        ({"body": b'{"MaxResults": 0}'}, "ValidationException"),
        ({"Authorization": "Basic x"}, "IncompleteSignatureException"),
        ({"Authorization": SIGNED.replace("/rekognition/", "/s3/")}, "InvalidSignatureException"),
    ],
)
def test_what_the_front_end_refuses(emulator: Emulator, changes: dict[str, Any], code: str) -> None:
    """Each refusal has HTTP status 400 and the error body, and the connection stays usable."""
    reply = send(emulator, **changes)
    assert (reply.status, reply.error["__type"]) == (400, code)


def test_an_empty_body_is_an_empty_request(emulator: Emulator) -> None:
    """An empty body is accepted, as by other AWS JSON services."""
    assert send(emulator, body=b"").status == 200


def test_the_content_type_may_have_parameters(emulator: Emulator) -> None:
    """A content type with `; charset=utf-8` is accepted as one without."""
    assert send(emulator, Content_Type="application/x-amz-json-1.1; charset=utf-8").status == 200


def test_unsigned_requests_are_a_switch() -> None:
    """They are accepted by default; the switch refuses them as AWS does, and still accepts signed ones."""
    with serve(switches=Switches(unsigned="refused")) as emulator:
        assert send(emulator).error["__type"] == "MissingAuthenticationTokenException"
        assert send(emulator, Authorization=SIGNED).status == 200


def test_a_broken_constraint_is_a_switch() -> None:
    """The same message can be an InvalidParameterException, or be under `message`."""
    with serve(switches=Switches(constraint_error="InvalidParameterException")) as emulator:
        assert send(emulator, body=b'{"MaxResults": 0}').error["Code"] == "InvalidParameterException"
    with serve(switches=Switches(validation_text_key="message")) as emulator:
        assert "maxResults" in send(emulator, body=b'{"MaxResults": 0}').error["message"]


def test_an_empty_reply_is_a_switch() -> None:
    """The body is `{}` by default and empty with the switch, and boto3 reads both."""
    for switches, body in ((Switches(), b"{}"), (Switches(empty_reply="nothing"), b"")):
        with serve(switches=switches) as emulator:
            created = send(emulator, "RekognitionService.CreateProject", b'{"ProjectName": "cells"}').error
            request = json.dumps({"ResourceArn": created["ProjectArn"], "Tags": {}}).encode()
            assert send(emulator, "RekognitionService.TagResource", request).body == body
            emulator.client().tag_resource(ResourceArn=created["ProjectArn"], Tags={"a": "b"})


def test_only_one_path_is_the_service(emulator: Emulator) -> None:
    """A POST elsewhere and an unknown method are 404, and the journal does not have them."""
    assert send(emulator, path="/other").status == 404
    assert send(emulator, method="PUT").status == 404
    assert emulator.count_calls() == 0


def test_a_huge_body_is_not_read(emulator: Emulator) -> None:
    """A body without a length or with a much too large one gets 413."""
    assert send(emulator, Content_Length="99999999999", body=b"").status == 413
    assert send(emulator, Transfer_Encoding="chunked", body=b"").status == 413


def test_the_journal_has_every_call_in_order(emulator: Emulator) -> None:
    """The journal has operation, decoded request, status, error and Region of each call."""
    send(emulator, Authorization=SIGNED)
    send(emulator, "RekognitionService.CreateProject", b'{"ProjectName": "cells"}')
    send(emulator, "RekognitionService.CreateProject", b'{"ProjectName": "cells"}')
    noted = [(call.operation, call.request, call.status, call.error, call.region) for call in emulator.calls]
    assert noted == [
        ("DescribeProjects", {}, 200, "", "eu-west-1"),
        ("CreateProject", {"ProjectName": "cells"}, 200, "", "us-east-1"),
        ("CreateProject", {"ProjectName": "cells"}, 400, "ResourceInUseException", "us-east-1"),
    ]
    assert (emulator.count_calls("CreateProject"), emulator.count_calls()) == (2, 3)


def test_a_defect_is_answered_as_a_defect(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply outside the service model, or an unexpected exception, is an InternalServerError with HTTP 500."""
    for wrong in ({"Novelty": 1}, {"ProjectDescriptions": [{"Status": "NOPE"}]}, None):
        monkeypatch.setitem(emulator.service._operations, "DescribeProjects", lambda *_, wrong=wrong: wrong)
        reply = send(emulator)
        assert (reply.status, reply.error["Code"]) == (500, "InternalServerError")
