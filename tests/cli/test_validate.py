"""What `reconciler validate` promises: every finding of every file, without a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.repository import git
from tests.support.lines import labelled

if TYPE_CHECKING:
    from tests.cli.conftest import World

ROOT = Path(__file__).parents[2]


def test_valid_manifests_are_counted(world: World) -> None:
    """The output counts entries, labels and boxes of each manifest, with one line over all."""
    world.write("cells", world.many(5), world.many(1, first=500))
    ran = world.run("validate")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "2 manifests valid, 6 entries\n"
        "\n"
        "cells train  (datasets/cells/train.jsonl)\n"
        "  5 entries, 1 label, 5 boxes, no findings\n"
        "\n"
        "cells test  (datasets/cells/test.jsonl)\n"
        "  1 entry, 1 label, 1 box, no findings\n"
        "\n"
        "cells: train and test together\n"
        "  train has 5 labelled images, test 1: 17 % of both\n"
        "  the test set has 100 % of the training labels; 50 % are needed to train\n"
        "\n"
        "cells would train: yes\n"
    )


def test_all_findings_of_all_files_are_shown(world: World) -> None:
    """Two invalid manifests are both reported, each finding with its place; exit code 3."""
    world.write("cells", ["{", *world.many(1)])
    world.write("planes", world.many(1), [*world.many(1, first=500), '{"source-ref": "http://no"}'])
    ran = world.run("validate")
    assert ran.code == 3
    assert "datasets/cells/train.jsonl:1:" in ran.out
    assert "datasets/planes/test.jsonl:2" in ran.out
    assert "error: 2 errors in 2 manifests\n" in ran.err


def test_a_wrong_declaration_is_reported_with_its_place(world: World) -> None:
    """An unknown key in project.yaml is reported with its place."""
    world.write("cells", world.many(1), settings="manged: false")
    ran = world.run("validate")
    assert ran.code == 3
    assert "datasets/cells/project.yaml:1:1 unknown-key error:" in ran.out
    assert "managed" in ran.out
    document = world.run("validate", "--json").document
    assert document["findings"]["errors"] == document["totals"]["errors"] == 1
    assert document["findings"]["shown"][0]["place"] == {"file": "datasets/cells/project.yaml", "line": 1, "column": 1}


def test_another_folder_is_named_by_position_or_option(world: World) -> None:
    """The folder is PATH or --datasets, but not both."""
    world.write("cells", world.many(1))
    (world.folder / "datasets").rename(world.folder / "elsewhere")
    assert "elsewhere/cells/train.jsonl" in world.run("validate", "elsewhere").out
    assert world.run("validate", "--datasets", "elsewhere").code == 0
    assert world.run("validate", "elsewhere", "--datasets", "elsewhere").code == 3


@pytest.mark.parametrize(("folder", "cure"), [("empty", "empty/NAME/project.yaml"), ("no", "no such folder")])
def test_a_folder_without_projects_is_an_error_with_the_cure(world: World, folder: str, cure: str) -> None:
    """A wrong folder never passes as a valid one."""
    world.write("cells", world.many(1))
    (world.folder / "empty").mkdir()
    ran = world.run("validate", folder)
    assert ran.code == 3
    assert cure in ran.out + ran.err


def test_one_manifest_or_one_project_is_read_by_itself(world: World) -> None:
    """A path to one manifest or project is enough; findings elsewhere are not reported."""
    world.write("cells", world.many(5), world.many(1, first=500))
    world.write("broken", ["{"])
    one = world.run("validate", "datasets/cells/test.jsonl")
    assert one.code == 0
    assert one.out == (
        "1 manifest valid, 1 entry\n\ntest test  (datasets/cells/test.jsonl)\n  1 entry, 1 label, 1 box, no findings\n"
        "\ntest would train: not known, because no train dataset is declared\n"
    )
    project = world.run("validate", "datasets/cells")
    assert project.code == 0
    assert project.out.startswith("2 manifests valid, 6 entries\n")
    assert world.run("validate", "datasets/broken/train.jsonl").code == 3


def test_only_reading_takes_the_folder_of_one_project(world: World) -> None:
    """Commands that use AWS keep their records beside the folder of all projects, so they refuse it."""
    world.write("cells", world.many(1))
    ran = world.run("plan", "--datasets", "datasets/cells")
    assert ran.code == 3
    assert "give the folder above it" in ran.err


def test_the_training_manifest_as_test_set_is_noted(world: World) -> None:
    """A model would be tested on its training images; the declaration is still valid."""
    world.write("cells", world.many(1))
    (world.folder / "datasets/cells/project.yaml").write_text("managed: true\ntest: train.jsonl\n")
    ran = world.run("validate")
    assert ran.code == 0
    assert ran.out.count("note: the test dataset has the manifest of the training dataset") == 1


def test_an_unknown_project_gets_a_suggestion(world: World) -> None:
    """A typing mistake in --project gets a suggestion."""
    world.write("cells", world.many(1))
    ran = world.run("validate", "--project", "cels")
    assert ran.code == 3
    assert "did you mean `cells`?" in ran.err


def test_no_network_and_no_boto3_are_needed(world: World) -> None:
    """Validating loads neither boto3 nor Pulumi, so that it starts fast and runs anywhere."""
    world.write("cells", world.many(1))
    program = (
        "import sys; from reconciler.cli import main; code = main(['validate']); "
        "loaded = {'boto3', 'pulumi', 'grpc'} & set(sys.modules); sys.exit(f'{code} {loaded}' if code or loaded else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_samples_of_this_repository_are_valid(world: World) -> None:
    """The samples that the README shows are valid."""
    ran = world.run("validate", str(ROOT / "datasets"))
    assert ran.code == 0, ran.out


def test_lines_that_training_ignores_are_counted_once_and_fail_a_strict_run(world: World) -> None:
    """Two faulty boxes in each of five lines are five lines; the verdict is no, with the share and the limit."""
    lines = [world.boxes(f"{number}.jpg", "RBC", "WBC", left=700) for number in range(5)]
    world.write("cells", lines, world.many(1, first=500))
    ran = world.run("validate")
    assert ran.code == 0, ran
    assert ran.out.startswith("2 manifests without errors, 6 entries, of which 5 are unusable for training\n")
    assert "the service will mark 5 entries with errors; training ignores them" in ran.out
    verdict = "cells would train: no, because 5 of 5 lines of datasets/cells/train.jsonl are unusable, of at most 20%"
    assert verdict in " ".join(ran.out.split())
    strict = world.run("validate", "--strict")
    assert (strict.code, "above a note, and --strict allows none" in strict.err) == (3, True)
    world.write("cells", world.many(2), world.many(1, first=500))
    assert world.run("validate", "--strict").code == 0


def test_a_strict_run_fails_for_a_danger_and_for_a_training_that_would_not_start(world: World) -> None:
    """Images in train and test, and a verdict of no: both were shown, and exit 0 let the job of a forge go on."""
    shared = [*world.many(4), *world.many(1, first=500)]
    world.write("cells", shared, world.many(1, first=500))
    assert world.run("validate").code == 0
    strict = world.run("validate", "--strict")
    assert (strict.code, "1 danger, and --strict allows none" in strict.err) == (3, True)
    world.write("cells", world.many(4), world.many(1, "WBC", first=500))
    strict = world.run("validate", "--strict")
    assert (strict.code, "cells would not train, " in strict.err) == (3, True)
    world.write("cells", world.many(4), world.many(1, first=500))
    assert world.run("validate", "--strict").code == 0
    assert world.run("validate", "datasets/cells/train.jsonl", "--strict").code == 0


def test_what_needs_no_service_is_compared_between_train_and_test(world: World) -> None:
    """An image in both, a label that only one side has, labels that look alike, and too few labels in common."""
    train = [*world.many(2), world.boxes("a.jpg", "cell"), world.boxes("b.jpg", "cells"), world.boxes("c.jpg", "WBC")]
    world.write("cells", train, [*world.many(1), world.boxes("z.jpg", "Platelets")])
    ran = world.run("validate", "--json")
    assert {danger["kind"] for danger in ran.document["dangers"]} >= {
        "split-overlap",
        "label-one-side",
        "look-alike",
        "labels-overlap",
    }
    said = " ".join(world.run("validate").out.split())
    assert "1 image is labelled in train and in test" in said
    assert "would train: no, because test has 25% of the labels of train, of at least 50%" in said


def test_a_label_with_a_typo_on_one_side_is_told_once(world: World) -> None:
    """It was told as a label that only train has, too; a label that looks like no other still is."""
    train = [*world.many(2, "Category"), world.boxes("a.jpg", "Catelgory"), world.boxes("b.jpg", "Categroy", "Plane")]
    world.write("cells", train, world.many(2, "Category", first=500))
    dangers = world.run("validate", "--json").document["dangers"]
    named = [one["examples"] for one in dangers if one["kind"] in {"look-alike", "label-one-side"}]
    assert sorted(map(sorted, named)) == [["Category", "Categroy"], ["Category", "Catelgory"], ["Plane"]]


def test_one_image_level_label_is_too_few_to_train(world: World) -> None:
    """Custom Labels needs two labels to classify images, and one to find objects."""
    lines = [json.dumps(labelled(f"s3://acme-vision/cells/{number}.jpg", "cat")) for number in range(4)]
    world.write("cells", lines[:2], lines[2:])
    out = " ".join(world.run("validate").out.split())
    assert "would train: no, because datasets/cells/train.jsonl has 1 label of at least 2" in out


def test_the_sizes_of_train_and_test_are_shown(world: World) -> None:
    """Labelled images of both sides and the share of the test set; bare lines train nothing and test nothing."""
    bare = '{"source-ref": "s3://acme-vision/cells/bare.jpg"}'
    world.write("cells", [*world.many(6), bare], [world.boxes(f"t{number}.jpg", "RBC") for number in range(2)])
    ran = world.run("validate")
    assert ran.code == 0
    assert "train has 6 labelled images, test 2: 25 % of both" in ran.out


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"auto-label-metadata": {"type": "x"}}, "`auto-label-metadata` has no `auto-label`"),
        ({"color": "blue", "auto-label-metadata": {}}, "`auto-label-metadata` has no `auto-label`"),
        ({"color": "blue"}, "`color` has no `color-metadata`"),
        ({"a": 1, "a-metadata": {"type": "groundtruth/text"}}, "`a-metadata` has the type groundtruth/text"),
        ({"a": 1, "a-metadata": {"class-name": "cat"}}, "`a-metadata` has no `type`"),
    ],
)
def test_a_manifest_without_known_labels_says_what_is_there_and_what_is_missing(
    world: World, members: dict[str, object], said: str
) -> None:
    """The cure was a conversion where only a member was missing."""
    world.write("cells", [json.dumps({"source-ref": "s3://acme-vision/1.jpg", **members})])
    ran = world.run("validate")
    assert ran.code == 3
    (told,) = [line for line in ran.out.splitlines() if " no-known-kind error: " in line]
    assert f"in the first that should, {said}" in told
    assert ("convert" in ran.out) is False


def test_entries_with_an_error_are_counted_too(world: World) -> None:
    """Four lines are four entries, whatever is wrong with two of them."""
    broken = world.many(1)[0].replace("s3://acme-vision", "s3://Acme_Vision!")
    world.write("cells", [*world.many(2), broken, "{"])
    ran = world.run("validate")
    assert ran.code == 3
    assert "4 entries" in ran.out


def test_an_attribute_that_repeats_the_boxes_of_a_different_one_is_noted(world: World) -> None:
    """Its boxes count twice for training; without boxes, or with others, nothing is noted."""
    line = json.loads(world.boxes("1.jpg", "RBC"))
    twice = line | {"again": line["boxes"], "again-metadata": line["boxes-metadata"]}
    other = json.loads(world.boxes("2.jpg", "RBC", left=50))
    apart = other | {"other": line["boxes"], "other-metadata": line["boxes-metadata"]}
    world.write("cells", map(json.dumps, (twice, apart)))
    ran = world.run("validate")
    assert ran.code == 0
    assert "1 attribute with the same boxes as an earlier one of the line, first `again`" in ran.out
    assert "2 attributes" not in ran.out


def test_findings_go_to_a_file_in_the_form_of_a_scanner(world: World) -> None:
    """`--format sarif -o FILE` writes the file beside the text on the screen; the exit code stays."""
    folder = world.write("cells")
    (folder / "train.jsonl").write_text("nonsense\n")
    ran = world.run("validate", "--format", "sarif", "-o", "found.sarif")
    assert (ran.code, "not valid JSON" in ran.out) == (3, True)
    results = json.loads((world.folder / "found.sarif").read_text())["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["invalid-json"]

    alone = world.run("validate", "--format", "github")
    assert (alone.code, alone.out.startswith("::error file="), alone.out.count("\n")) == (3, True, 1)


@pytest.mark.parametrize("folder", [".", "datasets", "datasets/cells"])
@pytest.mark.parametrize("view", ["sarif", "github", "gitlab", "junit"])
def test_a_forge_gets_files_from_the_root_of_the_repository(
    world: World, monkeypatch: pytest.MonkeyPatch, folder: str, view: str
) -> None:
    """Wherever the command runs, and however the folder is named to it."""
    git(world.folder, "init", "--quiet")
    datasets = world.write("cells", ["{"]).parent
    monkeypatch.chdir(world.folder / folder)
    for named in (str(datasets), os.path.relpath(datasets)):
        out = world.run("validate", "--datasets", named, "--format", view).out
        assert "datasets/cells/train.jsonl" in out
        assert not re.search(r"[/.]datasets/cells/train|file://", out)
