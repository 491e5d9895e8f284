"""An emulator and a provider process for a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Emulator, serve
from tests.support.provider_engine import Provider, running
from tests.support.provider_world import World, config_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator without delays."""
    with serve() as running_emulator:
        yield running_emulator


@pytest.fixture(scope="module")
def provider(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider process whose stack talks to the emulator; it must print nothing."""
    with running(tmp_path_factory.mktemp("program"), config_for(emulator)) as process:
        yield process
    # Where branches are measured, a process that is stopped while it writes what it measured says so by itself.
    measuring = "Exception ignored in atexit callback: <bound method Coverage."
    assert {text for text in process.output if not text.startswith(measuring)} <= {""}


@pytest.fixture
def world(emulator: Emulator, provider: Provider) -> Iterator[World]:
    """Everything together, without faults."""
    emulator.load_faults("")
    yield World(emulator, provider)
    emulator.load_faults("")
