"""The policies in docs/iam: each command of their table runs with nothing else allowed, and needs all that is named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import serve

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, World

IAM = Path(__file__).parents[2] / "docs" / "iam"
ROW = re.compile(r"^\| (`(?:plan|drift|pull|apply)`[^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
ROWS = {
    what: (re.findall(r"\w+", calls), re.findall(r"\w+\.json", files))
    for what, calls, files in ROW.findall((IAM / "README.md").read_text())
}
OTHERS = {"CreateProject", "DeleteProject", "ListTagsForResource", "TagResource", "UntagResource"}  # pulumi-aws's


def actions(*files: str) -> set[str]:
    """The actions of Rekognition that policies allow."""
    statements = [one for file in files for one in json.loads((IAM / file).read_text())["Statement"]]
    listed = [one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements]
    return {name.removeprefix("rekognition:") for some in listed for name in some if name.startswith("rekognition:")}


def ran(world: World, monkeypatch: pytest.MonkeyPatch, what: str, allowed: set[str]) -> Ran:
    """The command of a row, at an account where the other operations are denied."""
    state, replaces = world.folder / "state.json", "replace" in what
    settings = f"managed: false\npolicy: {{extra: {'replace' if replaces else 'report'}}}"
    world.write("cells", world.many(4), settings=settings)
    with serve(state=state) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", emulator.url)
        emulator.client().create_project(ProjectName="cells")
        if "new" not in what:
            assert world.run("apply", "--yes").code == 0
    if what.startswith("`apply`"):
        world.write("cells", world.many(3 if replaces else 5), settings=settings)
    known = actions("preview.json", "up.json", "destroy.json")
    with serve(state=state, deny=tuple(sorted(known - allowed))) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", emulator.url)
        command = what.split("`")[1]
        # Without a copy of live, which a runner of a pipeline does not have, plan and drift list.
        return world.run(command, *{"apply": ["--yes"], "pull": []}.get(command, ["--full"]))


@pytest.mark.parametrize("what", ROWS)
def test_a_command_needs_what_its_row_names_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """With the operations of the row alone it works, and the policies of the row allow them."""
    calls, files = ROWS[what]
    assert set(calls) <= actions(*files)
    done = ran(world, monkeypatch, what, set(calls))
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("what", "missing"), [(what, call) for what, (calls, _files) in ROWS.items() for call in calls]
)
def test_a_command_without_one_of_its_operations_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str, missing: str
) -> None:
    """Nothing is named that a command does not need; what is denied is named."""
    done = ran(world, monkeypatch, what, set(ROWS[what][0]) - {missing})
    assert done.code == 1
    assert missing in done.out + done.err


def test_the_policies_hold_nothing_that_nobody_calls() -> None:
    """Each action of Rekognition is in a row of the table, or is one of pulumi-aws's."""
    named = {call for calls, _files in ROWS.values() for call in calls}
    assert len(ROWS) == 6
    assert actions("preview.json", "up.json", "destroy.json") == named | OTHERS
