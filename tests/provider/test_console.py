"""What a resource's row shows on a terminal."""

from __future__ import annotations

import sys
from concurrent import futures
from typing import TYPE_CHECKING

import grpc
import pytest
from pulumi.runtime.proto import engine_pb2_grpc

from reconciler.provider.sdk import engine_log as console
from tests.support.provider_engine import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

URN = "urn:pulumi:dev::p::t::cells-train"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """An engine that records, whose address is the process's last argument; every call is about one resource."""
    log = Log()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setattr(sys, "argv", ["provider", f"127.0.0.1:{port}"])
    monkeypatch.setattr(console, "call_urn", lambda: URN)
    yield log
    server.stop(None)


@pytest.mark.parametrize(
    ("watched", "left"), [(True, ["listing: 300 entries", "up to date"]), (False, ["listing: 300 entries"])]
)
def test_progress_does_not_stay_on_a_row_where_nothing_changes(
    engine: Log, monkeypatch: pytest.MonkeyPatch, *, watched: bool, left: list[str]
) -> None:
    """On a terminal the last message replaces it; a script's log, where every line stays, gets no more lines."""
    monkeypatch.setattr(console, "_has_terminal", lambda: watched)
    one = console.Console(lambda: 100.0)
    one.at_rest("up to date")
    assert engine.messages == []
    one.status("listing: 300 entries")
    one.at_rest("up to date")
    one.at_rest("up to date")
    assert [message.text for message in engine.messages] == left
    assert all(message.ephemeral for message in engine.messages)
