"""`apply --plan`: what was reviewed, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from reconciler.review.model import Review

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World


@pytest.fixture
def plan_id(account: Account, world: World) -> str:
    """Two projects, planned and reviewed."""
    account.create("cells", "planes")
    world.write("cells", world.many(2))
    world.run("apply", "--yes")
    world.write("cells", [world.boxes("0000.jpg", "WBC"), world.many(2)[1]])
    world.write("planes", world.many(1), world.many(1, first=500))
    assert world.run("plan", "--save", "plan.json").code == 0
    return msgspec.json.decode((world.folder / "plan.json").read_bytes(), type=Review).plan_id


@pytest.mark.parametrize("given", ["id", "file"])
def test_what_was_reviewed_is_applied(account: Account, world: World, plan_id: str, given: str) -> None:
    """The plan is given by its id or its file; the second time it differs, because nothing is left to do."""
    named = plan_id if given == "id" else "plan.json"
    ran = world.run("apply", "--yes", "--plan", named)
    assert ran.code == 0, ran
    assert account.keys("planes") == ["s3://acme-vision/cells/0000.jpg"]
    again = world.run("apply", "--yes", "--plan", named)
    assert again.code == 4
    assert "live entries changed since the review" in again.err


def test_one_project_of_the_reviewed_run_may_be_applied(world: World, plan_id: str) -> None:
    """The id of a run holds the ids of its datasets."""
    assert world.run("apply", "--yes", "--plan", plan_id, "--project", "planes").code == 0
    assert world.run("apply", "--yes", "--plan", plan_id.upper(), "--project", "cells").code == 0


def test_a_manifest_that_changed_is_refused(account: Account, world: World, plan_id: str) -> None:
    """Nothing of the run is sent; with the file the entries that moved are named."""
    before = account.updates
    world.write("cells", [world.boxes("0000.jpg", "WBC"), *world.many(4)[1:]])
    ran = world.run("apply", "--yes", "--plan", plan_id)
    assert ran.code == 4
    assert "cells train: the manifest changed since the review; live is as it was then" in ran.err
    assert "planes" not in ran.err
    ran = world.run("apply", "--yes", "--plan", "plan.json")
    assert "cells train: 2 changes more: s3://acme-vision/cells/0002.jpg" in ran.err
    assert account.updates == before


def test_live_that_changed_is_refused_and_recorded(account: Account, world: World, plan_id: str) -> None:
    """After an edit in AWS, which may be overwritten, the record of the refused apply contains the reason."""
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "RBC", left=99)])
    ran = world.run("apply", "--yes", "--plan", plan_id, "--allow", "theirs=the console was wrong")
    assert ran.code == 4
    assert "cells train: live entries changed since the review; the manifest is as it was reviewed" in ran.err
    folder = world.folder / ".reconciler" / "audit"
    records = [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]
    assert "live entries changed since the review" in json.dumps(records[-1])


def test_a_dataset_that_was_not_reviewed_is_refused(account: Account, world: World, plan_id: str) -> None:
    """A project that was added after the review refuses the apply."""
    account.create("ships")
    world.write("ships", world.many(5))
    ran = world.run("apply", "--yes", "--plan", plan_id)
    assert ran.code == 4
    assert "ships train: " in ran.err
    assert "this dataset was not part of it" in ran.err
    ran = world.run("apply", "--yes", "--plan", "plan.json")
    assert "ships train: was not part of the review" in ran.err


def test_the_json_document_says_it_too(world: World, plan_id: str) -> None:
    """The document of `--json` contains the sentence and the exit code."""
    world.write("cells", world.many(1))
    document = world.run("apply", "--yes", "--json", "--plan", plan_id).document
    assert (document["exit_code"], document["error"]["kind"]) == (4, "Refused")
    assert "changed since the review" in document["error"]["message"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "--plan is empty"),
        ("1234", "1234 cannot be read"),
        ("failed.json", "failed.json is not a complete plan"),
        ("project.json", "project.json is not a saved plan"),
    ],
)
def test_what_is_no_reviewed_plan_is_said_before_any_call(
    account: Account, world: World, plan_id: str, given: str, said: str
) -> None:
    """A shortened id, a plan that failed and a file that is not a plan end in a sentence before any call."""
    del plan_id
    (world.folder / "project.json").write_text("{}")
    manifest = world.folder / "datasets" / "cells" / "train.jsonl"
    good = manifest.read_text()
    manifest.write_text("{}")
    world.run("plan", "--save", "failed.json")
    manifest.write_text(good)
    del account.emulator.calls[:]
    ran = world.run("apply", "--yes", f"--plan={given}")
    assert ran.code == 3
    assert said in ran.err
    assert not account.emulator.calls
