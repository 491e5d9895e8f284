"""What happens to datasets that leave the program, to projects that are renamed, and to a state that moves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.program.workspace import DRIFT, Workspace
from tests.support.lines import labelled

if TYPE_CHECKING:
    from rekognition_emulator import Emulator

KEY = "s3://acme-vision/images/"


def existing(workspace: Workspace, *names: str, destroy: str = "refuse") -> None:
    """Projects that somebody else made, each with a folder that declares a TRAIN dataset."""
    for name in names:
        workspace.create_project(name)
        settings = {"managed": False, "policy": {"destroy": destroy}}
        workspace.declare(name, settings, train={"1.jpg": ["cat"]})


def test_a_folder_that_left_is_deleted_refused_or_kept_as_its_last_up_said(workspace: Workspace) -> None:
    """Nothing but the state knows of it any more; a refusal names the ways out and keeps it in the state."""
    for policy in ("refuse", "delete", "keep"):
        existing(workspace, policy, destroy=policy)
    workspace.up()
    for policy in ("refuse", "delete", "keep"):
        workspace.forget(policy)
    existing(workspace, "stays")
    text = workspace.up(expected=1).text
    assert "has 1 entries and the policy is `destroy: refuse`" in text
    assert "put its folder back" in text
    assert set(workspace.resources()) >= {"refuse-train", "stays-train"}
    assert workspace.live("refuse") == {"1.jpg": ["cat"]}
    assert workspace.live("keep") == {"1.jpg": ["cat"]}
    workspace.declare("refuse", {"managed": False, "policy": {"destroy": "delete"}}, train={"1.jpg": ["cat"]})
    workspace.up()
    workspace.forget("refuse")
    workspace.up()
    assert set(workspace.resources()) == {"stays-train"}
    assert workspace.projects()["refuse"] == {}
    assert workspace.projects()["delete"] == {}
    assert workspace.live("keep") == {"1.jpg": ["cat"]}


def test_a_renamed_managed_project_takes_its_datasets_along_or_nothing_happens(workspace: Workspace) -> None:
    """The project is replaced delete-first: a dataset that refuses leaves everything as it was."""
    workspace.declare("cells", {"managed": True}, train={"1.jpg": ["cat"]})
    workspace.up()
    before = workspace.projects()
    workspace.declare("cells", {"managed": True, "project": "cells-2"})
    assert "`pulumi up` will be refused: the dataset has 1 entries" in workspace.preview().text
    assert "put its folder back" in workspace.up(expected=1).text
    assert workspace.projects() == before
    workspace.declare("cells", {"managed": True, "policy": {"destroy": "delete"}})
    workspace.up()
    workspace.declare("cells", {"managed": True, "project": "cells-2", "policy": {"destroy": "delete"}})
    workspace.up()
    assert set(workspace.projects()) == {"cells-2"}
    assert workspace.live("cells-2") == {"1.jpg": ["cat"]}
    workspace.preview("--expect-no-changes")


def test_an_exported_state_is_taken_over(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The deployment that `export` prints is a state: in a different checkout the next preview is empty."""
    existing(workspace, "cells")
    workspace.up()
    exported = workspace.run("export").out
    elsewhere = Workspace(tmp_path_factory.mktemp("elsewhere"), workspace.emulator)
    shutil.copytree(
        workspace.folder, elsewhere.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".localengine")
    )
    state = elsewhere.folder / ".localengine" / "dev.json"
    state.parent.mkdir()
    state.write_text(exported)
    elsewhere.preview("--expect-no-changes")
    elsewhere.drift()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("appeared", DRIFT),
        ("uploaded", 0),
        *(pytest.param(what, DRIFT, marks=pytest.mark.slow) for what in ("marked", "gone", "replaced")),
    ],
)
def test_the_drift_run_exits_7_without_any_manifest(workspace: Workspace, what: str, code: int) -> None:
    """A scheduled job needs the state and the provider; an image that was uploaded without labels does not count."""
    existing(workspace, "cells")
    workspace.up()
    workspace.forget("cells")
    strike(workspace.emulator, workspace.projects()["cells"]["TRAIN"], what)
    workspace.drift(expected=code)


def test_the_command_judges_drift_as_the_drift_run_does(workspace: Workspace) -> None:
    """`reconciler drift` finds what `pulumi up` read back in its record: it agrees with the refresh after each edit."""
    existing(workspace, "cells")
    workspace.up()
    for what, drifted in ((None, False), ("uploaded", False), ("appeared", True)):
        if what:
            strike(workspace.emulator, workspace.projects()["cells"]["TRAIN"], what)
        workspace.drift(expected=DRIFT if drifted else 0)
        command = [sys.executable, "-m", "reconciler", "drift", "--region", "us-east-1"]
        done = subprocess.run(
            [*command, "--endpoint-url", workspace.emulator.url],
            cwd=workspace.folder,
            env=workspace.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == (2 if drifted else 0), done.stdout + done.stderr
        assert "since the apply of 20" in done.stdout


def strike(emulator: Emulator, arn: str, what: str) -> None:
    """What somebody does behind our back."""
    store = emulator.service.context.store
    if what == "marked":
        entry = store.entry(arn, f"{KEY}1.jpg")
        assert entry is not None
        errors = [{"code": "ERROR_INVALID_BOUNDING_BOX", "message": "off frame"}]
        marked = json.dumps(json.dumps(json.loads(entry.line) | {"cl-errors": errors})).encode()
        store.put_entries(arn, [entry._replace(listed=marked, errors=True)])
        dataset = store.dataset(arn)
        assert dataset is not None
        dataset.tally.errors += 1
    elif what == "gone":
        emulator.remove_entries(arn, [f"{KEY}1.jpg"])
    elif what == "appeared":
        emulator.edit_entries(arn, [json.dumps(labelled(f"{KEY}9.jpg", "bird"))])
    elif what == "uploaded":
        emulator.edit_entries(arn, [json.dumps({"source-ref": f"{KEY}9.jpg"})])
    else:
        project = arn.split("/dataset/", maxsplit=1)[0]
        client = emulator.client()
        client.delete_dataset(DatasetArn=arn)
        found = next(one for one in client.describe_projects()["ProjectDescriptions"] if project in one["ProjectArn"])
        client.create_dataset(ProjectArn=found["ProjectArn"], DatasetType="TRAIN")


def test_a_failed_up_prints_sentences_and_the_next_one_goes_on(workspace: Workspace) -> None:
    """Lines at their place, no traceback anywhere, unfinished is drift, the other dataset is done."""
    existing(workspace, "bad", "good")
    bad = workspace.folder / "datasets" / "bad" / "train.yaml"
    bad.write_text(bad.read_text() + '  - {"image": "2.jpg", "labels": ["dog"]}\n')
    fault = "fault: fail, message: The manifest file has too many rows., code: CLIENT_ERROR, times: 1"
    workspace.emulator.load_faults(f"[{{{fault}, operation: UpdateDatasetEntries}}]")
    text = workspace.up(expected=1).text
    assert re.search(r"batch 1 of 1 .* datasets/(bad|good)/train.yaml:3.* failed: The manifest file has too many", text)
    workspace.emulator.load_faults("")
    failed = [one for one in workspace.resources().values() if one.get("initErrors")]
    assert len(failed) == 1
    workspace.drift(expected=DRIFT)
    assert "the last apply did not finish" in workspace.preview().text
    workspace.up()
    assert workspace.live("bad") == {"1.jpg": ["cat"], "2.jpg": ["dog"]}
    assert workspace.live("good") == {"1.jpg": ["cat"]}
    workspace.drift()


def test_secrets_of_the_stack_are_nowhere_in_clear_text(workspace: Workspace) -> None:
    """Not in the state, not in what any command prints, and they work."""
    secrets = {
        "aws:accessKey": "AKIASTACKSTACKSTACK0",
        "aws:secretKey": "secret/key/of/the/stack/0123456789",
        "aws:token": "token-of-the-stack-0123456789",
    }
    workspace.configure(secrets=secrets)
    existing(workspace, "cells")
    workspace.preview("--diff")
    workspace.up()
    workspace.drift()
    printed = [*workspace.printed, workspace.state_text]
    for value in list(secrets.values())[1:]:
        assert all(value not in text for text in printed)


def test_an_up_with_a_refresh_heals_what_is_gone(workspace: Workspace) -> None:
    """The refresh takes the dataset out of the state, the `pulumi up` creates it."""
    existing(workspace, "cells")
    workspace.up()
    workspace.emulator.client().delete_dataset(DatasetArn=workspace.projects()["cells"]["TRAIN"])
    workspace.run("up", "--yes", "--skip-preview", "--non-interactive", "--refresh")
    assert workspace.live("cells") == {"1.jpg": ["cat"]}
    assert Path(workspace.folder / ".localengine").is_dir()
