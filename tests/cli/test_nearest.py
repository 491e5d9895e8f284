"""The folder of datasets is found from the current folder upwards, and its paths can be pasted there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.cli.repository import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

COMMANDS = (("validate",), ("plan",), ("drift",), ("apply", "--yes"), ("pull",))


def go_to(world: World, monkeypatch: pytest.MonkeyPatch, folder: str) -> Path:
    """Go to a folder of the working folder, which is a git repository."""
    git(world.folder, "init", "--quiet")
    here = world.folder / folder
    here.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(here)
    return here


@pytest.mark.parametrize("folder", ["infra/live", "datasets/cells", "datasets"])
def test_paths_are_from_the_current_folder(world: World, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """A place of a finding names a file that exists from there, above or beside."""
    world.write("cells", [*world.many(3), "{"])
    here = go_to(world, monkeypatch, folder)
    ran = world.run("validate")
    [place] = set(re.findall(r"^ *(\S*?train\.jsonl)(?=:4)", ran.out, re.MULTILINE))
    assert (here / place).read_text().splitlines()[3] == "{"
    assert world.run("validate", place).code == 3


def test_every_command_finds_the_folder(world: World, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan, apply, drift and pull work from a folder below; the records are beside the datasets."""
    account.create("cells")
    world.write("cells", world.many(3))
    here = go_to(world, monkeypatch, "docs/notes")
    assert [world.run(*command).code for command in (*COMMANDS, ("plan", "--exit-code"))] == [0, 0, 2, 0, 0, 0]
    assert world.run("drift").code == 0
    assert (world.folder / ".reconciler" / "audit").is_dir()
    assert list(here.iterdir()) == []


def test_the_nearest_folder_with_a_project_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of that name without a project is passed by; one that is nearer hides one above; a name is obeyed."""
    world.write("cells", world.many(3))
    here = go_to(world, monkeypatch, "team/labels")
    (world.folder / "team" / "datasets" / "notes").mkdir(parents=True)
    assert "../../datasets/cells/train.jsonl" in world.run("validate").out
    (world.folder / "datasets" / "cells").rename(world.folder / "team" / "datasets" / "cells")
    assert "../datasets/cells/train.jsonl" in world.run("validate").out
    assert world.run("validate", "--datasets", "datasets").code == 3
    assert here.is_dir()


def test_nothing_outside_of_the_repository_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root of the repository is the last folder; the sentence names it, the cures, and folders below."""
    world.write("cells", world.many(1))
    inner = world.folder / "inner"
    (inner / "team" / "datasets" / "wells").mkdir(parents=True)
    (inner / "team" / "datasets" / "wells" / "project.yaml").write_text("managed: false\n")
    git(inner, "init", "--quiet")
    monkeypatch.chdir(inner)
    for command in COMMANDS:
        ran = world.run(*command)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err == (
            f"error: there is no folder datasets/ with a */project.yaml here or above, up to {inner}; run `reconciler "
            "init`, or name the folder with --datasets, such as team/datasets\n"
        )


def test_two_folders_that_are_equally_near_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder `datasets` in one of the same name: the sentence names both, and nothing is chosen."""
    world.write("cells", world.many(1))
    world.write("datasets/wells", world.many(1))
    monkeypatch.chdir(world.folder / "datasets")
    ran = world.run("validate")
    assert ran.code == 3
    assert "error: . and datasets both hold projects, and both are equally near; " in ran.err
    assert world.run("validate", "--datasets", "datasets").code == 0


def test_init_adds_to_the_folder_that_is_there(world: World, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder below, a new project goes beside the others, and a workflow names the folder from the root."""
    world.write("cells", world.many(1))
    here = go_to(world, monkeypatch, "infra")
    assert account.updates == 0
    assert world.run("init", "wells", "--github").code == 0
    assert (world.folder / "datasets" / "wells" / "project.yaml").is_file()
    workflow = (world.folder / ".github" / "workflows" / "labels.yml").read_text()
    assert "../" not in workflow
    assert not (here / "datasets").exists()
