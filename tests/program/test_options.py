"""A `Dataset` takes what any resource of Pulumi takes: Outputs as inputs, and the options of resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.program.workspace import Workspace

PROGRAM = """
import json
from pathlib import Path

import pulumi

from reconciler import Dataset

spec = json.loads(Path("spec.json").read_text())
known = pulumi.Output.from_input
box = pulumi.ComponentResource("zoo:index:Box", "box")
train = Dataset(
    "pets-train",
    project_arn=known(spec["project"]),
    dataset_type=known("TRAIN"),
    manifest=known("train.yaml"),
    labels=known(["cat", "dog"]),
    policy=known(spec["policy"]),
    opts=pulumi.ResourceOptions(parent=box, protect=True, ignore_changes=["policy"]),
)
exam = Dataset(
    spec["name"],
    project_arn=known(spec["project"]),
    dataset_type="TEST",
    manifest=known("test.yaml"),
    labels=("cat", known("dog")),
    sibling=known("train.yaml"),
    policy={"destroy": known("delete")},
    opts=pulumi.ResourceOptions(depends_on=[train], aliases=[pulumi.Alias(name="pets-test")]),
)
pulumi.export("trained", train.live.apply(lambda live: live and live["entries"]))
"""


def test_outputs_as_inputs_and_the_options_of_resources(workspace: Workspace) -> None:
    """Parent and dependency are stored; what is ignored or has an alias changes nothing; protect keeps the dataset."""
    spec = {"project": workspace.create_project("pets"), "policy": {"destroy": "delete"}, "name": "pets-test"}
    (workspace.folder / "__main__.py").write_text(PROGRAM)
    (workspace.folder / "spec.json").write_text(json.dumps(spec))
    workspace.write("train.yaml", {"1.jpg": ["cat"], "2.jpg": ["dog"]})
    workspace.write("test.yaml", {"3.jpg": ["cat"]})
    workspace.up()
    stored = workspace.resources()
    assert stored["pets-train"]["parent"] == stored["box"]["urn"]
    assert stored["pets-train"]["urn"] in stored["pets-test"]["dependencies"]
    assert stored["pets-train"]["inputs"]["labels"] == stored["pets-test"]["inputs"]["labels"] == ["cat", "dog"]
    spec |= {"policy": {"destroy": "keep", "extra": "fail"}, "name": "pets-exam"}
    (workspace.folder / "spec.json").write_text(json.dumps(spec))
    workspace.preview("--expect-no-changes")
    assert "is protected" in workspace.destroy(expected=1).text
    assert workspace.live("pets") == {"1.jpg": ["cat"], "2.jpg": ["dog"]}
