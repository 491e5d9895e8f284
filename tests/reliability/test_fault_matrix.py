"""Every fault at every operation, first, middle and last call: the apply converges, or says why and the next one does.

The results are in docs/reliability.md. What a trial demands is in tests/reliability/trial.py: nothing is lost, what
was said is so, the next run makes live as desired, and one more run sends nothing.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import pytest

from rekognition_emulator.faults.plan import KINDS
from tests.reliability.matrix import OPERATIONS, VARIANTS, Cell, cells, ends, tried
from tests.reliability.mortal import mortal
from tests.reliability.record import is_recording, recorded, write
from tests.reliability.trial import SCENES, Told, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator

pytestmark = pytest.mark.usefixtures("_small")
_SAMPLE, _SEED = 50, 20


def test_no_kind_of_fault_is_left_out() -> None:
    """A kind that the emulator learns must be tried too."""
    assert {str(options["fault"]) for options in VARIANTS.values()} | {"error"} == set(KINDS)


@pytest.mark.parametrize("scene", SCENES)
def test_without_a_fault_the_scene_is_three_batches_of_every_operation(emulator: Emulator, scene: str) -> None:
    """The faults, operations and positions of the matrix."""
    told = Trial(emulator, SCENES[scene]).under("")
    assert (told.run, told.said, told.lies, told.fired) == (1, "", (), 0)
    assert told.calls["UpdateDatasetEntries"] == 3
    assert told.calls["ListDatasetEntries"] >= 6
    assert told.calls.keys() == set(OPERATIONS if scene == "replace" else OPERATIONS[:4])


def test_a_sample_of_all_faults_ends_as_it_is_written_down(emulator: Emulator) -> None:
    """Each kind of fault at least once, drawn from a seed."""
    sample = _sample(_all(emulator))
    assert {cell.fault for cell in sample} >= set(VARIANTS) - {"kill before the work", "kill after the work"}
    _hold([(cell, tried(emulator, cell)) for cell in sample])


def test_an_emulator_that_dies_and_comes_back_is_gone_on_with(emulator: Emulator, tmp_path: Path) -> None:
    """One death of the service in the middle of an apply; its state outlives it."""
    cell = next(
        one
        for one in _all(emulator, deaths=True)
        if (one.fault, one.operation, one.position) == ("kill after the work", "UpdateDatasetEntries", "middle")
    )
    with mortal(tmp_path / "state.db") as dying:
        _hold([(cell, tried(cast("Emulator", dying), cell))])


@pytest.mark.slow
def test_all_faults_at_all_operations_end_as_it_is_written_down(emulator: Emulator, tmp_path: Path) -> None:
    """Every fault at every operation of an apply ends as the matrix says."""
    results = [(cell, tried(emulator, cell)) for cell in _all(emulator)]
    with mortal(tmp_path / "state.db") as dying:
        results += [(cell, tried(cast("Emulator", dying), cell)) for cell in _all(emulator, deaths=True)]
    write("matrix", [_row(cell, told) for cell, told in results])
    _hold(results)


def _all(emulator: Emulator, *, deaths: bool = False) -> list[Cell]:
    """Every cell in which the service lives on, or every one in which it dies."""
    return [cell for cell in _of_scenes(emulator) if (cell.kind == "kill") == deaths]


def _of_scenes(emulator: Emulator) -> Iterator[Cell]:
    for name, scene in SCENES.items():
        told = Trial(emulator, scene).under("")
        yield from cells(name, told.calls, told.paged)


def _sample(every: list[Cell]) -> list[Cell]:
    """One cell of each fault, and some more."""
    chance = random.Random(_SEED)  # noqa: S311 - repeatable on purpose
    shuffled = chance.sample(every, len(every))
    one_each = {cell.fault: cell for cell in shuffled}
    return sorted({*one_each.values(), *shuffled[: _SAMPLE - len(one_each)]})


def _row(cell: Cell, told: Told) -> list[Any]:
    return [cell.scene, cell.fault, cell.operation, cell.position, ends(told), told.said]


def _hold(results: Iterable[tuple[Cell, Told]]) -> None:
    """Nothing said was untrue, every fault struck, and all ended as recorded."""
    known = {tuple(row[:4]): row[4:] for row in recorded("matrix")}
    for cell, told in results:
        assert not told.lies, (cell.name, told)
        assert told.fired, cell.name
        assert told.run == 1 or told.said, f"{cell.name}: it needed a second run and did not say so"
        if not is_recording():
            row = _row(cell, told)
            assert known.get(tuple(row[:4])) == row[4:], f"{cell.name}: docs/reliability.json is not current"
