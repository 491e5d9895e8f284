"""`reconciler fmt`: one layout, and what a file says, its comments and its anchors stay."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.entries.meaning import encoded
from reconciler.manifest.findings import Collector
from reconciler.manifest.layout import formatted
from reconciler.manifest.yaml.read import yaml_lines
from tests.manifest.test_laws import ENTRY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import World

MESSY = """\
# what the lab sent

size:   [640,480]   # the camera's
images: s3://acme-vision/cells/
# the entries
entries:
- labels: [ sunrise,   beach]            # of the whole image
  image: 0001.jpg
# the second

- boxes:
    - {top: 315, label: "RBC", left: 68,  width: 213, height: 163} # unsure
    # a box that was drawn twice
    - label: 'a, b'
      left: 1
      top: 2
      width: 3
      height: 4
    # no more boxes
  image: 0002.jpg
- {image: 0003.jpg, labels: [a]}
- source-ref: s3://acme-vision/x.jpg
  foo: 1
  foo-metadata: {class-name: b, type: groundtruth/image-classification, confidence: 1,
    human-annotated: 'yes', creation-date: "2024-01-01T00:00:00", job-name: x}
# the end
"""
NEAT = """\
# what the lab sent

images: s3://acme-vision/cells/
size: [640, 480]    # the camera's
# the entries
entries:
  - image: 0001.jpg
    labels: [sunrise, beach]             # of the whole image
  # the second

  - image: 0002.jpg
    boxes:
      - {label: "RBC", left: 68, top: 315, width: 213, height: 163}  # unsure
      # a box that was drawn twice
      - {label: 'a, b', left: 1, top: 2, width: 3, height: 4}
      # no more boxes
  - {image: 0003.jpg, labels: [a]}
  - source-ref: s3://acme-vision/x.jpg
    foo: 1
    foo-metadata: {class-name: b, type: groundtruth/image-classification, confidence: 1, \
human-annotated: 'yes', creation-date: "2024-01-01T00:00:00", job-name: x}
# the end
"""
PROJECT = "train:   train.yaml\n# found by its name\nmanaged: false  # not ours\nlabels: [RBC,\n  WBC]\n"
NEAT_PROJECT = "# found by its name\nmanaged: false  # not ours\ntrain: train.yaml\nlabels: [RBC, WBC]\n"


def messy(world: World, text: str = MESSY) -> Path:
    """A project whose files have no layout."""
    folder = world.write("cells", settings="managed: false")
    (folder / "project.yaml").write_text(PROJECT)
    (folder / "train.yaml").write_text(text)
    return folder


def test_files_get_one_layout_and_keep_their_comments(world: World) -> None:
    """Keys get their order, boxes a line each; quotes and comments stay, and a second run changes nothing."""
    folder = messy(world)
    ran = world.run("fmt")
    assert (ran.code, ran.err) == (0, "")
    assert (folder / "train.yaml").read_text() == NEAT
    assert (folder / "project.yaml").read_text() == NEAT_PROJECT
    assert world.run("fmt").out == "2 files need no change\n"


def test_check_writes_nothing_and_tells_by_its_exit_code(world: World) -> None:
    """Exit code 2 while a file would change, 0 afterwards."""
    folder = messy(world)
    ran = world.run("fmt", "--check")
    assert (ran.code, (folder / "train.yaml").read_text()) == (2, MESSY)
    assert "datasets/cells/train.yaml: would change\n" in ran.out
    world.run("fmt")
    assert world.run("fmt", "--check").code == 0


def test_a_manifest_has_the_defaults_of_its_project(world: World) -> None:
    """What project.yaml says of images and sizes holds when the file is read again, whoever names it."""
    world.write("cells", settings="managed: false\nimages: s3://acme-vision/cells/\nsize: [640, 480]")
    manifest = world.folder / "datasets" / "cells" / "train.yaml"
    for arguments in ((), (str(manifest),)):
        manifest.write_text(
            "entries:\n- {image: a.jpg,  boxes: [{label: RBC, left: 1, top: 2, width: 3, height: 4}]}\n"
        )
        ran = world.run("fmt", *arguments)
        assert (ran.code, ran.err) == (0, "")
        assert manifest.read_text().startswith("entries:\n  - ")


def test_json_lines_change_on_request_only(world: World) -> None:
    """With --jsonl each line is compact; without it `git blame` stays."""
    folder = world.write("cells", [world.boxes("a.jpg", "RBC")])
    before = (folder / "train.jsonl").read_text()
    assert world.run("fmt").code == 0
    assert (folder / "train.jsonl").read_text() == before
    assert world.run("fmt", "--jsonl").code == 0
    assert (folder / "train.jsonl").read_text() == before.replace(", ", ",").replace(": ", ":")


def test_files_that_are_named_are_formatted_wherever_they_are(world: World) -> None:
    """A hook gives the names of files; no folder of datasets is needed."""
    (world.folder / "some.yaml").write_text(MESSY)
    assert world.run("fmt", "some.yaml").code == 0
    assert (world.folder / "some.yaml").read_text() == NEAT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("%YAML 1.1\n---\nentries: []\n", "is a directive of YAML"),
        ("entries: [\n", "not valid YAML: a value was expected here"),
        ("images: s3://pics/b/\nentries:\n- image: |+\n    a.jpg\n", "begins a block with |+"),
    ],
)
def test_a_file_that_could_lose_something_stays_and_is_named(world: World, text: str, why: str) -> None:
    """Exit code 3 with a sentence; the other files are formatted."""
    folder = messy(world, text)
    ran = world.run("fmt")
    assert (ran.code, (folder / "train.yaml").read_text()) == (3, text)
    assert "datasets/cells/train.yaml is not formatted: " in ran.err
    assert why in ran.err
    assert (folder / "project.yaml").read_text() == NEAT_PROJECT


def test_anchors_and_line_ends_stay(world: World) -> None:
    """Where there are anchors keys keep their order, so that no alias comes before its anchor."""
    text = (
        "size: [640,480]\r\nentries:\r\n- labels: &some\r\n  - a\r\n  image: s3://a/b/1.jpg\r\n"
        "- labels: *some\r\n  image: s3://a/b/2.jpg\r\n"
    )
    folder = messy(world)
    (folder / "train.yaml").write_bytes(text.encode())
    assert world.run("fmt").code == 0
    assert (folder / "train.yaml").read_bytes().decode() == (
        "size: [640, 480]\r\nentries:\r\n  - labels: &some [a]\r\n    image: s3://a/b/1.jpg\r\n"
        "  - labels: *some\r\n    image: s3://a/b/2.jpg\r\n"
    )


@settings(max_examples=50, deadline=None)
@given(
    entries=st.lists(ENTRY, max_size=4, unique_by=lambda entry: str(entry["image"])),
    layout=st.tuples(st.sampled_from([None, False]), st.sampled_from([2, 4])),
    comments=st.lists(st.tuples(st.integers(0, 40), st.integers(-1, 8), st.booleans()), max_size=8),
)
def test_every_manifest_means_the_same_and_a_second_run_changes_nothing(
    entries: list[dict[str, object]], layout: tuple[bool | None, int], comments: list[tuple[int, int, bool]]
) -> None:
    """Comments anywhere are all there afterwards, each once."""
    data = {"size": [640, 480], "images": "s3://pics/x/", "entries": entries}
    flow, indent = layout
    lines = yaml.safe_dump(
        data, allow_unicode=True, sort_keys=False, width=10_000, default_flow_style=flow, indent=indent
    ).split("\n")
    for number, (place, column, blank) in enumerate(comments):
        at = place % len(lines)
        if column < 0:
            lines[at] += f" # c{number}."
        else:
            lines[at:at] = [*([""] if blank else []), f"{' ' * column}# c{number}."]
    old = ("\n".join(lines) + "\n").encode()
    found = Collector("train.yaml")
    before = [encoded(line.document) for line in yaml_lines(BytesIO(old), found)]
    if found.error_count:
        return

    new = formatted(old, manifest=True)

    assert [encoded(line.document) for line in yaml_lines(BytesIO(new), Collector("train.yaml"))] == before
    assert sorted(re.findall(rb"# c\d\.", new)) == sorted(re.findall(rb"# c\d\.", old))
    assert formatted(new, manifest=True) == new
