"""Diff: when an update is due, and when it is a replacement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider_engine import UNKNOWN, CallError, is_change
from tests.support.provider_world import HEALS, RELABELS, line

if TYPE_CHECKING:
    from tests.support.provider_world import World


def test_a_changed_entry_is_due(world: World) -> None:
    """The digest of what the desired entries mean differs from the one that was applied."""
    cells = world.declare({"1.jpg": ["cat"]}, policy=RELABELS)
    cells.up()
    world.rewrite(cells, {"1.jpg": ["dog"]})
    assert cells.preview()[0]
    assert cells.up()
    assert world.live(cells) == {"1.jpg": ["dog"]}


@pytest.mark.parametrize(("compare", "due"), [("labels", False), ("strict", True)])
def test_fields_without_meaning_are_due_in_strict_mode_only(world: World, compare: str, *, due: bool) -> None:
    """Another creation-date changes nothing for training."""
    cells = world.declare_lines([line("1.jpg", "cat")], policy={"compare": compare})
    cells.up()
    manifest = world.program / cells.declared["manifest"]
    manifest.write_text(manifest.read_text().replace("2026-01-31", "2026-02-01"))
    assert cells.preview()[0] is due
    assert cells.up() is due


def test_a_live_edit_is_due(world: World) -> None:
    """Live now differs from live as the last apply read it back."""
    cells = world.declare({"1.jpg": ["cat"]}, policy=HEALS)
    cells.up()
    world.edit(cells, "1.jpg", "dog")
    assert cells.preview()[0]
    assert cells.up()
    assert world.live(cells) == {"1.jpg": ["cat"]}
    assert not cells.up()


def test_a_dataset_that_is_gone_is_due_and_created_again(world: World) -> None:
    """`pulumi up` without a refresh finds no dataset and makes one; the new ARN is an output."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    before = cells.outputs["datasetArn"]
    world.emulator.client().delete_dataset(DatasetArn=before)
    changed, _ = cells.preview()
    assert changed
    assert "the dataset no longer exists in AWS" in cells.messages[-1].text
    assert cells.up()
    assert cells.outputs["datasetArn"] == world.arn(cells) != before
    assert world.live(cells) == {"1.jpg": ["cat"]}


@pytest.mark.parametrize(
    "setting",
    [
        {"policy": {"extra": "unlabel"}},
        {"policy": {"marked": "refuse"}},
        {"policy": {"compare": "strict"}},
        {"policy": {"patience": "2h"}},
        {"policy": {"destroy": "keep"}},
        {"labels": ["cat", "dog"]},
    ],
    ids=str,
)
def test_a_setting_changed_alone_is_an_update_that_sends_nothing_and_records_it(
    world: World, setting: dict[str, Any]
) -> None:
    """Delete sees old outputs only, so a setting that is not recorded would not hold in the next destroy."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    cells.declared |= setting
    sent = world.calls("UpdateDatasetEntries")
    assert cells.preview()[0]
    name = next(iter(setting.get("policy", setting)))
    assert f"settings changed since the last apply ({name}); `pulumi up` records them" in cells.messages[-1].text
    assert ("and may send entries" in cells.messages[-1].text) == (name in {"extra", "compare"})
    assert cells.up()
    assert cells.messages[-1].text == "nothing was sent"
    assert world.calls("UpdateDatasetEntries") == sent
    assert cells.outputs["policy"] == cells.inputs["policy"]
    assert cells.outputs.get("labels") == cells.inputs.get("labels")
    assert not cells.up()


def test_destroy_obeys_the_setting_of_the_last_up(world: World) -> None:
    """After `delete` -> `refuse` and `pulumi up`, destroy refuses; back to `delete` and `pulumi up`, it deletes."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
    cells.up()
    cells.declared["policy"] = {"destroy": "refuse"}
    cells.up()
    with pytest.raises(CallError, match="`destroy: refuse`"):
        cells.destroy()
    cells.declared["policy"] = {"destroy": "delete"}
    cells.up()
    cells.destroy()
    assert world.arn(cells) == ""


@pytest.mark.parametrize("name", ["projectArn", "datasetType"])
def test_a_different_project_or_type_is_a_replacement_that_creates_first(world: World, name: str) -> None:
    """The service has one dataset of a type in a project; the id names both."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
    cells.up()
    old_arn, old_id = world.arn(cells), cells.id
    cells.declared[name] = world.project() if name == "projectArn" else "TEST"
    answer = cells.diff(cells.check())
    assert is_change(answer)
    assert list(answer.replaces) == [name]
    assert not answer.deleteBeforeReplace
    cells.up()
    assert cells.id != old_id
    assert world.live(cells) == {"1.jpg": ["cat"]}
    with pytest.raises(KeyError):
        world.emulator.entries(old_arn)


def test_a_replacement_obeys_destroy(world: World) -> None:
    """With `destroy: refuse` the preview warns, the `pulumi up` fails, and nothing is touched."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    old = world.arn(cells)
    cells.declared["datasetType"] = "TEST"
    cells.preview()
    assert any(
        one.is_warning and "`pulumi up` will be refused" in one.text and "destroy: delete" in one.text
        for one in cells.messages
    )
    with pytest.raises(CallError, match=r"`destroy: refuse`.* nothing was created"):
        cells.up()
    assert len(world.emulator.entries(old)) == 1
    assert world.arn(cells) == ""


def test_a_replacement_keeps_the_dataset_where_the_policy_says_so(world: World) -> None:
    """`destroy: keep` leaves the old dataset alone and there is nothing to warn of."""
    # The old dataset stays, so that its image would be labelled in both.
    cells = world.declare({"1.jpg": ["cat"]}, policy={"destroy": "keep", "guards": {"leakage": "off"}})
    cells.up()
    old = world.arn(cells)
    cells.declared["datasetType"] = "TEST"
    cells.preview()
    assert not any(one.is_warning for one in cells.messages)
    cells.up()
    assert len(world.emulator.entries(old)) == 1
    assert world.live(cells) == {"1.jpg": ["cat"]}


def test_an_unknown_project_is_a_replacement(world: World) -> None:
    """In a real `pulumi up` too: the engine asks so, without a check, when the project is replaced delete-first."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    answer = cells.diff(cells.inputs | {"projectArn": UNKNOWN})
    assert is_change(answer)
    assert list(answer.replaces) == ["projectArn"]
    assert answer.deleteBeforeReplace


@pytest.mark.parametrize("name", ["manifest", "labels", "policy"])
def test_any_other_unknown_is_an_update(world: World, name: str) -> None:
    """It may change, so it is reported as a change; it replaces nothing."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    answer = cells.diff(cells.inputs | {name: UNKNOWN})
    assert is_change(answer)
    assert list(answer.replaces) == []


def test_an_unknown_type_is_a_replacement(world: World) -> None:
    """What forces a replacement when it changes forces one when it may."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    answer = cells.diff(cells.inputs | {"datasetType": UNKNOWN})
    assert list(answer.replaces) == ["datasetType"]


def test_a_repair_of_a_marked_entry_is_due_even_in_an_ignored_field(world: World) -> None:
    """An entry with errors is compared strictly, so that an apply sends what fixes it."""
    broken = line("1.jpg", "cat")
    del broken["by-hand-0-metadata"]["creation-date"]
    cells = world.declare_lines([broken, line("2.jpg", "dog")], policy={"guards": {"unusable": "off"}})
    cells.up()
    world.mark(cells, "1.jpg")
    cells.up()
    assert not cells.up()
    text = "\n".join(json.dumps(one) for one in (line("1.jpg", "cat"), line("2.jpg", "dog")))
    (world.program / cells.declared["manifest"]).write_text(text)
    assert cells.preview()[0]
    assert cells.up()
    assert "creation-date" in world.emulator.entries(world.arn(cells))[0].line
    assert not cells.up()


def test_a_moved_manifest_is_recorded(world: World) -> None:
    """The path is a setting: the same entries in a different file are an update that sends nothing."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    (world.program / cells.declared["manifest"]).rename(world.program / "moved.yaml")
    cells.declared["manifest"] = "moved.yaml"
    sent = world.calls("UpdateDatasetEntries")
    assert cells.up()
    assert world.calls("UpdateDatasetEntries") == sent
    assert cells.outputs["manifest"] == "moved.yaml"
