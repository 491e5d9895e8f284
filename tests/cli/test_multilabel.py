"""Image-level labels whose type AWS's own converter leaves as multi-label: read, compared, settled by one edit.

Source: Custom Labels Developer Guide, "Transforming multi-label SageMaker AI Ground Truth manifest files".
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Switches

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

LEFT = "groundtruth/image-classification-multilabel"
TYPE = "groundtruth/image-classification"
ANSWERS = [{"switches": Switches(multilabel_type="marked")}, {"switches": Switches(multilabel_type="accepted")}]


def line(number: int, *labels: str, kind: str = LEFT) -> str:
    """A line as AWS's converter writes it, an attribute for each label."""
    document: dict[str, object] = {"source-ref": f"s3://acme-vision/cells/{number}.jpg"}
    for index, label in enumerate(labels):
        document[f"label{index}"] = 1
        document[f"label{index}-metadata"] = {
            "class-name": label,
            "confidence": 0.9,
            "type": kind,
            "job-name": "labeling-job/labels",
            "human-annotated": "yes",
            "creation-date": "2020-01-01T00:00:00",
        }
    return json.dumps(document, separators=(", ", ":  "))


def test_such_a_manifest_is_valid_with_one_note_and_its_command_settles_it(world: World) -> None:
    """A file of nothing else was refused. The command in the note changes the types and no other byte."""
    folder = world.write("cells", [line(1, "cat", "dog"), line(2, "cat"), line(3, "dog", kind=TYPE)])
    ran = world.run("validate")
    assert (ran.code, ran.out.count("multilabel-type")) == (0, 1)
    assert "3 image-level labels of type groundtruth/image-classification-multilabel" in ran.out
    command = "reconciler convert jsonl datasets/cells/train.jsonl --fix-types -o datasets/cells/train.jsonl"
    assert command in " ".join(ran.out.split())
    before = (folder / "train.jsonl").read_text()
    settled = world.run(*shlex.split(command)[1:])
    assert (settled.code, settled.out) == (0, "")
    assert (folder / "train.jsonl").read_text() == before.replace(LEFT, TYPE)
    assert "no findings" in world.run("validate").out


def test_a_label_of_this_type_is_compared(world: World) -> None:
    """A change of it was no change."""
    for name, label in (("a", "cat"), ("b", "dog")):
        (world.folder / f"{name}.jsonl").write_text(f"{line(1, label)}\n{line(2, 'cat')}\n")
    ran = world.run("diff", "a.jsonl", "b.jsonl", "--exit-code")
    assert ran.code == 2
    assert "1 to update" in ran.out


@pytest.mark.parametrize(
    "account",
    ANSWERS,
    indirect=True,
)
def test_an_apply_sends_a_changed_label_whatever_the_service_makes_of_the_type(account: Account, world: World) -> None:
    """AWS contradicts itself about the type: under both answers the label is compared, and a second plan is empty."""
    account.create("cells")
    for label in ("cat", "dog"):
        world.write("cells", [line(1, label), line(2, "cat")])
        ran = world.run("apply", "--yes", "--allow", "updates=meant", "--allow", "label-removed=meant")
        assert ran.code == 0, ran.err
        assert world.run("plan", "--exit-code").code == 0
    assert account.updates == 2


def test_settling_the_type_is_no_change_of_labels(world: World) -> None:
    """The lines mean the same with the one type and with the other."""
    for name, kind in (("a", LEFT), ("b", TYPE)):
        (world.folder / f"{name}.jsonl").write_text(f"{line(1, 'cat', kind=kind)}\n{line(2, 'dog', kind=kind)}\n")
    assert world.run("diff", "a.jsonl", "b.jsonl", "--exit-code").code == 0


def test_ground_truths_own_lines_are_left_as_they_are_and_said(world: World) -> None:
    """Their value is a list of classes, so the type alone would not make a label of it."""
    raw = {"labels": [0, 1], "labels-metadata": {"class-map": {"0": "a"}, "type": LEFT}}
    text = json.dumps({"source-ref": "s3://acme-vision/1.jpg", **raw})
    (world.folder / "a.jsonl").write_text(f"{text}\n")
    ran = world.run("convert", "jsonl", "a.jsonl", "--fix-types")
    assert (ran.code, ran.out) == (0, f"{text}\n")
    assert "a.jsonl:1:1 jsonl-ground-truth marked: `labels` has Ground Truth's own list" in ran.err


def test_a_text_that_looks_like_the_type_stays(world: World) -> None:
    """A label may have the name of a type."""
    document = json.loads(line(1, "cat"))
    document["label0-metadata"]["class-name"] = f'"type":"{LEFT}"'
    (world.folder / "a.jsonl").write_text(f"{json.dumps(document)}\n")
    ran = world.run("convert", "jsonl", "a.jsonl", "--fix-types")
    document["label0-metadata"]["type"] = TYPE
    assert json.loads(ran.out) == document


def test_a_line_that_is_not_valid_stops_the_edit(world: World) -> None:
    """Nothing is written over the file."""
    (world.folder / "a.jsonl").write_text(f"{line(1, 'cat')}\n{{\n")
    before = (world.folder / "a.jsonl").read_bytes()
    ran = world.run("convert", "jsonl", "a.jsonl", "--fix-types", "-o", "a.jsonl")
    assert ran.code == 3
    assert "a.jsonl:2:1 jsonl-line error:" in ran.err
    assert (world.folder / "a.jsonl").read_bytes() == before


def test_format_and_option_are_given_together(world: World) -> None:
    """The format does nothing else, and other formats have no such types."""
    (world.folder / "a.jsonl").write_text(line(1, "cat"))
    for arguments in (("jsonl", "a.jsonl"), ("coco", "a.jsonl", "--image-prefix", "s3://b", "--fix-types")):
        ran = world.run("convert", *arguments)
        assert (ran.code, ran.out) == (3, "")
        assert "--fix-types and the format jsonl belong together" in ran.err
