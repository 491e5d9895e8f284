"""`reconciler split`: where new entries go, and that nothing else moves."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import World


def project(world: World, train: int = 4, test: int = 1) -> Path:
    """A project with entries of one label in both datasets."""
    return world.write("cells", world.many(train), world.many(test, first=900))


def deal(world: World, lines: list[str], *arguments: str) -> str:
    """Split lines; what the command said."""
    (world.folder / "new.jsonl").write_text("".join(f"{line}\n" for line in lines))
    ran = world.run("split", "new.jsonl", *arguments)
    assert ran.code == 0, ran.err
    return ran.out


def keys(folder: Path, kind: str) -> list[str]:
    """The names of the images of a manifest."""
    lines = (folder / f"{kind}.jsonl").read_text().splitlines()
    return [json.loads(line)["source-ref"].rpartition("/")[2] for line in lines]


def test_each_label_gets_its_share_of_test(world: World) -> None:
    """The rare label too; old lines keep their bytes, and new ones come last."""
    folder = project(world)
    before = {kind: (folder / f"{kind}.jsonl").read_bytes() for kind in ("train", "test")}
    rare = [world.boxes(f"rare{number}.jpg", "rare") for number in range(10)]
    said = deal(world, world.many(95, first=100) + rare, "--test", "20%")

    for kind, content in before.items():
        assert (folder / f"{kind}.jsonl").read_bytes().startswith(content)
    test = Counter("rare" if name.startswith("rare") else "RBC" for name in keys(folder, "test"))
    assert (test["rare"], abs(test["RBC"] - 20) <= 1) == (2, True)
    assert said.startswith("cells train: ")
    assert world.run("validate").code == 0


def test_the_order_of_new_entries_does_not_matter(world: World) -> None:
    """The same entries are dealt in the same way, in whatever order a tool wrote them."""
    lines = world.many(30, first=100)
    found = []
    for given in (lines, lines[::-1]):
        folder = project(world)
        deal(world, given)
        found.append((keys(folder, "train"), keys(folder, "test")))
    assert found[0] == found[1]


def test_what_was_dealt_stays_when_more_comes(world: World) -> None:
    """A second split of all entries moves none of the first and says how many are there."""
    folder = project(world)
    deal(world, world.many(20, first=100))
    first = {kind: keys(folder, kind) for kind in ("train", "test")}
    said = deal(world, world.many(40, first=100))

    assert all(keys(folder, kind)[: len(names)] == names for kind, names in first.items())
    assert "20 entries of one of the two already" in said
    assert len(keys(folder, "train") + keys(folder, "test")) == 45


def test_a_group_stays_together_and_with_its_old_frames(world: World) -> None:
    """Frames of a video are on one side, that of frames that are there already."""
    folder = world.write(
        "cells",
        [world.boxes("v1-0.jpg", "a"), *world.many(3)],
        [world.boxes("v2-0.jpg", "a"), *world.many(1, first=900)],
    )
    frames = [world.boxes(f"v{video}-{frame}.jpg", "a") for frame in range(1, 5) for video in range(1, 9)]
    deal(world, frames, "--test", "0.4", "--group", r"(v\d+)-")

    sides = {name: kind for kind in ("train", "test") for name in keys(folder, kind)}
    of = {video: {sides[f"v{video}-{frame}.jpg"] for frame in range(1, 5)} for video in range(1, 9)}
    assert all(len(kinds) == 1 for kinds in of.values())
    assert (of[1], of[2]) == ({"train"}, {"test"})
    assert {"train", "test"} == set().union(*(of[video] for video in range(3, 9)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new.jsonl", "--group", "("), "is not a regular expression"),
        (("new.jsonl", "--test", "120%"), "invalid share value"),
        (("none.jsonl",), "none.jsonl"),
        (("broken.jsonl",), "1 error in the new entries; nothing was written"),
    ],
)
def test_what_cannot_be_split_is_a_sentence(world: World, arguments: tuple[str, ...], said: str) -> None:
    """A wrong pattern, share or file is refused, and no manifest changes."""
    folder = project(world)
    before = (folder / "train.jsonl").read_bytes()
    (world.folder / "new.jsonl").write_text(world.boxes("n.jpg", "a") + "\n")
    (world.folder / "broken.jsonl").write_text("nonsense\n")
    ran = world.run("split", *arguments)
    assert (ran.code, said in ran.err, (folder / "train.jsonl").read_bytes()) == (3, True, before)


@pytest.mark.parametrize(
    ("name", "train", "first"),
    [
        ("jsonl", None, '{"source-ref":"s3://acme-vision/cells/'),
        (
            "jsonl",
            '{"image": "s3://acme-vision/cells/0.jpg", "labels": ["RBC"]}\n',
            '{"image":"s3://acme-vision/cells/',
        ),
        (
            "yaml",
            "entries:\n  - {image: s3://acme-vision/cells/0.jpg, labels: [RBC]}\n",
            "images: s3://acme-vision/cells/",
        ),
    ],
)
def test_a_missing_manifest_is_made_in_the_form_of_the_other(
    world: World, name: str, train: str | None, first: str
) -> None:
    """It is read without a line in project.yaml, and the command says that the file is new."""
    folder = world.write("cells", world.many(2))
    if train:
        (folder / "train.jsonl").unlink()
        (folder / f"train.{name}").write_text(train)
    said = deal(world, world.many(10, first=100), "--test", "50%")
    assert f"in datasets/cells/test.{name}, a new file, which is read without a line in project.yaml" in said
    assert (folder / f"test.{name}").read_text().startswith(first)
    assert world.run("validate").code == 0


def test_a_manifest_without_entries_is_not_made(world: World) -> None:
    """Where nothing is dealt to it, the command says so."""
    folder = world.write("cells", world.many(2))
    said = deal(world, world.many(1, first=100), "--test", "0%")
    assert "0 entries in datasets/cells/test.jsonl, which is not written" in said
    assert not (folder / "test.jsonl").exists()


def test_the_first_manifest_of_a_project_is_not_dealt(world: World) -> None:
    """There is no form to follow, and the command names the one that writes the first."""
    world.write("cells", settings="managed: false\ntrain: train.jsonl\ntest: test.jsonl")
    (world.folder / "new.jsonl").write_text(world.boxes("n.jpg", "a") + "\n")
    ran = world.run("split", "new.jsonl")
    assert (ran.code, "no manifest of cells is there; write the first one" in ran.err) == (3, True)


@pytest.mark.parametrize("command", [("split",), ("convert", "manifest")])
def test_a_label_outside_of_the_closed_list_is_refused_as_validate_does(world: World, command: tuple[str, ...]) -> None:
    """The finding with its suggestion is shown, and no manifest changes."""
    folder = world.write("cells", world.many(3), world.many(1, first=900), "managed: false\nlabels: [RBC, WBC]")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    (world.folder / "new.jsonl").write_text(world.boxes("n.jpg", "RCB") + "\n")
    into = () if command == ("split",) else ("--into", "datasets/cells/train.jsonl")
    ran = world.run(*command, "new.jsonl", *into)
    said = ran.out + ran.err
    assert ran.code == 3
    assert all(words in said for words in ("label-not-declared", "did you mean", "1 error in datasets/cells/")), said
    assert "by hand" not in said
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_errors_of_a_manifest_are_not_called_errors_of_declarations(world: World) -> None:
    """A broken line is counted in its manifest, and the end says that nothing was written."""
    folder = project(world)
    with (folder / "train.jsonl").open("a") as manifest:
        manifest.write('{"source-ref": "s3://a/b.jpg\n')
    (world.folder / "new.jsonl").write_text(world.boxes("n.jpg", "RBC") + "\n")
    ran = world.run("split", "new.jsonl")
    assert ran.code == 3
    assert ran.err.endswith("error: 1 error in datasets/cells/train.jsonl; nothing was written\n")
