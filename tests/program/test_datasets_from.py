"""`datasets_from`: everything is validated before anything is registered, and a fault is one clean message."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.program.workspace import Workspace
from tests.support.accounts import ROLE, client_of, entries_of

if TYPE_CHECKING:
    from pathlib import Path


def test_one_bad_manifest_stops_the_run_before_anything_is_sent(workspace: Workspace) -> None:
    """The complaints of all folders in one message, each at its place; no dataset of the run is touched."""
    workspace.create_project("good")
    workspace.declare("good", {"managed": False}, train={"1.jpg": ["cat"]})
    workspace.declare("bad", {"managed": True}, train={"1.jpg": [""]}, test={"2.jpg": ["dog"], "3.jpg": [""]})
    before = workspace.emulator.count_calls()
    text = workspace.up(expected=1).text
    assert "datasets/bad/train.yaml:3:" in text
    assert "datasets/bad/test.yaml:4:" in text
    assert workspace.emulator.count_calls() == before
    assert workspace.resources() == {}


def test_a_project_that_is_not_found_stops_the_run_before_anything_is_registered(workspace: Workspace) -> None:
    """All projects are looked for first; the sentence names the ways out."""
    workspace.create_project("a-good")
    workspace.declare("a-good", {"managed": False}, train={"1.jpg": ["cat"]})
    workspace.declare("missing", {"managed": False}, train={"1.jpg": ["cat"]})
    text = workspace.up(expected=1).text
    assert "there is no project missing in us-east-1; create it, set `managed: true`" in text
    assert workspace.resources() == {}
    assert workspace.projects()["a-good"] == {}


def test_a_project_that_is_looked_for_by_name_needs_a_region(workspace: Workspace) -> None:
    """Neither the stack nor the environment names one: the sentence says how to set it, and nothing is called."""
    workspace.declare("cells", {"managed": False}, train={"1.jpg": ["cat"]})
    workspace.configure({"aws:region": ""})
    text = workspace.preview(expected=1).text
    assert "the project cells has no ARN and no region is set to look for it: `pulumi config set aws:region`" in text
    assert workspace.emulator.count_calls() == 0


def test_projects_are_found_by_name_or_named_by_arn_and_no_aws_resource_is_registered(workspace: Workspace) -> None:
    """`managed: false` and `projectArn`; the folder is a setting; managed projects alone need pulumi-aws."""
    workspace.create_project("by-name")
    arn = workspace.create_project("by-arn")
    workspace.configure({"reconciler:datasets": "labels/vision"})
    workspace.declare("one", {"project": "by-name", "managed": False}, train={"1.jpg": ["cat"]})
    workspace.declare("two", {"projectArn": arn}, test={"2.jpg": ["dog"]})
    (workspace.folder / "labels").mkdir()
    (workspace.folder / "datasets").rename(workspace.folder / "labels" / "vision")
    workspace.up()
    assert workspace.live("by-name") == {"1.jpg": ["cat"]}
    assert workspace.live("by-arn", "TEST") == {"2.jpg": ["dog"]}
    assert not [name for name in workspace.types() if "aws" in name]
    stored = workspace.resources()["one-train"]
    assert stored["inputs"]["manifest"] == "labels/vision/one/train.yaml"
    assert stored["id"].endswith("#train")


def test_several_files_are_one_resource_that_is_up_to_date_while_no_entry_changes(workspace: Workspace) -> None:
    """A list and a folder: moving an entry from file to file changes nothing, and a new file's entries are sent."""
    workspace.create_project("cells")
    settings = {"managed": False, "train": ["a.yaml", "b.yaml"], "test": "test"}
    workspace.declare("cells", settings, a={"1.jpg": ["cat"], "2.jpg": ["dog"]}, b={"3.jpg": ["cat"]})
    workspace.write("datasets/cells/test/x.yaml", {"8.jpg": ["cat"]})
    workspace.up()
    assert workspace.live("cells") == {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["cat"]}
    manifests = [workspace.resources()[f"cells-{kind}"]["inputs"]["manifest"] for kind in ("train", "test")]
    assert manifests == ["datasets/cells/a.yaml", "datasets/cells/test"]
    workspace.declare("cells", settings, a={"1.jpg": ["cat"]}, b={"2.jpg": ["dog"], "3.jpg": ["cat"]})
    workspace.preview("--expect-no-changes")
    workspace.write("datasets/cells/b.yaml", {"2.jpg": ["dog"], "3.jpg": ["dog"]})
    workspace.write("datasets/cells/test/y.yaml", {"9.jpg": ["cat"]})
    workspace.up()
    assert workspace.live("cells")["3.jpg"] == ["dog"]
    assert workspace.live("cells", "TEST") == {"8.jpg": ["cat"], "9.jpg": ["cat"]}


def test_a_program_below_the_datasets_finds_them(workspace: Workspace) -> None:
    """The nearest folder `datasets` above the program; the manifest's path in the state is relative to the program."""
    workspace.create_project("cells")
    workspace.declare("cells", {"managed": False}, train={"1.jpg": ["cat"]})
    below = Workspace(workspace.folder / "infra", workspace.emulator)
    below.folder.mkdir()
    below.copy_program()
    below.configure()
    below.up()
    assert below.live("cells") == {"1.jpg": ["cat"]}
    assert below.resources()["cells-train"]["inputs"]["manifest"] == "../datasets/cells/train.yaml"


def test_projects_of_two_accounts_are_found_by_name_with_their_roles(workspace: Workspace) -> None:
    """A role in project.yaml: the look-up in the program is made with it, and so is everything after it."""
    theirs = client_of(workspace.emulator)
    arn = theirs.create_project(ProjectName="cells")["ProjectArn"]
    workspace.create_project("cells")
    workspace.declare("ours", {"project": "cells", "managed": False}, train={"1.jpg": ["cat"]})
    other = {"project": "cells", "managed": False, "assumeRole": ROLE}
    workspace.declare("theirs", other, train={"1.jpg": ["cat"], "2.jpg": ["dog"]})
    workspace.up()
    assert workspace.live("cells") == {"1.jpg": ["cat"]}
    assert entries_of(theirs, arn) == [2]
    assert workspace.resources()["theirs-train"]["outputs"]["assumeRole"] == ROLE


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"reconciler:datasets": "nowhere"}, "nowhere"),
        ({"reconciler:datasets": "/srv/datasets"}, "must be relative to the Pulumi program, not /srv/datasets"),
        ({"reconciler:endpointUrl": "http://127.0.0.1:1"}, "aws:endpoints does not name the same URL"),
        ({"reconciler:dataset": "labels"}, "there is no such setting (did you mean `reconciler:datasets`?)"),
        ({"aws:allowedAccountIds": ["444455556666"]}, "is in account 111122223333, which aws:allowedAccountIds"),
    ],
    ids=["folder", "absolute", "endpoint", "misspelt", "account"],
)
def test_a_wrong_setting_is_one_clean_message(workspace: Workspace, config: dict[str, object], said: str) -> None:
    """A RunError: the sentence, exit code 1, nothing registered."""
    arn = workspace.create_project("cells")
    workspace.declare("cells", {"projectArn": arn}, train={"1.jpg": ["cat"]})
    workspace.configure(config)
    text = workspace.preview(expected=1).text
    assert said in text
    assert json.dumps(workspace.resources()) == "{}"


@pytest.mark.parametrize(("error", "shown"), [("KeyboardInterrupt", False), ("ValueError", True)])
def test_an_interrupted_program_prints_no_traceback(tmp_path: Path, error: str, *, shown: bool) -> None:
    """The engine interrupts the program after a failed step: nothing for the stack's row. Defects stay visible."""
    program = f"""
import pulumi
from reconciler import datasets_from
try:
    datasets_from("nowhere")
except pulumi.RunError:
    raise {error} from None
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert ("Traceback" in done.stderr) is shown
