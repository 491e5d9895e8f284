"""Anyone's Pulumi program: `from reconciler import Dataset`, installed from a wheel into an empty environment."""

from __future__ import annotations

import sysconfig
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.program.workspace import DRIFT, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rekognition_emulator import Emulator

PULUMI = """
name: somebody-elses
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
"""
PROGRAM = """
import pulumi
import reconciler
from reconciler import Dataset

assert "site-packages" in reconciler.__file__, reconciler.__file__
arn = pulumi.Config().require("project")
good = Dataset("good", project_arn=pulumi.Output.from_input(arn), dataset_type="TRAIN", manifest="manifests/train.yaml")
bad = Dataset("bad", project_arn=arn, dataset_type="TEST", manifest="manifests/test.yaml", policy={"extra": "unlabel"})
pulumi.export("arn", good.dataset_arn)
pulumi.export("entries", good.live["entries"])
"""


@pytest.fixture(scope="module")
def installed(installed_wheel: Callable[[], tuple[Path, Path]]) -> Path:
    """The interpreter of an environment that has the wheel, and beside it only what this one has installed."""
    python, packages = installed_wheel()
    # A path is added and its own .pth files are not read, so that this checkout is not importable there.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheel_holds_the_product_and_the_emulator_alone(wheel: Path) -> None:
    """The local engine is for this repository's demo and tests: it is neither in the wheel nor in its extras."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"reconciler", "rekognition_emulator"}
    assert "localengine" not in metadata.split("\n\n")[0]


def test_a_foreign_program_declares_datasets_by_itself(installed: Path, emulator: Emulator, tmp_path: Path) -> None:
    """Preview, up, outputs and drift; a bad manifest fails in check and stops its own dataset only."""
    workspace = Workspace(tmp_path, emulator, python=str(installed))
    (tmp_path / "Pulumi.yaml").write_text(PULUMI)
    (tmp_path / "__main__.py").write_text(PROGRAM)
    workspace.point_at_interpreter()
    workspace.configure({"somebody-elses:project": workspace.create_project("theirs")})
    workspace.write("manifests/train.yaml", {"1.jpg": ["cat"]})
    workspace.write("manifests/test.yaml", {"1.jpg": [""], "2.jpg": [""]})
    text = workspace.up(expected=1).text
    assert "manifests/test.yaml:3:" in text
    assert "manifests/test.yaml:4:" in text
    assert "Traceback" not in text
    assert "TEST" not in workspace.projects()["theirs"]
    workspace.write("manifests/test.yaml", {"3.jpg": ["dog"]})  # an image of the training set would be leakage
    out = workspace.up().out
    assert workspace.projects()["theirs"]["TRAIN"] in out
    assert workspace.live("theirs") == {"1.jpg": ["cat"]}
    assert workspace.live("theirs", "TEST") == {"3.jpg": ["dog"]}
    workspace.preview("--expect-no-changes")
    emulator.remove_entries(workspace.projects()["theirs"]["TRAIN"], ["s3://acme-vision/images/1.jpg"])
    workspace.drift(expected=DRIFT)


def test_a_policy_or_labels_of_the_wrong_kind_are_sentences_of_check(emulator: Emulator, tmp_path: Path) -> None:
    """No traceback of the resource class for what a program got wrong."""
    workspace = Workspace(tmp_path, emulator)
    (tmp_path / "Pulumi.yaml").write_text(PULUMI)
    workspace.point_at_interpreter()
    workspace.configure()
    workspace.write("train.yaml", {"1.jpg": ["cat"]})
    arn = workspace.create_project("theirs")
    for wrong, said in (
        ("policy='fail'", "policy must be a mapping, not 'fail'"),
        ("labels='cat'", "labels must be a list of label names, not 'cat'"),
    ):
        (tmp_path / "__main__.py").write_text(
            "from reconciler import Dataset\n"
            f"Dataset('x', project_arn={arn!r}, dataset_type='TRAIN', manifest='train.yaml', {wrong})\n"
        )
        text = workspace.run("preview", expected=1).text
        assert said in text
        assert "Traceback" not in text
