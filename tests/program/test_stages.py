"""Stages under Pulumi: the stack's name chooses one, and the stack's configuration goes before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.accounts import OTHER, ROLE, client_of, entries_of

if TYPE_CHECKING:
    from tests.program.workspace import Workspace

IMAGES = {"s3://acme-vision/": "s3://acme-dev/"}


def stages(workspace: Workspace, **declared: object) -> None:
    """Write stages.yaml."""
    (workspace.folder / "datasets" / "stages.yaml").write_text(json.dumps(declared))


def test_the_name_of_the_stack_chooses_the_stage(workspace: Workspace) -> None:
    """The account, the role and the images of the stage `dev`, for the look-up by name and all that follows."""
    theirs = client_of(workspace.emulator)
    arn = theirs.create_project(ProjectName="cells")["ProjectArn"]
    workspace.declare("cells", {"managed": False, "account": "999988887777"}, train={"1.jpg": ["cat"]})
    stages(workspace, dev={"account": OTHER, "assumeRole": ROLE, "images": IMAGES}, prod={})
    preview = workspace.preview("--diff").text
    assert "stage dev: s3://acme-vision/ -> s3://acme-dev/" in preview
    workspace.up()
    assert entries_of(theirs, arn) == [1]
    stored = workspace.resources()["cells-train"]["outputs"]
    assert (stored["assumeRole"], stored["stage"]) == (ROLE, {"name": "dev", "images": IMAGES})
    workspace.preview("--expect-no-changes")


def test_a_stack_that_the_file_lacks_is_an_error_that_lists_the_names(workspace: Workspace) -> None:
    """Before anything is registered or called."""
    workspace.declare("cells", {"managed": False}, train={"1.jpg": ["cat"]})
    stages(workspace, prod={}, staging={})
    text = workspace.preview(expected=1).text
    assert "datasets/stages.yaml has no stage dev (the name of the Pulumi stack); it has: prod, staging" in text
    assert workspace.emulator.count_calls() == 0


def test_the_configuration_of_the_stack_goes_before_the_stage(workspace: Workspace) -> None:
    """Roles, Region and places of the configuration are used; a managed project needs them there."""
    workspace.create_project("cells")
    workspace.declare("cells", {"managed": False}, train={"1.jpg": ["cat"]})
    role = "arn:aws:iam::111122223333:role/mine"
    stages(workspace, dev={"region": "eu-west-1", "assumeRole": ROLE, "audit": "stage.jsonl"})
    workspace.configure({"aws:assumeRoles": [{"roleArn": role}], "reconciler:audit": "mine.jsonl"})
    workspace.up()
    assert workspace.live("cells") == {"1.jpg": ["cat"]}
    assert "assumeRole" not in workspace.resources()["cells-train"]["outputs"]
    assert ((workspace.folder / "mine.jsonl").exists(), (workspace.folder / "stage.jsonl").exists()) == (True, False)
    workspace.configure()
    workspace.declare("cells", {"managed": True})
    text = workspace.preview(expected=1).text
    assert "is managed by this program, and pulumi-aws creates it with the stack's configuration" in text
    assert "set aws:assumeRoles for this stack, or `managed: false`" in text
