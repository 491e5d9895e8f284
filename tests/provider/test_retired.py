"""`retired` in the project.yaml beside a manifest, through the provider process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider_engine import Resource
    from tests.support.provider_world import World

ENTRIES = {f"{number}.jpg": ["cat" if number % 2 else "dog"] for number in range(12)}


def retire(world: World, cells: Resource, *images: str) -> None:
    """Write project.yaml beside the manifest."""
    items = [{"image": image, "reason": "blurred"} for image in images]
    declared = {"projectArn": cells.declared["projectArn"], "train": cells.declared["manifest"], "retired": items}
    (world.program / "project.yaml").write_text(json.dumps(declared), encoding="utf-8")


@pytest.fixture
def cells(world: World) -> Iterator[Resource]:
    """A resource that is up, with twelve entries."""
    resource = world.declare(ENTRIES)
    resource.up()
    yield resource
    (world.program / "project.yaml").unlink()


def test_a_retired_entry_that_is_labelled_live_is_an_update_that_takes_its_labels_off(
    world: World, cells: Resource
) -> None:
    """Due until it is done and never after; the state holds nothing of it, and a refresh finds no drift at any time."""
    retire(world, cells)
    world.rewrite(cells, {name: labels for name, labels in ENTRIES.items() if name != "3.jpg"})
    assert cells.up()
    assert not cells.up()
    retire(world, cells, "images/3.jpg")
    assert not cells.drift()
    assert cells.preview()
    assert cells.up()
    assert world.live(cells)["3.jpg"] == []
    assert not cells.up()
    assert not cells.drift()
    assert "blurred" not in json.dumps([cells.inputs, cells.outputs])
    world.edit(cells, "3.jpg", "cat")
    assert not cells.drift()
    assert cells.up()
    assert world.live(cells)["3.jpg"] == []


def test_a_retired_entry_of_the_manifest_is_a_failure_of_check(world: World, cells: Resource) -> None:
    """The failure names the file, the item and its reason."""
    retire(world, cells, "images/3.jpg")
    ((name, reason),) = cells.failures()
    assert name == "manifest"
    assert "s3://acme-vision/images/3.jpg is retired" in reason
    assert "blurred" in reason
