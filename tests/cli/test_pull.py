"""`pull`: live into the manifests, through the command and a real emulator."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.entries import entry_of, parse_live
from tests.cli.repository import commit

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = sorted((REPOSITORY / "tests" / "data" / "manifests").rglob("*.manifest"))


def console(account: Account, *lines: str) -> None:
    """Somebody edits the training dataset in the console."""
    account.emulator.edit_entries(account.dataset("cells"), list(lines))


@pytest.fixture
def project(world: World, account: Account) -> Path:
    """A project whose live training dataset has five entries and whose folder has no manifest."""
    account.create("cells")
    folder = world.write("cells", world.many(5))
    assert world.run("apply", "--yes").code == 0
    (folder / "train.jsonl").unlink()
    return folder


@pytest.mark.parametrize("form", ["jsonl", "yaml"])
def test_a_dataset_without_a_manifest_gets_one(world: World, project: Path, form: str) -> None:
    """A plan straight after is empty, a second pull changes no byte, and no partial file is left."""
    ran = world.run("pull", "--format", form)
    assert ran.code == 0
    assert f"5 entries in datasets/cells/train.{form}" in ran.out
    assert "cells test: the project has no such dataset; nothing was written" in ran.out
    assert sorted(path.name for path in project.iterdir()) == ["project.yaml", f"train.{form}"]
    assert world.run("plan", "--exit-code").code == 0
    before = (project / f"train.{form}").read_bytes()
    assert b"cl-metadata" not in before
    assert world.run("pull", "--format", form).code == 0
    assert (project / f"train.{form}").read_bytes() == before


@pytest.mark.parametrize("form", ["jsonl", "yaml"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_real_manifests_come_back_with_nothing_to_change(
    world: World, account: Account, sample: Path, form: str
) -> None:
    """What AWS would store of each sample is pulled in both forms, and the plan is empty."""
    account.create("cells")
    lines = [_in_one_bucket(line) for line in sample.read_text().splitlines() if line.strip()]
    world.write("cells", [world.boxes("first.jpg", "RBC")])
    assert world.run("apply", "--yes").code == 0
    account.emulator.edit_entries(account.dataset("cells"), lines)
    (world.folder / "datasets" / "cells" / "train.jsonl").unlink()
    pulled = world.run("pull", "--format", form)
    planned = world.run("plan", "--exit-code", "--json")
    assert (pulled.code, planned.code) == (0, 0), pulled.err + planned.err


def _in_one_bucket(line: str) -> str:
    """The line with a legal bucket: some samples have a placeholder."""
    document = json.loads(line)
    document["source-ref"] = re.sub("^s3://[^/]+/", "s3://acme-vision/", document["source-ref"])
    return json.dumps(document)


def test_where_both_sides_have_entries_somebody_must_choose(world: World, account: Account, project: Path) -> None:
    """Without a choice, and without a record of the last apply, nothing is written and the choices are named."""
    world.run("pull")
    shutil.rmtree(world.folder / ".reconciler")
    console(account, world.boxes("0001.jpg", "WBC"))
    before = (project / "train.jsonl").read_bytes()
    ran = world.run("pull")
    assert ran.code == 3
    assert "differ in 1 entry" in ran.err
    assert "--discard-ours" in ran.err
    assert (project / "train.jsonl").read_bytes() == before


def test_live_entries_are_taken_and_every_other_line_stays(world: World, account: Account, project: Path) -> None:
    """A changed, an added and a missing entry: the plan is empty after, and the other lines are those of before."""
    world.run("pull")
    console(account, world.boxes("0001.jpg", "WBC"), world.boxes("new.jpg", "WBC"))
    account.emulator.remove_entries(account.dataset("cells"), ["s3://acme-vision/cells/0003.jpg"])
    before = (project / "train.jsonl").read_text().splitlines()
    ran = world.run("pull", "--discard-ours")
    assert ran.code == 0
    assert "3 entries changed" in ran.out
    after = (project / "train.jsonl").read_text().splitlines()
    assert [after[0], *after[2:4]] == [before[0], before[2], before[4]]
    assert len(after) == 5
    assert world.run("plan", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("narrow", "taken"),
    [
        (["--only", "new*"], {"cells/new.jpg"}),
        (["--only", "s3://acme-vision/cells/new*"], {"cells/new.jpg"}),
        (["--only", "*/new*"], {"cells/new.jpg"}),
        (["--label", "WBC"], {"cells/0001.jpg"}),
        (["--labeled"], {"cells/0001.jpg"}),
        (["--only", "nothing"], set()),
    ],
)
def test_options_choose_entries(
    world: World, account: Account, project: Path, narrow: list[str], taken: set[str]
) -> None:
    """What was not chosen stays as it is, is counted, and the exit code is 2."""
    world.run("pull")
    before = meanings(project / "train.jsonl")
    console(account, world.boxes("0001.jpg", "WBC"), '{"source-ref":"s3://acme-vision/cells/new.jpg"}')
    ran = world.run("pull", "--discard-ours", *narrow)
    after = meanings(project / "train.jsonl")
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    if narrow == ["--only", "new*"]:
        taken = set()  # the key in the bucket begins with its folder
    assert {key.removeprefix("s3://acme-vision/") for key in changed} == taken
    assert ran.code == 2
    assert "not chosen" in ran.out


def test_a_file_with_changes_that_are_not_committed_is_left_alone(
    world: World, account: Account, project: Path
) -> None:
    """It could not be brought back; --allow-dirty changes it nevertheless."""
    world.run("pull")
    commit(world.folder)
    console(account, world.boxes("0001.jpg", "WBC"))
    path = project / "train.jsonl"
    path.write_text(path.read_text().replace("0004", "0044"))
    before = path.read_bytes()
    ran = world.run("pull", "--discard-ours", "--only", "*0001*")
    assert ran.code == 3
    assert "not committed" in ran.err
    assert path.read_bytes() == before
    assert world.run("pull", "--discard-ours", "--only", "*0001*", "--allow-dirty").code == 2
    assert path.read_bytes() != before


def test_a_label_outside_of_the_closed_list_is_added_to_it_and_said(world: World, project: Path) -> None:
    """The manifest is written, project.yaml gets the label, and a run accepts both."""
    (project / "project.yaml").write_text("managed: false\nlabels: [WBC]\n")
    ran = world.run("pull")
    assert ran.code == 0
    assert "datasets/cells/project.yaml: added to `labels`: RBC" in ran.out
    assert (project / "project.yaml").read_text() == "managed: false\nlabels: [WBC, RBC]\n"
    assert len((project / "train.jsonl").read_text().splitlines()) == 5
    assert world.run("validate").code == 0


@pytest.mark.usefixtures("account")
def test_nothing_is_written_for_a_project_that_does_not_exist(world: World) -> None:
    """The sentence names the project; no file appears."""
    folder = world.write("cells")
    ran = world.run("pull")
    assert ran.code == 1
    assert "no project cells" in ran.err
    assert [path.name for path in folder.iterdir()] == ["project.yaml"]


def meanings(path: Path) -> dict[str, Any]:
    """What the lines of a manifest mean, by key."""
    entries = [entry_of(parse_live(line)) for line in path.read_text().splitlines()]
    return {entry.key: json.dumps([entry.labels, entry.meaning.hex()]) for entry in entries}
