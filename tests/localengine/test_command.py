"""Flags, exit codes and the state file: everything outside the phases of a command."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.localengine.sandbox import finish

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localengine.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
DEADLINE = 20.0


def test_without_cryptography_it_says_what_to_install() -> None:
    """The engine ends with one sentence and no traceback."""
    code = "import sys, runpy; sys.modules['cryptography'] = None; runpy.run_module('localengine', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: the local engine needs cryptography: `make setup` installs it\n"


def wait_for(path: Path) -> None:
    """Wait until a provider has started an operation."""
    deadline = time.monotonic() + DEADLINE
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never appeared"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("up",), 2, "error: --yes or --skip-preview or --preview-only must be passed in to proceed when running in "),
        (("preview", "--stack", "prod"), 6, "error: no stack named 'prod' found"),
        (("preview", "--parallel", "4"), 2, "error: localengine does not support `--parallel` on preview"),
        (("up", "--target", "urn:**"), 2, "error: localengine does not support the pattern `urn:**` in --target"),
        (("frobnicate",), 2, "error: argument COMMAND: invalid choice: 'frobnicate'"),
    ],
)
def test_wrong_command_lines_are_one_sentence_and_a_code(
    arguments: tuple[str, ...], code: int, sentence: str, lab: Sandbox
) -> None:
    """A wrong command line runs nothing and prints nothing on standard output."""
    result = lab.run(*arguments)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(sentence)
    assert not lab.state_file.exists()


def test_without_a_project_file_the_folder_is_named(lab: Sandbox) -> None:
    """The error names the folder and the flag --cwd."""
    (lab.program / "Pulumi.yaml").unlink()
    result = lab.run("preview")
    assert result.code == 1
    assert result.err.startswith("error: no Pulumi.yaml project file found in ")
    assert "--cwd" in result.err


def test_of_several_stacks_one_must_be_named(lab: Sandbox) -> None:
    """The stack is named by --stack or PULUMI_STACK, also with organization and project before the name."""
    lab.declare()
    (lab.program / "Pulumi.prod.yaml").write_text("config: {}\n", encoding="utf-8")
    unnamed = lab.run("preview")
    assert unnamed.code == 6
    assert "no stack selected" in unnamed.err
    assert "dev, prod" in unnamed.err
    assert "(prod)" in lab.run("preview", "--stack", "organization/lab/prod").out
    lab.env["PULUMI_STACK"] = "dev"
    assert "(dev)" in lab.run("preview").out


def test_changes_that_were_not_expected_are_exit_code_7(lab: Sandbox) -> None:
    """With changes, `preview` and `up` exit with 7; `up` has made the changes."""
    lab.declare({"name": "a"})
    preview = lab.run("preview", "--expect-no-changes")
    assert (preview.code, preview.err) == (7, "error: no changes were expected for preview but changes were proposed\n")
    assert lab.run(*UP, "--expect-no-changes").code == 7
    assert lab.names() == ["a"]
    assert lab.run(*UP, "--expect-no-changes").code == 0


def test_an_approved_up_shows_its_preview_first(lab: Sandbox) -> None:
    """With `--yes` alone, both phases run, each with its own provider process."""
    lab.declare({"name": "a"})
    result = lab.run("up", "--yes")
    assert result.code == 0
    assert result.out.index("Previewing update (dev):") < result.out.index("Updating (dev):")
    assert "+ 2 to create" in result.out
    assert "+ 2 created" in result.out


def test_an_up_whose_preview_fails_changes_nothing(lab: Sandbox) -> None:
    """The second phase does not start."""
    lab.declare({"name": "good"}, {"name": "bad", "inputs": {"wrong": ["size"]}})
    result = lab.run("up", "--yes")
    assert result.code == 1
    assert "Updating" not in result.out
    assert lab.read_live() is None


def test_export_prints_the_deployment_form(lab: Sandbox) -> None:
    """The export has version 3, the digest that `pulumi stack import` checks, and the resources in order."""
    assert json.loads(lab.run("export").out)["deployment"]["resources"] == []
    lab.declare({"name": "a"})
    lab.run(*UP)
    document = json.loads(lab.run("export").out)
    assert document["version"] == 3
    assert set(document["deployment"]) == {"manifest", "resources", "metadata"}
    manifest = document["deployment"]["manifest"]
    assert manifest["magic"] == hashlib.sha256(manifest["version"].encode()).hexdigest()
    kinds = [resource["type"] for resource in document["deployment"]["resources"]]
    assert kinds == ["pulumi:pulumi:Stack", "pulumi:providers:pulumi-python", "pulumi-python:dynamic/lab:Thing"]


def test_the_state_lives_where_it_is_asked_to(lab: Sandbox, tmp_path: Path) -> None:
    """The option overrides the variable, and the variable overrides the folder beside the program."""
    lab.declare({"name": "a"})
    lab.env["LOCALENGINE_STATE"] = str(tmp_path / "variable")
    lab.run(*UP)
    assert (tmp_path / "variable" / "dev.json").exists()
    lab.run(*UP, "--state", str(tmp_path / "option"))
    assert (tmp_path / "option" / "dev.json").exists()
    assert not lab.state_file.exists()


def test_a_stack_without_settings_exists_while_it_has_a_state(lab: Sandbox) -> None:
    """A destroy works after the stack's file was deleted."""
    lab.declare({"name": "a"})
    lab.run(*UP)
    (lab.program / "Pulumi.dev.yaml").unlink()
    assert lab.run("destroy", "--yes").code == 0
    assert lab.read_live() == {}


def test_a_state_of_another_kind_is_refused(lab: Sandbox) -> None:
    """A newer version and a truncated file give one sentence, and the file is not overwritten."""
    lab.declare({"name": "a"})
    lab.state_file.parent.mkdir()
    for content in ('{"version": 4}', '{"version": 3, "depl'):
        lab.state_file.write_text(content, encoding="utf-8")
        result = lab.run(*UP)
        assert result.code == 1
        assert str(lab.state_file) in result.err
        assert lab.state_file.read_text(encoding="utf-8") == content


def test_one_command_at_a_time_changes_a_stack(lab: Sandbox) -> None:
    """A second up fails at once; a preview runs at the same time."""
    lab.declare({"name": "slow", "inputs": {"wait": "create"}})
    first = lab.start(*UP)
    wait_for(lab.live.with_name("slow.create"))
    second = lab.run(*UP)
    preview = lab.run("preview")
    lab.live.with_name("go").touch()
    assert finish(first).code == 0
    assert second.code == 1
    assert "currently locked" in second.err
    assert preview.code == 0
    assert lab.names() == ["slow"]


def test_the_state_is_whole_after_every_step(lab: Sandbox) -> None:
    """While the second resource is created, the file has the first one."""
    lab.declare({"name": "first"}, {"name": "slow", "inputs": {"wait": "create"}, "from": {"key": "first"}})
    running = lab.start(*UP)
    wait_for(lab.live.with_name("slow.create"))
    assert lab.names() == ["first"]
    assert [path.name for path in lab.state_file.parent.iterdir() if path.name.startswith(".")] == []
    lab.live.with_name("go").touch()
    assert finish(running).code == 0
    assert lab.names() == ["first", "slow"]
