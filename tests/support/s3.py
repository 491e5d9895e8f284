"""S3 for tests: moto's server on a free port, with a bucket of the test's own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from reconciler.aws.calls import Calls
from reconciler.aws.connection import Connection
from reconciler.aws.objects import Objects
from rekognition_emulator.sources.s3 import serve_s3
from tests.support.aws_doubles import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
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
