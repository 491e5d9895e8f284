"""`rm`, and what `pull --retire` has in common with it: entries leave the manifests, project.yaml keeps why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import BUCKET
from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import World

PROJECT = b"# ours\r\nmanaged: false # found by name\r\nretired:\r\n- image: cells/old.jpg\r\n  reason: 'lost'\r\n# end"


@pytest.fixture
def cells(world: World) -> Path:
    """A project with six entries in train and two of them in test too."""
    return world.write("cells", world.many(6), world.many(2))


def test_an_entry_moves_from_the_manifests_into_retired(world: World, cells: Path) -> None:
    """It leaves train and test, project.yaml gets its address and the reason, and every other byte of both stays."""
    (cells / "project.yaml").write_bytes(PROJECT)
    before = (cells / "train.jsonl").read_bytes().splitlines(keepends=True)
    ran = world.run("rm", "cells/0001.jpg", "--reason", "two cells: blurred")
    assert ran.code == 0, ran
    assert "datasets/cells/project.yaml: 1 image retired" in ran.out
    assert "cells test: 1 entry removed from datasets/cells/test.jsonl" in ran.out
    assert (cells / "train.jsonl").read_bytes() == b"".join([before[0], *before[2:]])
    item = f'\r\n- image: {BUCKET}/0001.jpg\r\n  reason: "two cells: blurred"\r\n'.encode()
    assert (cells / "project.yaml").read_bytes() == PROJECT.replace(b"\r\n# end", item + b"# end")
    assert world.run("validate").code == 0


@pytest.mark.parametrize(
    "declared",
    [
        "managed: false\n",
        "managed: false",
        "{managed: false}\n",
        "{managed: false, retired: []}\n",
        "managed: false\nretired: [{image: x.jpg, reason: a}] # flow\n",
        "retired: [\n  {image: x.jpg, reason: a}, # one\n]\nmanaged: false\n",
        "retired:\n    - reason: |\n        long\n\n      image: x.jpg\n\nmanaged: false\n",
        "  retired:\n  - {image: x.jpg, reason: a}\n  managed: false\n",
        "---\nmanaged: false\n...\n",
    ],
)
def test_project_yaml_is_edited_in_whatever_form_it_is_written(world: World, cells: Path, declared: str) -> None:
    """The lines that were there are there, in order, and a reader finds one more retired image."""
    (cells / "project.yaml").write_text(declared)
    ran = world.run("rm", "cells/000[5].jpg", "--reason", "why", "--type", "train")
    assert ran.code == 0, ran
    after = (cells / "project.yaml").read_text()
    kept = iter(after)
    assert all(any(one == other for other in kept) for one in declared)
    assert "cells/000[5].jpg" in after
    assert world.run("validate").code == 0


def test_a_pattern_is_kept_as_it_is_and_a_name_with_signs_means_itself(world: World) -> None:
    """Images that come later are retired by the pattern too; a key with brackets is escaped."""
    lines = [world.boxes(name, "RBC") for name in ("old/1.jpg", "old/2.jpg", "a[1].jpg", "a1.jpg", "new.jpg")]
    folder = world.write("cells", lines)
    assert world.run("rm", "cells/old/*", "cells/a[1].jpg", "--reason", "why").code == 0
    declared = (folder / "project.yaml").read_text()
    assert 'image: "cells/old/*"' in declared
    assert "a[[]1].jpg" in declared
    assert [line.split('"')[3] for line in (folder / "train.jsonl").read_text().splitlines()] == [
        f"{BUCKET}/a1.jpg",
        f"{BUCKET}/new.jpg",
    ]
    assert world.run("validate").code == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["cells/0001.jpg"], "--reason is missing"),
        (["cells/none.jpg", "--reason", "x"], "no manifest has an entry cells/none.jpg"),
        (["*", "--reason", "x"], "no entry would be left"),
    ],
)
def test_what_cannot_leave_is_refused_and_nothing_is_written(
    world: World, cells: Path, arguments: list[str], why: str
) -> None:
    """The exit code is 3, the sentence has the cure, and every file is as it was."""
    before = {path.name: path.read_bytes() for path in cells.iterdir()}
    ran = world.run("rm", *arguments)
    assert ran.code == 3
    assert why in ran.err
    assert {path.name: path.read_bytes() for path in cells.iterdir()} == before


def test_a_list_that_an_alias_shares_is_refused(world: World, cells: Path) -> None:
    """An edit there would change another place too."""
    text = "managed: false\nretired: &x\n- {image: x.jpg, reason: a}\n"
    (cells / "project.yaml").write_text(text)
    ran = world.run("rm", "cells/0001.jpg", "--reason", "why")
    assert ran.code == 3
    assert "has an anchor" in ran.err
    assert (cells / "project.yaml").read_text() == text


def test_files_with_changes_that_are_not_committed_stay_as_they_are(world: World, cells: Path) -> None:
    """Either file is enough; --allow-dirty changes them nevertheless."""
    commit(world.folder)
    (cells / "project.yaml").write_text("managed: false\n# mine\n")
    before = (cells / "train.jsonl").read_bytes()
    ran = world.run("rm", "cells/0001.jpg", "--reason", "why")
    assert ran.code == 3
    assert "project.yaml has changes that are not committed" in ran.err
    assert (cells / "train.jsonl").read_bytes() == before
    assert world.run("rm", "cells/0001.jpg", "--reason", "why", "--allow-dirty").code == 0


def test_a_patch_in_place_of_edits_gives_the_same_bytes(world: World, cells: Path) -> None:
    """`git apply` of it makes the files that the command would have written."""
    (cells / "project.yaml").write_bytes(PROJECT)
    commit(world.folder)
    arguments = ["rm", "cells/0001.jpg", "--reason", "why"]
    patched = world.run(*arguments, "--patch", "out.patch")
    assert patched.code == 0
    assert git(world.folder, "status", "--porcelain", "datasets") == ""
    assert world.run(*arguments).code == 0
    edited = {path.name: path.read_bytes() for path in cells.iterdir()}
    git(world.folder, "checkout", "--quiet", "datasets")
    git(world.folder, "apply", "out.patch")
    assert {path.name: path.read_bytes() for path in cells.iterdir()} == edited
    assert world.run("validate").code == 0
