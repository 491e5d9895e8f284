"""Answers that are not from AWS: a proxy's page, a different server, a redirect without end."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TYPE_CHECKING

import pytest

from reconciler.aws.calls import Calls, Patience
from reconciler.aws.connection import Connection
from reconciler.aws.objects import Objects, S3Address
from reconciler.errors import AccessDenied, ReconcilerError, ServiceError
from tests.support.aws_doubles import Answer, FakeClock, ScriptedServer, gateway_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (Answer(b"<html>\n<h1>Not Implemented</h1></html>", 501), "HTTP 501, "),
        (Answer(b"<html>Bad Gateway</html>", 502), ": <html>Bad Gateway</html>"),
        (Answer(b"", 503), "HTTP 503, application/x-amz-json-1.1: an empty body"),
        (Answer({"error": "not found"}, 404), '"not found"'),
        (Answer(b"[]", 500), "HTTP 500, "),
        (Answer(b"moved \x1b[2J", 302), "moved \\x1b[2J"),
        (Answer(b"<html>Sign in</html>"), "HTTP 200, "),
        (Answer({"hello": "world"}), "world"),
        (Answer(b""), "an empty body"),
    ],
    ids=["501", "502", "503", "404", "500", "302", "page", "json", "empty"],
)
def test_what_is_not_from_aws_fails_within_seconds_with_what_was_received(
    server: ScriptedServer, clock: FakeClock, answer: Answer, shown: str
) -> None:
    """A proxy's page or a different server is not asked for minutes; the sentence has status, type and text."""
    server.answers(answer)
    with pytest.raises(ServiceError, match="DescribeDataset: the answer is not from AWS ") as caught:
        gateway_at(server.url, clock).patient(Patience(1800.0, lambda: None, lambda _text: None)).describe(ARN)
    assert shown in str(caught.value)
    assert "check the endpoint, the region and any proxy" in str(caught.value)
    assert sum(clock.slept) <= 5


@pytest.mark.parametrize(
    "answer",
    [Answer(b"<html>Sign in</html>"), Answer(b"<a/>"), Answer(b"<html>Bad Gateway</html>", 502)],
    ids=["page", "xml", "502"],
)
def test_an_answer_in_place_of_sts_is_a_sentence(server: ScriptedServer, answer: Answer) -> None:
    """The account is not known, and the sentence names the settings that lead to the endpoint."""
    server.answers(answer)
    connection = Connection(access_key="AKIDEXAMPLE", secret_key="not-a-secret", endpoints={"sts": server.url})
    with pytest.raises(AccessDenied, match="STS gave an answer that is not of AWS; check AWS_ENDPOINT_URL_STS"):
        connection.account("us-east-1")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (Answer(b"<html>Bad Gateway</html>", 502), "HTTP 502, text/xml: <html>Bad Gateway</html>"),
        (Answer(b"", 503), "an empty body"),
        (Answer(b"<html>Sign in</html>"), "<html>Sign in</html>"),
        (Answer(b"moved \x1b[2J", 302), "moved \\x1b[2J"),
    ],
    ids=["502", "503", "page", "302"],
)
@pytest.mark.parametrize("does", ["put", "read", "names"])
def test_an_answer_in_place_of_s3_fails_within_seconds_and_each_retry_is_told(
    server: ScriptedServer, clock: FakeClock, answer: Answer, shown: str, does: str
) -> None:
    """A page that says 200 is not taken for an object that was written; the rule is that of Rekognition."""
    server.answers(answer)
    connection = Connection(access_key="AKIDEXAMPLE", secret_key="not-a-secret", endpoints={"s3": server.url})
    told: list[str] = []
    calls = Calls(clock, Random(0), tell=told.append)  # noqa: S311 - repeatable
    objects, address = Objects(connection.s3_client("us-east-1"), calls), S3Address.parse("s3://acme-vision/x")
    doing: dict[str, Callable[[], object]] = {
        "put": lambda: objects.put(address, b"x"),
        "read": lambda: list(objects.read(address)),
        "names": lambda: list(objects.names(address)),
    }
    with pytest.raises(ReconcilerError, match=r"s3://acme-vision/x: .*: the answer is not from AWS ") as caught:
        doing[does]()
    assert shown in str(caught.value)
    assert sum(clock.slept) <= 5
    assert len(told) == len(clock.slept) == len(server.requests) - 1


@contextmanager
def redirecting() -> Iterator[str]:
    """A server that redirects every request to itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            """Nothing is written to the screen."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_redirect_without_end_in_place_of_s3_is_a_sentence(clock: FakeClock) -> None:
    """The address and the setting are named."""
    with redirecting() as url:
        connection = Connection(
            access_key="AKIDEXAMPLE", secret_key="not-a-secret", endpoints={"s3": url}, region="us-east-1"
        )
        objects = Objects(connection.s3_client("us-east-1"), Calls(clock, Random(0)))  # noqa: S311 - repeatable
        with pytest.raises(ReconcilerError) as caught:
            list(objects.read(S3Address.parse("s3://acme-vision/x")))
    assert "s3://acme-vision/x" in str(caught.value)
    assert "unexpected" not in str(caught.value)
