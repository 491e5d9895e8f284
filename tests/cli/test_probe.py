"""What is listed when nothing moved, and when something did: counted in calls."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.snapshots import folder as private
from rekognition_emulator import Clock
from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World

SAID = "live not listed: unchanged since 20"
# The emulator's clock shows a time in the past: no listing is too fresh to count.
OLD = pytest.mark.parametrize("account", [{"clock": Clock(1_700_000_000.0)}], indirect=True)


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
    """A colleague's edit moves the timestamp, and of a changed manifest that git does not have no entry is known."""
    lose_copies(applied)
    account.emulator.edit_entries(account.dataset("cells"), [applied.boxes("0001.jpg", "RBC", left=99)])
    applied.write("cells", applied.many(3), applied.many(2, first=500))
    ran, calls = counted(account, applied, "plan", "--json")
    assert calls["ListDatasetEntries"] == 2
    assert [(one["type"], one["add"], one["update"]) for one in ran.datasets] == [("train", 0, 1), ("test", 1, 0)]


def test_the_manifest_that_was_applied_stands_in_for_a_listing(account: Account, world: World) -> None:
    """Where it is what was read back, git has the entries that are live: nothing is listed for a changed manifest."""
    account.create("cells")
    world.write("cells", world.many(3))
    commit(world.folder)
    assert world.run("apply", "--yes").code == 0
    lose_copies(world)
    world.write("cells", [*world.many(2), world.boxes("0002.jpg", "WBC"), *world.many(1, first=9)])
    ran, calls = counted(account, world, "plan", "--json")
    assert [(one["add"], one["update"], one["unchanged"]) for one in ran.datasets] == [(1, 1, 2)]
    assert calls == {"DescribeProjects": 1, "DescribeDataset": 1}
    assert planned(world) == planned(world, "--full")


@OLD
@pytest.mark.parametrize("forgets", ["live", "git"])
def test_the_manifest_that_was_applied_proves_nothing_alone(account: Account, world: World, forgets: str) -> None:
    """Live is listed where it moved, and where the manifest in git is not what was read back."""
    account.create("cells")
    world.write("cells", world.many(3))
    commit(world.folder)
    if forgets == "git":  # one line is not taken
        account.emulator.load_faults("[{fault: lose, operation: UpdateDatasetEntries, count: 1, on: 1}]")
    world.run("apply", "--yes")
    lose_copies(world)
    if forgets == "live":
        account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "RBC", left=99)])
    world.write("cells", [*world.many(3), *world.many(1, first=9)])
    assert counted(account, world, "plan")[1]["ListDatasetEntries"] == 1
    assert planned(world) == planned(world, "--full")


@pytest.mark.parametrize("how", ["", "--full", "policy: {probe: 'off'}"])
def test_what_leakage_was_judged_by_is_not_listed_again(applied: World, account: Account, how: str) -> None:
    """Where both manifests changed, each dataset is listed once in a run, whatever was asked for and however soon."""
    age(applied)
    settings = f"managed: false\n{how if how.startswith('policy') else ''}"
    changed = [*applied.many(3), *applied.many(1, first=9)], applied.many(2, first=500)
    applied.write("cells", *changed, settings=settings)
    more = ("--full",) if how == "--full" else ()
    ran, calls = counted(account, applied, "plan", "--json", *more)
    assert [(one["type"], one["add"]) for one in ran.datasets] == [("train", 1), ("test", 1)]
    assert (calls["ListDatasetEntries"], [one["not_listed_since"] for one in ran.datasets]) == (2, ["", ""])
    ran, calls = counted(account, applied, "apply", "--yes", *more)
    assert (ran.code, calls["ListDatasetEntries"]) == (0, 4), ran  # two more to read back


@OLD
@pytest.mark.parametrize("command", [("init", "cells"), ("pull",)])
def test_what_a_first_manifest_was_made_of_is_not_listed_again(
    applied: World, account: Account, command: tuple[str, ...]
) -> None:
    """Of datasets that no apply of this repository made, each is listed once: the plan after has the copies."""
    forget(applied, account, keeps=command[0] == "pull")
    ran, calls = counted(account, applied, *command)
    assert (ran.code, calls["ListDatasetEntries"], SAID in ran.out) == (0, 2, False), ran
    ran, calls = counted(account, applied, "plan", "--exit-code")
    assert (ran.code, calls["ListDatasetEntries"], ran.out.count(SAID)) == (0, 0, 2), ran


def forget(world: World, account: Account, *, keeps: bool) -> None:
    """Leave nothing of a project but its declaration, or not that either; marks and bare lines are live, too."""
    bare = '{"source-ref":"s3://acme-vision/cells/bare.jpg"}'
    account.emulator.edit_entries(account.dataset("cells"), [bare, world.boxes("0001.jpg", "WBC", left=639)])
    rmtree(world.folder / ".reconciler")
    for path in (world.folder / "datasets" / "cells").glob("*.jsonl"):
        path.unlink()
    if not keeps:
        rmtree(world.folder / "datasets")
    git(world.folder, "init", "--quiet")


@OLD
@pytest.mark.parametrize("form", ["jsonl", "yaml"])
def test_a_pull_takes_a_proven_copy_of_live(applied: World, account: Account, form: str) -> None:
    """Nothing is listed for a first manifest and for one that is there, and it is said; files are as with `--full`."""
    forget(applied, account, keeps=True)
    folder, pull = applied.folder / "datasets" / "cells", ("pull", "--format", form)
    assert counted(account, applied, *pull, "--full")[1]["ListDatasetEntries"] == 2
    listed = {path: path.read_bytes() for path in folder.glob(f"t*.{form}")}
    for path in listed:
        path.unlink()
    for _there in (False, True):
        ran, calls = counted(account, applied, *pull)
        assert (ran.code, calls["ListDatasetEntries"], ran.out.count(SAID)) == (0, 0, 2), ran
    assert {path: path.read_bytes() for path in folder.glob(f"t*.{form}")} == listed


def test_a_restore_takes_a_proven_copy_too(applied: World, account: Account) -> None:
    """What an apply overwrote is held against live without a listing, unless one is asked for."""
    applied.write("cells", [*applied.many(2), applied.boxes("0002.jpg", "WBC")])
    ran = applied.run("apply", "--yes", "--json")
    record = next(one["outcome"]["record"] for one in ran.datasets if one["type"] == "train")
    for full, pages in ((), 0), (("--full",), 1):
        ran, calls = counted(account, applied, "restore", record, "--dry-run", *full)
        assert (ran.code, calls["ListDatasetEntries"]) == (0, pages), ran


def test_a_lost_copy_costs_a_listing_which_leaves_a_new_one(applied: World, account: Account) -> None:
    """A run that lists writes the copy that later runs take: a plan, too."""
    age(applied)
    assert counted(account, applied, "plan")[1]["ListDatasetEntries"] == 2
    assert all("-seen-" in path.name for path in copies(applied))


@dataclass(frozen=True)
class Past:
    """Copies of one dataset, by file name: the oldest of what an apply left to the newest of what is live now."""

    folder: Path
    copies: tuple[dict[str, bytes], ...]
    others: tuple[bytes, ...]

    @classmethod
    def lived(cls, world: World, account: Account) -> Past:
        """Two edits after an apply, of which runs left copies; the last one is as live is now."""
        account.create("cells")
        world.write("cells", world.many(3), world.many(3, first=500))
        assert world.run("apply", "--yes").code == 0
        folder, found = world.folder / ".reconciler" / "live", []
        for label in ("", "WBC", "Platelets"):
            if label:
                account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", label)])
                world.run("plan")
            found.append({path.name: path.read_bytes() for path in copies(world)})
        world.write("cells", [*world.many(2), world.boxes("0002.jpg", "WBC"), *world.many(1, first=9)])
        return cls(folder, tuple(found), tuple(path.read_bytes() for path in folder.glob("test-*")))


def forged(name: str, lines: list[bytes]) -> tuple[str, bytes]:
    """A copy of other lines with the digest in its name that they have, as only this user can make it."""
    text = b"".join(line + b"\n" for line in lines)
    start = name.removesuffix(".jsonl.gz").rpartition("-")[0]
    return f"{start}-{blake2b(text, digest_size=16).hexdigest()}.jsonl.gz", gzip.compress(text)


def sheets(sheet: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Sheets of another shape: lacking a member or with one of another type, with more members, or no sheet at all."""
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [None, -1, 1.5, "", "0", [], {}, True, [0, 0], 2**70, "9999-12-31T23:59:59.999999Z"]
    )
    names = st.sampled_from(sorted(sheet))
    changed = st.builds(lambda name, value: {**sheet, name: value}, names, odd)
    lacking = names.map(lambda name: {key: value for key, value in sheet.items() if key != name})
    more = st.dictionaries(st.text(max_size=9), odd, max_size=3).map(lambda members: {**members, **sheet})
    late = st.sampled_from(
        ["2999-01-01T00:00:00.000000Z", "1999-01-01T00:00:00.000000Z", "2026-02-30T00:00:00.000000Z"]
    )
    dated = late.map(lambda listed: {**sheet, "listed": listed})
    whole = st.one_of(changed, lacking, more, dated).map(lambda one: json.dumps(one).encode())
    return whole | st.sampled_from([b"", b"[]", b"{", b"null", b"\xff", b"[" * 9_999])


def forms(lines: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """The lines of a copy in another form; never other content in the right form: nobody could tell."""
    odd = st.sampled_from(
        [b"", b"=", b"=\t", b"=\t{", b"=\t[]", b"x\t{}", b"={\t{}", b"=[[1]]\t{}", b"=\t" + b"[" * 9_999]
    )
    places = st.integers(1, len(lines) - 1)
    return st.one_of(
        sheets(json.loads(lines[0])).map(lambda sheet: [sheet, *lines[1:]]),
        st.builds(lambda place, line: [*lines[:place], line, *lines[place + 1 :]], places, odd),
        places.map(lambda place: lines[:place]),
        places.map(lambda place: [*lines, lines[place]]),
    )


def spoil(data: st.DataObject, past: Past, path: Path) -> None:
    """Do harm to a copy."""
    whole = path.read_bytes()
    harm = data.draw(st.sampled_from(["none", "lost", "cut", "flipped", "swapped", "form", "mode", "link", "folder"]))
    if harm == "cut":
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    elif harm == "flipped":
        place, bits = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :])
    elif harm == "swapped":
        others = [*past.others, *(one for kept in past.copies for one in kept.values())]
        path.write_bytes(data.draw(st.sampled_from(others)))
    elif harm == "form":
        name, content = forged(path.name, data.draw(forms(gzip.decompress(whole).splitlines())))
        path.unlink()
        path.with_name(name).write_bytes(content)
        path.with_name(name).chmod(0o600)
    elif harm == "mode":
        path.chmod(data.draw(st.sampled_from([0o666, 0o620, 0o602, 0o700, 0o1600])))
    elif harm != "none":
        path.unlink()
        if harm == "link":
            path.symlink_to(past.folder.parent / "elsewhere")
            (past.folder.parent / "elsewhere").write_bytes(whole)
        elif harm == "folder":
            path.mkdir()


def harmed(data: st.DataObject, past: Past, patch: pytest.MonkeyPatch) -> None:
    """Some copies of some days, each harmed or not; or all of them of somebody else, or tracked by git."""
    rmtree(past.folder)
    past.folder.mkdir()
    for name, content in data.draw(st.sampled_from(past.copies)).items():
        (past.folder / name).write_bytes(content)
        (past.folder / name).chmod(0o600)
        spoil(data, past, past.folder / name)
    whose = data.draw(st.sampled_from(["mine", "mine", "somebody's", "git's"]))
    if whose == "somebody's":
        patch.setattr(os, "geteuid", lambda: 54321)
    elif whose == "git's":
        patch.setattr(private, "tracks", lambda _path: True)


def planned(world: World, *more: str) -> tuple[int, Any]:
    """The plan, without what tells how it was made."""
    ran = world.run("plan", "--json", *more)
    spent = ("not_listed_since", "spent", "estimate")
    assert "Traceback" not in ran.err
    return ran.code, [{name: value for name, value in one.items() if name not in spent} for one in ran.datasets]


def same_plan(data: st.DataObject, world: World, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan of harmed copies is that of a full listing, and so is the next one."""
    with monkeypatch.context() as patch:
        harmed(data, past, patch)
        found = planned(world)
        assert found == planned(world, "--full")
        assert found[1][0]["update"] == 2


@pytest.mark.parametrize("line", [b"=\t{", b"=\t" + b"[" * 9_999, b"=" + b"[" * 9_999 + b"\t{}"])
def test_a_bad_copy_of_the_other_dataset_costs_a_listing(applied: World, account: Account, line: bytes) -> None:
    """Leakage is judged by it where it is proven, and by a listing where it is not one."""
    [path] = (applied.folder / ".reconciler" / "live").glob("test-*")
    sheet, *_lines = gzip.decompress(path.read_bytes()).splitlines()
    name, content = forged(path.name, [sheet, line])
    path.rename(path.with_name(name)).write_bytes(content)
    applied.write("cells", applied.many(4))
    ran, calls = counted(account, applied, "plan")
    # The plan of the other dataset goes by the record of its apply.
    assert (ran.code, calls["ListDatasetEntries"]) == (0, 1), ran


@pytest.fixture
def past(account: Account, world: World, monkeypatch: pytest.MonkeyPatch) -> Past:
    """A dataset with a past; no folder is in a repository, so git is not asked."""
    monkeypatch.setattr(private, "tracks", lambda _path: False)
    return Past.lived(world, account)


@OLD
@pytest.mark.parametrize("examples", [15, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_harm_to_copies_changes_a_plan(
    world: World, past: Past, monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    """Lost, cut, flipped, swapped, older, of another form, of somebody else, tracked: the plan is as with `--full`."""

    @settings(max_examples=examples)
    @given(data=st.data())
    def law(data: st.DataObject) -> None:
        same_plan(data, world, past, monkeypatch)

    law()
