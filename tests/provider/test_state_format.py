"""States that other versions wrote: an older format is never drift, a newer one an error with the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider_engine import CallError, Resource
from tests.support.provider_world import RELABELS

if TYPE_CHECKING:
    from tests.support.provider_world import World

OTHER = "0" * 32


def aged(world: World, resource: Resource, written: int = 0) -> Resource:
    """The resource after `pulumi up`, its state written by a version whose digests have a different meaning."""
    resource.up()
    for bag in (resource.inputs, resource.outputs):
        bag |= {"stateFormat": written, "desiredDigest": OTHER, "contentDigest": OTHER}
    for record in ("live", "appliedLive"):
        resource.outputs[record] |= {"digest": OTHER}
    del world
    return resource


def test_an_older_format_is_recomputed_and_is_no_change(world: World) -> None:
    """The digests are of no use then; desired and live are compared again, and an equal dataset is left alone."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}))
    sent = world.calls("UpdateDatasetEntries")
    assert cells.preview()[0] is False
    assert cells.up() is False
    assert cells.up() is False
    assert world.calls("UpdateDatasetEntries") == sent


def test_an_older_format_is_never_drift(world: World) -> None:
    """Neither right after the upgrade nor after `pulumi up` without changes, which stores inputs of the new format."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}))
    assert not cells.drift()
    cells.up()
    assert cells.inputs["stateFormat"] == 1
    assert cells.outputs["stateFormat"] == 0
    (world.program / cells.declared["manifest"]).unlink()
    assert not cells.drift()


def test_a_change_over_an_older_format_is_applied_and_written_in_ours(world: World) -> None:
    """The next real update renews the record, and drift is seen again."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}, policy=RELABELS))
    world.rewrite(cells, {"1.jpg": ["dog"]})
    assert cells.preview()[0]
    assert cells.up()
    assert cells.outputs["stateFormat"] == 1
    assert not cells.drift()
    world.edit(cells, "1.jpg", "cat")
    assert cells.drift()


def test_a_setting_changed_over_an_older_format_is_recorded(world: World) -> None:
    """`destroy: delete` -> `refuse` holds from the next `pulumi up` on, whatever wrote the state."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"}))
    cells.declared["policy"] = {"destroy": "refuse"}
    assert cells.preview()[0]
    assert cells.up()
    with pytest.raises(CallError, match="`destroy: refuse`"):
        cells.destroy()


def test_an_unfinished_apply_of_an_older_version_is_still_drift(world: World) -> None:
    """An apply of an older version that failed must be finished, so it is drift."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}))
    cells.outputs["unfinished"] = "batch 1 of 2 failed"
    assert cells.drift()


@pytest.mark.parametrize("call", ["preview", "up", "drift", "destroy"])
def test_a_newer_format_is_an_error_with_the_cure(world: World, call: str) -> None:
    """Also where the newer version stores what this one does not know."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}), written=2)
    cells.outputs["policy"] |= {"colour": "blue"}
    with pytest.raises(CallError) as caught:
        getattr(cells, call)()
    assert caught.value.message == (
        "the state of this dataset has format 2, this version knows 1; "
        "install the newer version of rekognition-labels-as-code that wrote it"
    )
