"""A running emulator and the one way to start it from Python: `with serve(...) as emulator`.

The object it yields is the endpoint URL, with doors for tests behind it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import protocol
from rekognition_emulator.settings import Settings, build, changed, named_latency
from rekognition_emulator.web.router import Router
from rekognition_emulator.web.server import Server

protocol.compile_all()  # at import, so that an emulator starts within milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boto3 import Session
    from mypy_boto3_rekognition import RekognitionClient

    from rekognition_emulator.faults.engine import Fired
    from rekognition_emulator.journal import Call
    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.clock import Clock
    from rekognition_emulator.state.latency import Latency
    from rekognition_emulator.web.front import Front


_CLIENTS = threading.Lock()  # boto3 sessions are not made for several threads


@cache
def _session(region: str) -> Session:
    """One session a Region: reading botocore's models again for every client takes a tenth of a second."""
    import boto3  # noqa: PLC0415 - only `client` needs boto3

    return boto3.Session("emulator", "emulator", region_name=region)


class Emulator(str):
    """The endpoint URL of a running emulator: a string for any client, an object for tests.

    `service` answers without HTTP, `clock` can be frozen and advanced, `calls` is the list of answered calls.
    """

    __slots__ = ("clock", "front", "port", "region")

    front: Front
    clock: Clock
    port: int
    region: str

    @classmethod
    def running(cls, server: Server, front: Front, region: str) -> Emulator:
        """The emulator behind a server."""
        emulator = cls(server.url)
        emulator.front, emulator.clock = front, front.service.backend.clock
        emulator.port, emulator.region = server.port, region
        return emulator

    @property
    def url(self) -> str:
        """The endpoint URL as a plain string."""
        return str.__str__(self)

    endpoint = url

    @property
    def service(self) -> Service:
        """The service itself: `service.call(operation, request)`."""
        return self.front.service

    @property
    def calls(self) -> list[Call]:
        """The calls answered so far: `operation`, `request` (blobs decoded), `status`, `error` and more."""
        return self.front.journal.calls

    def count_calls(self, operation: str | None = None) -> int:
        """How many calls of an operation (or of all) were answered since the start."""
        return self.front.journal.count(operation)

    def edit_entries(self, dataset_arn: str, lines: Iterable[str | bytes]) -> None:
        """Upsert lines behind every client's back, at once (see Service.edit_entries)."""
        self.service.edit_entries(dataset_arn, lines)

    def remove_entries(self, dataset_arn: str, keys: Iterable[str]) -> None:
        """Take entries away behind every client's back."""
        self.service.remove_entries(dataset_arn, keys)

    def entries(self, dataset_arn: str) -> list[Entry]:
        """All entries of a dataset in order: `key`, `line` as listed, `labeled`, `errors` and more."""
        return self.service.entries(dataset_arn)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make AWS clients talk to this emulator, with dummy credentials."""
        return {
            "AWS_ENDPOINT_URL_REKOGNITION": self.url,
            "AWS_ACCESS_KEY_ID": "emulator",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def load_faults(self, plan: str) -> None:
        """Replace the fault plan (YAML text); `faults:` empty ends all faults.

        Raises:
            PlanError: when the plan cannot be understood.
        """
        self.front.faults.load(plan)

    @property
    def faults(self) -> list[Fired]:
        """The log of the faults that fired."""
        return self.front.faults.log

    def client(self, region: str | None = None, **options: Any) -> RekognitionClient:  # noqa: ANN401 - boto3's options
        """A boto3 client of this emulator that ignores the user's AWS configuration."""
        with _CLIENTS:
            return _session(region or self.region).client("rekognition", endpoint_url=self.url, **options)


@contextmanager
def serve(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    latency: Latency | str | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Settings
) -> Iterator[Emulator]:
    """Run an emulator in threads of this process; it stops with the block.

    `changes` are fields of Settings (`port`, `switches`, `limits`, `seed`, ...). `latency` may be "none" or "real".

    Raises:
        SettingError: for a setting that does not exist, or a value that it cannot have.
        StateFileError: when the state file cannot be used.
        PlanError: when the fault plan cannot be understood.
    """
    if latency is not None:
        changes["latency"] = named_latency(latency)
    chosen = changed(settings or Settings(), changes)
    front = build(chosen, clock)
    server = Server(Router(front).handle, host=chosen.host, port=chosen.port)
    try:
        yield Emulator.running(server, front, chosen.region)
    finally:
        with front.service.backend.clock.interrupted():
            server.stop()
        front.service.backend.clock.keeper = None
        front.service.backend.store.close()
