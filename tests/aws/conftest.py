"""Servers and clocks for the edge to AWS."""

from collections.abc import Iterator

import pytest

import rekognition_emulator
from rekognition_emulator import Emulator
from tests.support.aws_doubles import FakeClock, Log, ScriptedServer, scripted


@pytest.fixture
def clock() -> FakeClock:
    """Time that only sleeping moves."""
    return FakeClock()


@pytest.fixture
def log() -> Log:
    """Where attempts are written down."""
    return Log()


@pytest.fixture(scope="session")
def _server() -> Iterator[ScriptedServer]:
    with scripted() as running:
        yield running


@pytest.fixture
def server(_server: ScriptedServer) -> ScriptedServer:
    """A server that says what the test tells it to say."""
    _server.answers()
    return _server


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A running emulator without delays."""
    with rekognition_emulator.serve() as running:
        yield running
