"""A service that is away for minutes in the middle of an apply: the same run waits, says so, and converges."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.reliability.mortal import MortalEmulator, mortal
from tests.reliability.trial import SCENES, Trial, plan_text
from tests.support.desk import Ran

if TYPE_CHECKING:
    from pathlib import Path

    from rekognition_emulator import Emulator

_AWAY = 600.0


class Return:
    """Brings an emulator that has died back when so many seconds have passed without it."""

    def __init__(self, emulator: MortalEmulator) -> None:
        self._emulator, self._without = emulator, 0.0

    def __call__(self, seconds: float) -> None:
        """Time goes by."""
        if self._emulator.is_alive:
            self._emulator.advance(seconds)
            return
        self._without += seconds
        if self._without >= _AWAY:
            self._emulator.load_faults("")


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(("operation", "at"), [("UpdateDatasetEntries", "after"), ("ListDatasetEntries", "before")])
def test_an_outage_of_minutes_is_waited_out_by_the_same_run(tmp_path: Path, operation: str, at: str) -> None:
    """Ten minutes without an answer, in the middle of three batches and in the middle of reading back."""
    with mortal(tmp_path / "state.db") as service:
        trial = Trial(cast("Emulator", service), SCENES["apply"])
        trial.desk.clock.also = Return(service)
        service.load(plan_text({"fault": "kill", "operation": operation, "on": 2, "at": at}))
        ran = trial.run()
        assert isinstance(ran, Ran), ran
        assert ran.outcome.error is None
        assert service.deaths == 1
        assert not trial.wrong()
        assert any("no answer from AWS for 5" in one.doing for one in trial.desk.progress)
        trial.converges()
