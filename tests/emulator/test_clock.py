"""The clock: it is frozen, moves forward, and runs again."""

from __future__ import annotations

import time

import pytest

from rekognition_emulator import Clock


def test_a_clock_with_a_start_is_frozen() -> None:
    """It moves only when it is advanced, and never back."""
    clock = Clock(100.0)
    assert (clock.now(), clock.now(), clock.is_frozen) == (100.0, 100.0, True)
    assert clock.advance(2.5) == clock.now() == 102.5
    with pytest.raises(ValueError, match="only move forward"):
        clock.advance(-1)


def test_a_clock_without_a_start_runs() -> None:
    """It runs with the system's clock, also after it was advanced."""
    clock = Clock()
    assert abs(clock.now() - time.time()) < 1
    assert clock.advance(1000) - time.time() > 999
    assert not clock.is_frozen


@pytest.mark.parametrize("system", [1.7e9 - 0.0004, 1.7e9, 1.7e9 + 0.0004])
def test_a_running_clock_shows_no_whole_second(monkeypatch: pytest.MonkeyPatch, system: float) -> None:
    """A timestamp always has milliseconds: once in a thousand times it would look like that of a coarse clock."""
    monkeypatch.setattr(time, "time", lambda: system)
    assert Clock().now() == 1.7e9 + 0.003
    assert Clock(system).now() == system


def test_a_clock_resumes_from_its_frozen_time() -> None:
    """A frozen and advanced clock runs again from the time that it shows."""
    clock = Clock()
    assert clock.freeze(500.0) == 500.0
    clock.advance(10)
    assert 510 <= clock.resume() < 511
    assert not clock.is_frozen
    assert 510 <= clock.resume() < 511


def test_a_pause_is_real_only_on_a_running_clock() -> None:
    """A pause advances a frozen clock and waits on a running one."""
    frozen, running = Clock(0.0), Clock()
    frozen.pause(3600)
    assert frozen.now() == 3600
    before = time.monotonic()
    running.pause(0.02)
    assert time.monotonic() - before >= 0.02
