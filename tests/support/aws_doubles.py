"""Time without waiting, and a server that answers what a test tells it to, over real HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from reconciler.aws.calls import CallRecord, Calls
from reconciler.aws.connection import Connection
from reconciler.aws.gateway import Gateway

PROJECT = "arn:aws:rekognition:us-east-1:111122223333:project/p/1690405809285"
REQUEST_ID = "5022229e-7e48-11e9-9ad1-854a4567eb71"


class FakeClock:
    """A clock that only sleeping moves; `slept` has every pause, `also` is told each of them."""

    def __init__(self, also: Callable[[float], object] = lambda _seconds: None) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self.also = also

    def now(self) -> float:
        """Seconds, as moved by sleeping."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        assert seconds >= 0
        self.slept.append(seconds)
        self.time += seconds
        self.also(seconds)


class Log(list[CallRecord]):
    """The attempts that a gateway made."""


def gateway_at(url: str, clock: FakeClock, log: Log | None = None, seed: int = 0) -> Gateway:
    """A gateway whose every request goes to this address, with boto3 in between."""
    record = (lambda _record: None) if log is None else log.append
    return Gateway(_client(url), Calls(clock, Random(seed), record))  # noqa: S311 - repeatable on purpose


@lru_cache
def _client(url: str) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
    """One client for each address: to make one takes longer than most tests."""
    connection = Connection(access_key="AKIDEXAMPLE", secret_key="not-a-secret", endpoints={"rekognition": url})
    return connection.client("us-east-1")


@dataclass
class Answer:
    """One reply: a JSON document or raw bytes, of which the last `lost` bytes are promised but not sent."""

    body: Any = field(default_factory=dict)
    status: int = 200
    lost: int = 0

    @property
    def raw(self) -> bytes:
        """The bytes on the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def failure(code: str, status: int = 400, message: str = "Sorry.") -> Answer:
    """An error as the Rekognition Developer Guide shows it ("Error handling")."""
    return Answer({"__type": code, "Code": code, "Logref": REQUEST_ID, "Message": message}, status)


def dataset(status: str, updated: float = 1.0, message: str = "", entries: int = 0) -> Answer:
    """DescribeDataset's reply."""
    stats = {"LabeledEntries": 0, "TotalEntries": entries, "TotalLabels": 0, "ErrorEntries": 0}
    description = {
        "CreationTimestamp": 0.5,
        "LastUpdatedTimestamp": updated,
        "Status": status,
        "StatusMessage": message,
        "StatusMessageCode": "SUCCESS",
        "DatasetStats": stats,
    }
    return Answer({"DatasetDescription": description})


@dataclass
class ScriptedServer:
    """Answers in the order of `script`, the last answer for ever; `requests` has (operation, document, headers)."""

    url: str = ""
    script: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)

    def answers(self, *answers: Answer) -> None:
        """Answer so from now on, and forget what was asked before."""
        self.script = list(answers)
        self.requests.clear()

    def next(self) -> Answer:
        """The answer that is due."""
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def scripted() -> Iterator[ScriptedServer]:
    """A scripted server on a free port of the loopback, gone with the block."""
    server = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet a reply

        def handle_expect_100(self) -> bool:
            """Say at once that the body may come: a client waits a second for it."""
            said = super().handle_expect_100()
            self.wfile.flush()
            return said

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            document = json.loads(body) if target else body.decode()
            server.requests.append((target, document, dict(self.headers)))
            answer = server.next()
            self.send_response(answer.status)
            if target:
                self.send_header("x-amzn-RequestId", REQUEST_ID)
            self.send_header("Content-Type", "application/x-amz-json-1.1" if target else "text/xml")
            self.send_header("Content-Length", str(len(answer.raw) + answer.lost))
            self.close_connection = bool(answer.lost)
            self.end_headers()
            self.wfile.write(answer.raw)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
