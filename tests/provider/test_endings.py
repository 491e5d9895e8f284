"""What ended an apply or a destroy never swallows what it did: state, screen and record have it, whatever it was."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Emulator, serve
from tests.support.provider_engine import CallError, running
from tests.support.provider_world import World, config_for
from tests.support.quick_clock import in_a_hurry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A process in a hurry, with small batches, in which the confirmation of the second one fails.
BROKEN = '''\
"""This process's pauses take no time, and the second batch meets a fault."""
import sqlite3
from tests.support.quick_clock import hurry
hurry()
from reconciler.changes import batches
from reconciler.ledger import SendQueue
batches.__defaults__ = (900,)
confirm, left = SendQueue.confirm, [1]
def confirmed(self, changes):
    left[0] -= 1
    if left[0] < 0:
        raise {error}
    confirm(self, changes)
SendQueue.confirm = confirmed
'''
ENDINGS = {
    "full disk": ("sqlite3.OperationalError('database or disk is full')", "make room in the folder for temporary"),
    "damaged database": ("sqlite3.DatabaseError('malformed')", "malformed"),
    "os error": ("OSError(28, 'No space left on device')", "No space left on device; fix that and run again"),
    "bug": ("AssertionError('a bug')", "this is a bug; please report it"),
}
IMAGES: dict[str, list[str] | None] = {f"{number}.jpg": ["cat"] for number in range(8)}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator of one test."""
    with serve() as running_emulator:
        yield running_emulator


def records(program: Path) -> list[dict[str, Any]]:
    """The records of a program's folder, in order."""
    files = sorted((program / ".reconciler" / "audit").glob("20*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("how", "first"),
    [
        pytest.param(how, first, id=f"{'create' if first else 'update'}-{how}", marks=[] if quick else pytest.mark.slow)
        for how in ENDINGS
        for first in (True, False)
        for quick in [(how, first) in {("full disk", True), ("bug", False)}]
    ],
)
def test_the_state_the_screen_and_the_record_have_what_was_done(
    emulator: Emulator,
    tmp_path: Path,
    how: str,
    first: bool,  # noqa: FBT001
) -> None:
    """A fault in the second batch of a create or an update: ARN, counts and the sentence; the next `up` continues."""
    error, words = ENDINGS[how]
    variables = in_a_hurry(tmp_path / "broken")
    (tmp_path / "broken" / "sitecustomize.py").write_text(BROKEN.format(error=error), encoding="utf-8")
    with running(tmp_path, config_for(emulator)) as provider:
        world = World(emulator, provider)
        cells = world.declare({} if first else {"old.jpg": ["cat"]})
        if not first:
            cells.up()
        world.rewrite(cells, IMAGES)
    with running(tmp_path, config_for(emulator), env=variables) as broken:
        cells.provider = broken
        with pytest.raises(CallError) as caught:
            cells.up()
    there = len(world.live(cells)) - (not first)
    assert words in caught.value.message
    assert cells.outputs["datasetArn"] == world.arn(cells)
    assert words in str(cells.outputs["unfinished"])
    assert cells.init_errors[1].startswith("before that: ")
    assert " added in 2 batches" in cells.init_errors[1]
    last = records(tmp_path)[-1]
    assert (last["dataset_arn"], last["outcome"], last["result"]["batches"]) == (world.arn(cells), "failed", 2)
    assert 0 < last["result"]["add"] < there < len(IMAGES)
    with running(tmp_path, config_for(emulator)) as provider:
        cells.provider = provider
        assert cells.up()
        assert len(world.live(cells)) == len(IMAGES) + (not first)
        assert not cells.up()


def test_a_destroy_that_ends_anywhere_has_told_and_recorded_its_snapshot(emulator: Emulator, tmp_path: Path) -> None:
    """Credentials expire at any DescribeDataset: a dataset that is gone has its snapshot told and recorded."""
    accepted = 0
    with running(tmp_path, config_for(emulator)) as provider:
        for call in count(1):
            cells = World(emulator, provider).declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
            cells.up()
            emulator.load_faults(
                "faults: [{fault: error, error: ExpiredTokenException, operation: DescribeDataset, "
                f"on: '{call}-1000'}}]"
            )
            try:
                cells.destroy()
                break  # it needs fewer calls
            except CallError as error:
                said = error.message
            finally:
                emulator.load_faults("")
            last = records(tmp_path)[-1]
            assert (last["action"], last["outcome"], last["dataset_arn"]) == (
                "destroy",
                "failed",
                cells.outputs["datasetArn"],
            )
            if "AWS accepted the deletion" in said:
                accepted += 1
                assert World(emulator, provider).arn(cells) == ""
                assert len(last["snapshots"]) == 1
            for place in last["snapshots"]:
                assert any(place in message.text for message in cells.messages)
            cells.destroy()
            assert World(emulator, provider).arn(cells) == ""
    assert accepted
