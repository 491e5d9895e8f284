"""A resource or a folder that was renamed takes its dataset along: the old name never deletes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.program.workspace import Workspace

# The quick run tries the policy under which a mistake loses most.
POLICIES = ["delete", *(pytest.param(policy, marks=pytest.mark.slow) for policy in ("refuse", "keep"))]
CATS = {"1.jpg": ["cat"], "2.jpg": ["cat"]}
PROGRAM = """
from reconciler import Dataset

for name, project, kind in {resources}:
    Dataset(name, project_arn=project, dataset_type=kind, manifest=f"{{name}}.yaml", policy={policy})
"""


def write_program(workspace: Workspace, policy: str, *resources: tuple[str, str, str]) -> None:
    """A program that declares datasets by itself: each a name, the project's ARN and the type."""
    text = PROGRAM.format(resources=list(resources), policy={"destroy": policy})
    (workspace.folder / "__main__.py").write_text(text)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_renamed_folder_keeps_its_dataset(workspace: Workspace, policy: str) -> None:
    """The new name takes the dataset over, the old one lets go of it and says so, whatever the policy."""
    workspace.create_project("pets")
    settings = {"project": "pets", "managed": False, "policy": {"destroy": policy}}
    workspace.declare("old", settings, train=CATS)
    workspace.up()
    before = workspace.projects()
    (workspace.folder / "datasets" / "old").rename(workspace.folder / "datasets" / "new")
    said = workspace.up().text
    assert workspace.projects() == before
    assert workspace.live("pets") == CATS
    assert set(workspace.resources()) == {"new-train"}
    assert (
        policy == "keep" or "old-train lets go of it, because the resource new-train of this program is for it" in said
    )
    workspace.preview("--expect-no-changes")
    workspace.drift()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_renamed_resource_of_any_program_keeps_its_dataset(workspace: Workspace, policy: str) -> None:
    """Without an alias too; no folder, no list of what the program declares."""
    project = workspace.create_project("pets")
    workspace.write("old.yaml", CATS)
    workspace.write("new.yaml", CATS)
    write_program(workspace, policy, ("old", project, "TRAIN"))
    workspace.up()
    before = workspace.projects()
    write_program(workspace, policy, ("new", project, "TRAIN"))
    workspace.up()
    assert workspace.projects() == before
    assert workspace.live("pets") == CATS
    assert set(workspace.resources()) == {"new"}
    workspace.preview("--expect-no-changes")
    workspace.drift()


def test_a_resource_that_moves_into_a_component_is_told_apart_from_itself(workspace: Workspace) -> None:
    """Both have one name: the message said that pets lets go of the dataset because pets is for it."""
    project = workspace.create_project("pets")
    workspace.write("pets.yaml", CATS)
    write_program(workspace, "refuse", ("pets", project, "TRAIN"))
    workspace.up()
    program = (workspace.folder / "__main__.py").read_text()
    moved = program.replace("policy=", "opts=pulumi.ResourceOptions(parent=box), policy=")
    box = "import pulumi\n\nbox = pulumi.ComponentResource('zoo:index:Box', 'box')\n"
    (workspace.folder / "__main__.py").write_text(f"{box}{moved}")
    said = workspace.up().text
    assert "pets (in no component) lets go of it, because the resource pets (in zoo:index:Box) of this program" in said
    assert workspace.live("pets") == CATS


def test_a_renamed_folder_that_keeps_its_name_in_the_state_changes_nothing(workspace: Workspace) -> None:
    """`resource` names the resources, that of a managed project too: the rename needs no update."""
    workspace.declare("old", {"project": "pets", "managed": True}, train=CATS)
    workspace.up()
    before = set(workspace.resources())
    workspace.forget("old")
    workspace.declare("new", {"project": "pets", "managed": True, "resource": "old"}, train=CATS)
    said = workspace.preview().text
    assert "create" not in said
    assert "delete" not in said
    workspace.up()
    assert set(workspace.resources()) == before == {"old", "old-train"}
    assert workspace.live("pets") == CATS


def test_a_destroy_of_the_old_name_knows_no_program(workspace: Workspace) -> None:
    """`destroy --target` runs no Check: there the policy decides, and a snapshot is written before a delete."""
    workspace.create_project("pets")
    settings, said = {"project": "pets", "managed": False}, ""
    for policy in ("refuse", "delete"):
        workspace.declare("old", settings | {"policy": {"destroy": policy}}, train=CATS)
        workspace.up()
        (workspace.folder / "datasets" / "old").rename(workspace.folder / "datasets" / "new")
        target = workspace.resources()["old-train"]["urn"]
        destroy = ("destroy", "--yes", "--skip-preview", "--non-interactive", "--target", target)
        said = workspace.run(*destroy, expected=1 if policy == "refuse" else 0).text
        if policy == "refuse":
            assert "the policy is `destroy: refuse`" in said
            assert workspace.live("pets") == CATS
            workspace.forget("new")
    assert "the dataset's entries are kept in" in said
    assert workspace.projects()["pets"] == {}
    workspace.up()
    assert workspace.live("pets") == CATS
