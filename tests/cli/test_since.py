"""`validate --since`: what did not change since a revision is read, counted and not judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from tests.cli.conftest import World

CODE = "ERROR_INVALID_BOUNDING_BOX"


@pytest.fixture
def base(world: World) -> World:
    """A repository with two projects, one of which has a box that is not inside its image, at the tag `base`."""
    world.write("cells", [*world.many(3), world.boxes("old.jpg", "RBC", left=620)])
    world.write("more", world.many(2, first=20))
    commit(world.folder, "base")
    return world


def found(world: World, *options: str) -> list[dict[str, Any]]:
    """The datasets of `validate --since base`."""
    return world.run("validate", "--json", "--since", "base", *options).datasets


def lines(dataset: dict[str, Any]) -> set[int]:
    """The lines with findings."""
    return {one["place"]["line"] for one in dataset["findings"]["shown"] if one["place"]["line"]}


def test_only_lines_that_changed_are_judged(base: World) -> None:
    """A project as before is left out, a new line is judged, an old one is counted."""
    base.write("cells", [*base.many(3), base.boxes("old.jpg", "RBC", left=620), base.boxes("new.jpg", "RBC", left=630)])
    (cells,) = found(base)
    assert (lines(cells), cells["findings"]["unjudged"]) == ({5}, 2)
    said = base.run("validate", "--since", "base")
    assert "1 project is as in base, and not judged" in said.err
    assert "2 findings are on lines that did not change, and not judged" in said.out


def test_an_old_error_stops_nobody_and_a_new_one_does(base: World) -> None:
    """The exit code is that of what is judged."""
    base.write("cells", [*base.many(3), "{"])
    commit(base.folder, "base2")
    base.write("cells", [*base.many(3), "{", base.boxes("new.jpg", "RBC")])
    assert base.run("validate").code == 3
    assert base.run("validate", "--since", "base2").code == 0
    assert base.run("validate", "--since", "base").code == 3


def test_an_old_line_that_a_new_one_touches_is_judged(base: World) -> None:
    """A key that a new line above takes: the finding names both."""
    base.write("cells", [base.boxes("old.jpg", "WBC"), *base.many(3), base.boxes("old.jpg", "RBC", left=620)])
    (cells,) = found(base)
    assert {one["code"] for one in cells["findings"]["shown"]} == {"source-ref-repeated"}


def test_an_image_that_was_in_train_and_test_before_is_not_judged(world: World) -> None:
    """One that a change puts into both is a danger, one that was there is counted."""
    world.write("cells", world.many(3), world.many(1))
    commit(world.folder, "base")
    world.write("cells", world.many(4))
    ran = world.run("validate", "--strict", "--since", "base")
    assert "1 danger is about entries that did not change, and not judged" in ran.err
    assert "danger" not in ran.out
    world.write("cells", test=world.many(2))
    ran = world.run("validate", "--strict", "--since", "base")
    assert ran.code == 3
    assert "danger  cells" in ran.out


def test_a_project_that_lost_a_file_is_judged(base: World) -> None:
    """What is left of it has not changed, and it may no longer train."""
    base.write("cells", test=base.many(1, first=50))
    commit(base.folder, "base2")
    (base.folder / "datasets" / "cells" / "test.jsonl").unlink()
    assert [one["title"] for one in base.run("validate", "--json", "--since", "base2").datasets] == ["cells train"]


def test_nothing_that_changed_is_nothing_to_judge(base: World) -> None:
    """The command succeeds, and says how many projects it left out."""
    ran = base.run("validate", "--since", "base")
    assert ran.code == 0
    assert "2 projects are as in base, and not judged" in ran.err


def test_a_changed_declaration_judges_everything(base: World) -> None:
    """A setting may make any line wrong."""
    base.write("cells", settings="managed: false\nlabels: [WBC]")
    (cells,) = found(base)
    assert cells["findings"]["unjudged"] == 0
    assert {"label-not-declared", CODE} <= {one["code"] for one in cells["findings"]["shown"]}


YAML = "images: s3://acme-vision/cells/\nsize: [640, 480]\nentries:\n"
ENTRY = "  - image: {}.jpg\n    boxes:\n      - {{label: RBC, left: {}, top: 1, width: 40, height: 40}}\n"


def test_in_yaml_the_whole_entry_is_judged(world: World) -> None:
    """A changed line judges the entry that it is in; a changed head judges all."""
    folder = world.write("cells")
    manifest = folder / "train.yaml"
    manifest.write_text(YAML + ENTRY.format("a", 620) + ENTRY.format("b", 630))
    commit(world.folder, "base")
    manifest.write_text(YAML + ENTRY.format("a", 620) + ENTRY.format("c", 630) + ENTRY.format("d", 1))
    (cells,) = found(world)
    assert lines(cells) == {9}
    manifest.write_text(YAML.replace("cells", "calls") + ENTRY.format("a", 620) + ENTRY.format("b", 630))
    (cells,) = found(world)
    assert (lines(cells), cells["findings"]["unjudged"]) == ({6, 9}, 0)


def test_a_manifest_that_is_new_is_judged_whole(base: World) -> None:
    """Whether git knows it or not."""
    base.write("new", [base.boxes("a.jpg", "RBC", left=620)])
    (new,) = found(base)
    assert lines(new) == {1}


def test_before_the_first_commit_everything_is_judged(world: World) -> None:
    """A hook runs there too: what HEAD names is not there yet."""
    git(world.folder, "init", "--quiet")
    world.write("cells", ["{"])
    assert world.run("validate", "--since", "HEAD").code == 3
    world.write("cells", world.many(1))
    assert world.run("validate", "--since", "HEAD").code == 0


def test_an_unknown_revision_is_a_sentence(base: World) -> None:
    """It is bad input."""
    ran = base.run("validate", "--since", "nowhere")
    assert ran.code == 3
    assert "nowhere" in ran.err
