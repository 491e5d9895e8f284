"""Delete obeys `policy.destroy` as the last `pulumi up` recorded it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Latency, serve
from tests.support.provider_engine import CallError, running
from tests.support.provider_world import World, config_for, line

if TYPE_CHECKING:
    from pathlib import Path


def test_refuse_names_the_ways_out_and_deletes_nothing(world: World) -> None:
    """A refusal is one sentence: how many entries, and what to do; the state stays as it is."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    with pytest.raises(CallError) as caught:
        cells.destroy()
    for words in ("1 entries", "put its folder back", "`destroy: delete`", "`pulumi up` once", "`pulumi state delete`"):
        assert words in caught.value.message
    assert "Traceback" not in caught.value.message
    assert world.calls("DeleteDataset") == 0
    assert cells.id


def test_refuse_under_a_first_load_deletes_nothing(tmp_path: Path) -> None:
    """While somebody's first load runs the dataset counts no entries; delete waits, lists and refuses."""
    with serve(latency=Latency(update=0.3)) as emulator, running(tmp_path, config_for(emulator)) as provider:
        world = World(emulator, provider)
        cells = world.declare({})
        cells.up()
        load = json.dumps(line("1.jpg", "cat")).encode()
        emulator.client().update_dataset_entries(DatasetArn=world.arn(cells), Changes={"GroundTruth": load})
        with pytest.raises(CallError, match="has 1 entries and the policy is `destroy: refuse`"):
            cells.destroy()
        assert world.live(cells) == {"1.jpg": ["cat"]}


def test_refuse_lets_an_empty_dataset_go(world: World) -> None:
    """Under `destroy: refuse` an empty dataset is deleted, because there is nothing to lose."""
    cells = world.declare({})
    cells.up()
    assert world.arn(cells)
    cells.destroy()
    assert world.arn(cells) == ""


def test_delete_deletes_and_waits_until_it_is_gone(world: World) -> None:
    """The project can be deleted right after."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
    cells.up()
    cells.destroy()
    world.emulator.client().delete_project(ProjectArn=cells.declared["projectArn"])


def test_keep_leaves_the_dataset_alone(world: World) -> None:
    """A destroy under `destroy: keep` makes no call, and the dataset stays."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "keep"})
    cells.up()
    before = world.emulator.count_calls()
    cells.destroy()
    assert world.emulator.count_calls() == before
    assert world.live(cells) == {"1.jpg": ["cat"]}


@pytest.mark.parametrize("whose", ["dataset", "project"])
def test_what_is_gone_is_deleted_already(world: World, whose: str) -> None:
    """A destroy after somebody else's is fine, whatever the policy."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    client = world.emulator.client()
    client.delete_dataset(DatasetArn=world.arn(cells))
    if whose == "project":
        client.delete_project(ProjectArn=cells.declared["projectArn"])
    cells.destroy()


@pytest.mark.parametrize("refreshed", [False, True])
def test_a_dataset_that_somebody_else_created_again_is_refused_with_both_arns(world: World, refreshed: bool) -> None:  # noqa: FBT001
    """The state records an ARN: what is there now under another one is not deleted, after a refresh neither."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
    cells.up()
    old, client = world.arn(cells), world.emulator.client()
    client.delete_dataset(DatasetArn=old)
    client.create_dataset(ProjectArn=cells.declared["projectArn"], DatasetType="TRAIN")
    if refreshed:
        assert cells.drift(write=True)
    with pytest.raises(CallError) as caught:
        cells.destroy()
    assert old in caught.value.message
    assert world.arn(cells) in caught.value.message
    cells.up()  # takes it over
    cells.destroy()
    assert world.arn(cells) == ""


def test_a_dataset_made_again_with_the_same_entries_is_taken_over_by_the_next_up(world: World) -> None:
    """Nothing differs but the ARN: that alone is a reason for an update, which records the new one."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
    cells.up()
    client = world.emulator.client()
    lines = [entry.line for entry in world.emulator.entries(world.arn(cells))]
    client.delete_dataset(DatasetArn=world.arn(cells))
    client.create_dataset(ProjectArn=cells.declared["projectArn"], DatasetType="TRAIN")
    world.emulator.edit_entries(world.arn(cells), lines)
    assert cells.drift()
    assert cells.up()
    assert cells.outputs["datasetArn"] == world.arn(cells)
    assert not cells.drift()


def test_an_id_that_is_none_is_a_sentence(world: World) -> None:
    """A state that somebody edited ends in words."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    cells.id = "something else"
    with pytest.raises(CallError, match=r"^'something else' is not the id of a Dataset"):
        cells.destroy()
