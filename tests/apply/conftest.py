"""Emulators whose clock the reconciler's own pauses move."""

from collections.abc import Callable, Iterator

import pytest

import rekognition_emulator
from reconciler.changes import batches
from reconciler.plan.order import peak_labels
from rekognition_emulator import Clock, Emulator, Latency
from tests.support.desk import Desk

START = 1_700_000_000.0


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Work is done at once."""
    with rekognition_emulator.serve(clock=Clock(START)) as running:
        yield running


@pytest.fixture
def slow() -> Iterator[Emulator]:
    """Creating, updating and deleting take ten seconds of the emulator's clock."""
    with rekognition_emulator.serve(clock=Clock(START), latency=Latency(create=10, update=10, delete=10)) as running:
        yield running


@pytest.fixture
def desk(emulator: Emulator) -> Desk:
    """A project without datasets."""
    return Desk(emulator)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes batches hold so many bytes, in planning and in sending."""

    def limit(size: int) -> None:
        monkeypatch.setattr("reconciler.plan.order.BATCH_BYTES", size)
        monkeypatch.setattr(peak_labels, "__defaults__", (size,))
        monkeypatch.setattr(batches, "__defaults__", (size,))

    return limit
