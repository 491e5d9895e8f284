"""One dataset in several files: a list of them, or a folder; each entry has its place in its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.manifest.project.folders import load_projects
from tests.cli.conftest import BUCKET
from tests.cli.repository import commit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

LIST = "managed: false\ntrain: [lab-a.jsonl, lab-b.yaml]"
FOLDER = "managed: false\ntrain: train"
YAML = f"images: {BUCKET}/b/\nsize: [640, 480]\nentries:\n"
ENTRY = "  - image: {}\n    boxes:\n      - {{label: RBC, left: 10, top: 0, width: 40, height: 30}}\n"


def several(world: World, settings: str = LIST) -> tuple[Path, Path]:
    """Two files, one of each form: train/lab-a.jsonl with the folder a/, train/lab-b.yaml with b/."""
    folder = world.write("cells", settings=settings)
    place = folder / "train" if settings == FOLDER else folder
    place.mkdir(exist_ok=True)
    (place / "lab-a.jsonl").write_text("".join(f"{world.boxes(f'a/{n}.jpg', 'RBC')}\n" for n in range(3)))
    (place / "lab-b.yaml").write_text(YAML + "".join(ENTRY.format(f"{n}.jpg") for n in range(3)))
    return place / "lab-a.jsonl", place / "lab-b.yaml"


@pytest.mark.parametrize("settings", [LIST, FOLDER])
def test_a_list_and_a_folder_are_one_dataset(world: World, settings: str) -> None:
    """Validate counts the entries of all files; a hidden file and one with a different ending are left alone."""
    first, _second = several(world, settings)
    if settings == FOLDER:
        (first.parent / "README.md").write_text("Ask the lab.\n")
        (first.parent / ".draft.jsonl").write_text("{\n")
    ran = world.run("validate", "--json")
    assert ran.code == 0, ran
    assert ran.datasets[0]["content"]["entries"] == 6


def test_an_image_in_two_files_is_told_with_both_places(world: World) -> None:
    """Keys are unique across the files of a dataset."""
    first, _second = several(world)
    first.write_text(first.read_text() + world.boxes("b/1.jpg", "RBC") + "\n")
    ran = world.run("validate")
    assert ran.code == 3
    assert "datasets/cells/lab-b.yaml:7:12 source-ref-repeated error: " in ran.out
    assert f'"{BUCKET}/b/1.jpg" appears twice, first at datasets/cells/lab-a.jsonl:4:1' in ran.out


def test_a_finding_names_its_own_file_and_line(world: World) -> None:
    """Also where the file is not the first one."""
    _first, second = several(world)
    second.write_text(second.read_text() + "  - image: 9.jpg\n    lables: [a]\n")
    ran = world.run("validate")
    assert ran.code == 3
    assert "datasets/cells/lab-b.yaml:14:5 unknown-key error" in ran.out


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("train: lab", "there is no such file"),
        ("train: empty", "the folder has no manifest"),
        ("train: []", "`train` lists no file"),
        ("train: [lab-a.jsonl, lab-a.jsonl]", "lab-a.jsonl appears twice"),
        ("train: .", '"." is the project\'s own folder'),
        ("train: [lab-a.jsonl, {}]", "`train` is a mapping where text belongs"),
        ("train: out", '"out/secret.jsonl" lies outside the project\'s folder by a symbolic link'),
    ],
)
def test_a_wrong_declaration_is_a_sentence(world: World, settings: str, sentence: str) -> None:
    """A typo, an empty folder, an empty list, a file that is named twice, a link that leads out."""
    first, _second = several(world, f"managed: false\n{settings}")
    (first.parent / "empty").mkdir()
    (first.parent / "out").mkdir()
    (world.folder / "secret.jsonl").write_text("secret\n")
    (first.parent / "out" / "secret.jsonl").symlink_to(world.folder / "secret.jsonl")
    ran = world.run("validate")
    assert ran.code == 3
    assert sentence in ran.out
    assert "secret\n" not in ran.out


@pytest.mark.parametrize("settings", [LIST, FOLDER])
def test_an_apply_and_a_pull_of_several_files(world: World, account: Account, settings: str) -> None:
    """What is applied plans empty; a pull edits the file that has the entry, and a new one joins its folder's file."""
    first, second = several(world, settings)
    account.create("cells")
    assert world.run("apply", "--yes").code == 0
    assert world.run("plan", "--exit-code").code == 0
    edited = [("a/1.jpg", "WBC"), ("b/2.jpg", "WBC"), ("a/new.jpg", "RBC"), ("elsewhere/new.jpg", "RBC")]
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes(name, label) for name, label in edited])
    ran = world.run("pull", "--allow-dirty")
    assert ran.code == 0, ran
    assert first.read_text().count("WBC") == second.read_text().count("WBC") == 1
    assert "a/new.jpg" in first.read_text()
    assert "elsewhere/new.jpg" in second.read_text()
    assert world.run("plan", "--exit-code").code == 0


def test_rename_rm_and_split_edit_each_file_by_position(world: World) -> None:
    """Each entry changes where it is; new entries join the file of their folder."""
    first, second = several(world, f"{LIST}\ntest: test.jsonl")
    (first.parent / "test.jsonl").write_text(world.boxes("t.jpg", "RBC") + "\n")
    assert world.run("rename-label", "RBC", "Red").code == 0
    assert (first.read_text().count("RBC"), second.read_text().count("RBC")) == (0, 0)
    assert (first.read_text().count('"Red"'), second.read_text().count("label: Red")) == (3, 3)
    assert world.run("rm", "cells/b/1.jpg", "cells/a/0.jpg", "--reason", "blurred").code == 0
    assert len(first.read_text().splitlines()) == 2
    assert "1.jpg" not in second.read_text()
    (world.folder / "new.jsonl").write_text(world.boxes("b/new.jpg", "Red") + "\n")
    assert world.run("split", "new.jsonl", "--test", "0%").code == 0
    assert "image: new.jpg" in second.read_text()
    assert world.run("validate").code == 0


def test_the_last_entry_of_a_file_does_not_leave(world: World) -> None:
    """An empty file of JSON Lines is an error, so the command says to remove the file."""
    first, _second = several(world)
    before = first.read_bytes()
    ran = world.run("rm", "cells/a/*", "--reason", "blurred")
    assert (ran.code, first.read_bytes()) == (3, before)
    assert "no entry would be left in datasets/cells/lab-a.jsonl; remove the file" in ran.err


def test_a_re_export_is_merged_into_the_files_of_a_dataset(world: World) -> None:
    """Whichever of them is named: an image of a different file is not added again."""
    first, second = several(world)
    before = second.read_bytes()
    (world.folder / "export.jsonl").write_text(
        "".join(f"{world.boxes(name, label)}\n" for name, label in (("b/0.jpg", "RBC"), ("a/0.jpg", "WBC")))
    )
    ran = world.run("convert", "manifest", "export.jsonl", "--into", "datasets/cells/lab-a.jsonl")
    assert ran.code == 0, ran
    assert (first.read_text().count("WBC"), second.read_bytes()) == (1, before)


def test_a_diff_with_a_revision_reads_all_files_of_both_sides(world: World) -> None:
    """One file that became two means the same; places are in the file that has the entry."""
    folder = world.write("cells", [world.boxes(f"{n}.jpg", "RBC") for n in range(4)])
    commit(world.folder)
    lines = (folder / "train.jsonl").read_text().splitlines(keepends=True)
    (folder / "train").mkdir()
    (folder / "train" / "1.jsonl").write_text("".join(lines[:2]))
    (folder / "train" / "2.jsonl").write_text("".join(lines[2:]))
    (folder / "train.jsonl").unlink()
    (folder / "project.yaml").write_text(f"{FOLDER}\n")
    assert world.run("diff", "HEAD", "datasets").code == 0
    ran = world.run("diff", "HEAD", "datasets", "--format", "json")
    assert [one["changes"] for one in ran.datasets] == [[]]
    commit(world.folder)
    (folder / "train" / "2.jsonl").write_text(world.boxes("2.jpg", "WBC") + "\n" + lines[3])
    ran = world.run("diff", "HEAD", "datasets", "--format", "json")
    assert [change["place"]["file"] for change in ran.datasets[0]["changes"]] == ["datasets/cells/train/2.jsonl"]


@pytest.mark.parametrize(
    ("name", "bytes_", "sentence"),
    [
        ("WARNED_FILE_BYTES", 0, "large-file note: the file has 0 MiB; GitHub warns of a file from 50 MiB on"),
        ("REFUSED_FILE_BYTES", 0, "git lfs track datasets/cells/train.jsonl"),
    ],
)
def test_a_file_that_git_hosts_refuse_is_told_before_a_push(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, bytes_: int, sentence: str
) -> None:
    """GitHub's limits, lowered here; the cure is to split the file, beyond the second limit Git LFS too."""
    world.write("cells", world.many(2))
    assert "MiB" not in world.run("validate", "-v").out
    monkeypatch.setattr(f"reconciler.manifest.read.{name}", bytes_)
    monkeypatch.setattr("reconciler.manifest.read.WARNED_FILE_BYTES", 0)
    ran = world.run("validate", "-v")
    assert ran.code == 0
    assert sentence in ran.out
    assert "split it: `train:` and `test:` take a list of files" in ran.out


def test_pulumi_names_the_folder_or_the_first_file(world: World) -> None:
    """So the inputs of a resource stay one path, and the other files are read from project.yaml."""
    several(world)
    (project,) = load_projects(world.folder / "datasets", "datasets")
    assert project.datasets[0].named == "datasets/cells/lab-a.jsonl"
    assert [part.shown for part in project.datasets[0].files] == [
        "datasets/cells/lab-a.jsonl",
        "datasets/cells/lab-b.yaml",
    ]
