"""The command line, a preview and `pulumi up` name the same plan, and only the reviewed plan is applied."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.program.workspace import Workspace

TRAIN = {f"{number}.jpg": ["cat"] for number in range(4)}


@pytest.fixture
def pets(workspace: Workspace) -> Workspace:
    """A project that exists, with both datasets declared and nothing applied."""
    workspace.copy_program()
    workspace.configure()
    arn = workspace.create_project("pets")
    workspace.declare("pets", {"projectArn": arn}, train=TRAIN, test={"9.jpg": ["cat"]})
    return workspace


def planned(workspace: Workspace) -> dict[str, Any]:
    """The plan as the command line has it, from a process of its own."""
    environment = workspace.environment() | {"AWS_ENDPOINT_URL_REKOGNITION": workspace.emulator.url}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", "--json"],
        cwd=workspace.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def previewed(workspace: Workspace) -> dict[str, str]:
    """The plan ids that a preview shows, by resource; the message and `pendingChanges` name the same."""
    text = workspace.preview().text
    told = dict(re.findall(r"\((pets-\w+)\):\n(?:    .*\n)*?    plan (\w+)\n", text))
    steps = json.loads(workspace.preview("--json").out)["steps"]
    inputs = {step["urn"].rpartition("::")[2]: step["newState"].get("inputs", {}) for step in steps}
    assert told == {name: own["pendingChanges"]["plan"] for name, own in inputs.items() if "pendingChanges" in own}
    return told


def test_the_command_line_and_previews_name_the_same_plan(pets: Workspace) -> None:
    """A preview names each dataset's part, the command line the whole run."""
    plan, shown = planned(pets), previewed(pets)
    (project,) = plan["projects"]
    assert {f"pets-{one['type']}": one["plan_id"] for one in project["datasets"]} == shown
    assert plan["plan_id"] == "-".join(sorted(shown.values()))
    assert previewed(pets) == shown


def test_an_up_takes_the_id_of_the_run_or_those_of_the_previews(pets: Workspace) -> None:
    """Afterwards there is nothing left to apply."""
    pets.env["RECONCILER_PLAN"] = planned(pets)["plan_id"]
    pets.up()
    pets.env.clear()
    pets.write("datasets/pets/train.yaml", {**TRAIN, "5.jpg": ["cat"]})
    pets.env["RECONCILER_PLAN"] = ", ".join(previewed(pets).values())
    pets.up()
    assert pets.live("pets")["5.jpg"] == ["cat"]


def test_an_up_of_a_world_that_moved_is_refused_and_says_what_moved(pets: Workspace) -> None:
    """The manifest of one dataset moved: that one is refused, nothing of it is sent."""
    pets.env["RECONCILER_PLAN"] = planned(pets)["plan_id"]
    pets.write("datasets/pets/train.yaml", {**TRAIN, "5.jpg": ["cat"]})
    said = " ".join(pets.up(expected=1).text.split())
    assert "it is not the plan that RECONCILER_PLAN names; nothing was sent" in said
    assert "manifest" in said
    assert "TRAIN" not in pets.projects()["pets"]


def test_what_is_no_plan_id_is_said_so(pets: Workspace) -> None:
    """A mistyped id is not reported as a plan that moved."""
    pets.env["RECONCILER_PLAN"] = "plan.json"
    assert "RECONCILER_PLAN is not a valid plan id" in " ".join(pets.up(expected=1).text.split())
    assert pets.projects()["pets"] == {}
