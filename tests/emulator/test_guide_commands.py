"""The commands and Java programs of AWS's Custom Labels guide run against the emulator, unchanged.

Only the placeholders of the commands are filled in. The AWS CLI of version 1, which does not know the option
`--cli-binary-format`, goes without it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import serve
from tests.emulator.clients import AWS, JARS, NO_AWS, NO_JAVA, environment, has_java_sdk, is_version_2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator import Emulator
    from tests.emulator.conftest import Lines

GUIDE = Path(__file__).parents[1] / "data" / "aws-guide"


@pytest.fixture
def served(tmp_path: Path, lines: Lines) -> Iterator[Emulator]:
    """An emulator with a manifest in a bucket."""
    manifest = lines.payload(*(lines.image(f"{number}.jpg", f"l{number % 2}") for number in range(120)))
    (tmp_path / "train.manifest").write_bytes(manifest)
    with serve(buckets={"bucket": tmp_path}) as emulator:
        yield emulator


def datasets(emulator: Emulator) -> dict[str, str]:
    """The dataset ARNs of the only project."""
    found = emulator.service.call("DescribeProjects", {})["ProjectDescriptions"][0]["Datasets"]
    return {each["DatasetType"]: each["DatasetArn"] for each in found}


class Shell:
    """Runs the guide's commands."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.environment = environment(emulator)
        self.folder = folder
        (folder / "aws").symlink_to(str(shutil.which(str(AWS))))

    def run(self, command: str, placeholders: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - any JSON
        """What a command of the guide answers."""
        text = (GUIDE / "cli" / f"{command}.txt").read_text()
        if not is_version_2():
            text = text.replace(" --cli-binary-format raw-in-base64-out", "")
        for name, value in (placeholders or {}).items():
            text, count = re.subn(rf"(?<![\w-]){re.escape(name)}(?![\w-])", value, text)
            assert count == 1
        done = subprocess.run(
            ["/bin/sh", "-c", text],
            env=self.environment | {"PATH": f"{self.folder}:{os.environ['PATH']}", "AWS_PAGER": ""},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")


@pytest.mark.skipif(not AWS, reason=NO_AWS)
def test_the_guides_commands_run_unchanged(served: Emulator, tmp_path: Path) -> None:
    """A project and its datasets from the first command to the last, with what each prints."""
    guide = Shell(served, tmp_path)
    project = {"project_arn": guide.run("create-project")["ProjectArn"]}
    manifest = project | {"type": "TRAIN", "manifest_file": "train.manifest"}
    train = guide.run("create-dataset-manifest", manifest)["DatasetArn"]
    copy = project | {"dataset_type": "TEST", "dataset_arn": train}
    guide.run("delete-dataset", {"dataset-arn": guide.run("create-dataset-existing", copy)["DatasetArn"]})
    test = guide.run("create-dataset-empty", project | {"dataset_type": "TEST"})["DatasetArn"]
    guide.run("update-dataset-entries", {"dataset_arn": train, "your_bucket": "bucket", "your_image": "new.jpg"})
    described = guide.run("describe-dataset", {"dataset_arn": train})["DatasetDescription"]
    assert described["Status"] == "UPDATE_COMPLETE"
    assert described["DatasetStats"] == {
        "ErrorEntries": 0,
        "LabeledEntries": 121,
        "TotalEntries": 121,
        "TotalLabels": 6,
    }
    assert len(guide.run("list-dataset-entries", {"dataset_arn": train})["DatasetEntries"]) == 121
    assert guide.run("list-dataset-entries-errors", {"dataset_arn": train}) == {"DatasetEntries": []}
    guide.run("distribute-dataset-entries", {"training_dataset_arn": train, "test_dataset_arn": test})
    shown = guide.run("describe-projects", {"project_name": "my_project"})["ProjectDescriptions"]
    assert [each["DatasetArn"] for each in shown[0]["Datasets"]] == [train, test]
    guide.run("tag-resource", {"resource-arn": train})
    assert guide.run("list-tags-for-resource", {"resource-arn": train}) == {
        "Tags": {"key1": "value1", "key2": "value2"}
    }
    guide.run("untag-resource", {"resource-arn": train})
    assert guide.run("list-tags-for-resource", {"resource-arn": train}) == {"Tags": {}}
    for arn in (train, test):
        guide.run("delete-dataset", {"dataset-arn": arn})
    assert guide.run("delete-project", project) == {"Status": "DELETING"}
    assert served.service.call("DescribeProjects", {}) == {"ProjectDescriptions": []}


class Java:
    """Compiles and runs the guide's Java programs."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.environment = environment(emulator)
        self.path = f"{folder / 'classes'}{os.pathsep}{JARS}/*"
        sources = [
            shutil.copy(source, folder / source.name.removesuffix(".txt"))
            for source in sorted((GUIDE / "java").glob("*.java.txt"))
        ]
        self._done("javac", "-nowarn", "-d", str(folder / "classes"), "-cp", self.path, *map(str, sources))

    def run(self, program: str, *arguments: str, code: int = 0) -> str:
        """What a program prints and logs."""
        return self._done("java", "-cp", self.path, program, *arguments, code=code)

    def _done(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.mark.skipif(not has_java_sdk(), reason=NO_JAVA)
def test_the_guides_java_programs_run_unchanged(served: Emulator, tmp_path: Path, lines: Lines) -> None:
    """From an empty account over the pages of the guide back to an empty account.

    DistributeDatasetEntries reports a failure after every success: it waits for UPDATE_COMPLETE and then asks for
    CREATE_COMPLETE.
    """
    updates = tmp_path / "updates.jsonl"
    updates.write_bytes(lines.payload(lines.image("new.jpg", "l0"), lines.boxes("bad.jpg", ("l1", 0, 0, 1, 1))))
    guide = Java(served, tmp_path)
    project = guide.run("CreateProject", "cells").partition("ARN: ")[2].split()[0]
    guide.run("CreateDatasetManifestFiles", project, "train", "bucket", "train.manifest")
    train = datasets(served)["TRAIN"]
    guide.run("CreateDatasetExisting", project, "test", train)
    assert "Dataset deleted" in guide.run("DeleteDataset", datasets(served)["TEST"])
    guide.run("CreateEmptyDataset", project, "test")
    test = datasets(served)["TEST"]
    guide.run("UpdateDatasetEntries", train, str(updates))
    assert guide.run("ListDatasetEntries", train, "false").count('{"source-ref"') == 122
    assert guide.run("ListDatasetEntries", train, "true").count('{"source-ref"') == 1
    assert "Total entries: 122" in guide.run("DescribeDataset", train)
    guide.run("DistributeDatasetEntries", train, test, code=1)
    assert len(served.entries(test)) == 24
    assert test in guide.run("DescribeProjects")
    for arn in (train, test):
        guide.run("DeleteDataset", arn)
    assert "Project deleted" in guide.run("DeleteProject", project)
    assert served.service.call("DescribeProjects", {}) == {"ProjectDescriptions": []}
