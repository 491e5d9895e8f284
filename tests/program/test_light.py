"""The base package: the whole command line without Pulumi, small, and a sentence for every extra that is missing."""

from __future__ import annotations

import os
import subprocess
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.program.workspace import REPOSITORY, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator import Emulator

NAME = "rekognition-labels-as-code"
MOST_MEGABYTES = 100


@pytest.fixture(scope="module")
def base() -> dict[str, metadata.Distribution]:
    """The distributions that the base package needs, with all that these need, as this environment has them."""
    found: dict[str, metadata.Distribution] = {}
    todo = [NAME]
    while todo:
        for text in metadata.requires(todo.pop()) or []:
            one = Requirement(text)
            name = canonicalize_name(one.name)
            if name not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
                found[name] = metadata.distribution(name)
                todo.append(one.name)
    return found


@pytest.fixture(scope="module")
def light(base: dict[str, metadata.Distribution], installed_wheel: Callable[[], tuple[Path, Path]]) -> Path:
    """The interpreter of an environment with the wheel and what the base package needs, and nothing else."""
    python, packages = installed_wheel()
    for distribution in base.values():
        for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (packages / name).symlink_to(Path(str(distribution.locate_file(name))).resolve())
    return python


def said(python: Path, *arguments: str, cwd: Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code of Python with these arguments, and all that it printed."""
    done = subprocess.run(
        [str(python), *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_base_package_takes_at_most_100_megabytes(base: dict[str, metadata.Distribution]) -> None:
    """The files of all requirements of the base package are added up; Pulumi is none of them."""
    assert "pulumi" not in base
    assert {"boto3", "msgspec", "rich"} <= base.keys()
    files = (distribution.locate_file(file) for distribution in base.values() for file in distribution.files or ())
    sizes = [Path(str(file)).stat().st_size for file in files if Path(str(file)).is_file()]
    assert sum(sizes) <= MOST_MEGABYTES * 1_000_000


def test_every_command_works_without_an_extra(light: Path, emulator: Emulator, tmp_path: Path) -> None:
    """Help, validate, diff, convert, plan, apply, pull and doctor of the base package work against a service."""
    folder = tmp_path / "datasets" / "cells"
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text("project: cells\nmanaged: false\ntrain: train.yaml\n")
    lines = "".join(f"  - {{image: {number}.jpg, labels: [cat]}}\n" for number in range(3))
    (folder / "train.yaml").write_text(f"images: s3://acme-vision/images/\nentries:\n{lines}")
    emulator_env = {"AWS_ENDPOINT_URL": emulator.url, "AWS_REGION": "us-east-1"}
    made = "import boto3\nclient = boto3.client('rekognition')\nclient.create_project(ProjectName='cells')\n"
    assert said(light, "-c", made, cwd=tmp_path, env=emulator_env) == (0, "")
    voc = min((REPOSITORY / "tests" / "data" / "bccd-voc").rglob("*.xml"))
    for arguments, code in (
        (["--help"], 0),
        (["validate"], 0),
        (["diff", "datasets/cells/train.yaml", "datasets/cells/train.yaml"], 0),
        (["plan", "--exit-code"], 2),
        (["apply", "--yes"], 0),
        (["plan", "--exit-code"], 0),
        (["doctor"], 1),  # for want of S3: the image is not tried, and nothing else fails
        (["pull"], 0),
        (["convert", "voc", str(voc), "--images", "s3://acme-vision/cells/", "-o", "out.jsonl"], 0),
    ):
        ended = said(light, "-m", "reconciler", *arguments, cwd=tmp_path, env=emulator_env)
        assert ended[0] == code, (arguments, ended[1])
        assert "Traceback" not in ended[1]


def test_the_help_loads_none_of_the_heavy_packages(light: Path, tmp_path: Path) -> None:
    """`reconciler --help` is quick: boto3, rich, jinja2 and deepdiff are for commands that need them."""
    program = "import sys; from reconciler.cli import main; main(['--help']); print({*sys.modules} & {*sys.argv})"
    code, text = said(light, "-c", program, "boto3", "rich", "jinja2", "deepdiff", cwd=tmp_path)
    assert (code, text.splitlines()[-1]) == (0, "set()")


# Python runs this at its start: a provider finds no boto3, and no google.rpc, which an SDK of 3.216 does not bring.
WITHOUT_BOTO3 = """
import sys
if "pulumi.dynamic" in sys.orig_argv:
    sys.modules["boto3"] = sys.modules["google.rpc"] = None
"""


def test_what_the_provider_lacks_is_one_sentence_in_every_command(workspace: Workspace, tmp_path: Path) -> None:
    """Refresh and destroy name the module and the command that installs it, without a traceback."""
    workspace.create_project("cells")
    workspace.declare("cells", {"managed": False}, train={"1.jpg": ["cat"]})
    workspace.up()
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "sitecustomize.py").write_text(WITHOUT_BOTO3)
    workspace.env["PYTHONPATH"] = str(tmp_path / "hiding")
    for command in (["refresh", "--yes"], ["destroy", "--yes", "--skip-preview"]):
        text = workspace.run(*command, "--non-interactive", expected=1).text
        assert "the provider needs boto3, which is not installed; install it with pip install" in text
        assert "'rekognition-labels-as-code[pulumi]'" in text
        assert "Traceback" not in text


@pytest.mark.parametrize("name", ["Dataset", "datasets_from"])
def test_without_the_sdk_a_program_is_told_which_extra_to_install(light: Path, tmp_path: Path, name: str) -> None:
    """The last line of the error names the command."""
    code, text = said(light, "-c", f"from reconciler import {name}", cwd=tmp_path)
    assert code == 1
    assert "pip install 'rekognition-labels-as-code[pulumi]'" in text.splitlines()[-1]


def test_the_emulator_says_which_extra_it_needs(light: Path, tmp_path: Path) -> None:
    """Starting the emulator without its extra is one sentence with the command."""
    code, text = said(light, "-m", "rekognition_emulator", cwd=tmp_path)
    assert code != 0
    assert "rekognition-labels-as-code[emulator]" in text
    assert "Traceback" not in text


def test_a_program_of_the_same_name_in_the_environment_is_refused(light: Path, tmp_path: Path) -> None:
    """Two distributions with one package overwrite each other's files: the face says so, without a traceback."""
    (tmp_path / "reconciler-0.2.2.dist-info").mkdir()
    for arguments in (["-m", "reconciler", "--help"], ["-c", "import reconciler"]):
        code, text = said(light, *arguments, cwd=tmp_path)
        assert code == 1
        assert text.startswith("the distribution reconciler, a different program, is installed in this environment")
        assert "Traceback" not in text
