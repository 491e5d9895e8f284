"""What an apply overwrites is kept before it goes, and `restore RECORD` brings it back."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World

SETTINGS = "managed: false\npolicy: {guards: {label-removed: off}}"


@pytest.fixture
def cells(world: World, account: Account) -> str:
    """A live dataset with three entries that a manifest relabels; its ARN."""
    account.create("cells")
    world.write("cells", world.many(3), settings=SETTINGS)
    assert world.run("apply", "--yes").code == 0
    world.write("cells", [*world.many(3, "WBC"), world.boxes("new.jpg", "WBC")], settings=SETTINGS)
    return account.dataset("cells")


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """S3 that the command finds by the environment."""
    with running_s3(tmp_path / "s3") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.endpoint)
        yield running


def copies(world: World) -> list[Path]:
    """The copies of overwritten lines in the default folder, without what was sent in their place."""
    found = (world.folder / ".reconciler" / "overwritten").glob("*.jsonl.gz")
    return sorted(path for path in found if ".sent." not in path.name)


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a copy."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def record_of(ran: Ran) -> str:
    """The id of the record that an apply shows."""
    found = re.search(r"`reconciler\s+restore\s+([0-9a-f]{16})`", ran.out)
    assert found, ran
    return found[1]


def labels(account: Account) -> dict[str, str]:
    """The label of every live entry, by the name of its image."""
    return {
        entry.key.rpartition("/")[2]: json.loads(entry.line)["boxes-metadata"]["class-map"]["0"]
        for entry in account.emulator.entries(account.dataset("cells"))
    }


def test_an_apply_keeps_the_lines_that_it_overwrites_and_no_others(world: World, account: Account, cells: str) -> None:
    """Whole lines, in a private file that git ignores; what is new is not in it; its place is in the record."""
    assert cells
    ran = world.run("apply", "--yes")
    (path,) = copies(world)
    assert ran.code == 0
    assert lines(path) == [json.loads(line) for line in world.many(3)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (world.folder / ".reconciler" / ".gitignore").read_text() == "*\n"
    month = next((world.folder / ".reconciler" / "audit").glob("*.jsonl"))
    record = json.loads(month.read_text().splitlines()[-1])
    assert (record["id"], record["overwritten"]) == (record_of(ran), [str(path)])
    assert set(labels(account).values()) == {"WBC"}


def test_restore_brings_back_what_the_apply_overwrote(world: World, account: Account, cells: str) -> None:
    """The added entry stays; the end says how the same lines get into the manifest; a second time nothing is sent."""
    assert cells
    identity = record_of(world.run("apply", "--yes"))
    ran = world.run("restore", identity, "--yes")
    assert ran.code == 0, ran
    assert labels(account) == {"0000.jpg": "RBC", "0001.jpg": "RBC", "0002.jpg": "RBC", "new.jpg": "WBC"}
    assert f"zcat {copies(world)[0]} >> datasets/cells/train.jsonl" in ran.out
    updates = account.updates
    assert world.run("restore", identity, "--yes").code == 0
    assert account.updates == updates


def test_an_entry_that_was_edited_since_is_left_out_and_named(world: World, account: Account, cells: str) -> None:
    """A colleague's work is not overwritten, unless --force says so."""
    identity = record_of(world.run("apply", "--yes"))
    account.emulator.edit_entries(cells, [world.boxes("0001.jpg", "Platelet")])
    ran = world.run("restore", identity, "--yes")
    assert (ran.code, "left out: s3://acme-vision/cells/0001.jpg" in ran.err) == (0, True)
    assert "1 entry was edited after that apply and left out; --force" in ran.out.replace("\n", " ")
    assert "The copy has the lines of the 1 entry that was left out, too" in ran.out.replace("\n", " ")
    assert labels(account) == {"0000.jpg": "RBC", "0001.jpg": "Platelet", "0002.jpg": "RBC", "new.jpg": "WBC"}
    assert world.run("restore", identity, "--yes", "--force").code == 0
    assert labels(account)["0001.jpg"] == "RBC"


def test_an_edit_of_a_field_that_is_no_label_counts_as_well(world: World, account: Account, cells: str) -> None:
    """What the apply sent is compared whole where the service stored every line as it was sent."""
    identity = record_of(world.run("apply", "--yes"))
    edited = json.loads(world.boxes("0001.jpg", "WBC")) | {"note": "checked"}
    account.emulator.edit_entries(cells, [json.dumps(edited)])
    ran = world.run("restore", identity, "--yes")
    assert "left out: s3://acme-vision/cells/0001.jpg" in ran.err
    assert labels(account)["0001.jpg"] == "WBC"


def test_one_line_that_the_service_rewrites_lets_no_edit_pass(world: World, account: Account, cells: str) -> None:
    """What was read back is kept beside the copy: each live line is compared whole with it, or with what was sent."""
    noted = [json.loads(line) for line in world.many(3, "WBC")]
    noted[0]["note"] = "seen"
    world.write("cells", [json.dumps(one) for one in noted], settings=SETTINGS)
    account.emulator.load_faults("[{fault: rewrite, what: [unknown], on: '1-99'}]")
    identity = record_of(world.run("apply", "--yes"))
    noted[1]["boxes-metadata"]["job-name"] = "labeling-job/theirs"
    account.emulator.edit_entries(cells, [json.dumps(noted[1])])
    ran = world.run("restore", identity, "--yes")
    assert ran.err.count("left out: ") == 1, ran
    assert "left out: s3://acme-vision/cells/0001.jpg" in ran.err
    assert labels(account) == {"0000.jpg": "RBC", "0001.jpg": "WBC", "0002.jpg": "RBC"}


def test_a_dry_run_shows_the_plan_and_sends_nothing(world: World, account: Account, cells: str) -> None:
    """It asks nothing either; for a record and for a snapshot."""
    assert cells
    identity, updates = record_of(world.run("apply", "--yes")), account.updates
    ran = world.run("restore", identity, "--dry-run")
    assert (ran.code, "3 to update" in ran.out, account.updates) == (0, True, updates)
    again = world.run("restore", str(copies(world)[0]), "--project", "cells", "--type", "train", "--dry-run")
    assert (again.code, "3 to update" in again.out, account.updates) == (0, True, updates)


def test_a_restore_can_be_restored(world: World, account: Account, cells: str) -> None:
    """It overwrites lines as an apply does, and keeps them."""
    assert cells
    first = world.run("restore", record_of(world.run("apply", "--yes")), "--yes")
    assert world.run("restore", record_of(first), "--yes").code == 0
    assert set(labels(account).values()) == {"WBC"}


def test_labels_that_unlabel_removes_are_kept(world: World, account: Account, cells: str) -> None:
    """`extra: unlabel` overwrites a line with a bare one."""
    assert cells
    settings = "managed: false\npolicy: {extra: unlabel, guards: {label-removed: off, shrink: off}}"
    world.write("cells", world.many(2), settings=settings)
    ran = world.run("apply", "--yes")
    assert ran.code == 0, ran
    (path,) = copies(world)
    assert lines(path) == [json.loads(world.many(3)[2])]
    assert world.run("restore", record_of(ran), "--yes").code == 0
    assert labels(account)["0002.jpg"] == "RBC"


def test_where_nothing_can_be_written_no_batch_is_sent(world: World, account: Account, cells: str) -> None:
    """The sentence names the place; live is as it was."""
    assert cells
    place = world.folder / "full"
    place.write_text("a file where the folder should be")
    updates = account.updates
    ran = world.run("apply", "--yes", "--snapshots", str(place))
    assert (ran.code, account.updates) == (1, updates)
    assert "no copy of the lines to overwrite could be written to" in ran.out
    assert set(labels(account).values()) == {"RBC"}


def test_they_go_to_s3_and_come_back_from_there(world: World, account: Account, cells: str, bucket: Bucket) -> None:
    """In the place of snapshots; on a runner without a warning; a record in S3 is named by its address."""
    assert cells
    place, audit = f"s3://{bucket.name}/keep", f"s3://{bucket.name}/audit"
    ran = world.run("apply", "--yes", "--snapshots", place, "--audit", audit)
    assert (ran.code, copies(world)) == (0, [])
    assert f"kept in {place}/overwritten/train-cells-" in ran.out.replace("\n", " ")
    assert ran.err == ""
    (address,) = [key for key in bucket.listed() if record_of(ran) in key]
    back = world.run("restore", f"s3://{bucket.name}/{address}", "--yes", "--snapshots", place)
    assert back.code == 0, back
    assert labels(account)["0000.jpg"] == "RBC"
    assert f"aws s3 cp {place}/overwritten/train-cells-" in back.out


def test_on_a_runner_a_folder_is_worth_one_warning(
    world: World, account: Account, cells: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The apply goes on, also where nothing can be written: the folder goes with the runner in any case."""
    assert cells
    monkeypatch.setenv("CI", "true")
    ran = world.run("apply", "--yes")
    assert (ran.code, ran.err.count("warning")) == (0, 1)
    assert "which is deleted with this runner (CI is set); give --snapshots s3://BUCKET/FOLDER" in ran.err
    world.write("cells", world.many(3), settings=SETTINGS)
    (world.folder / "full").write_text("")
    ran = world.run("apply", "--yes", "--snapshots", "full")
    assert (ran.code, ran.err.count("warning")) == (0, 1)
    assert "the lines that this apply overwrites are not kept" in ran.err
    assert labels(account)["0000.jpg"] == "RBC"


def test_copies_are_deleted_after_thirty_days_and_snapshots_never(world: World, cells: str) -> None:
    """Their names say when they were written; files of other names are left alone."""
    assert cells
    old, young = (f"{datetime.now(UTC) - timedelta(days=days):%Y%m%dT%H%M%S%f}Z" for days in (31, 29))
    folder = world.folder / ".reconciler" / "overwritten"
    snapshots = world.folder / ".reconciler" / "snapshots"
    for one in (folder, snapshots):
        one.mkdir(parents=True)
        for moment in (old, young):
            (one / f"train-cells-1a2b3c4d-{moment}.jsonl.gz").write_bytes(b"x")
            (one / f"train-cells-1a2b3c4d-{moment}.sent.jsonl.gz").write_bytes(b"x")
        (one / "notes.jsonl.gz").write_bytes(b"mine")
    assert world.run("apply", "--yes").code == 0
    names = {path.name for path in folder.iterdir()}
    assert not [name for name in names if old in name]
    assert len([name for name in names if young in name]) == 2
    assert "notes.jsonl.gz" in names
    assert len(list(snapshots.iterdir())) == 5


@pytest.mark.usefixtures("cells")
def test_a_snapshot_is_kept_whatever_folder_it_is_in(world: World) -> None:
    """`--snapshots PLACE/overwritten` in one run, `--snapshots PLACE` in another."""
    folder = world.folder / "place" / "overwritten"
    folder.mkdir(parents=True)
    old = f"{datetime.now(UTC) - timedelta(days=31):%Y%m%dT%H%M%S%f}Z"
    for name in (f"train-cells-1a2b3c4d-{old}.jsonl.gz", f"train-cells-1a2b3c4d-{old}.jsonl.gz.partial"):
        (folder / name).write_bytes(b"x")
    assert world.run("apply", "--yes", "--snapshots", "place").code == 0
    assert len([path for path in folder.iterdir() if old in path.name]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("0123456789abcdef",), "there is no record 0123456789abcdef of this user in"),
        (("0123456789abcdef", "--project", "cells"), "a record names its dataset"),
        (("x.jsonl.gz", "--project", "cells", "--type", "train", "--force"), "--force is for a record"),
    ],
)
@pytest.mark.usefixtures("cells")
def test_a_restore_that_cannot_be_is_a_sentence(world: World, arguments: tuple[str, ...], words: str) -> None:
    """Nothing is asked and nothing is sent."""
    ran = world.run("restore", *arguments, "--yes")
    assert (ran.code, words in ran.err) == (3, True), ran


@pytest.mark.usefixtures("cells")
def test_the_record_of_an_apply_that_overwrote_nothing_restores_nothing(world: World) -> None:
    """The first load, for example."""
    month = next((world.folder / ".reconciler" / "audit").glob("*.jsonl"))
    identity = json.loads(month.read_text().splitlines()[0])["id"]
    ran = world.run("restore", identity, "--yes")
    assert (ran.code, "overwrote nothing; nothing is restored" in ran.err) == (3, True), ran


@pytest.mark.usefixtures("cells")
@pytest.mark.parametrize("spoil", [os.unlink, lambda path: path.write_bytes(path.read_bytes()[:-20])])
def test_a_copy_that_is_lost_or_cut_is_bad_input(world: World, spoil: Callable[[Path], object]) -> None:
    """Nothing is restored from half a file."""
    identity = record_of(world.run("apply", "--yes"))
    spoil(copies(world)[0])
    ran = world.run("restore", identity, "--yes")
    assert (ran.code, "cannot be read as a snapshot" in ran.err) == (3, True), ran


@pytest.mark.usefixtures("cells")
def test_what_a_killed_apply_overwrote_is_restored(world: World, account: Account) -> None:
    """The note that it left has the place of the copy, and counts as its record."""
    identity = record_of(world.run("apply", "--yes"))
    (month,) = (world.folder / ".reconciler" / "audit").iterdir()
    *before, last = month.read_text().splitlines()
    month.write_text("".join(f"{line}\n" for line in before))
    note = month.with_name(f"begun-{identity}.json")
    note.write_text(json.dumps(json.loads(last) | {"outcome": "killed", "result": None}) + "\n")
    note.chmod(0o600)
    assert world.run("restore", identity, "--yes").code == 0
    assert labels(account)["0000.jpg"] == "RBC"
    assert not note.exists()


def test_what_a_restore_brought_back_is_a_change_of_live(world: World, account: Account, cells: str) -> None:
    """The next apply is refused with the pull first, drift names it, and a pull takes it into the manifest."""
    assert cells
    identity = record_of(world.run("apply", "--yes"))
    assert world.run("restore", identity, "--yes").code == 0
    drift = world.run("drift")
    assert drift.code == 2
    assert "does not hold live" not in drift.out
    assert "3 theirs" in drift.out
    refused = world.run("apply", "--yes")
    assert refused.code == 4
    last = refused.err[refused.err.index("refused by") :]
    assert "`reconciler pull` takes live's into git; to override:" in last.replace("\n", " ")
    assert world.run("pull", "--allow-dirty").code == 0
    assert world.run("apply", "--yes").code == 0
    assert labels(account) == {"0000.jpg": "RBC", "0001.jpg": "RBC", "0002.jpg": "RBC", "new.jpg": "WBC"}


def test_what_does_not_exist_is_named_before_anything_else(world: World) -> None:
    """A record or file that is not there, before the terminal and the dataset that are missing too."""
    missing = world.run("restore", "nonexistent0000", "--dry-run")
    assert (missing.code, "there is no file nonexistent0000" in missing.err) == (3, True), missing
    record = world.run("restore", "0" * 16)
    assert (record.code, f"there is no record {'0' * 16}" in record.err) == (3, True), record
