"""`restore` brings a snapshot back, and a replace under the command leaves one; both leave records."""

from __future__ import annotations

import gzip
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Account, World

# The manifest gives every entry another label, too.
REPLACE = "managed: false\npolicy: {extra: replace, guards: {label-removed: off}}"
TO_CELLS = ("--project", "cells", "--type", "train", "--yes")


@pytest.fixture
def old(world: World, account: Account) -> list[str]:
    """A dataset with five entries, two of which are no longer in the manifest; its lines as they were listed."""
    account.create("cells")
    world.write("cells", world.many(5), settings=REPLACE)
    assert world.run("apply", "--yes").code == 0
    world.write("cells", world.many(3, "WBC"), settings=REPLACE)
    return [entry.line for entry in account.emulator.entries(account.dataset("cells"))]


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """S3 that the command finds by the environment."""
    with running_s3(tmp_path / "s3") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.endpoint)
        yield running


def snapshots(world: World) -> list[Path]:
    """The files in the default folder."""
    return sorted((world.folder / ".reconciler" / "snapshots").glob("*.jsonl.gz"))


def records(world: World) -> list[dict[str, Any]]:
    """The records in the default folder, in order."""
    return [
        json.loads(line)
        for path in sorted((world.folder / ".reconciler" / "audit").iterdir())
        for line in path.read_text().splitlines()
    ]


def live(account: Account) -> dict[str, dict[str, Any]]:
    """What is live, without the member that the service adds."""
    lines = [json.loads(entry.line) for entry in account.emulator.entries(account.dataset("cells"))]
    return {line["source-ref"]: {name: value for name, value in line.items() if name[:3] != "cl-"} for line in lines}


def test_a_replace_leaves_a_snapshot_beside_the_datasets_and_says_where(
    world: World, account: Account, old: list[str]
) -> None:
    """The snapshot contains every line as it was listed; only the owner can read it, and git ignores it."""
    ran = world.run("apply", "--yes")
    (path,) = snapshots(world)
    assert ran.code == 0
    assert f"kept in {path}; `reconciler restore` brings them back" in ran.out
    assert gzip.decompress(path.read_bytes()).decode().splitlines() == old
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (world.folder / ".reconciler" / ".gitignore").read_text() == "*\n"
    assert len(account.keys("cells")) == 3


def test_restore_shows_the_plan_asks_and_makes_live_what_it_was(world: World, account: Account, old: list[str]) -> None:
    """Entries that were added since are left alone; a second restore has nothing to do."""
    world.run("apply", "--yes")
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("new.jpg", "RBC")])
    (path,) = snapshots(world)
    ran = world.run("restore", str(path), "--project", "cells", "--type", "train", answer="y\n")
    assert ran.code == 0
    assert "2 to add, 3 to update" in ran.out
    assert "live only" not in ran.out
    assert "not in the manifest" not in ran.out
    assert "2 added, 3 updated" in ran.out
    assert "Apply? [y/N]" in ran.err
    expected = {line["source-ref"]: line for line in map(json.loads, old)}
    for line in expected.values():
        line.pop("cl-metadata")
    after = live(account)
    assert after.pop("s3://acme-vision/cells/new.jpg")
    assert after == expected
    again = world.run("restore", str(path), *TO_CELLS)
    assert (again.code, "nothing to do" in again.out) == (0, True)


def test_a_restore_that_is_not_wanted_sends_nothing(world: World, account: Account, old: list[str]) -> None:
    """The answer no ends in exit code 4."""
    assert old
    world.run("apply", "--yes")
    updates = account.updates
    ran = world.run("restore", str(snapshots(world)[0]), "--project", "cells", "--type", "train", answer="n\n")
    assert (ran.code, account.updates) == (4, updates)


def test_a_dataset_that_is_gone_is_created_by_a_restore(world: World, account: Account, old: list[str]) -> None:
    """A replace that was killed after the delete can be undone."""
    world.run("apply", "--yes")
    account.emulator.client().delete_dataset(DatasetArn=account.dataset("cells"))
    ran = world.run("restore", str(snapshots(world)[0]), *TO_CELLS)
    assert ran.code == 0
    assert len(account.keys("cells")) == len(old)


def test_a_dataset_can_be_named_by_its_arn(world: World, account: Account, old: list[str]) -> None:
    """The ARN contains region and type; a dataset that is created again has a different ARN."""
    before = account.dataset("cells")
    world.run("apply", "--yes")
    path = str(snapshots(world)[0])
    gone = world.run("restore", path, "--dataset-arn", before, "--yes")
    assert gone.code == 1
    assert f"there is no dataset {before}: its project has {account.dataset('cells')}" in gone.err
    assert world.run("restore", path, "--dataset-arn", account.dataset("cells"), "--yes").code == 0
    assert len(account.keys("cells")) == len(old)


def test_snapshots_go_to_s3_and_come_back_from_there(
    world: World, account: Account, old: list[str], bucket: Bucket
) -> None:
    """Snapshots are written to and read from the S3 address that is set, with the run's credentials."""
    ran = world.run("apply", "--yes", "--snapshots", f"s3://{bucket.name}/keep")
    *_copies_of_live, key = bucket.listed()
    assert ran.code == 0
    assert f"kept in s3://{bucket.name}/{key}; " in ran.out
    assert snapshots(world) == []
    assert world.run("restore", f"s3://{bucket.name}/{key}", *TO_CELLS).code == 0
    assert len(account.keys("cells")) == len(old)


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("place", [(), ("--snapshots", "backups")])
def test_on_a_runner_a_replace_is_refused_by_plan_and_apply(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch, place: tuple[str, ...]
) -> None:
    """The plan says so with the cure; nothing is sent; the refusal is recorded."""
    monkeypatch.setenv("CI", "true")
    plan = world.run("plan", *place)
    assert plan.code == 4
    assert "is deleted with this runner (CI is set); give --snapshots s3://BUCKET/FOLDER" in plan.out.replace("\n", " ")
    calls = account.emulator.count_calls("DeleteDataset"), account.updates
    assert world.run("apply", "--yes", *place).code == 4
    assert (account.emulator.count_calls("DeleteDataset"), account.updates) == calls
    assert (records(world)[-1]["outcome"], "CI is set" in records(world)[-1]["message"]) == ("refused", True)
    assert snapshots(world) == []


@pytest.mark.usefixtures("old")
def test_on_a_runner_a_replace_with_snapshots_in_s3_goes_through(
    world: World, monkeypatch: pytest.MonkeyPatch, bucket: Bucket
) -> None:
    """On a runner a replace is applied if its snapshot goes to S3."""
    monkeypatch.setenv("CI", "true")
    assert world.run("apply", "--yes", "--snapshots", f"s3://{bucket.name}").code == 0
    assert [key.startswith("live/") for key in bucket.listed()] == [True, True, False]


@pytest.mark.usefixtures("old")
def test_a_bucket_that_is_not_there_stops_the_replace_before_the_delete(
    world: World, account: Account, bucket: Bucket
) -> None:
    """Exit 1, and the dataset is whole."""
    ran = world.run("apply", "--yes", "--snapshots", f"s3://not-{bucket.name}")
    assert (ran.code, account.emulator.count_calls("DeleteDataset"), len(account.keys("cells"))) == (1, 0, 5)
    assert "NoSuchBucket" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one dataset to restore to: --project NAME with --type"),
        (("--project", "cells"), "name one dataset to restore to"),
        (("--project", "a", "--project", "b", "--type", "test"), "name one dataset to restore to"),
        (("--project", "cells", "--type", "trian"), "invalid choice: 'trian'"),
        (("--dataset-arn", "arn:aws:s3:::x"), "is not the ARN of a Rekognition dataset"),
        (("--dataset-arn", "x", "--type", "test"), "name one dataset to restore to"),
    ],
)
def test_a_restore_to_nowhere_is_a_sentence(world: World, arguments: tuple[str, ...], words: str) -> None:
    """A restore without one valid target is refused before the snapshot is opened."""
    ran = world.run("restore", "none.jsonl.gz", *arguments, "--yes")
    assert (ran.code, words in ran.err) == (3, True)
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "x.jsonl.gz cannot be read as a snapshot: No such file"),
        (b"nonsense", "x.jsonl.gz cannot be read as a snapshot: Not a gzipped file"),
        (gzip.compress(b'{"a": 1}\n', mtime=0), "x.jsonl.gz:1: not an entry as the service lists it"),
    ],
)
def test_what_is_no_snapshot_is_bad_input(world: World, content: bytes | None, words: str) -> None:
    """A file that is not a snapshot is an error, with the line where there is one."""
    if content is not None:
        (world.folder / "x.jsonl.gz").write_bytes(content)
    ran = world.run("restore", "x.jsonl.gz", *TO_CELLS)
    assert (ran.code, words in ran.err) == (3, True)


def test_a_project_that_is_not_there_is_said(world: World, account: Account, old: list[str]) -> None:
    """A restore to a missing project is an error, and the project is not created."""
    assert old
    world.run("apply", "--yes")
    ran = world.run("restore", str(snapshots(world)[0]), "--project", "other", "--type", "train", "--yes")
    assert ran.code == 1
    assert "the project other does not exist in us-east-1" in ran.out
    assert account.emulator.count_calls("CreateProject") == 1


@pytest.mark.usefixtures("old")
def test_every_apply_leaves_a_record(world: World, account: Account, tmp_path: Path) -> None:
    """Load, replace, restore, and one with nothing to do: each is a line, here and where it was asked for."""
    place = str(tmp_path / "applies.jsonl")
    world.run("apply", "--yes", "--audit", place)
    world.run("apply", "--yes", "--audit", place)
    world.run("restore", str(snapshots(world)[0]), *TO_CELLS, "--audit", place)
    written = records(world)
    assert [(one["action"], one["outcome"], one["plan"]["action"], one["result"]["add"]) for one in written] == [
        ("apply", "done", "create", 5),
        ("apply", "done", "replace", 3),
        ("apply", "done", "nothing", 0),
        ("restore", "done", "update", 2),
    ]
    assert [json.loads(line) for line in (tmp_path / "applies.jsonl").read_text().splitlines()] == written[1:]
    assert written[1]["snapshots"] == [str(snapshots(world)[0])]
    assert written[1]["calls"]["DeleteDataset"] == 1
    assert written[1]["manifest"]["path"] == "datasets/cells/train.jsonl"
    assert written[3]["manifest"]["path"] == str(snapshots(world)[0])
    assert written[3]["dataset_arn"] == account.dataset("cells")


def test_a_record_that_cannot_be_written_changes_nothing_but_a_warning(world: World, account: Account) -> None:
    """The apply is done, and says so."""
    account.create("cells")
    world.write("cells", world.many(2))
    ran = world.run("apply", "--yes", "--audit", "nowhere/applies.jsonl")
    assert (ran.code, len(account.keys("cells"))) == (0, 2)
    assert "warning: the record of this apply was not written: nowhere/applies.jsonl: No such file" in ran.err


@pytest.mark.usefixtures("old")
def test_no_secret_of_the_environment_is_in_a_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when the apply fails over an address that carries a password either."""
    secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://someone:pass-word-0123@127.0.0.1:9")
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdef")
    ran = world.run("apply", "--yes", "--snapshots", "s3://some-bucket/x")
    assert ran.code == 1
    assert "pass-word-0123" not in ran.out + ran.err
    text = "".join(path.read_text() for path in (world.folder / ".reconciler" / "audit").iterdir())
    assert records(world)[-1]["outcome"] == "failed"
    for one in (secret, "pass-word-0123", "ghp_0123456789abcdef"):
        assert one not in text
