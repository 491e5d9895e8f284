"""The program killed (SIGKILL) before and after API calls: the next run converges, and sends nothing twice."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Clock, Emulator, Latency, Limits, serve
from tests.reliability.killing import SHELLS, STORIES, WORK, Boundary, calls_of, killed
from tests.reliability.record import write
from tests.reliability.trial import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SAMPLE, _SEED = 2, 1
BOTH = pytest.mark.parametrize("story", STORIES)
EITHER = pytest.mark.parametrize("shell", SHELLS)


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    """Every operation takes ten seconds of a clock that only a look moves on."""
    work = Latency(create=WORK, update=WORK, delete=WORK)
    with serve(clock=Clock(START), latency=work, limits=Limits(projects=10**6)) as running:
        yield running


@EITHER
@BOTH
def test_a_kill_at_a_sample_of_boundaries_is_gone_on_with(
    service: Emulator, tmp_path: Path, shell: str, story: str
) -> None:
    """Drawn from a seed; an undisturbed run is the yardstick."""
    calls = calls_of(service, tmp_path, shell, STORIES[story])
    chance = random.Random(f"{_SEED}/{shell}/{story}")  # noqa: S311 - repeatable on purpose
    for boundary in chance.sample(_boundaries(calls), _SAMPLE):
        killed(service, tmp_path, shell, STORIES[story], boundary)


@pytest.mark.slow
def test_a_kill_at_every_boundary_is_gone_on_with(service: Emulator, tmp_path: Path) -> None:
    """Before and after every single call, in both shells, for six batches into a dataset and for a replace."""
    figures: list[list[object]] = []
    failed: Counter[str] = Counter()
    for shell in SHELLS:
        for story in STORIES.values():
            calls = calls_of(service, tmp_path, shell, story)
            for boundary in _boundaries(calls):
                try:
                    killed(service, tmp_path, shell, story, boundary)
                except AssertionError as error:
                    failed[f"{shell}, {story.name}, {boundary}: {error}"] += 1
            figures.append([shell, story.name, calls, len(_boundaries(calls))])
    write("kills", figures)
    assert not failed, "\n".join(failed)


def _boundaries(calls: int) -> list[Boundary]:
    return [Boundary(call, after) for call in range(1, calls + 1) for after in (False, True)]
