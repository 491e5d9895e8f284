"""An emulator in a process of its own, that faults can kill: its state is in a file, and it can be started again.

It has the doors of `rekognition_emulator.Emulator` that a trial uses, and opens them over HTTP.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3
from botocore import xform_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


_START, _LATER = 1_700_000_000.0, 1_700_100_000.0
_SECONDS = 30.0


class MortalEmulator:
    """An emulator whose process may die; `load_faults("")` starts it again."""

    def __init__(self, state: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.url, self._state, self.deaths = f"http://127.0.0.1:{self._port}", state, 0
        self._time = _START
        self._process = self._started(_START)
        self._client = boto3.Session("emulator", "emulator", region_name="us-east-1").client(
            "rekognition", endpoint_url=self.url
        )

    @property
    def service(self) -> Self:
        """Operations by name."""
        return self

    @property
    def clock(self) -> Self:
        """The clock, to be advanced."""
        return self

    @property
    def front_end(self) -> Self:
        """The front end, for its fault plan."""
        return self

    @property
    def faults(self) -> Self:
        """The faults' engine, and the log of those that fired: the deaths."""
        return self

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def __len__(self) -> int:
        return self.deaths

    @property
    def calls(self) -> list[Any]:
        """Not known any more: the journal dies with the process."""
        return []

    def count_calls(self) -> int:
        """Likewise."""
        return 0

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation."""
        reply: dict[str, Any] = getattr(self._client, xform_name(operation))(**request)
        return reply

    def advance(self, seconds: float) -> None:
        """Let time pass, where somebody is alive to notice."""
        with suppress(URLError, ConnectionError):
            self._ask("POST", "clock", {"advance": seconds})

    def now(self) -> float:
        """The time, or what it was when somebody was last alive to say."""
        with suppress(URLError, ConnectionError):
            self._time = float(json.loads(self._ask("GET", "clock", None))["now"])
        return self._time

    def edit_entries(self, dataset_arn: str, lines: Iterable[str]) -> None:
        """Upsert lines behind every client's back."""
        self._ask("POST", "entries", {"DatasetArn": dataset_arn, "lines": list(lines)})

    def entries(self, dataset_arn: str) -> list[Any]:
        """All entries; none of a dataset that is still being created."""
        pages = self._client.get_paginator("list_dataset_entries").paginate(DatasetArn=dataset_arn)
        with suppress(self._client.exceptions.ResourceNotReadyException):
            return [_Entry(line) for page in pages for line in page["DatasetEntries"]]
        return []

    def load(self, text: str, _seed: int = 0) -> None:
        """A new fault plan."""
        self._ask("PUT", "faults", text)

    def load_faults(self, text: str) -> None:
        """A new fault plan, after a resurrection if one is needed."""
        try:
            self.load(text or "faults: []")
        except (URLError, ConnectionError):
            self._process.wait(_SECONDS)
            self.deaths += 1
            self._process = self._started(_LATER)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait(_SECONDS)
        self._client.close()

    def _started(self, moment: float) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "rekognition_emulator", "--port", str(self._port)),
                *("--state", str(self._state), "--latency", "real"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                self._ask("POST", "clock", {"freeze": moment})
            except (URLError, ConnectionError):
                assert process.poll() is None, "the emulator did not start"
                assert time.monotonic() < deadline, "the emulator did not start in time"
                time.sleep(0.02)
            else:
                return process

    def _ask(self, method: str, door: str, body: object) -> bytes:
        data = body if isinstance(body, str) else json.dumps(body)
        sent = None if method == "GET" else data.encode()
        request = Request(f"{self.url}/_emulator/{door}", sent, method=method)  # noqa: S310 - http on loopback
        with urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310 - likewise
            answer: bytes = reply.read()
        return answer


class _Entry:
    """An entry as the emulator's own door shows it."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.key: str = json.loads(line)["source-ref"]


@contextmanager
def mortal(state: Path) -> Iterator[MortalEmulator]:
    """A mortal emulator with its state in this file, ended with the block."""
    emulator = MortalEmulator(state)
    try:
        yield emulator
    finally:
        emulator.stop()
