"""Emulators for trials: their clock is moved by the reconciler's own pauses, work takes seconds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Clock, Emulator, Limits, serve
from tests.reliability.trial import START, small

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Room for any number of projects."""
    with serve(clock=Clock(START), latency="real", limits=Limits(projects=10**6)) as running:
        yield running


@pytest.fixture
def _small() -> Iterator[None]:
    """Batches of three lines and pages of four."""
    with small():
        yield
