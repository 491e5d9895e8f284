"""Whose change a difference is, and `policy.theirs`: an edit made outside git is never overwritten unseen."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import BUCKET
from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World


def lines(world: World, changed: Mapping[int, str]) -> list[str]:
    """Twenty entries with the label RBC, some with another label."""
    return [world.boxes(f"{number:04}.jpg", changed.get(number, "RBC")) for number in range(20)]


@pytest.fixture
def applied(account: Account, world: World) -> World:
    """A project whose train dataset was applied: entries 0 to 19."""
    account.create("cells")
    world.write("cells", lines(world, {}))
    assert world.run("apply", "--yes").code == 0
    return world


def settings(word: str, *more: str) -> str:
    """A project.yaml with `theirs`, without guards that a small dataset trips."""
    off = "guards: {label-removed: off, label-share: off, updates: off}"
    return f"managed: false\npolicy: {{{', '.join((f'theirs: {word}', off, *more))}}}"


def edit(account: Account, world: World, changed: Mapping[int, str]) -> None:
    """A colleague relabels entries in the console."""
    account.emulator.edit_entries(
        account.dataset("cells"), [world.boxes(f"{number:04}.jpg", label) for number, label in changed.items()]
    )


def origins(ran: Ran) -> dict[str, str]:
    """Whose change each difference of a plan is, by the number of the entry."""
    (dataset,) = ran.datasets
    return {change["key"].rpartition("/")[2][:4]: change.get("origin", "") for change in dataset["changes"]}


def live(account: Account) -> dict[int, str]:
    """The label of every entry that has another than RBC."""
    found = {}
    for entry in account.emulator.entries(account.dataset("cells")):
        label = json.loads(entry.line)["boxes-metadata"]["class-map"]["0"]
        if label != "RBC":
            found[int(entry.key.rpartition("/")[2][:4])] = label
    return found


def all_three(account: Account, world: World, word: str = "refuse") -> None:
    """Entry 1 changes in git, 2 in live, 3 in both."""
    world.write("cells", lines(world, {1: "ours", 3: "ours"}), settings=settings(word))
    edit(account, world, {2: "theirs", 3: "theirs"})


def test_each_difference_says_whose_it_is_without_a_flag(applied: World, account: Account) -> None:
    """In JSON, on the terminal and in Markdown; the counts say since which apply."""
    all_three(account, applied)
    ran = applied.run("plan", "--json")
    assert origins(ran) == {"0001": "ours", "0002": "theirs", "0003": "both"}
    counts = ran.datasets[0]["origins"]
    assert (counts["ours"], counts["theirs"], counts["both"], counts["unknown"]) == (1, 1, 1, 0)
    assert counts["by"].startswith("since the apply of 20")
    shown = applied.run("plan", "--markdown", "comment.md").out
    assert "1 ours, 1 theirs, 1 both" in shown
    assert "[theirs]" in shown
    comment = (applied.folder / "comment.md").read_text()
    assert "**theirs**" in comment
    assert "**both**" in comment


def test_an_apply_that_would_undo_edits_is_refused_and_says_how_to_go_on(applied: World, account: Account) -> None:
    """It names the entries, `reconciler pull` and the override, and sends nothing; the override applies it."""
    all_three(account, applied)
    sent = account.updates
    ran = applied.run("apply", "--yes")
    assert (ran.code, account.updates) == (4, sent), ran
    told = ran.out + ran.err
    assert (
        f"2 edits made outside git since the last apply would be undone: {BUCKET}/0002.jpg, {BUCKET}/0003.jpg" in told
    )
    assert "(1 of them changed in git too); `reconciler pull --conflicts live` takes live's into git" in told
    assert '--allow theirs="why"' in told
    assert live(account) == {2: "theirs", 3: "theirs"}
    assert applied.run("apply", "--yes", "--allow", "theirs=the console was wrong").code == 0
    assert live(account) == {1: "ours", 3: "ours"}


def test_overwrite_heals_and_names_what_it_undoes(applied: World, account: Account) -> None:
    """The plan is not refused; a reviewer sees that edits are undone."""
    all_three(account, applied, "overwrite")
    ran = applied.run("plan", "--json")
    assert ("drift", 2) in {(danger["kind"], danger["count"]) for danger in ran.document["dangers"]}
    assert "0003.jpg --conflicts live" in applied.run("plan").out.replace("\n    ", " ")
    assert applied.run("apply", "--yes").code == 0
    assert live(account) == {1: "ours", 3: "ours"}


@pytest.mark.parametrize(
    ("git_side", "live_side"), [(set(), {2}), ({3}, {3}), ({1, 3}, {2, 3})], ids=["theirs", "both", "a mix"]
)
def test_the_command_that_a_refusal_names_makes_the_next_apply_pass(
    applied: World, account: Account, git_side: set[int], live_side: set[int]
) -> None:
    """It takes live's side of what the guard named, whoever else changed it, and what is only ours stays."""
    applied.write("cells", lines(applied, dict.fromkeys(git_side, "ours")), settings=settings("refuse"))
    edit(account, applied, dict.fromkeys(live_side, "theirs"))
    refused = applied.run("apply", "--yes")
    assert refused.code == 4
    told = refused.out + refused.err
    command = told[told.index("`reconciler pull") + 1 :].partition("`")[0]
    assert command.endswith("--conflicts live") == bool(git_side & live_side)
    assert applied.run(*command.split()[1:], "--allow-dirty").code == 0
    assert applied.run("apply", "--yes").code == 0
    assert live(account) == dict.fromkeys(git_side - live_side, "ours") | dict.fromkeys(live_side, "theirs")


def test_keep_leaves_out_what_only_live_changed(applied: World, account: Account) -> None:
    """It is refused where both changed; else ours is sent, theirs stays, and is drift until git takes it."""
    all_three(account, applied, "keep")
    assert applied.run("apply", "--yes").code == 4
    applied.write("cells", lines(applied, {1: "ours"}), settings=settings("keep"))
    edit(account, applied, {3: "RBC"})
    for _again in range(2):
        ran = applied.run("apply", "--yes")
        assert ran.code == 0, ran
        assert live(account) == {1: "ours", 2: "theirs"}
        assert "1 entry that only live changed is kept (`theirs: keep`)" in ran.out
        assert applied.run("drift").code == 2
    assert origins(applied.run("plan", "--json")) == {}
    applied.write("cells", lines(applied, {1: "ours", 2: "mine"}), settings=settings("keep"))
    assert origins(applied.run("plan", "--json")) == {"0002": "both"}
    applied.write("cells", lines(applied, {1: "ours", 2: "theirs"}), settings=settings("keep"))
    assert applied.run("apply", "--yes").code == 0
    assert applied.run("drift").code == 0


def test_an_entry_that_came_in_live_is_not_unlabelled_unseen(applied: World, account: Account) -> None:
    """`extra: unlabel` would take the labels off; entries that were live only before are ours to unlabel."""
    edit(account, applied, {20: "theirs"})
    applied.write("cells", lines(applied, {}), settings=settings("refuse", "extra: unlabel"))
    ran = applied.run("apply", "--yes")
    assert (ran.code, f"{BUCKET}/0020.jpg" in ran.err + ran.out) == (4, True)
    applied.write("cells", lines(applied, {}), settings=settings("keep", "extra: unlabel"))
    assert applied.run("apply", "--yes").code == 0
    assert live(account) == {20: "theirs"}


def test_an_entry_that_was_live_only_at_the_last_apply_is_ours_to_unlabel(applied: World, account: Account) -> None:
    """The last apply left it as it was; a new policy is a change in git."""
    edit(account, applied, {20: "theirs"})
    applied.write("cells", lines(applied, {0: "ours"}), settings=settings("refuse"))
    assert applied.run("apply", "--yes").code == 0
    edit(account, applied, {5: "RBC", 21: "new"})
    applied.write("cells", lines(applied, {0: "ours"}), settings=settings("refuse", "extra: unlabel"))
    found = origins(applied.run("plan", "--json"))
    assert found == {"0020": "ours", "0021": "theirs"}


@pytest.mark.parametrize("word", ["refuse", "keep"])
def test_without_an_apply_nothing_is_judged(account: Account, world: World, word: str) -> None:
    """A first apply to a dataset with entries says so as a check; `keep` cannot know what to keep, and refuses."""
    account.create("cells")
    world.write("cells", lines(world, {}), settings=settings("overwrite"))
    assert world.run("apply", "--yes").code == 0
    for record in (world.folder / ".reconciler" / "audit").iterdir():
        record.unlink()
    world.write("cells", lines(world, {1: "ours"}), settings=settings(word))
    ran = world.run("plan", "--json")
    assert ran.code == (0 if word == "refuse" else 4)
    found = {(danger["kind"], danger["level"]) for danger in ran.document["dangers"]}
    assert (("theirs", "check") if word == "refuse" else ("guard", "danger")) in found
    assert origins(ran) == {"0001": ""}


def _lost(copy: Path) -> None:
    copy.unlink()


def _cut(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-9])


def _forged(copy: Path) -> None:
    whole = gzip.decompress(copy.read_bytes()).replace(b"RBC", b"WBC")
    copy.write_bytes(gzip.compress(whole))


def _shared(copy: Path) -> None:
    copy.chmod(0o666)


@pytest.mark.parametrize("spoil", [_lost, _cut, _forged, _shared])
def test_a_copy_of_live_that_is_not_the_one_that_was_written_is_no_base(
    applied: World, account: Account, spoil: Callable[[Path], None]
) -> None:
    """Then the digest of live decides: as it was left, all is ours; edited, all that would be overwritten is named."""
    (copy,) = (applied.folder / ".reconciler" / "live").iterdir()
    spoil(copy)
    applied.write("cells", lines(applied, {1: "ours"}), settings=settings("refuse"))
    assert origins(applied.run("plan", "--json")) == {"0001": "ours"}
    edit(account, applied, {2: "theirs"})
    ran = applied.run("plan", "--json")
    assert (ran.code, origins(ran)) == (4, {"0001": "ours-or-theirs", "0002": "ours-or-theirs"})
    assert "2 entries that would be overwritten are yours or theirs" in json.dumps(ran.datasets[0]["refusals"])


def test_the_manifest_in_git_stands_in_for_the_copy(account: Account, world: World) -> None:
    """Its blob is named by the record; a copy that is lost costs nothing as long as git has the manifest."""
    account.create("cells")
    world.write("cells", lines(world, {}), settings=settings("refuse"))
    commit(world.folder)
    assert world.run("apply", "--yes").code == 0
    for copy in (world.folder / ".reconciler" / "live").iterdir():
        copy.unlink()
    all_three(account, world)
    assert origins(world.run("plan", "--json")) == {"0001": "ours", "0002": "theirs", "0003": "both"}
    oid = git(world.folder, "rev-parse", "HEAD:datasets/cells/train.jsonl").strip()
    (world.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    refusal = " ".join(map(str, world.run("plan", "--json").datasets[0]["refusals"][0]))
    assert "git does not have the manifest as it was applied; fetch the branch that was applied" in refusal
    assert "(`fetch-depth: 0` for actions/checkout); name the place of the copies (--snapshots, or" in refusal
    assert "lists them; with `--discard-ours` it takes live's into git" in refusal


def test_the_newest_two_copies_are_kept_and_an_apply_of_nothing_writes_none(applied: World) -> None:
    """Each is private, compressed, and has a sheet of what was listed and when."""
    folder = applied.folder / ".reconciler" / "live"
    for number in (1, 2, 3):
        applied.write("cells", lines(applied, {number: "ours"}), settings=settings("refuse"))
        assert applied.run("apply", "--yes").code == 0
    before = sorted(folder.iterdir())
    assert applied.run("apply", "--yes").code == 0
    assert (len(before), sorted(folder.iterdir())) == (2, before)
    assert {path.stat().st_mode & 0o777 for path in before} == {0o600}
    sheet: dict[str, Any] = json.loads(gzip.decompress(before[-1].read_bytes()).splitlines()[0])
    assert (sheet["entries"], sheet["statistics"]["entries"], len(sheet["digests"])) == (20, 20, 2)
    assert sheet["updated"][0] == sheet["updated"][1] > 0


def test_with_a_base_revision_ours_is_split(account: Account, world: World) -> None:
    """What an apply left says whose a change is; `--base` says which of ours is of this branch, and which pending."""
    account.create("cells")
    world.write("cells", lines(world, {}), settings=settings("refuse"))
    commit(world.folder)
    assert world.run("apply", "--yes").code == 0
    world.write("cells", lines(world, {1: "pending"}), settings=settings("refuse"))
    commit(world.folder, tag="base")
    world.write("cells", lines(world, {1: "pending", 4: "branch"}), settings=settings("refuse"))
    edit(account, world, {2: "theirs"})
    found = origins(world.run("plan", "--json", "--base", "base"))
    assert found == {"0001": "base", "0002": "theirs", "0004": "branch"}


def test_keep_and_replace_contradict_each_other(world: World) -> None:
    """`extra: replace` deletes what `theirs: keep` keeps: project.yaml is refused by its line."""
    world.write("cells", world.many(1), settings=settings("keep", "extra: replace"))
    ran = world.run("validate")
    assert ran.code == 3, ran
    assert "keep-and-replace" in ran.out + ran.err


def test_theirs_is_no_key_of_guards(world: World) -> None:
    """It is a setting of its own."""
    world.write("cells", world.many(1), settings="managed: false\npolicy: {guards: {theirs: off}}")
    assert world.run("validate").code == 3


def test_after_a_restore_entries_that_it_did_not_send_are_still_known(applied: World, account: Account) -> None:
    """What a restore brought back is live's change, which git does not have, and so is an edit of any other line."""
    applied.write("cells", lines(applied, {1: "ours"}), settings=settings("refuse"))
    assert applied.run("apply", "--yes").code == 0
    (audit,) = (applied.folder / ".reconciler" / "audit").glob("*.jsonl")
    identity = json.loads(audit.read_text().splitlines()[-1])["id"]
    assert applied.run("restore", identity, "--yes").code == 0
    edit(account, applied, {2: "theirs"})
    assert origins(applied.run("plan", "--json")) == {"0001": "theirs", "0002": "theirs"}


def test_an_entry_that_went_from_live_is_theirs_and_added_again(applied: World, account: Account) -> None:
    """To add it overwrites nothing, so that an apply that continues a load is not refused."""
    account.emulator.remove_entries(account.dataset("cells"), [f"{BUCKET}/0002.jpg"])
    assert origins(applied.run("plan", "--json")) == {"0002": "theirs"}
    assert applied.run("apply", "--yes").code == 0
    assert f"{BUCKET}/0002.jpg" in account.keys("cells")
