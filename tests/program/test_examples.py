"""The scripts of `examples/`: the wheel in an environment of its own, the local engine in place of Pulumi."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

from tests.cli.repository import git
from tests.program.workspace import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rekognition_emulator import Emulator

MANIFEST = REPOSITORY / "tests" / "data" / "manifests" / "aws-rekognition-workshops" / "output.manifest"
# What a colleague does in the console: a box gets a different place, and an image loses its labels.
EDIT = """
import json, sys
import boto3

client = boto3.client("rekognition")
[project] = client.describe_projects()["ProjectDescriptions"]
arn = project["Datasets"][0]["DatasetArn"]
lines = [json.loads(line) for line in client.list_dataset_entries(DatasetArn=arn)["DatasetEntries"]]
moved, bare = (next(line for line in lines if line["source-ref"] == key) for key in sys.argv[1:])
box = next(value["annotations"][0] for value in moved.values() if isinstance(value, dict) and "annotations" in value)
box["left"] += 12
body = "\\n".join(map(json.dumps, [moved, {"source-ref": bare["source-ref"]}]))
client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": body.encode()})
"""


def installed(installed_wheel: Callable[[], tuple[Path, Path]]) -> Path:
    """An environment that has the wheel, and beside it only what this one has installed."""
    python, packages = installed_wheel()
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent.parent


def test_the_first_day_keeps_everybodys_work(
    installed_wheel: Callable[[], tuple[Path, Path]], emulator: Emulator, tmp_path: Path
) -> None:
    """From an empty folder into git; an edit in the console is told, not overwritten, and pulled into git."""
    lines = MANIFEST.read_text().splitlines()
    project = emulator.service.call("CreateProject", {"ProjectName": "workshop"})["ProjectArn"]
    arn = emulator.service.call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"]
    emulator.edit_entries(arn, lines)
    edited = [json.loads(lines[number])["source-ref"] for number in (0, 7)]
    (tmp_path / "edit.py").write_text(EDIT)
    folder = tmp_path / "empty"
    folder.mkdir()
    done = subprocess.run(
        ["/bin/sh", str(REPOSITORY / "examples" / "first-day.sh"), "workshop"],
        cwd=folder,
        env={
            **os.environ,
            **emulator.environment,
            "HOME": str(tmp_path),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "VENV": str(installed(installed_wheel)),
            "PULUMI": f"{sys.executable} -m localengine",
            "EDIT": f"{sys.executable} {tmp_path / 'edit.py'} {' '.join(edited)}",
            "EDITED": " ".join(edited),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "datasets" not in git(folder, "status", "--short")
    labelled = {entry.key: entry.labeled for entry in emulator.entries(arn)}
    assert [key for key, is_labelled in labelled.items() if not is_labelled] == [edited[1]]
