"""Every real manifest goes through the whole job, or is refused with a message that a person can act on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

WHOLE_JOB = (
    "aws-greengrass-boxes/blue.manifest",
    "aws-greengrass-boxes/yellow.manifest",
    "aws-rekognition-workshops/output.manifest",
    "aws-rekognition-workshops/output_before.manifest",
    "aws-sagemaker-yolov5-bees/sample_output.manifest",
    "aws-textract-transformer/augmentation-1.manifest",
    "jufeng-ids721/output.manifest",
    "linuxus-ground-truth/train_v1.manifest",
    "linuxus-ground-truth/validation_v1.manifest",
    "zeeshan3945-cigars/output.manifest",
)
REFUSED = {
    # A renamed bucket with a character that no bucket may have.
    "linuxus-ground-truth/train_v2.manifest": ("train.manifest:1:16", "lab#-rawdata", "bucket"),
    # A template whose placeholders nobody filled in.
    "aws-mammography/output.manifest": ("train.manifest:1:15", "<<region>>", "bucket"),
    "aws-groundtruth-3d/point-cloud.manifest": ("train.manifest:1:15", "$BUCKET", "bucket"),
}


def test_every_real_manifest_is_tried(data: Path) -> None:
    """No manifest of the collection is left out."""
    there = {path.relative_to(data / "manifests").as_posix() for path in (data / "manifests").glob("*/*.manifest")}
    assert there == {*WHOLE_JOB, *REFUSED}


@pytest.mark.parametrize("name", WHOLE_JOB)
def test_a_real_manifest_goes_through_the_whole_job(name: str, data: Path, world: World, account: Account) -> None:
    """It passes validate, plan and apply, and then a plan has no changes."""
    account.create("real")
    shutil.copy(data / "manifests" / name, world.write("real") / "train.manifest")

    assert world.run("validate").code == 0
    planned = world.run("plan", "--json", "--exit-code")
    applied = world.run("apply", "--yes", "--json")
    again = world.run("plan", "--json", "--exit-code")

    lines = sum(1 for line in (data / "manifests" / name).read_text().splitlines() if line.strip())
    assert (planned.code, planned.datasets[0]["add"]) == (2, lines)
    assert applied.code == 0, applied.out
    assert len(account.keys("real")) == lines
    assert (again.code, account.updates) == (0, 1)


@pytest.mark.parametrize(("name", "expected"), REFUSED.items())
def test_a_manifest_that_cannot_go_is_refused_with_its_place_and_cure(
    name: str, expected: tuple[str, ...], data: Path, world: World, account: Account
) -> None:
    """The message names file, line, column and what is wrong, and nothing is called."""
    account.create("real")
    shutil.copy(data / "manifests" / name, world.write("real") / "train.manifest")
    before = len(account.emulator.calls)

    ran = world.run("apply", "--yes")

    assert ran.code == 3
    assert all(text in ran.out for text in expected), ran.out
    assert "nothing was sent" in ran.err
    assert len(account.emulator.calls) == before
