"""The main job: preview, up, an empty preview, an edit in the console, a drift run, the up after it, destroy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.program.workspace import DRIFT

if TYPE_CHECKING:
    from tests.program.workspace import Workspace

KEY = "s3://acme-vision/images/"


def test_the_main_job_with_a_managed_project(workspace: Workspace) -> None:
    """Nothing exists, and in the end nothing exists again; in between live is what git says."""
    heals = {"managed": True, "policy": {"theirs": "overwrite"}}
    workspace.declare("cells", heals, train={"1.jpg": ["cat"], "2.jpg": ["dog"]}, test={"3.jpg": ["cat"]})

    shown = workspace.preview("--diff").text
    assert f"+ {KEY}1.jpg  cat" in shown
    assert "the dataset will be created; 2 to add" in shown
    assert workspace.projects() == {}

    workspace.up()
    assert workspace.live("cells") == {"1.jpg": ["cat"], "2.jpg": ["dog"]}
    assert workspace.live("cells", "TEST") == {"3.jpg": ["cat"]}
    assert set(workspace.resources()) == {"cells", "cells-train", "cells-test"}
    assert "pendingChanges" not in workspace.state_text
    assert "previewPlan" not in workspace.state_text
    assert KEY not in workspace.state_text
    workspace.preview("--expect-no-changes")

    arn = workspace.projects()["cells"]["TRAIN"]
    workspace.emulator.edit_entries(arn, [json.dumps({"source-ref": f"{KEY}1.jpg"})])
    drifted = workspace.drift(expected=DRIFT).text
    assert "live is no longer what the last apply read back" in drifted
    assert f"~ {KEY}1.jpg  unlabelled -> cat" in drifted
    assert f"~ {KEY}1.jpg  unlabelled -> cat" in workspace.preview("--expect-no-changes", expected=DRIFT).text

    sent = workspace.emulator.count_calls("UpdateDatasetEntries")
    assert "1 updated in 1 batch" in workspace.up().text
    assert workspace.emulator.count_calls("UpdateDatasetEntries") == sent + 1
    workspace.drift()

    refused = workspace.destroy(expected=1).text
    assert "put its folder back" in refused
    assert "`pulumi state delete`" in refused
    assert workspace.live("cells") == {"1.jpg": ["cat"], "2.jpg": ["dog"]}

    workspace.declare("cells", {"managed": True, "policy": {"destroy": "delete"}})
    assert "nothing was sent" in workspace.up().text
    workspace.destroy()
    assert workspace.projects() == {}
    assert workspace.resources() == {}


def test_what_a_pull_request_shows_is_in_the_json_of_a_preview(workspace: Workspace) -> None:
    """`pulumi preview --json` carries the plan for a comment of one's own making."""
    workspace.create_project("cells")
    workspace.declare("cells", {"managed": False}, train={"1.jpg": ["cat"]})
    workspace.up()
    workspace.write("datasets/cells/train.yaml", {"1.jpg": ["dog"], "2.jpg": ["cat"]})
    steps = json.loads(workspace.preview("--json").out)["steps"]
    [shown] = [one["newState"]["inputs"]["pendingChanges"] for one in steps if "rekognition:Dataset" in one["urn"]]
    assert shown["summary"].startswith("1 to add, 1 to update")
    assert shown["entries"] == [f"~ {KEY}1.jpg  cat -> dog", f"+ {KEY}2.jpg  cat"]
