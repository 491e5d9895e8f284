"""Starting an emulator from Python, `with serve(...) as emulator`, and what a test can do with it.

The object is the endpoint URL, a string, with methods and attributes for tests.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import requests
from rekognition_emulator.settings import Settings, build_front_end, named_latency, with_changes
from rekognition_emulator.web.router import Router, is_loopback
from rekognition_emulator.web.server import Server

requests.compile_all()  # at import, so that an emulator starts within milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boto3 import Session
    from mypy_boto3_rekognition import RekognitionClient

    from rekognition_emulator.faults.injector import FiredFault
    from rekognition_emulator.journal import Call
    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.clock import Clock
    from rekognition_emulator.state.latency import Latency
    from rekognition_emulator.web.front_end import FrontEnd


_CLIENTS = threading.Lock()  # boto3 sessions are not safe to use from several threads


@cache
def _session(region: str) -> Session:
    """One session per Region, because reading botocore's models for every client takes a tenth of a second."""
    import boto3  # noqa: PLC0415 - only `client` needs boto3

    return boto3.Session("emulator", "emulator", region_name=region)


class Emulator(str):
    """The endpoint URL of a running emulator: a string for any client, an object for tests.

    `service` can be called without HTTP; `clock` can be frozen and advanced; `front_end` has the checks and faults of
    calls; `port` and `region` are those in use.
    """

    __slots__ = ("clock", "front_end", "port", "region")

    front_end: FrontEnd
    clock: Clock
    port: int
    region: str

    @classmethod
    def running(cls, server: Server, front_end: FrontEnd, region: str) -> Emulator:
        """The object for a running server."""
        emulator = cls(server.url)
        emulator.front_end, emulator.clock = front_end, front_end.service.context.clock
        emulator.port, emulator.region = server.port, region
        return emulator

    @property
    def url(self) -> str:
        """The endpoint URL as a plain string."""
        return str.__str__(self)

    endpoint = url

    @property
    def service(self) -> Service:
        """The service without HTTP: `service.call(operation, request)`."""
        return self.front_end.service

    @property
    def calls(self) -> list[Call]:
        """The calls answered so far: `operation`, `request` (blobs decoded), `status`, `error` and more."""
        return self.front_end.journal.calls

    def count_calls(self, operation: str | None = None) -> int:
        """The number of calls of an operation (or of all) that were answered since the start."""
        return self.front_end.journal.count(operation)

    def edit_entries(self, dataset_arn: str, lines: Iterable[str | bytes]) -> None:
        """Add and replace entries at once, without a call that clients could see.

        Raises:
            KeyError: when the dataset is not found.
            ValueError: for a line that the service would drop.
        """
        self.service.edit_entries(dataset_arn, lines)

    def remove_entries(self, dataset_arn: str, keys: Iterable[str]) -> None:
        """Remove entries by source-ref at once, without a call that clients could see; unknown keys are ignored.

        Raises:
            KeyError: when the dataset is not found.
        """
        self.service.remove_entries(dataset_arn, keys)

    def entries(self, dataset_arn: str) -> list[Entry]:
        """All entries of a dataset in order, in any status: `key`, `line` as listed, `labeled`, `errors` and more.

        Raises:
            KeyError: when the dataset is not found.
        """
        return self.service.entries(dataset_arn)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that make AWS clients use this emulator, with dummy credentials."""
        return {
            "AWS_ENDPOINT_URL_REKOGNITION": self.url,
            "AWS_ACCESS_KEY_ID": "emulator",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def load_faults(self, plan: str) -> None:
        """Replace the fault plan (YAML or JSON text); an empty list of faults ends all faults.

        Raises:
            PlanError: when the plan is not valid; the current plan then stays.
        """
        self.front_end.faults.load(plan)

    @property
    def faults(self) -> list[FiredFault]:
        """The log of the faults that fired."""
        return self.front_end.faults.log

    def client(self, region: str | None = None, **options: Any) -> RekognitionClient:  # noqa: ANN401 - boto3's options
        """A boto3 client for this emulator with dummy credentials; `options` are those of boto3's Session.client."""
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
    """Run an emulator in threads of this process until the block ends.

    `changes` are fields of Settings (`port`, `switches`, `limits`, `seed`, ...). `latency` can be "none" or "real" too.
    `clock` belongs to the caller: the state file does not keep it.

    Raises:
        SettingError: for an unknown setting, or an invalid value.
        DenialError: when `deny` names an unknown operation.
        StateFileError: when the state file cannot be used.
        PlanError: when the fault plan is not valid.
        OSError: when the address or port cannot be used.
    """
    if latency is not None:
        changes["latency"] = named_latency(latency)
    chosen = with_changes(settings or Settings(), changes)
    front_end = build_front_end(chosen, clock)
    router = Router(front_end, loopback=is_loopback(f"[{chosen.host}]" if ":" in chosen.host else chosen.host))
    server = Server(router.handle, host=chosen.host, port=chosen.port)
    try:
        yield Emulator.running(server, front_end, chosen.region)
    finally:
        with front_end.service.context.clock.interrupted():
            server.stop()
        front_end.service.context.clock.on_change = None
        front_end.service.context.store.close()
