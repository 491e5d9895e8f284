"""`pulumi up` with a dataset in any state: the resource is new to the stack, the dataset is not new to the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider_engine import Provider, running
from tests.support.provider_world import World, config_for
from tests.support.starts import LINES, STARTS, THEIRS, begin, live, slow_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator import Emulator


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    """A slow service."""
    with slow_service() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def process(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider process of its own, at that service."""
    with running(tmp_path_factory.mktemp("program"), config_for(service)) as provider:
        yield provider


@pytest.mark.parametrize("start", STARTS)
def test_whatever_state_a_dataset_is_in_it_is_adopted_or_created_again(
    service: Emulator, process: Provider, start: str
) -> None:
    """Found by project and type; afterwards nothing differs, and the next `pulumi up` has nothing to do."""
    world = World(service, process)
    cells = world.declare_lines(LINES)
    before = begin(service, cells.declared["projectArn"], start)
    assert cells.up()
    same, kept = STARTS[start]
    arn, entries = live(service, cells.declared["projectArn"].split("/")[1])
    assert arn == cells.outputs["datasetArn"]
    assert (arn == before, THEIRS["source-ref"] in entries) == (same, kept)
    assert entries.keys() >= {line["source-ref"] for line in LINES}
    assert not cells.drift()
    assert not cells.up()
