"""`stage`: the images of a stage, and where its snapshots and records are, in the inputs and outputs of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.provider_engine import Resource
    from tests.support.provider_world import World

IMAGES = {"s3://acme-vision/": "s3://acme-prod/vision/"}
STAGE = {"name": "prod", "images": IMAGES}


def keys(world: World, resource: Resource) -> list[str]:
    """The keys that are live."""
    return sorted(entry.key for entry in world.emulator.entries(world.arn(resource)))


def test_entries_are_mapped_before_they_are_compared(world: World) -> None:
    """Live has the keys of the stage; preview, refresh and the next up find no difference. The preview shows both."""
    resource = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]}, stage=STAGE)
    _, previewed = resource.preview()
    assert previewed["pendingChanges"]["remarks"][0] == "stage prod: s3://acme-vision/ -> s3://acme-prod/vision/"
    assert resource.up()
    assert keys(world, resource) == [f"s3://acme-prod/vision/images/{number}.jpg" for number in (1, 2)]
    assert (resource.inputs["stage"], resource.outputs["stage"]) == (STAGE, STAGE)
    assert (resource.preview()[0], resource.up(), resource.drift()) == (False, False, False)


def test_a_different_mapping_is_an_update(world: World) -> None:
    """The keys of the manifest are others then."""
    resource = world.declare({"1.jpg": ["cat"]}, stage=STAGE, policy={"guards": {"shrink": "off", "updates": "off"}})
    resource.up()
    resource.declared["stage"] = {"name": "prod", "images": {"s3://acme-vision/images/": "s3://acme-prod/new/"}}
    assert resource.preview()[0]
    assert resource.up()
    assert keys(world, resource) == ["s3://acme-prod/new/1.jpg", "s3://acme-prod/vision/images/1.jpg"]


def test_a_bucket_for_manifests_of_first_loads_makes_no_update_due(world: World) -> None:
    """It says how a dataset that is not there is loaded; in the state it is with the stage from the next update on."""
    resource = world.declare({"1.jpg": ["cat"]}, stage=STAGE)
    resource.up()
    resource.declared["stage"] = {**STAGE, "manifestBucket": "acme-manifests"}
    assert (resource.preview()[0], resource.up(), resource.drift()) == (False, False, False)


def test_the_places_of_the_stage_are_used_also_by_a_destroy(world: World) -> None:
    """The outputs have them: records go there, and a delete writes the snapshot there."""
    stage = {"name": "prod", "snapshots": "stage-kept", "audit": "stage-records.jsonl"}
    resource = world.declare({"1.jpg": ["cat"]}, stage=stage, policy={"destroy": "delete"})
    resource.up()
    assert len((world.program / "stage-records.jsonl").read_text().splitlines()) == 1
    resource.destroy()
    assert len(list((world.program / "stage-kept").glob("*.jsonl.gz"))) == 1
    assert len((world.program / "stage-records.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("prod", "it must be a mapping with name, images, snapshots, audit and manifestBucket"),
        ({"nme": "prod"}, "it must be a mapping with name, images, snapshots, audit and manifestBucket"),
        ({"name": 3}, "every value must be a text"),
        ({"images": {"s3://a/": "s3://c/", "s3://b/": "s3://c/x/"}}, "the prefixes s3://c/x/ and s3://c/ overlap"),
    ],
)
def test_a_stage_that_is_wrong_fails_the_check(world: World, stage: object, said: str) -> None:
    """A failure of the property, in a sentence."""
    resource = world.declare({"1.jpg": ["cat"]}, stage=stage)
    [(name, reason)] = resource.failures()
    assert name == "stage"
    assert said in reason
