"""`reconciler drift`: live against what the last apply read back, from its record."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import BUCKET
from tests.cli.repository import commit, git
from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Account, World


@pytest.fixture
def applied(account: Account, world: World) -> World:
    """A project whose train dataset was applied, with three entries."""
    account.create("cells")
    world.write("cells", world.many(3))
    assert world.run("apply", "--yes").code == 0
    return world


def bare(name: str) -> str:
    """The line of an unlabelled image."""
    return json.dumps({"source-ref": f"{BUCKET}/{name}"})


def edit(account: Account, *lines: str) -> None:
    """Somebody else changes live."""
    account.emulator.edit_entries(account.dataset("cells"), list(lines))


def audit(world: World) -> Path:
    """The file of records."""
    (path,) = (world.folder / ".reconciler" / "audit").glob("*.jsonl")
    return path


def test_after_an_apply_there_is_no_drift(applied: World, account: Account) -> None:
    """The exit code is 0, nothing is sent, and the apply that it is judged by is named."""
    sent = account.updates
    ran = applied.run("drift")
    assert ran.code == 0, ran
    assert "no drift (since the apply of 20" in ran.out
    assert ran.out.endswith("\nno drift\n")
    assert account.updates == sent


def test_a_change_of_live_is_drift_and_is_named(applied: World, account: Account) -> None:
    """Exit code 2, the entry, and the reason; in JSON the reason is a member of its own."""
    edit(account, applied.boxes("0001.jpg", "RBC", left=99))
    ran = applied.run("drift")
    assert ran.code == 2, ran
    assert "drift: live is no longer what the last apply read back" in ran.out
    assert "0001.jpg" in ran.out
    assert ran.out.endswith("\ndrift in 1 of 1 dataset\n")
    document = applied.run("drift", "--json").datasets[0]
    assert document["drift"] == [
        "live is no longer what the last apply read back: as many entries as before (3), but with other content"
    ]


def test_a_change_of_the_manifest_is_a_difference_and_no_drift(applied: World) -> None:
    """`plan --exit-code` tells of differences, `drift` of what somebody else did."""
    applied.write("cells", applied.many(4))
    assert applied.run("plan", "--exit-code").code == 2
    assert applied.run("drift").code == 0


def test_unlabelled_uploads_make_no_drift_and_lost_labels_do(applied: World, account: Account) -> None:
    """A bare line is left out, so that an entry that became one is missed."""
    edit(account, bare("upload.jpg"))
    assert applied.run("drift").code == 0
    edit(account, bare("0001.jpg"))
    assert applied.run("drift").code == 2


def test_known_live_only_entries_count_once_they_change(applied: World, account: Account) -> None:
    """The apply read them back: they are drift only when they differ from then."""
    edit(account, applied.boxes("theirs.jpg", "RBC"))
    assert applied.run("drift").code == 2
    applied.write("cells", applied.many(4))
    assert applied.run("apply", "--yes").code == 0
    assert applied.run("drift").code == 0
    edit(account, applied.boxes("theirs.jpg", "RBC", left=99))
    assert applied.run("drift").code == 2


def test_without_a_record_every_difference_is_drift(applied: World, account: Account) -> None:
    """And that is said; live that equals the manifest has none."""
    audit(applied).unlink()
    ran = applied.run("drift")
    assert (ran.code, "no record of an apply is at hand, so every difference counts as drift" in ran.out) == (0, True)
    edit(account, bare("upload.jpg"))
    assert applied.run("drift").code == 0
    edit(account, applied.boxes("theirs.jpg", "RBC"))
    ran = applied.run("drift")
    assert (ran.code, "live differs from the manifest: 1 live only" in ran.out) == (2, True)
    applied.write("cells", applied.many(4))
    assert "1 to add, 1 live only" in applied.run("drift").out


def test_an_apply_that_did_not_finish_is_drift(applied: World, account: Account) -> None:
    """A line that the service dropped, until an apply is done that finds nothing wrong."""
    account.emulator.load_faults("faults: [{fault: lose, count: 1}]")
    applied.write("cells", [*applied.many(3), applied.boxes("bad.jpg", "RBC")])
    assert applied.run("apply", "--yes").code == 5
    ran = applied.run("drift")
    assert ran.code == 2, ran
    assert "drift: the last apply did not finish" in ran.out
    assert "to finish the last apply: reconciler apply --project cells" in ran.out  # nothing live is to be kept
    assert "reconciler pull" not in ran.out
    account.emulator.load_faults("")
    applied.write("cells", applied.many(4))
    assert applied.run("apply", "--yes").code == 0
    assert applied.run("drift").code == 0


def test_an_apply_that_was_killed_or_refused(applied: World) -> None:
    """A note without a record is an apply that was killed: drift. One that was refused sent nothing."""
    record = json.loads(audit(applied).read_text().splitlines()[-1])
    refused = {**record, "id": "1" * 16, "at": "2999-01-01T00:00:00.000000Z", "outcome": "refused", "result": None}
    with audit(applied).open("a") as file:
        file.write(json.dumps(refused) + "\n")
    assert applied.run("drift").code == 0
    killed = {**refused, "id": "2" * 16, "outcome": "killed", "message": "the process ended"}
    note = audit(applied).with_name(f"begun-{'2' * 16}.json")
    note.write_text(json.dumps(killed) + "\n")
    note.chmod(0o600)
    ran = applied.run("drift")
    assert (ran.code, "the last apply did not finish: the process ended" in ran.out) == (2, True)


def test_a_dataset_that_is_gone_is_drift(applied: World, account: Account) -> None:
    """Somebody deleted it."""
    client = account.emulator.client()
    client.delete_dataset(DatasetArn=account.dataset("cells"))
    client.close()
    account.emulator.clock.advance(3600)
    ran = applied.run("drift")
    assert (ran.code, "the dataset no longer exists in AWS" in ran.out) == (2, True), ran


@pytest.mark.parametrize(
    "spoilt",
    [
        {"result": None},
        {"result": {"read_back": {"digest": "x\x1b[31m"}}},
        {"result": {"read_back": {"compare": "strict"}}},
        {"result": 5},
    ],
    ids=str,
)
def test_a_record_without_what_was_read_back_is_never_no_drift(
    applied: World, account: Account, spoilt: dict[str, object]
) -> None:
    """A record of 0.1.0, or a damaged one: every difference counts, and that is said."""
    record = json.loads(audit(applied).read_text().splitlines()[-1])
    audit(applied).write_text(json.dumps({**record, **spoilt}) + "\n")
    edit(account, applied.boxes("0001.jpg", "RBC", left=99))
    ran = applied.run("drift")
    assert (ran.code, "so every difference counts as drift" in ran.out, "\x1b" in ran.out) == (2, True, False), ran


def test_with_a_base_only_what_an_apply_would_undo_counts(account: Account, world: World) -> None:
    """Entries that only live has stay after an apply; an edit that the base does not have would be undone."""
    account.create("cells")
    world.write("cells", world.many(3))
    commit(world.folder)
    assert world.run("apply", "--yes").code == 0
    edit(account, world.boxes("theirs.jpg", "RBC"))
    assert world.run("drift").code == 2
    assert world.run("drift", "--base", "main").code == 0
    edit(account, world.boxes("0001.jpg", "RBC", left=99))
    ran = world.run("drift", "--base", "main")
    assert (ran.code, "an apply would undo 1 edit made outside git" in ran.out) == (2, True), ran
    world.write("cells", [world.many(1)[0], world.boxes("0001.jpg", "RBC", left=99), world.many(3)[2]])
    commit(world.folder)
    assert world.run("drift", "--base", "main").code == 0
    git(world.folder, "checkout", "--quiet", "HEAD~1")
    audit(world).unlink()
    assert world.run("drift", "--base", "main").code == 0


def test_drift_needs_no_apply_to_be_allowed(applied: World, account: Account) -> None:
    """A guard that would block an apply is shown without `--allow`, and the exit code is that of drift."""
    applied.write("cells", applied.many(3, "WBC"))
    assert applied.run("plan").code == 4
    ran = applied.run("drift")
    assert (ran.code, "guard" in ran.out, "allow" in ran.out) == (0, True, False)
    edit(account, applied.boxes("0001.jpg", "RBC", left=99))
    assert applied.run("drift").code == 2


def test_every_help_has_the_table_of_exit_codes(world: World) -> None:
    """One table for all commands: drift is among the twos, a strict validation among the threes."""
    for command in (("--help",), ("drift", "--help"), ("plan", "--help"), ("validate", "--help")):
        table = " ".join(world.run(*command).out.partition("exit codes:\n")[2].split())
        twos = (
            "2 there are changes (`plan` and `diff`, only with `--exit-code`), drift (`drift`), entries left (`pull`), "
        )
        assert f"{twos}or files to format (`fmt --check`) 3 bad input" in table
        assert "3 bad input or usage; with `validate --strict` a finding above a note, a danger" in table


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket that boto3 finds by the environment."""
    with running_s3(tmp_path / "s3") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.endpoint)
        yield running


@pytest.mark.parametrize("kind", ["s3", "file"])
def test_records_of_another_runner_are_found_in_their_place(
    account: Account, world: World, bucket: Bucket, kind: str
) -> None:
    """A scheduled job on a fresh runner has no `.reconciler`: the newest record in the further place is as good."""
    place = f"s3://{bucket.name}/records" if kind == "s3" else "records.jsonl"
    account.create("cells", "planes")
    world.write("cells", world.many(3))
    world.write("planes", world.many(1))
    assert world.run("apply", "--yes", "--audit", place).code == 0
    world.write("cells", world.many(4))
    assert world.run("apply", "--yes", "--audit", place).code == 0
    shutil.rmtree(world.folder / ".reconciler")
    ran = world.run("drift", "--audit", place)
    assert (ran.code, ran.out.count("no drift (since the apply of 20")) == (0, 2), ran
    edit(account, world.boxes("0003.jpg", "RBC", left=99))
    assert world.run("drift", "--audit", place).code == 2


def test_a_place_that_cannot_be_listed_is_a_warning(account: Account, world: World, bucket: Bucket) -> None:
    """Every difference counts then, as without a record, and why is said."""
    account.create("cells")
    world.write("cells", world.many(3))
    assert world.run("apply", "--yes").code == 0
    shutil.rmtree(world.folder / ".reconciler")
    ran = world.run("drift", "--audit", f"s3://{bucket.name}-no/records")
    assert (ran.code, "so every difference counts as drift" in ran.out) == (0, True), ran
    assert "warning: the records in s3://" in ran.err
