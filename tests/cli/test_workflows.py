"""The workflows and the Action as files: valid by their published schemas, pinned, and their shell without faults."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from reconciler.cli.arguments import parse
from tests.cli.repository import commit
from tests.support.runner import ACTION, ROOT, evaluated, faults, loaded, scripts, shellcheck

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import World

WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REUSABLE: Final[dict[str, Any]] = yaml.safe_load((ROOT / ".github/workflows/labels.yml").read_text())
JOB: Final[dict[str, Any]] = REUSABLE["jobs"]["labels"]
PINNED: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_valid(path: Path) -> None:
    """By the published schema of workflows; and none runs with the secrets on files of somebody else."""
    assert faults("github-workflow.json", loaded(path)) == []
    assert "pull_request_target" not in path.read_text()


def test_the_action_is_valid() -> None:
    """By the published schema of actions."""
    assert faults("github-action.json", ACTION) == []


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_actions_of_others_are_pinned_by_commit(path: Path) -> None:
    """With the version beside the commit; what is used from this repository is of the same commit."""
    used = re.findall(r"(?m)^ *(?:- )?uses: (.*)", path.read_text())
    assert all(PINNED.fullmatch(one) or one.startswith("./") for one in used), used


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_no_expression_is_in_the_text_of_a_shell(path: Path) -> None:
    """What somebody else writes would act there; variables and arguments are data."""
    found = loaded(path)
    jobs = found["jobs"].values() if "jobs" in found else [{"steps": found["runs"]["steps"]}]
    assert not [text for job in jobs for text in scripts(job["steps"]) if "${{" in text]


def test_the_shell_has_no_faults() -> None:
    """Every script of the Action and of the workflows passes ShellCheck."""
    jobs = [job for path in WORKFLOWS for job in loaded(path)["jobs"].values()]
    texts = [*scripts(ACTION["runs"]["steps"]), *(text for job in jobs for text in scripts(job["steps"]))]
    for text in (*texts, *(path.read_text() for path in (ROOT / "action").glob("*.sh"))):
        assert shellcheck(text) == ""


@pytest.mark.parametrize(
    ("event", "given", "command"),
    [
        ("pull_request", "", "review"),
        ("merge_group", "", "review"),
        ("push", "", "apply"),
        ("schedule", "", "drift"),
        ("workflow_dispatch", "", "drift"),
        ("push", "validate", "validate"),
    ],
)
def test_the_event_says_what_is_done(event: str, given: str, command: str) -> None:
    """The reusable workflow needs no input for the usual pipeline."""
    step = JOB["steps"][-1]
    contexts = {"github": {"event_name": event}, "inputs": {"command": given, "place": "s3://b/f"}}
    assert evaluated(step["with"]["command"], contexts) == command
    assert evaluated(step["with"]["audit"], contexts) == "s3://b/f/audit"
    assert set(step["with"]) <= set(ACTION["inputs"])


def test_runs_of_a_target_wait_for_each_other_and_are_never_cancelled() -> None:
    """An apply and a look at drift share a group in which all wait; a pull request and a second target have others."""

    def group(event: str, target: str = "", stage: str = "") -> str:
        inputs = {"target": target, "stage": stage, "datasets": "datasets"}
        return evaluated(JOB["concurrency"]["group"], {"github": {"event_name": event, "ref": "r"}, "inputs": inputs})

    assert (JOB["concurrency"]["cancel-in-progress"], JOB["concurrency"]["queue"]) == (False, "max")
    assert group("push") == group("schedule") == "labels-datasets-live"
    assert len({group("push"), group("pull_request"), group("push", stage="prod"), group("push", "a", "prod")}) == 4
    assert "timeout-minutes" in JOB
    assert "permissions" not in REUSABLE
    assert "permissions" not in JOB


@pytest.mark.parametrize(("place", "code"), [("", 1), ("s3://", 1), ("folder", 1), ("s3://bucket/folder", 0)])
def test_the_job_fails_while_there_is_no_place(place: str, code: int) -> None:
    """Its first step says what to set: without records an apply would overwrite edits of the console."""
    done = subprocess.run(
        ["/bin/bash", "-ec", JOB["steps"][0]["run"]], env={"PLACE": place}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert ("s3://BUCKET/FOLDER" in done.stderr) is bool(code)


def test_a_checkout_has_the_history_and_lfs() -> None:
    """The history shows whose change it is; and the Action is of the commit of the workflow itself."""
    first, second = (step["with"] for step in JOB["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert (first["fetch-depth"], first["lfs"], first["persist-credentials"]) == (0, True, False)
    assert second["repository"] == "${{ job.workflow_repository }}"
    assert second["ref"] == "${{ job.workflow_sha }}"
    assert JOB["steps"][-1]["uses"] == f"./{second['path']}"


HOOKS: Final[dict[str, Any]] = {
    one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}


@pytest.mark.parametrize(
    ("hook", "file", "runs"),
    [
        ("reconciler-validate", "datasets/cells/train.jsonl", True),
        ("reconciler-validate", "datasets/cells/named.manifest", True),
        ("reconciler-validate", "datasets/stages.yaml", True),
        ("reconciler-validate", "README.md", False),
        ("reconciler-fmt", "datasets/cells/project.yaml", True),
        ("reconciler-fmt", "datasets/cells/test.yml", True),
        ("reconciler-fmt", ".github/workflows/labels.yml", False),
    ],
)
def test_a_hook_runs_for_the_files_that_it_is_about(hook: str, file: str, runs: bool) -> None:  # noqa: FBT001 - a parameter
    """The command of each exists, and the names of others start no hook."""
    program, *arguments = shlex.split(HOOKS[hook]["entry"])
    assert program == "reconciler"
    assert parse([*arguments, *([] if HOOKS[hook].get("pass_filenames") is False else [file])]).command
    assert bool(re.search(HOOKS[hook]["files"], file)) is runs


def test_the_hook_judges_a_commit_with_the_sibling(world: World) -> None:
    """An old line of a project that is not touched stops nobody; an image that train has too is seen from test."""
    world.write("cells", world.many(3), world.many(1, first=50))
    world.write("old", ["{"])
    commit(world.folder)
    _program, *arguments = shlex.split(HOOKS["reconciler-validate"]["entry"])
    assert world.run(*arguments).code == 0
    world.write("cells", test=world.many(2, first=2))
    ran = world.run(*arguments, "--strict")
    assert ran.code == 3
    assert "0002.jpg" in ran.out
    world.write("cells", test=["{"])
    assert world.run(*arguments).code == 3
