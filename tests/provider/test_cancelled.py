"""Ctrl-C while live is listed, or while a dataset waits for its turn: the call ends at once, with a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider_engine import CallError, Provider, Resource, running
from tests.support.provider_world import World, config_for, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator

STOPPED = "stopped while live entries were listed, as requested"
MANY = [line(f"{number}.jpg", "cat") for number in range(1000)]


@pytest.fixture
def lone(emulator: Emulator, tmp_path: Path) -> Iterator[Provider]:
    """A separate provider process, because it is of no use afterwards."""
    emulator.load_faults("")
    with running(tmp_path, config_for(emulator)) as provider:
        yield provider


@pytest.fixture
def cancel_at(emulator: Emulator, lone: Provider) -> Iterator[Callable[[str, int], None]]:
    """Cancels when this call of an operation, counted from now on, was answered."""
    waiting: dict[str, int] = {}

    def listener(call: Any) -> None:  # noqa: ANN401 - a journal's call
        if call.operation in waiting:
            waiting[call.operation] -= 1
            if waiting[call.operation] == 0:
                lone.cancel()

    emulator.front_end.journal.listeners.append(listener)
    yield waiting.__setitem__
    emulator.front_end.journal.listeners.remove(listener)


def loaded(world: World) -> Resource:
    """A resource with a thousand entries, which are ten pages of a listing."""
    cells = world.declare_lines(MANY)
    cells.up()
    return cells


@pytest.mark.parametrize("action", ["preview", "refresh"])
def test_ctrl_c_ends_a_listing_at_once(
    emulator: Emulator, lone: Provider, cancel_at: Callable[[str, int], None], action: str
) -> None:
    """After the page that was asked for, a preview and a refresh ask for none."""
    world = World(emulator, lone)
    cells = loaded(world)
    world.edit(cells, "0.jpg", "dog")
    before = world.calls("ListDatasetEntries")
    cancel_at("ListDatasetEntries", 2)
    with pytest.raises(CallError, match=STOPPED):
        cells.preview() if action == "preview" else cells.drift()
    assert world.calls("ListDatasetEntries") - before <= 3


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("ListDatasetEntries", STOPPED),
        ("DescribeDataset", "stopped while waiting for the answer of DescribeDataset, as requested"),
    ],
)
def test_ctrl_c_does_not_wait_for_an_answer_that_never_comes(
    emulator: Emulator, lone: Provider, operation: str, said: str
) -> None:
    """A refresh ends while AWS is silent; the system call would go on for two minutes."""
    world = World(emulator, lone)
    cells = world.declare_lines(MANY[:1])
    cells.up()
    world.edit(cells, "0.jpg", "dog")  # what did not move would not be listed
    fired = len(emulator.faults)
    emulator.load_faults(f"[{{fault: slow, operation: {operation}, on: 1, seconds: 3600}}]")

    def cancel() -> None:
        while len(emulator.faults) == fired:
            pass
        lone.cancel()

    with ThreadPoolExecutor() as pool:
        pool.submit(cancel)
        with pytest.raises(CallError, match=said):
            cells.drift()


def test_ctrl_c_ends_the_read_back_of_an_apply_and_the_state_says_so(
    emulator: Emulator, lone: Provider, cancel_at: Callable[[str, int], None]
) -> None:
    """All lines are sent; the sentence says that they were not read back, and the next `pulumi up` sends nothing."""
    world = World(emulator, lone)
    cells = world.declare_lines(MANY)
    sent = world.calls("UpdateDatasetEntries")
    cancel_at("ListDatasetEntries", 2)
    with pytest.raises(CallError, match=f"all lines were sent, but live was not read back: {STOPPED}"):
        cells.up()
    assert "not read back" in cells.outputs["unfinished"]
    assert (world.calls("UpdateDatasetEntries") - sent, len(world.live(cells))) == (1, 1000)
    with running(lone.program, config_for(emulator)) as again:
        cells.provider = again
        cells.up()
    assert world.calls("UpdateDatasetEntries") - sent == 1
    assert not cells.outputs["unfinished"]


def test_a_dataset_that_waits_for_its_turn_is_not_created_after_ctrl_c(
    emulator: Emulator, lone: Provider, cancel_at: Callable[[str, int], None]
) -> None:
    """Three datasets are worked on at once; those that wait end with a sentence, and nothing of them is made."""
    worlds = [World(emulator, lone) for _number in range(5)]
    resources = [world.declare_lines(MANY[:1]) for world in worlds]
    created = emulator.count_calls("CreateDataset")
    cancel_at("CreateDataset", 1)

    def up(resource: Resource) -> str:
        try:
            resource.up()
        except CallError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(resources)) as pool:
        said = list(pool.map(up, resources))
    assert emulator.count_calls("CreateDataset") - created <= 3
    assert sum("as requested" in sentence for sentence in said) >= 2
