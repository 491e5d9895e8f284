"""The Python programs of AWS's Custom Labels guide run against the emulator, unchanged."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import serve
from tests.emulator.clients import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator import Emulator
    from tests.emulator.conftest import Lines

SCRIPTS = Path(__file__).parents[1] / "data" / "aws-guide"


def run(emulator: Emulator, script: str, *arguments: str, fails: bool = False) -> str:
    """What a program prints; its error log too, because most programs catch their exceptions."""
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / f"{script}.py.txt"), *arguments],
        env=environment(emulator),
        capture_output=True,
        text=True,
        timeout=120,
        check=not fails,
    )
    assert ("ERROR" in done.stderr or done.returncode != 0) is fails, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def served(tmp_path: Path, lines: Lines) -> Iterator[Emulator]:
    """An emulator with a manifest in a bucket."""
    manifest = lines.payload(*(lines.image(f"{number}.jpg", f"l{number % 2}") for number in range(120)))
    (tmp_path / "train.manifest").write_bytes(manifest)
    with serve(buckets={"bucket": tmp_path}) as emulator:
        yield emulator


def test_the_guides_programs_run_unchanged(served: Emulator, tmp_path: Path, lines: Lines) -> None:
    """From an empty account over every page of the guide back to an empty account."""
    created = run(served, "create_project", "cells")
    project = re.search(r"arn:aws:rekognition:\S+project/cells/\d+", created)
    assert project
    run(served, "create_dataset_from_manifest", project[0], "train", "bucket", "train.manifest")
    found = served.service.call("DescribeProjects", {})["ProjectDescriptions"][0]["Datasets"]
    train = found[0]["DatasetArn"]
    assert served.service.call("DescribeDataset", {"DatasetArn": train})["DatasetDescription"]["DatasetStats"][
        "TotalEntries"
    ] == (120)
    updates = tmp_path / "updates.manifest"
    updates.write_bytes(lines.payload(lines.image("new.jpg", "l0"), lines.boxes("bad.jpg", ("l1", 0, 0, 1, 1))))
    assert "UPDATE_COMPLETE" in run(served, "update_dataset_entries", train, str(updates))
    listed = run(served, "list_dataset_entries", train, "false")
    assert len(re.findall(r'^\{"source-ref"', listed, re.MULTILINE)) == 122
    assert len(re.findall(r'^\{"source-ref"', run(served, "list_dataset_entries", train, "true"), re.MULTILINE)) == 1
    described = run(served, "describe_dataset", train)
    assert "UPDATE_COMPLETE" in described
    run(served, "create_dataset_from_dataset", project[0], "test", train)
    test = served.service.call("DescribeProjects", {})["ProjectDescriptions"][0]["Datasets"][1]["DatasetArn"]
    run(served, "delete_dataset", test)
    run(served, "create_empty_dataset", project[0], "test")
    empty = served.service.call("DescribeProjects", {})["ProjectDescriptions"][0]["Datasets"][1]["DatasetArn"]
    run(served, "distribute_dataset", train, empty)
    assert len(served.entries(empty)) == 24
    assert train in run(served, "describe_projects", "--project_name", "cells")
    for arn in (train, empty):
        run(served, "delete_dataset", arn)
    run(served, "delete_project", project[0])
    assert served.service.call("DescribeProjects", {})["ProjectDescriptions"] == []


def test_a_program_that_needs_a_model_is_refused_at_once(served: Emulator) -> None:
    """Operations on models are not emulated: the program ends with AWS's exception and the emulator's sentence."""
    served.client().create_project(ProjectName="cells")
    said = run(served, "find_tag", "team", "vision", fails=True)
    assert "(UnknownOperationException) when calling the DescribeProjectVersions operation" in said
    assert "DescribeProjectVersions is not a dataset operation: not emulated." in said
    assert [call.operation for call in served.calls].count("?") == 1
