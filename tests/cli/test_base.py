"""`plan --base REF`: whose each change is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from reconciler.review.model import OriginCounts, Review
from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World


@pytest.fixture
def history(account: Account, world: World) -> World:
    """Applied; then relabelled on the base and not applied; one entry edited in AWS; the branch adds one.

    No record of the apply is at hand, as on a runner, so that the base alone tells whose a change is.
    """
    account.create("cells")
    heals = "managed: false\npolicy: {theirs: overwrite}"
    world.write("cells", world.many(3), settings=heals)
    commit(world.folder)
    assert world.run("apply", "--yes").code == 0
    shutil.rmtree(world.folder / ".reconciler")
    world.write("cells", [world.boxes("0000.jpg", "WBC"), *world.many(3)[1:]], settings=heals)
    commit(world.folder, "base")
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "RBC", left=99)])
    lines = [world.boxes("0000.jpg", "WBC"), *world.many(3)[1:], world.boxes("new.jpg", "RBC")]
    world.write("cells", lines, settings=heals)
    commit(world.folder)
    return world


def review(world: World, base: str, *more: str) -> Review:
    """The plan against a base."""
    ran = world.run("plan", "--base", base, "--save", "-", *more)
    assert ran.code == 0, ran
    return msgspec.json.decode(ran.out, type=Review)


@pytest.mark.parametrize("base", ["base", "HEAD~1", "base:datasets"])
def test_each_change_says_whose_it_is(history: World, base: str) -> None:
    """Each change is marked as the branch's own, pending on the base, or drift; with a path or without."""
    (dataset,) = review(history, base).datasets
    assert dataset.origins == OriginCounts(revision=base, branch=1, base=1, drift=1)
    origins = {change.key.rpartition("/")[2]: change.origin for change in dataset.changes}
    assert origins == {"new.jpg": "branch", "0000.jpg": "base", "0001.jpg": "drift"}


def test_an_edit_that_the_base_does_not_have_is_refused_by_default(history: World) -> None:
    """Where no apply is recorded the base stands in for it, and names the edit."""
    (history.folder / "datasets" / "cells" / "project.yaml").write_text("managed: false\n")
    ran = history.run("plan", "--base", "base")
    assert (ran.code, "1 edit made outside git since the last apply would be undone" in ran.out) == (4, True), ran
    assert "0001.jpg" in ran.out


def test_it_works_from_another_folder(history: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository is the one that the datasets are in."""
    elsewhere = history.folder.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (dataset,) = review(history, "base", "--datasets", str(history.folder / "datasets")).datasets
    assert dataset.origins == OriginCounts(revision="base", branch=1, base=1, drift=1)


def test_a_clone_without_history_blames_nobody(history: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What older commits contained is unknown, so a change is "base or drift"."""
    git(tmp_path, "clone", "--quiet", "--depth", "2", history.folder.as_uri(), "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    (dataset,) = review(history, "HEAD~1").datasets
    assert dataset.origins == OriginCounts(revision="HEAD~1", branch=1, base_or_drift=2)


def test_a_base_without_datasets_makes_all_changes_the_branchs(account: Account, world: World) -> None:
    """In the pull request that adds the first labels every change is its own."""
    account.create("cells")
    (world.folder / "datasets").mkdir()
    (world.folder / "datasets" / "README").write_text("none yet")
    commit(world.folder)
    git(world.folder, "rm", "--quiet", "datasets/README")
    git(world.folder, "commit", "--quiet", "--message", "empty", "--allow-empty")
    git(world.folder, "tag", "base")
    world.write("cells", world.many(2))
    (dataset,) = review(world, "base").datasets
    assert dataset.origins == OriginCounts(revision="base", branch=2)


@pytest.mark.parametrize("base", ["nope", "-x", "base:elsewhere", ""])
def test_a_base_that_is_not_there_is_said_before_any_call(history: World, account: Account, base: str) -> None:
    """A revision that is not found ends in exit code 3, before any call."""
    del account.emulator.calls[:]
    ran = history.run("plan", f"--base={base}")
    assert ran.code == 3, ran
    assert ran.err.count("\n") == 1
    assert not account.emulator.calls


def test_a_base_that_could_not_be_read_says_nothing_about_changes(account: Account, world: World) -> None:
    """A broken line in the base may hold any entry, so that its changes would look like the branch's."""
    account.create("cells")
    world.write("cells", [*world.many(3), "<<<<<<< HEAD"])
    commit(world.folder, "base")
    world.write("cells", world.many(3))
    (dataset,) = review(world, "base").datasets
    assert dataset.origins is None
    assert any("whose changes these are is not known" in str(remark) for remark in dataset.remarks)


def test_a_setting_that_changed_since_the_base_is_shown(account: Account, world: World) -> None:
    """`extra: report -> replace` is a danger in the review of the branch that sets it."""
    account.create("cells")
    folder = world.write("cells", world.many(3))
    commit(world.folder, "base")
    (folder / "project.yaml").write_text("managed: false\npolicy: {extra: replace}\n")
    found = review(world, "base")
    assert [one.setting for one in found.datasets[0].settings] == ["extra"]
    assert [one.level for one in found.dangers if one.kind == "declaration"] == ["danger"]


def test_a_project_that_changed_since_the_base_is_shown(account: Account, world: World) -> None:
    """The resource keeps its name, so that `pulumi up` would replace the dataset that it has."""
    account.create("blood")
    world.write("cells", world.many(3))
    commit(world.folder, "base")
    world.write("cells", world.many(3), settings="project: blood\nmanaged: false")
    found = review(world, "base")
    assert [one.level for one in found.dangers if one.kind == "declaration"] == ["danger"]
    assert [one.setting for one in found.datasets[0].settings] == ["project"]
