"""What is listed when nothing moved, and when something did: counted in calls."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World

SAID = "live not listed: unchanged since 20"


@pytest.fixture
def applied(account: Account, world: World) -> World:
    """A project whose datasets were applied, with three entries and one."""
    account.create("cells")
    world.write("cells", world.many(3), world.many(1, first=500))
    assert world.run("apply", "--yes").code == 0
    return world


def counted(account: Account, world: World, *arguments: str) -> tuple[Ran, Counter[str]]:
    """A run, and its calls of Rekognition by operation."""
    before = len(account.emulator.calls)
    ran = world.run(*arguments)
    return ran, Counter(call.operation for call in account.emulator.calls[before:])


def copies(world: World) -> list[Path]:
    """The copies of live of the train dataset, the oldest first."""
    return sorted((world.folder / ".reconciler" / "live").glob("train-*"))


@pytest.mark.parametrize("command", [("plan", "--exit-code"), ("drift",), ("apply", "--yes")])
def test_nothing_is_listed_where_nothing_moved(applied: World, account: Account, command: tuple[str, ...]) -> None:
    """One DescribeProjects and one DescribeDataset for each dataset; what was not listed is said."""
    ran, calls = counted(account, applied, *command)
    assert (ran.code, ran.out.count(SAID)) == (0, 2), ran
    assert calls == {"DescribeProjects": 1, "DescribeDataset": 2}


def test_a_changed_manifest_is_planned_without_a_listing(applied: World, account: Account) -> None:
    """The copy of live takes the place of the listing: the plan names the changes, and the document says since when."""
    applied.write("cells", [*applied.many(2), applied.boxes("0002.jpg", "WBC"), *applied.many(1, first=9)])
    ran, calls = counted(account, applied, "plan", "--json")
    [train] = [one for one in ran.datasets if one["type"] == "train"]
    assert (train["add"], train["update"], train["unchanged"]) == (1, 1, 2)
    assert train["not_listed_since"].startswith("20")
    # Leakage is judged against the test dataset when the train dataset is planned, and its own plan takes that answer.
    assert calls == {"DescribeProjects": 1, "DescribeDataset": 2}


def test_an_apply_after_a_plan_lists_once_to_read_back(applied: World, account: Account) -> None:
    """What was planned without a listing is sent, read back by one listing, and the next run lists nothing."""
    applied.write("cells", [*applied.many(2), applied.boxes("0002.jpg", "WBC")])
    ran, calls = counted(account, applied, "apply", "--yes", "--project", "cells")
    assert (ran.code, calls["ListDatasetEntries"], calls["UpdateDatasetEntries"]) == (0, 1, 1), ran
    assert counted(account, applied, "plan", "--exit-code")[1]["ListDatasetEntries"] == 0


@pytest.mark.parametrize(("command", "code"), [("plan", 4), ("drift", 2)])
def test_an_edit_by_a_colleague_is_found(applied: World, account: Account, command: str, code: int) -> None:
    """It moves the timestamp: the dataset is listed, the other one is not."""
    account.emulator.edit_entries(account.dataset("cells"), [applied.boxes("0001.jpg", "RBC", left=99)])
    ran, calls = counted(account, applied, command)
    assert (ran.code, calls["ListDatasetEntries"], ran.out.count(SAID)) == (code, 1, 1), ran


@pytest.mark.parametrize("how", ["--full", "policy: {probe: 'off'}", "policy: {full-read: 1s}"])
def test_a_full_listing_can_be_asked_for(applied: World, account: Account, how: str) -> None:
    """By the option once, by the policy always, and by its age."""
    full = ("--full",) if how == "--full" else ()
    if not full:
        (applied.folder / "datasets" / "cells" / "project.yaml").write_text(f"managed: false\n{how}\n")
    if "full-read" in how:
        age(applied)
    ran, calls = counted(account, applied, "plan", *full)
    assert (calls["ListDatasetEntries"], SAID in ran.out) == (2, False), ran


def age(world: World) -> None:
    """Take away copies and records of the apply, as if they had been too old: there is nothing to go by."""
    lose_copies(world)
    for path in (world.folder / ".reconciler" / "audit").iterdir():
        path.unlink()


def lose_copies(world: World) -> None:
    """Take away the copies of the apply; its record stays."""
    for path in (world.folder / ".reconciler" / "live").iterdir():
        path.unlink()


@pytest.mark.parametrize("command", [("plan", "--exit-code"), ("drift",), ("apply", "--yes")])
def test_the_record_proves_that_live_is_the_manifest(
    applied: World, account: Account, command: tuple[str, ...]
) -> None:
    """Without a copy of live too nothing is listed, where the manifest is what the last apply read back."""
    lose_copies(applied)
    ran, calls = counted(account, applied, *command)
    assert (ran.code, ran.out.count(SAID)) == (0, 2), ran
    assert calls == {"DescribeProjects": 1, "DescribeDataset": 2}


def test_a_record_proves_nothing_where_live_or_the_manifest_moved(applied: World, account: Account) -> None:
    """A colleague's edit moves the timestamp, and of a changed manifest the record has no entries to compare."""
    lose_copies(applied)
    account.emulator.edit_entries(account.dataset("cells"), [applied.boxes("0001.jpg", "RBC", left=99)])
    applied.write("cells", applied.many(3), applied.many(2, first=500))
    ran, calls = counted(account, applied, "plan", "--json")
    assert calls["ListDatasetEntries"] == 2
    assert [(one["type"], one["add"], one["update"]) for one in ran.datasets] == [("train", 0, 1), ("test", 1, 0)]


def test_a_lost_copy_costs_a_listing_which_leaves_a_new_one(applied: World, account: Account) -> None:
    """A run that lists writes the copy that later runs take: a plan, too."""
    age(applied)
    assert counted(account, applied, "plan")[1]["ListDatasetEntries"] == 2
    assert all("-seen-" in path.name for path in copies(applied))


@pytest.mark.parametrize("harm", ["cut", "changed", "of another", "empty", "tracked"])
def test_a_copy_that_is_not_what_was_written_costs_a_listing(applied: World, account: Account, harm: str) -> None:
    """The plan is the same, whatever is in the place of the copy."""
    applied.write("cells", [*applied.many(2), applied.boxes("0002.jpg", "WBC")])
    expected = applied.run("plan", "--full", "--json").datasets
    for path in copies(applied):
        whole = path.read_bytes()
        spoil(path, whole, harm)
    ran, calls = counted(account, applied, "plan", "--json")
    assert calls["ListDatasetEntries"] == 1
    assert [one["changes"] for one in ran.datasets] == [one["changes"] for one in expected]


def spoil(path: Path, whole: bytes, harm: str) -> None:
    """Do harm to a copy."""
    if harm == "tracked":
        path.chmod(0o666)
    elif harm == "of another":
        path.write_bytes(next(path.parent.glob("test-*")).read_bytes())
    else:
        path.write_bytes({"cut": whole[:-9], "changed": whole[:99] + b"x" + whole[100:], "empty": b""}[harm])
