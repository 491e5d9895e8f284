"""S3 for tests: moto's server on a free port, with a bucket of the test's own."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from logging import ERROR, getLogger
from random import Random
from typing import TYPE_CHECKING, Any

from moto.server import ThreadedMotoServer

from reconciler.aws.calls import Calls
from reconciler.aws.connection import Connection
from reconciler.aws.objects import Objects
from rekognition_emulator.sources.s3 import serve_s3
from tests.support.aws_doubles import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


_NUMBERS = count(1)


@dataclass(frozen=True)
class Bucket:
    """A bucket at a running server."""

    endpoint: str
    name: str

    @property
    def connection(self) -> Connection:
        """How to reach it."""
        return Connection(
            region="us-east-1", access_key="testing", secret_key="testing", endpoints={"s3": self.endpoint}
        )

    @property
    def client(self) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
        """boto3's client, for looking behind the scenes."""
        return self.connection.s3_client("us-east-1")

    def objects(self) -> Objects:
        """What the product uses."""
        return Objects(self.client, Calls(FakeClock(), Random(0)))  # noqa: S311 - repeatable

    def listed(self) -> list[str]:
        """What is in the bucket."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content


@contextmanager
def running_s3(folder: Path) -> Iterator[Bucket]:
    """A server with one empty bucket; moto's buckets live as long as the process, so each has a name of its own."""
    name = f"snapshots-{folder.name.replace('_', '-').lower()[:30]}-{next(_NUMBERS)}"
    (folder / "empty").mkdir(parents=True, exist_ok=True)
    with serve_s3({name: folder / "empty"}) as endpoint:
        yield Bucket(endpoint, name)


@dataclass
class Watched:
    """A WSGI application around S3: it counts the requests, and refuses some of them as S3 does.

    `requests` has the operation and the key of each. `denied` and `encrypted` are parts of keys that may not be read;
    `lists` is whether the bucket may be listed, `page` how many keys a page of a listing has at most. `seen`
    is called with each request before its answer, `allowed` says of each whether it is.
    """

    app: Any
    requests: list[tuple[str, str]] = field(default_factory=list)
    denied: str = ""
    encrypted: str = ""
    lists: bool = True
    page: int = 1000
    seen: Callable[[str, str], None] = lambda _operation, _key: None
    allowed: Callable[[str, str], bool] = lambda _operation, _key: True

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401 - WSGI
        """Answer a request."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        key = path.strip("/").partition("/")[2]
        operation = "List" if method == "GET" and not key else method.capitalize()
        self.requests.append((operation, key))
        self.seen(operation, key)
        if not self.allowed(operation, key):
            return _refused(start_response, "Access Denied")
        if operation == "List" and not self.lists:
            return _refused(start_response, "User is not authorized to perform: s3:ListBucket")
        if operation in {"Get", "Head"} and self.denied and self.denied in key:
            return _refused(start_response, "Access Denied")
        if operation == "Get" and self.encrypted and self.encrypted in key:
            return _refused(start_response, "User is not authorized to perform: kms:Decrypt on resource: a key")
        if operation == "List":
            environ["QUERY_STRING"] += f"&max-keys={self.page}"
        if operation == "Head" and not self.lists:
            return self.app(environ, _without_404(start_response))
        return self.app(environ, start_response)

    def counts(self) -> dict[str, int]:
        """The requests since the last time that this was asked, by operation."""
        counted = Counter(operation for operation, _key in self.requests)
        self.requests.clear()
        return dict(counted)


def _refused(start_response: Any, message: str) -> list[bytes]:  # noqa: ANN401 - WSGI
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>".encode()
    # S3 says the Region of a bucket also where it refuses (S3 API Reference, HeadBucket).
    headers = [("Content-Type", "application/xml"), ("x-amz-bucket-region", "us-east-1")]
    start_response("403 Forbidden", [*headers, ("Content-Length", str(len(body)))])
    return [body]


def _without_404(start_response: Any) -> Any:  # noqa: ANN401 - WSGI
    """S3 does not say that something is missing to somebody who may not list (S3 API Reference, HeadObject)."""

    def start(status: str, headers: Any, *rest: Any) -> Any:  # noqa: ANN401 - WSGI
        return start_response("403 Forbidden" if status.startswith("404") else status, headers, *rest)

    return start


@contextmanager
def watched_s3(bucket: str) -> Iterator[tuple[Bucket, Watched]]:
    """A server with one empty bucket, whose requests are watched."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    getLogger("werkzeug").setLevel(ERROR)
    server.start()
    try:
        inner: Any = server._server
        address, port = server.get_host_and_port()
        made = Bucket(f"http://{address}:{port}", f"{bucket}-{next(_NUMBERS)}")
        made.client.create_bucket(Bucket=made.name)
        inner.app = watched = Watched(inner.app)
        yield made, watched
    finally:
        server.stop()
