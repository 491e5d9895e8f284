"""One dataset, declared twice: nobody undoes the changes of somebody else without knowing it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.program.test_renames import CATS
from tests.program.workspace import Workspace

if TYPE_CHECKING:
    import pytest

EDITED = {"1.jpg": ["cat"], "2.jpg": ["cat"], "3.jpg": ["cat"]}


def command_line(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command `reconciler` in the folder of the program."""
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=workspace.folder,
        env=workspace.environment()
        | {"AWS_ENDPOINT_URL_REKOGNITION": workspace.emulator.url, "AWS_REGION": "us-east-1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_folders_for_one_dataset_are_refused_before_anything_is_sent(workspace: Workspace) -> None:
    """One has the project's name, the other its ARN: the program registers nothing, the command line sends nothing."""
    arn = workspace.create_project("pets")
    workspace.declare("pets", {"managed": False}, train=CATS)
    workspace.declare("other", {"projectArn": arn}, train=EDITED)
    said = "declare the same dataset, the TRAIN dataset of the project pets"
    assert said in workspace.up(expected=1).text
    assert workspace.resources() == {}
    done = command_line(workspace, "apply", "--yes")
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert workspace.projects()["pets"] == {}


def test_a_managed_project_and_its_arn_are_one_project(workspace: Workspace) -> None:
    """The project that a folder manages is known by its region and name."""
    workspace.declare("pets", {"managed": True}, train=CATS)
    workspace.up()
    arn = str(workspace.resources()["pets-train"]["inputs"]["projectArn"])
    workspace.declare("other", {"projectArn": arn}, train=EDITED)
    assert "declare the same dataset" in workspace.up(expected=1).text
    assert workspace.live("pets") == CATS


def test_the_command_line_and_pulumi_say_whose_apply_they_would_undo(workspace: Workspace) -> None:
    """Only where there is something to undo, and in both directions; of their own applies they say nothing."""
    workspace.create_project("pets")
    workspace.declare("pets", {"managed": False}, train=CATS)
    workspace.up()
    assert "the newest apply" not in command_line(workspace, "plan").stdout
    workspace.write("datasets/pets/train.yaml", EDITED)
    assert "the newest apply" not in workspace.preview().text
    assert "is of the stack dev of reconciler (" in command_line(workspace, "plan").stdout
    assert command_line(workspace, "apply", "--yes").returncode == 0
    workspace.write("datasets/pets/train.yaml", CATS | {"4.jpg": ["cat"]})
    said = workspace.preview().text
    assert "the newest apply to this dataset is of the command line (" in said
    assert "datasets/pets/train.yaml): this one undoes what differs from it" in said
    assert "the newest apply" not in command_line(workspace, "plan").stdout


def test_two_stacks_say_whose_apply_they_would_undo(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The records of both go to one place; a replacement does not take the other's dataset over."""
    audit = str(tmp_path_factory.mktemp("audit") / "records.jsonl")
    other = Workspace(tmp_path_factory.mktemp("other"), workspace.emulator)
    other.copy_program()
    settings = other.folder / "Pulumi.yaml"
    settings.write_text(settings.read_text().replace("name: reconciler", "name: vision"))
    for name in ("pets", "own"):
        workspace.create_project(name)
    for each in (workspace, other):
        each.configure({"reconciler:audit": audit})
    workspace.declare("pets", {"managed": False}, train=CATS)
    workspace.up()
    other.declare("pets", {"project": "pets", "managed": False}, train=EDITED)
    assert "is of the stack dev of reconciler (" in other.preview().text
    other.declare("pets", {"project": "own", "managed": False, "policy": {"destroy": "delete"}}, train=EDITED)
    other.up()
    other.declare("pets", {"project": "pets", "managed": False, "policy": {"destroy": "delete"}}, train=EDITED)
    said = other.up(expected=1).text
    assert "is of the stack dev of reconciler (" in said
    assert "Do it in two" in said
    assert workspace.live("pets") == CATS
    assert workspace.live("own") == EDITED
