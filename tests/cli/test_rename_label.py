"""`reconciler rename-label`: the text of a label changes wherever it is written, and no other byte does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.entries import meaning_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import World

YAML = """\
# the cells of March
images: s3://acme-vision/cells/   # one bucket
size: [640, 480]
entries:
  - image: a.jpg
    boxes:   # RBC is a red cell
      - {label: RBC, left: 1, top: 2, width: 30, height: 40}   # RBC
      - {label: "RBC", left: 5, top: 2, width: 30, height: 40}
      - label: 'RBC'
        left: 9
        top: 2
        width: 30
        height: 40
      - {left: 1, label: &white WBC, top: 2, width: 30, height: 40}
  - {image: RBC.jpg, labels: [ other,RBC , "RBC2" ]}
  - image: c.jpg
    labels:
      - RBC
      - x RBC
    job-name: RBC
"""
RENAMED = """\
# the cells of March
images: s3://acme-vision/cells/   # one bucket
size: [640, 480]
entries:
  - image: a.jpg
    boxes:   # RBC is a red cell
      - {label: "Red: cell", left: 1, top: 2, width: 30, height: 40}   # RBC
      - {label: "Red: cell", left: 5, top: 2, width: 30, height: 40}
      - label: "Red: cell"
        left: 9
        top: 2
        width: 30
        height: 40
      - {left: 1, label: &white WBC, top: 2, width: 30, height: 40}
  - {image: RBC.jpg, labels: [ other,"Red: cell" , "RBC2" ]}
  - image: c.jpg
    labels:
      - "Red: cell"
      - x RBC
    job-name: RBC
"""


def yaml_project(world: World, text: str = YAML, settings: str = "managed: false\ntrain: train.yaml") -> Path:
    """A project with a manifest in YAML."""
    manifest = world.write("cells", settings=settings) / "train.yaml"
    manifest.write_text(text)
    return manifest


def test_in_yaml_only_the_label_changes(world: World) -> None:
    """Plain, in quotes, in lists and in braces; comments, names of images and jobs that look alike stay."""
    manifest = yaml_project(world)
    ran = world.run("rename-label", "RBC", "Red: cell")
    assert (ran.code, ran.out) == (0, "cells train: 3 entries in datasets/cells/train.yaml\n")
    assert manifest.read_text() == RENAMED
    assert world.run("validate").code == 0


def test_a_label_with_an_anchor_is_renamed_with_all_that_use_it(world: World) -> None:
    """The anchor stays, and an alias follows it."""
    text = "images: s3://acme-vision/c\nentries:\n- {image: a.jpg, labels: [&l RBC]}\n- {image: b.jpg, labels: [*l]}\n"
    manifest = yaml_project(world, text)
    assert world.run("rename-label", "RBC", "Red cell").code == 0
    assert manifest.read_text() == text.replace("&l RBC", "&l Red cell")


def test_both_manifests_and_the_closed_list_are_renamed_together(world: World) -> None:
    """JSON Lines keep spacing, escapes and line ends; a label elsewhere in the line stays."""
    lines = [world.boxes("RBC.jpg", "RBC", "WBC").replace('":', '": '), world.boxes("b.jpg", "R\u00dfC", "RBC")]
    folder = world.write(
        "cells", lines, [world.boxes("c.jpg", "RBC")], "managed: false\nlabels: [WBC, RBC, R\u00dfC] # all"
    )
    train = folder / "train.jsonl"
    train.write_bytes(train.read_bytes().replace(b"\n", b"\r\n"))
    before = train.read_text().split("\n")

    ran = world.run("rename-label", "RBC", "Red cell")

    assert (ran.code, ran.out.count("\n")) == (0, 3)
    assert train.read_text().split("\n") == [line.replace('"RBC"', '"Red cell"') for line in before]
    assert train.read_bytes().count(b"\r\n") == 2
    assert (folder / "project.yaml").read_text() == "managed: false\nlabels: [WBC, Red cell, R\u00dfC] # all\n"
    assert world.run("validate").code == 0


def test_two_labels_become_one_only_when_that_is_said(world: World) -> None:
    """Without --merge a label that is there is refused; with it the closed list loses the old one."""
    folder = world.write(
        "cells", [world.boxes("a.jpg", "RBC", "WBC")], None, "managed: false\nlabels:\n  - RBC\n  - WBC"
    )
    before = (folder / "train.jsonl").read_bytes()
    refused = world.run("rename-label", "RBC", "WBC")
    assert (refused.code, "give --merge" in refused.err, (folder / "train.jsonl").read_bytes()) == (3, True, before)

    assert world.run("rename-label", "RBC", "WBC", "--merge").code == 0
    boxes = meaning_of(json.loads((folder / "train.jsonl").read_bytes())).boxes
    assert [box.label for box in boxes] == ["WBC", "WBC"]
    assert (folder / "project.yaml").read_text() == "managed: false\nlabels:\n  - WBC\n"
    assert world.run("validate").code == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[RBC, WBC] # all", "[WBC] # all"),
        ("[WBC, 'RBC']", "[WBC]"),
        ("[x, RBC,\n  WBC,]", "[x, WBC,]"),
        ("[x, WBC,\n  RBC,\n]", "[x, WBC,\n]"),
    ],
)
def test_a_merged_label_leaves_a_list_in_brackets(world: World, before: str, after: str) -> None:
    """The item goes with one comma, first, in the middle or last; every other byte stays."""
    folder = world.write("cells", [world.boxes("a.jpg", "RBC", "WBC")], None, f"managed: false\nlabels: {before}")
    ran = world.run("rename-label", "RBC", "WBC", "--merge")
    assert ran.code == 0, ran.err
    assert (folder / "project.yaml").read_text() == f"managed: false\nlabels: {after}\n"
    assert world.run("validate").code == 0


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (YAML, ("RCB", "x"), "no manifest has the label 'RCB'"),
        (YAML, ("RBC", "RBC"), "two labels that differ"),
        (YAML.replace("other,RBC", "Red,RBC"), ("RBC", "Red", "--merge"), "the image has both labels"),
        (YAML.replace("- x RBC", "- >-\n        long\n        text"), ("long text", "short"), "edit the file by hand"),
    ],
)
def test_what_cannot_be_renamed_changes_no_byte(world: World, text: str, arguments: tuple[str, ...], said: str) -> None:
    """A label that nothing has, an image with both, and a text over several lines are refused with a sentence."""
    manifest = yaml_project(world, text)
    ran = world.run("rename-label", *arguments)
    assert (ran.code, said in ran.err) == (3, True), ran.err
    assert manifest.read_text() == text


LABELS = st.sampled_from(["a", "b", "no", "a: b", "# c", 'q"q', "it's", "[x]", "ü", "1"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=st.lists(st.lists(LABELS, min_size=1, max_size=3), min_size=1, max_size=5),
    new=st.sampled_from(["z", "z: #", "'"]),
)
@pytest.mark.parametrize("form", ["jsonl", "yaml"])
def test_every_entry_means_the_same_but_for_the_label(
    world: World, form: str, labels: list[list[str]], new: str
) -> None:
    """Whatever a label is written like, exactly the entries that have it change, and only in it."""
    lines = [world.boxes(f"{number}.jpg", *names) for number, names in enumerate(labels)]
    source, old = world.folder / "all.jsonl", labels[0][0]
    source.write_text("".join(f"{line}\n" for line in lines))
    folder = world.write("cells", settings=f"managed: false\ntrain: train.{form}")
    assert world.run("convert", "manifest", "all.jsonl", "--to", form, "-o", f"{folder}/train.{form}").code == 0

    assert world.run("rename-label", old, new).code == 0

    assert world.run("convert", "manifest", f"{folder}/train.{form}", "-o", "after.jsonl").code == 0
    after = [json.loads(line) for line in (world.folder / "after.jsonl").read_text().splitlines()]
    wanted = [[new if name == old else name for name in names] for names in labels]
    assert [[box.label for box in meaning_of(line).boxes] for line in after] == wanted
