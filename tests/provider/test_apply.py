"""Create and Update: live becomes what the manifest says, and the state keeps a few figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.provider.world import World


def test_create_loads_a_new_dataset_and_the_next_up_is_empty(world: World) -> None:
    """The first up creates and fills the dataset; a second finds nothing to do and sends nothing."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog", "cat"], "3.jpg": None})
    assert cells.up()
    assert world.live(cells) == {"1.jpg": ["cat"], "2.jpg": ["cat", "dog"], "3.jpg": []}
    sent = world.calls("UpdateDatasetEntries")
    assert not cells.up()
    assert cells.preview()[0] is False
    assert world.calls("UpdateDatasetEntries") == sent


def test_the_id_is_the_projects_arn_and_the_type_in_lower_case(world: World) -> None:
    """`<projectArn>#train` or `#test`, for ever; the dataset's own ARN is an output."""
    train = world.declare({"1.jpg": ["cat"]})
    test = world.declare({"2.jpg": ["cat"]}, project=train.declared["projectArn"], datasetType="TEST")
    train.up()
    test.up()
    assert train.id == f"{train.declared['projectArn']}#train"
    assert test.id == f"{train.declared['projectArn']}#test"
    assert train.outputs["datasetArn"] == world.arn(train)
    assert test.outputs["datasetArn"] == world.arn(test)
