"""The drift run: Read, then Diff against what is stored, with no program and perhaps no manifest at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.provider_engine import Resource
    from tests.support.provider_world import World

KEY = "s3://acme-vision/images/"


def applied(world: World, **declared: object) -> Resource:
    """A resource that is up, with three entries."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": None}, **declared)
    cells.up()
    return cells


def strike(world: World, cells: Resource, what: str) -> str:
    """Something that happens behind everybody's back; gives how the message names it."""
    if what == "edited":
        world.edit(cells, "1.jpg", "fox")
        return f"~ {KEY}1.jpg  fox -> cat"
    if what == "marked":
        world.mark(cells, "2.jpg")
        return f"{cells.declared['manifest']}:1:"
    if what == "gone":
        world.remove(cells, "2.jpg")
        return f"+ {KEY}2.jpg  dog"
    world.edit(cells, "9.jpg", "bird")
    return f"! {KEY}9.jpg  live only: bird"


def test_after_an_up_there_is_no_drift(world: World) -> None:
    """A refresh after `pulumi up` finds no drift and writes no message."""
    cells = applied(world)
    told = len(cells.messages)
    assert not cells.drift()
    assert len(cells.messages) == told


@pytest.mark.parametrize("what", ["edited", "marked", "gone", "appeared"])
def test_drift_names_the_entries_where_the_manifest_is_at_hand(world: World, what: str) -> None:
    """Edited, newly marked, gone or appeared: each is drift, reported once, as a warning that names the entry."""
    cells = applied(world)
    told = len(cells.messages)
    name = strike(world, cells, what)
    assert cells.drift()
    assert cells.drift()
    [message] = cells.messages[told:]
    assert message.is_warning
    assert message.text.startswith("live is no longer what the last apply read back:")
    assert any(text.startswith(name) for text in message.text.splitlines())


@pytest.mark.parametrize("what", ["edited", "marked", "gone", "appeared"])
def test_drift_is_found_without_the_manifest(world: World, what: str) -> None:
    """Digests suffice: the message has figures only."""
    cells = applied(world)
    (world.program / cells.declared["manifest"]).unlink()
    assert not cells.drift()
    strike(world, cells, what)
    assert cells.drift()
    [_, message] = cells.messages
    assert len(message.text.splitlines()) == 1


def test_a_different_revision_of_the_manifest_names_nothing(world: World) -> None:
    """The checkout may hold a different manifest than the one that was applied: comparing with it would mislead."""
    cells = applied(world)
    world.rewrite(cells, {"7.jpg": ["cow"]})
    assert not cells.drift()
    world.edit(cells, "1.jpg", "fox")
    assert cells.drift()
    assert "7.jpg" not in cells.messages[-1].text


@pytest.mark.parametrize("whose", ["dataset", "project"])
def test_what_is_gone_has_an_empty_id(world: World, whose: str) -> None:
    """The engine takes that as deleted outside of Pulumi, and the next `pulumi up` creates it."""
    cells = applied(world)
    client = world.emulator.client()
    client.delete_dataset(DatasetArn=world.arn(cells))
    if whose == "project":
        client.delete_project(ProjectArn=cells.declared["projectArn"])
    assert cells.provider.read(cells.urn, cells.id, cells.outputs)[0] == ""
    assert cells.drift()


def test_a_dataset_that_somebody_created_again_is_drift(world: World) -> None:
    """Same project and type, but a different dataset: its entries are not those that were read back."""
    cells = applied(world)
    client = world.emulator.client()
    client.delete_dataset(DatasetArn=world.arn(cells))
    client.create_dataset(ProjectArn=cells.declared["projectArn"], DatasetType="TRAIN")
    assert cells.drift()
    cells.up()
    assert cells.outputs["datasetArn"] == world.arn(cells)
    assert not cells.drift()


def test_read_gives_live_beside_what_was_recorded(world: World) -> None:
    """The record of the last apply is carried through unchanged, so that a stored refresh hides nothing."""
    cells = applied(world)
    recorded = dict(cells.outputs)
    world.edit(cells, "9.jpg", "bird")
    assert cells.drift(write=True)
    assert cells.outputs["appliedLive"] == recorded["appliedLive"]
    assert cells.outputs["live"]["digest"] != recorded["live"]["digest"]
    assert cells.outputs["live"]["entries"] == recorded["live"]["entries"] + 1
    assert {name for name in recorded if recorded[name] != cells.outputs[name]} == {"live"}
    assert cells.drift()
    assert cells.preview()[0]


@pytest.mark.parametrize("what", ["marked", "appeared"])
def test_news_that_an_up_cannot_send_away_is_drift_until_an_up_recorded_it(world: World, what: str) -> None:
    """Marks and live-only entries: the `pulumi up` sends nothing, says so, and the next drift run is quiet."""
    cells = applied(world)
    strike(world, cells, what)
    assert cells.drift()
    assert "`pulumi up` sends nothing and records live as it is" in cells.messages[-1].text
    assert cells.preview()[0]
    sent = world.calls("UpdateDatasetEntries")
    assert cells.up()
    assert world.calls("UpdateDatasetEntries") == sent
    assert cells.messages[-1].text == "nothing was sent"
    assert cells.messages[-2].is_warning
    assert not cells.drift()
    assert not cells.up()


def test_the_number_of_live_only_entries_is_an_output(world: World) -> None:
    """Recorded by the `pulumi up`; a refresh, which has no manifest, keeps it."""
    cells = applied(world)
    world.edit(cells, "9.jpg", "bird")
    cells.up()
    assert cells.outputs["live"]["liveOnly"] == 1
    cells.drift(write=True)
    assert cells.outputs["live"]["liveOnly"] == 1


def test_an_order_of_entries_is_no_drift(world: World) -> None:
    """The same entries listed in a different order are not drift."""
    cells = applied(world)
    world.remove(cells, "1.jpg")
    world.edit(cells, "1.jpg", "cat")
    assert not cells.drift()


def test_drift_in_ignored_fields_is_reported_in_strict_mode_only(world: World) -> None:
    """The mode of the last apply decides."""
    loose, strict = applied(world), applied(world, policy={"compare": "strict"})
    for cells in (loose, strict):
        world.edit(cells, "1.jpg", "cat")
    assert not loose.drift()
    assert strict.drift()


def test_more_than_thirty_marked_entries_are_counted(world: World) -> None:
    """A mark on every entry does not fill the screen."""
    images = [f"{number}.jpg" for number in range(33)]
    cells = world.declare({image: ["cat"] for image in images})
    cells.up()
    for image in images:
        world.mark(cells, image)
    assert cells.drift()
    told = cells.messages[-1].text.splitlines()
    assert sum("ERROR_INVALID_BOUNDING_BOX" in text for text in told) == 30
    assert "... and 3 more marked entries" in told


def test_an_unlabelled_upload_makes_no_drift_and_a_lost_label_does(world: World) -> None:
    """A bare line changes nothing in training; an entry whose labels went is drift, and stays it until an apply."""
    cells = applied(world, policy={"theirs": "overwrite"})
    world.edit(cells, "upload.jpg")
    assert not cells.drift(write=True)
    assert not cells.preview()[0]
    world.edit(cells, "1.jpg")
    assert cells.drift(write=True)
    assert cells.up()
    assert not cells.drift()


def test_a_live_only_entry_that_was_known_is_drift_only_once_it_changes(world: World) -> None:
    """The apply read it back with its labels: it counts when they change, or when another one appears."""
    cells = applied(world)
    world.edit(cells, "theirs.jpg", "bird")
    cells.up()
    assert not cells.drift()
    world.edit(cells, "theirs.jpg", "fox")
    assert cells.drift()
    cells.up()
    assert not cells.drift()
    world.edit(cells, "another.jpg", "bird")
    assert cells.drift()


def test_a_state_without_the_digest_of_labels_is_judged_by_that_of_all_lines(world: World) -> None:
    """What 0.1.0 stored: every line counts, and nothing is added to the state, until the next apply."""
    cells = applied(world)
    for name in ("live", "appliedLive"):
        del cells.outputs[name]["labelsDigest"]
    before = dict(cells.outputs)
    assert not cells.drift(write=True)
    assert not cells.preview()[0]
    assert cells.outputs == before
    world.edit(cells, "upload.jpg")
    assert cells.drift(write=True)
    assert cells.up()
    assert not cells.drift()
    world.edit(cells, "second.jpg")
    assert not cells.drift()


@pytest.mark.parametrize("compare", ["labels", "strict"])
def test_a_bare_line_with_other_fields_counts_only_where_they_are_compared(world: World, compare: str) -> None:
    """`compare: strict` compares all of the JSON, so that an unlabelled line with more fields counts there."""
    cells = applied(world, policy={"compare": compare})
    upload = '{"source-ref": "s3://acme-vision/images/upload.jpg", "by": "somebody"}'
    world.emulator.edit_entries(world.arn(cells), [upload])
    assert cells.drift() == (compare == "strict")
