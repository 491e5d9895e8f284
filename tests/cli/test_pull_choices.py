"""`pull` entry by entry: the prompt, digests, moves, retired images, labels of the closed list, patches."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import BUCKET
from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World


def console(account: Account, *lines: str, kind: str = "TRAIN") -> None:
    """Somebody edits a dataset in the console."""
    account.emulator.edit_entries(account.dataset("cells", kind), list(lines))


def keys(path: Path) -> list[str]:
    """The names of a manifest's images, in its order."""
    return [json.loads(line)["source-ref"].rpartition("/")[2] for line in path.read_text().splitlines()]


@pytest.fixture
def cells(world: World, account: Account) -> Path:
    """Train and test, applied; then two entries are edited in the console and one comes."""
    account.create("cells")
    folder = world.write("cells", world.many(4), world.many(3, first=50), settings="managed: false\nlabels: [RBC]")
    assert world.run("apply", "--yes").code == 0
    console(account, world.boxes("0001.jpg", "RBC", "RBC"), world.boxes("0002.jpg", "RBC", left=70))
    console(account, '{"source-ref":"s3://acme-vision/cells/new\\u001b[31m.jpg"}')
    return folder


def answered(world: World, *answers: str) -> Ran:
    """A pull on a terminal with these answers."""
    return world.run("pull", answer="".join(f"{one}\n" for one in answers), terminal=True)


@pytest.mark.parametrize(
    ("answers", "taken", "code"),
    [
        (["y", "n", "y"], {"0001.jpg", "new\x1b[31m.jpg"}, 2),
        (["n", "a"], {"0002.jpg", "new\x1b[31m.jpg"}, 2),
        (["y", "q"], {"0001.jpg"}, 2),
        (["what", "y"], {"0001.jpg"}, 2),
        (["a"], {"0001.jpg", "0002.jpg", "new\x1b[31m.jpg"}, 0),
        ([], set(), 2),
    ],
)
def test_a_terminal_shows_each_entry_and_asks(
    world: World, cells: Path, answers: list[str], taken: set[str], code: int
) -> None:
    """Y takes, n leaves, a takes all others, q leaves all others, as the end of the input does; text is inert."""
    before = (cells / "train.jsonl").read_text().splitlines()
    ran = answered(world, *answers)
    after = (cells / "train.jsonl").read_text().splitlines()
    changed = {json.loads(line)["source-ref"].rpartition("/")[2] for line in {*before, *after} if line not in before}
    assert (changed, ran.code) == (taken, code), ran.err
    assert "new\x1b" not in ran.out + ran.err
    assert all(len(line) <= 100 for line in re.sub("\x1b\\[[0-9;]*m", "", ran.out).splitlines())


def test_the_two_sides_are_beside_one_another(world: World, cells: Path) -> None:
    """What only live has is at the right, and what the manifest says at the left."""
    assert cells.is_dir()
    lines = re.sub("\x1b\\[[0-9;]*m", "", answered(world, "q").out).splitlines()
    assert any(re.fullmatch(r" +manifest +live", line) for line in lines)
    assert any(re.fullmatch(r" +\+ RBC 40x30 at 10, 10", line) for line in lines)
    assert any(re.fullmatch(r" +RBC 40x30 at 10, 0 +RBC 40x30 at 10, 0", line) for line in lines)


def test_an_entry_is_chosen_by_the_digest_that_the_list_shows(world: World, cells: Path) -> None:
    """Without a choice the entries are listed with what happened to them; --entry takes exactly that one."""
    shutil.rmtree(world.folder / ".reconciler")
    listed = world.run("pull")
    assert listed.code == 3
    (digest,) = re.findall(r"^ +([0-9a-f]{8}) train cells/0002.jpg  1 box moved", listed.out, re.MULTILINE)
    ran = world.run("pull", "--discard-ours", "--entry", digest)
    assert ran.code == 2
    assert "1 entry changed" in ran.out
    assert world.run("pull", "--discard-ours", "--entry", digest).code == 3
    assert '"left": 70' in (cells / "train.jsonl").read_text().replace('"left":70', '"left": 70')


def test_an_entry_that_moved_between_the_datasets_moves_in_both_manifests(
    world: World, account: Account, cells: Path
) -> None:
    """One choice covers both files; the plan after it has nothing about that entry."""
    account.emulator.remove_entries(account.dataset("cells"), [f"{BUCKET}/0003.jpg"])
    console(account, world.boxes("0003.jpg", "RBC"), kind="TEST")
    shutil.rmtree(world.folder / ".reconciler")
    listed = world.run("pull", "--only", "*0003*")
    (digest,) = re.findall(r"^ +([0-9a-f]{8}) .*moved from train to test$", listed.out, re.MULTILINE)
    assert world.run("pull", "--discard-ours", "--entry", digest).code == 2
    assert "0003.jpg" not in keys(cells / "train.jsonl")
    assert keys(cells / "test.jsonl")[-1] == "0003.jpg"
    (train, test) = world.run("plan", "--json").datasets
    assert not [one for one in (*train["changes"], *test["changes"]) if "0003" in one["key"]]


def test_what_leaves_on_purpose_goes_to_retired(world: World, account: Account, cells: Path) -> None:
    """A new image, and one that has no labels live: neither is in the manifest, both are retired with the reason."""
    console(account, f'{{"source-ref":"{BUCKET}/0003.jpg"}}')
    ran = world.run("pull", "--discard-ours", "--retire", "not ours", "--only", "*new*", "--only", "*0003*")
    assert ran.code == 2, ran
    assert "datasets/cells/project.yaml: 2 images retired" in ran.out
    assert keys(cells / "train.jsonl") == ["0000.jpg", "0001.jpg", "0002.jpg"]
    planned = world.run("plan", "--json")
    assert (planned.datasets[0]["retired"], planned.datasets[0]["live_only"]) == (2, 0)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("labels: [RBC] # ours", "labels: [RBC, WBC] # ours"),
        ("labels:\n- RBC\n# end", "labels:\n- RBC\n- WBC\n# end"),
        ("labels: [\n  RBC,\n]", "labels: [\n  RBC, WBC,\n]"),
    ],
)
def test_a_label_that_the_closed_list_lacks_is_added(
    world: World, account: Account, cells: Path, written: str, expected: str
) -> None:
    """project.yaml gets it by position, the line that says so names it, and the next plan accepts it."""
    (cells / "project.yaml").write_text(f"managed: false\n{written}\n")
    console(account, world.boxes("0001.jpg", "WBC"))
    ran = world.run("pull", "--discard-ours", "--only", "*0001*")
    assert ran.code == 2
    assert "datasets/cells/project.yaml: added to `labels`: WBC" in ran.out
    assert (cells / "project.yaml").read_text() == f"managed: false\n{expected}\n"
    assert world.run("validate").code == 0


@pytest.mark.parametrize("form", ["jsonl", "yaml"])
def test_a_patch_makes_the_same_bytes_as_the_pull(world: World, cells: Path, form: str) -> None:
    """For a new manifest and for edits of one that is there; the files themselves stay."""
    (cells / "test.jsonl").unlink()
    commit(world.folder)
    arguments = ["pull", "--discard-ours", "--format", form]
    patched = world.run(*arguments, "--patch", "-")
    assert patched.code == 0
    assert "`--patch FILE` writes it to a file" in patched.err
    assert "git apply" not in patched.err
    assert git(world.folder, "status", "--porcelain", "datasets") == ""
    assert world.run(*arguments).code == 0
    pulled = {path.name: path.read_bytes() for path in cells.iterdir()}
    git(world.folder, "checkout", "--quiet", "datasets")
    git(world.folder, "clean", "--quiet", "--force", "datasets")
    (world.folder / "out.patch").write_bytes(patched.out.encode())
    git(world.folder, "apply", "out.patch")
    assert {path.name: path.read_bytes() for path in cells.iterdir()} == pulled


def test_nobody_is_asked_about_a_file_that_will_be_refused(world: World, cells: Path) -> None:
    """Changes that are not committed stop the run before the first question."""
    commit(world.folder)
    (cells / "train.jsonl").write_text((cells / "train.jsonl").read_text() + "\n")
    ran = answered(world, "a")
    assert ran.code == 3
    assert "not committed" in ran.err
    assert "Take live" not in ran.err
