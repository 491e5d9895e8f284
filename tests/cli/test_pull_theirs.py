"""`pull` with a base: what only live changed is taken, what only git changed stays, conflicts are listed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import BUCKET
from tests.cli.repository import commit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World


def lefts(path: Path) -> dict[str, int]:
    """Where the box of each entry begins: what the edits of these tests change."""
    entries = map(json.loads, path.read_text().splitlines())
    return {one["source-ref"].rpartition("/")[2][:4]: one["boxes"]["annotations"][0]["left"] for one in entries}


@pytest.fixture
def train(world: World, account: Account) -> Path:
    """Applied and committed; then live changed 1 and 3, lost 4 and got 9; git changed 2 and 3, and dropped 5."""
    account.create("cells")
    folder = world.write("cells", world.many(6), world.many(3, first=50))
    assert world.run("apply", "--yes").code == 0
    commit(world.folder)
    arn = account.dataset("cells")
    account.emulator.edit_entries(arn, [world.boxes(f"000{n}.jpg", "RBC", left=100 + n) for n in (1, 3, 9)])
    account.emulator.remove_entries(arn, [f"{BUCKET}/0004.jpg"])
    git_side = {2: 202, 3: 203}
    world.write("cells", [world.boxes(f"000{n}.jpg", "RBC", left=git_side.get(n, 10)) for n in range(5)])
    commit(world.folder)
    return folder / "train.jsonl"


def test_without_a_flag_exactly_what_only_live_changed_is_taken(world: World, train: Path) -> None:
    """Edited, new and gone; what git changed stays, byte for byte; a conflict is listed and left: exit code 2."""
    ran = world.run("pull")
    assert ran.code == 2, ran
    assert lefts(train) == {"0000": 10, "0001": 101, "0002": 202, "0003": 203, "0009": 109}
    assert "1 entry changed in git and live; --conflicts live or git:" in ran.out
    assert "\n    git -> live\n" in ran.out
    assert "train cells/0003.jpg" in ran.out
    assert "3 entries changed in datasets/cells/train.jsonl" in ran.out
    assert "cells: 2 entries that git changed stay; the next apply sends them" in ran.out
    assert "cells: 1 entry that differs was not chosen" in ran.out


@pytest.mark.parametrize(("side", "value"), [("live", 103), ("git", 203)])
def test_conflicts_are_decided_by_the_flag(world: World, train: Path, side: str, value: int) -> None:
    """Either side leaves nothing undecided: exit code 0."""
    ran = world.run("pull", "--conflicts", side)
    assert ran.code == 0, ran
    assert lefts(train) == {"0000": 10, "0001": 101, "0002": 202, "0003": value, "0009": 109}


def test_discarding_ours_takes_live_whole(world: World, train: Path) -> None:
    """What only git changed is live's again too, and the plan is empty."""
    assert world.run("pull", "--discard-ours").code == 0
    assert lefts(train) == {"0000": 10, "0001": 101, "0002": 10, "0003": 103, "0005": 10, "0009": 109}
    assert world.run("plan", "--exit-code").code == 0


def test_the_options_narrow_what_live_changed(world: World, train: Path) -> None:
    """What live changed and is not named is counted, what git changed is not."""
    ran = world.run("pull", "--only", "*0001*")
    assert ran.code == 2
    assert lefts(train)["0001"] == 101
    assert "0009" not in lefts(train)
    assert "cells: 3 entries that differ were not chosen" in ran.out


def test_where_only_git_changed_nothing_is_written(world: World, account: Account) -> None:
    """The exit code is 0, and the file is as it was."""
    account.create("cells")
    folder = world.write("cells", world.many(6))
    assert world.run("apply", "--yes").code == 0
    world.write("cells", [*world.many(5), world.boxes("0005.jpg", "RBC", left=99)])
    before = (folder / "train.jsonl").read_bytes()
    ran = world.run("pull")
    assert ran.code == 0, ran
    assert "cells: 1 entry that git changed stays" in ran.out
    assert (folder / "train.jsonl").read_bytes() == before


def test_a_move_between_the_datasets_is_theirs(world: World, account: Account, train: Path) -> None:
    """An entry that live moved from train to test is moved in both manifests."""
    account.emulator.remove_entries(account.dataset("cells"), [f"{BUCKET}/0000.jpg"])
    account.emulator.edit_entries(account.dataset("cells", "TEST"), [world.boxes("0000.jpg", "RBC")])
    assert world.run("pull", "--only", "*0000*").code == 2
    assert "0000" not in lefts(train)
    assert "0000" in lefts(train.with_name("test.jsonl"))


def test_without_a_base_nothing_is_written_and_the_reason_is_said(world: World, train: Path) -> None:
    """No record, no copy: exit code 3. A revision that is named takes its place: what live had in it is not edited."""
    before = train.read_bytes()
    shutil.rmtree(world.folder / ".reconciler")
    ran = world.run("pull")
    assert ran.code == 3
    assert "no apply of this dataset is recorded" in ran.err
    assert "name where CI keeps its records and copies of live (--audit, --snapshots), or a revision" in ran.err
    assert train.read_bytes() == before
    assert world.run("pull", "--base", "HEAD").code == 0
    assert lefts(train)["0001"] == 101
    assert lefts(train)["0002"] == 202
