"""Delete obeys `policy.destroy` as the last `pulumi up` recorded it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider_engine import CallError

if TYPE_CHECKING:
    from tests.support.provider_world import World


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


def test_a_dataset_that_was_created_again_is_found_by_project_and_type(world: World) -> None:
    """The id names project and type, so delete obeys the policy for what is there now."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
    cells.up()
    client = world.emulator.client()
    client.delete_dataset(DatasetArn=world.arn(cells))
    client.create_dataset(ProjectArn=cells.declared["projectArn"], DatasetType="TRAIN")
    cells.destroy()
    assert world.arn(cells) == ""


def test_an_id_that_is_none_is_a_sentence(world: World) -> None:
    """A state that somebody edited ends in words."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    cells.id = "something else"
    with pytest.raises(CallError, match=r"^'something else' is not the id of a Dataset"):
        cells.destroy()
