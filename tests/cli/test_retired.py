"""`retired` in project.yaml: images that leave a dataset on purpose, through the command and a real emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import BUCKET

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

WHY = "reason: blurred"


@pytest.fixture
def applied(world: World, account: Account) -> World:
    """A project with thirty entries in train, all applied."""
    account.create("cells")
    world.write("cells", world.many(30))
    assert world.run("apply", "--yes").code == 0
    return world


def labelled(account: Account) -> int:
    """How many live entries have labels."""
    return sum("boxes" in entry.line for entry in account.emulator.entries(account.dataset("cells")))


@pytest.mark.parametrize(
    ("extra", "image"),
    [
        ("report", "cells/0029.jpg"),
        ("unlabel", "*/0029.*"),
        ("fail", f"{BUCKET}/0029.jpg"),
        ("replace", "cells/002[9].jpg"),
    ],
)
def test_a_retired_image_is_unlabelled_by_the_next_apply_and_counted_in_one_line(
    applied: World, account: Account, extra: str, image: str
) -> None:
    """Whatever `extra` says: one line is sent, the dataset stays, and then the plan is empty and has one line more."""
    settings = f"managed: false\npolicy: {{extra: {extra}}}\nretired: [{{image: '{image}', {WHY}}}]"
    applied.write("cells", applied.many(29), settings=settings)
    arn = account.dataset("cells")
    planned = applied.run("plan")
    assert planned.code == 0, planned
    assert "1 to unlabel" in planned.out
    assert "1 image is live and retired in project.yaml; 1 loses its labels" in planned.out
    assert "loses all its labels" not in planned.out
    assert applied.run("apply", "--yes").code == 0
    assert (labelled(account), account.dataset("cells")) == (29, arn)
    after = applied.run("plan", "--exit-code", "--json")
    assert after.code == 0
    (dataset,) = after.datasets
    assert (dataset["live_only"], dataset["retired"], dataset["retiring"], dataset["changes"]) == (0, 1, 0, [])
    assert applied.run("drift").code == 0


def test_a_retired_image_that_gets_labels_again_is_no_drift_and_loses_them_again(
    applied: World, account: Account
) -> None:
    """The drift command exits 0 with a record and without one; the next apply unlabels the image."""
    applied.write("cells", applied.many(29), settings=f"managed: false\nretired: [{{image: '*0029*', {WHY}}}]")
    assert applied.run("apply", "--yes").code == 0
    account.emulator.edit_entries(account.dataset("cells"), [applied.boxes("0029.jpg", "RBC", left=50)])
    assert applied.run("drift").code == 0
    (records,) = (applied.folder / ".reconciler" / "audit").glob("*.jsonl")
    records.unlink()
    assert applied.run("drift").code == 0
    assert applied.run("apply", "--yes").code == 0
    assert labelled(account) == 29


@pytest.mark.parametrize("theirs", ["refuse", "overwrite", "keep"])
def test_an_edit_of_a_retired_image_is_nobodys_change(applied: World, account: Account, theirs: str) -> None:
    """It is counted in the line of retired images alone: not as theirs, by no guard, and no pull is named for it."""
    retired = f"managed: false\npolicy: {{theirs: {theirs}}}\nretired: [{{image: '*0029*', {WHY}}}]"
    applied.write("cells", applied.many(29), settings=retired)
    account.emulator.edit_entries(account.dataset("cells"), [applied.boxes("0029.jpg", "RBC", left=50)])
    told = applied.run("plan", "--json")
    (dataset,) = told.datasets
    assert [(one["key"][-8:], one.get("origin", "")) for one in dataset["changes"]] == [("0029.jpg", "")]
    assert (dataset["origins"], [one["kind"] for one in told.document["dangers"]]) == (None, [])
    shown = applied.run("plan").out
    assert "1 image is live and retired in project.yaml; 1 loses its labels" in shown
    assert ("theirs" in shown, "reconciler pull" in shown) == (False, False)
    assert applied.run("apply", "--yes").code == 0
    assert labelled(account) == 29


def test_an_edit_of_an_image_that_stays_is_drift_beside_a_retired_one(applied: World, account: Account) -> None:
    """Only the retired image is left out of what is compared."""
    applied.write("cells", applied.many(29), settings=f"managed: false\nretired: [{{image: '*0029*', {WHY}}}]")
    assert applied.run("apply", "--yes").code == 0
    account.emulator.edit_entries(account.dataset("cells"), [applied.boxes("0001.jpg", "RBC", left=77)])
    assert applied.run("drift").code == 2


def test_a_retired_image_in_the_manifest_is_a_finding(applied: World) -> None:
    """Each entry that an item fits is told with the item's place and reason; nothing is sent."""
    applied.write("cells", applied.many(30), settings=f"managed: false\nretired:\n- image: '*/000[12].jpg'\n  {WHY}")
    ran = applied.run("plan", "--json")
    assert ran.code == 3
    (dataset,) = ran.datasets
    assert [found["code"] for found in dataset["findings"]["shown"]] == ["retired", "retired"]
    assert "datasets/cells/project.yaml:3:3): blurred" in dataset["findings"]["shown"][0]["message"]


def test_an_image_retired_in_train_may_be_in_test(world: World, account: Account) -> None:
    """`dataset` names the one that it leaves: a move is two edits, and it is not told as shared by the two."""
    account.create("cells")
    world.write("cells", world.many(30), world.many(12, first=50))
    assert world.run("apply", "--yes").code == 0
    moved = [*world.many(12, first=50), *world.many(1, first=29)]
    settings = f"managed: false\nretired: [{{image: cells/0029.jpg, {WHY}, dataset: train}}]"
    world.write("cells", world.many(29), moved, settings=settings)
    planned = world.run("plan")
    assert planned.code == 0, planned
    assert "in train and in test" not in planned.out
    assert "still used in the old dataset" not in planned.out
    assert world.run("apply", "--yes").code == 0
    assert world.run("plan", "--exit-code").code == 0
    test = {entry.key: entry.line for entry in account.emulator.entries(account.dataset("cells", "TEST"))}
    assert "boxes" in test[f"{BUCKET}/0029.jpg"]
    assert labelled(account) == 29


def test_what_is_retired_is_a_difference_between_two_revisions(world: World) -> None:
    """A comparison without a service names what was added, and that the image loses its labels."""
    before = world.write("cells", world.many(5)).parent.rename(world.folder / "before")
    world.write("cells", world.many(4), settings=f"managed: false\nretired: [{{image: cells/0004.jpg, {WHY}}}]")
    ran = world.run("diff", str(before), "datasets")
    assert ran.code == 0, ran
    assert "retired: added cells/0004.jpg" in ran.out
    assert "retired; labels removed: RBC" in ran.out


def test_a_wide_pattern_trips_the_guards(applied: World) -> None:
    """A pattern that fits most of live is blocked like any other plan that takes labels away."""
    applied.write(
        "cells", applied.many(1, first=99), settings=f"managed: false\nretired: [{{image: '*/00[0-2]*', {WHY}}}]"
    )
    ran = applied.run("apply", "--yes")
    assert ran.code == 4
    assert "guard" in ran.err
    assert "shrink" in ran.err


def test_text_of_a_reason_is_inert(applied: World) -> None:
    """Escape sequences in a reason are shown and never act."""
    item = json.dumps({"image": "*0001*", "reason": "\x1b[31mred"})
    applied.write("cells", applied.many(30), settings=f"managed: false\nretired: [{item}]")
    ran = applied.run("validate")
    assert ran.code == 3
    assert "\x1b" not in ran.out + ran.err
    assert "\\x1b[31mred" in ran.out
