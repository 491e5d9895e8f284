"""A record says who, when, what and how it ended; it has no secret in it, and never hides what it records."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import stat
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.apply.outcome import Failure, Outcome
from reconciler.errors import Interrupted, NotFound, Refused, UpdateFailed
from reconciler.ledger import Ledger
from reconciler.model import DatasetType
from reconciler.records import Attempt, AuditLog
from reconciler.records.log import append_record
from tests.support.filling import as_text, desired_entry
from tests.support.lines import bare, labelled
from tests.support.plans import planned
from tests.support.s3 import running_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.aws.objects import Objects

PROJECT = "arn:aws:rekognition:us-east-1:111122223333:project/cells/1690405809285"
START = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


class Desk:
    """A log and what it wrote."""

    def __init__(self, folder: Path, also: str | None = None, objects: Callable[[], Objects] | None = None) -> None:
        self.folder = folder / ".reconciler" / "audit"
        self.warnings: list[str] = []
        self.environ: dict[str, str] = {}
        self.hide: Callable[[str], str] = str
        self._also, self._objects = also, objects or (lambda: pytest.fail("S3 was asked for"))
        self.time = START

    @property
    def log(self) -> AuditLog:
        """The log; each look at its clock is a second later."""

        def now() -> datetime:
            self.time += timedelta(seconds=1)
            return self.time

        return AuditLog(
            self.folder,
            self._also,
            self._objects,
            self.warnings.append,
            hide=self.hide,
            environ=self.environ,
            now=now,
        )

    def record(
        self, attempt: Attempt | None = None, calls: Iterator[Mapping[str, int]] | None = None
    ) -> dict[str, Any]:
        """Record an attempt; the record."""
        each = calls or iter([{}, {}])
        with self.log.recording(attempt or made(), lambda: next(each)):
            pass
        return self.records()[-1]

    def records(self) -> list[dict[str, Any]]:
        """All records in the monthly files."""
        return [json.loads(line) for path in sorted(self.folder.iterdir()) for line in path.read_text().splitlines()]


def made(**members: Any) -> Attempt:  # noqa: ANN401 - any member
    """An attempt to apply."""
    return Attempt(
        **{"action": "apply", "project": "cells", "project_arn": PROJECT, "dataset_type": DatasetType.TRAIN} | members
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A log in an empty folder."""
    return Desk(tmp_path)


def test_a_record_has_what_the_page_lists(desk: Desk, tmp_path: Path) -> None:
    """Every member, with the figures of plan and outcome."""
    attempt = made(manifest="datasets/cells/train.jsonl", files=(tmp_path / "train.jsonl",))
    with Ledger() as ledger:
        for number in range(3):
            ledger.accept(desired_entry(bare(f"s3://b/{number}.jpg"), number + 1))
        for number in range(20):
            ledger.observe(as_text(labelled(f"s3://b/old-{number}.jpg", "a")))
        plan = planned(ledger, guards={}, allow={"shrink": "we moved them"})
        attempt.planned(ledger, plan)
    attempt.overwrites("there.jsonl.gz")
    attempt.outcome = Outcome(
        "arn:dataset",
        add=3,
        batches=1,
        rejected_total=2,
        snapshots=("here.jsonl.gz",),
        overwritten=("there.jsonl.gz",),
    )
    record = desk.record(attempt, iter([{"DescribeDataset": 2}, {"DescribeDataset": 5, "UpdateDatasetEntries": 1}]))
    plan_id = record["plan"].pop("id")
    assert len(plan_id) == 32
    assert record.pop("who").keys() == {"user", "host", "ci"}
    assert record.pop("version")
    assert len(record.pop("id")) == 16
    assert len(record["manifest"].pop("digest")) == 32
    assert record == {
        "format": 1,
        "action": "apply",
        "at": "2026-02-01T00:00:00.000000Z",
        "seconds": 1.0,
        "project": "cells",
        "type": "train",
        "project_arn": PROJECT,
        "dataset_arn": "arn:dataset",
        "resource": None,
        "role": None,
        "manifest": {"path": "datasets/cells/train.jsonl", "commit": None, "dirty": None, "entries": 3},
        "plan": {
            "action": "update",
            "add": 3,
            "update": 0,
            "unlabel": 0,
            "live_only": 20,
            "unchanged": 0,
            "ignored": 0,
            "marked": 0,
            "bytes": plan.bytes,
            "batches": 1,
            "refusals": [],
        },
        "overrides": [{"guard": "shrink", "reason": "we moved them"}],
        "result": {
            "add": 3,
            "update": 0,
            "unlabel": 0,
            "batches": 1,
            "rejected": 2,
            "marked": 0,
            "marked_new": 0,
            "rewritten": 0,
            "live": None,
            "read_back": None,
        },
        "snapshots": ["here.jsonl.gz"],
        "overwritten": ["there.jsonl.gz"],
        "base": None,
        "outcome": "done",
        "message": "",
        "calls": {"DescribeDataset": 3, "UpdateDatasetEntries": 1},
    }


def test_the_manifests_commit_is_recorded(desk: Desk, tmp_path: Path) -> None:
    """The record has the manifest's commit, and whether the manifest was edited since."""
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        (tmp_path / "train.jsonl").write_text("{}\n")
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run([shutil.which("git") or "git", *who, *command], cwd=tmp_path, check=True)
    attempt = made(manifest="train.jsonl", files=(tmp_path / "train.jsonl",))
    clean = desk.record(attempt)["manifest"]
    (tmp_path / "train.jsonl").write_text("edited\n")
    assert (len(clean["commit"]), clean["dirty"]) == (40, False)
    assert desk.record(attempt)["manifest"]["dirty"] is True


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (None, "done"),
        (Refused("blocked by a policy"), "refused"),
        (NotFound("it is gone"), "failed"),
        (UpdateFailed("2 lines are not live"), "rejected"),
        (Interrupted("stopped"), "interrupted"),
        (KeyboardInterrupt(), "interrupted"),
        (ValueError("a defect"), "failed"),
    ],
)
def test_how_it_ended_is_one_of_five_words(desk: Desk, error: BaseException | None, word: str) -> None:
    """The outcome in a record is one of five words, beside the message of the error."""
    record = desk.record(made(error=error))
    assert record["outcome"] == word
    assert record["message"] == ("" if error is None else str(error) or "KeyboardInterrupt")


def test_an_error_that_ends_the_block_is_recorded_and_goes_on(desk: Desk) -> None:
    """An error that ends the block is recorded and then raised as it was."""
    with pytest.raises(NotFound), desk.log.recording(made(), Counter):
        raise NotFound("the project is gone")
    assert (desk.records()[0]["outcome"], desk.records()[0]["message"]) == ("failed", "the project is gone")


def test_an_outcomes_error_is_the_records(desk: Desk) -> None:
    """An apply that ended badly after the first request has an outcome and an error."""
    record = desk.record(made(outcome=Outcome("arn", add=1, error=Failure.of(UpdateFailed("1 line is not live")))))
    assert (record["outcome"], record["message"], record["result"]["add"]) == ("rejected", "1 line is not live", 1)


@pytest.mark.parametrize(
    ("environ", "ci"),
    [
        ({}, None),
        (
            {
                "GITHUB_ACTOR": "octocat",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_RUN_ID": "7",
            },
            {"actor": "octocat", "run": "https://github.com/o/r/actions/runs/7"},
        ),
        ({"GITHUB_ACTOR": "octocat"}, {"actor": "octocat", "run": None}),
        (
            {"GITLAB_USER_LOGIN": "tanuki", "CI_JOB_URL": "https://gitlab.com/a/-/jobs/1"},
            {"actor": "tanuki", "run": "https://gitlab.com/a/-/jobs/1"},
        ),
    ],
)
def test_the_job_is_named_where_there_is_one(desk: Desk, environ: dict[str, str], ci: object) -> None:
    """Its actor and the address of its run."""
    desk.environ = environ
    assert desk.record()["who"]["ci"] == ci


def test_no_secret_is_in_a_record(desk: Desk) -> None:
    """Not one of the environment's, the configuration's, or of a URL, wherever a text mentions it."""
    desk.environ = {
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "the-session-token-0123456789",
        "DB_PASSWORD": 'hunter2"hunter2',
        "GITHUB_ACTOR": "octocat",
        "GITHUB_SERVER_URL": "https://robot:ghp_0123456789@github.com",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "7",
    }
    desk.hide = lambda text: text.replace("secret-of-the-stack", "[secret]")
    everything = (
        f'{SECRET} the-session-token-0123456789 hunter2"hunter2 secret-of-the-stack '
        "no answer from http://user:pass-word@127.0.0.1:4566/ and s3://me:and-you@bucket/x"
    )
    attempt = made(manifest=everything, error=NotFound(everything), snapshots=(everything,), dataset_arn=everything)
    desk.record(attempt)
    text = next(desk.folder.iterdir()).read_text()
    for secret in (SECRET, "session-token", "hunter2", "secret-of-the-stack", "ghp_", "pass-word", "and-you"):
        assert secret not in text
    assert "http://127.0.0.1:4566/" in text
    assert "https://github.com/o/r/actions/runs/7" in text


def test_records_are_in_a_file_a_month_that_only_the_owner_reads(desk: Desk) -> None:
    """Mode 0600, ignored by git; each record is a line behind the others."""
    desk.record()
    desk.record()
    (path,) = desk.folder.iterdir()
    assert (path.name, stat.S_IMODE(path.stat().st_mode)) == ("2026-02.jsonl", 0o600)
    assert len(desk.records()) == 2
    assert (desk.folder.parent / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("known", ["in the folder", "elsewhere"])
def test_a_record_is_later_than_the_one_that_it_follows(desk: Desk, known: str) -> None:
    """Records are ordered by time, also where a clock went back or a machine with a later clock wrote the other one."""
    earlier = desk.record(made(action="destroy"))["at"] if known == "in the folder" else "2026-02-03T04:05:06.000007Z"
    desk.time -= timedelta(days=40)
    assert desk.record(made(follows="" if known == "in the folder" else earlier))["at"] > earlier


@pytest.mark.parametrize(
    "odd", ["", "9999-12-31T23:59:59.999999Z", "2026-02-30T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z"]
)
def test_a_time_that_cannot_be_followed_does_not_count(desk: Desk, odd: str) -> None:
    """No text of a record keeps the next one from being written."""
    assert desk.record(made(follows=odd))["at"] == "2026-02-01T00:00:00.000000Z"


def test_a_record_goes_to_a_further_file_too(tmp_path: Path) -> None:
    """If a further file is set, the same record is written to both."""
    desk = Desk(tmp_path, str(tmp_path / "applies.jsonl"))
    record = desk.record()
    assert json.loads((tmp_path / "applies.jsonl").read_text()) == record
    assert stat.S_IMODE((tmp_path / "applies.jsonl").stat().st_mode) == 0o600


def test_a_record_goes_to_s3_as_an_object_of_its_own(tmp_path: Path) -> None:
    """S3 cannot append; month, time and dataset are in the name."""
    with running_s3(tmp_path / "s3") as bucket:
        desk = Desk(tmp_path, f"s3://{bucket.name}/audit", bucket.objects)
        record = desk.record()
        desk.record()
        first, second = sorted(bucket.listed())
        assert first.startswith("audit/2026-02/01T000000000000Z-train-cells-")
        assert json.loads(bucket.read(first)) == record
        assert first != second


@pytest.mark.parametrize("also", ["/nowhere/at/all/applies.jsonl", "s3://no-such-bucket-here/x", "s3://NO/x"])
def test_a_record_that_cannot_be_written_is_a_warning(tmp_path: Path, also: str) -> None:
    """The result of the apply does not change, and the other place has the record."""
    with running_s3(tmp_path / "s3") as bucket:
        desk = Desk(tmp_path, also, bucket.objects)
        desk.record()
    assert len(desk.warnings) == 1
    assert "the record of this apply was not written: " in desk.warnings[0]
    assert len(desk.records()) == 1


def test_a_full_disk_leaves_no_part_of_a_record(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record behind it is whole, and the one that was not written is a warning."""
    first, write = desk.record(), os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:99]))
        with desk.log.recording(made(), Counter):
            pass
    third = desk.record()
    assert desk.records() == [first, third]
    assert desk.warnings == ["the record of this apply was not written: [Errno 28] No space left on device"]


def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / ".reconciler").write_text("")
    desk = Desk(tmp_path)
    with desk.log.recording(made(), Counter):
        pass
    assert len(desk.warnings) == 1


def test_applies_at_the_same_time_do_not_cut_each_others_lines(tmp_path: Path) -> None:
    """Two processes write 50 records each of 20 kB."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(tmp_path / "x.jsonl"), number)) for number in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    records = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert Counter(record["number"] for record in records) == dict.fromkeys(range(2), 50)


def write_many(path: str, number: int) -> None:
    """Write 50 records."""
    from pathlib import Path  # noqa: PLC0415 - runs in a process of its own

    for _time in range(50):
        append_record(Path(path), {"number": number, "padding": "x" * 20_000, "pid": os.getpid()})


def test_an_outcome_so_far_names_its_record(desk: Desk) -> None:
    """An apply that is interrupted shows the id that `reconciler restore` takes, as one that ends does."""
    attempt = made()
    assert attempt.so_far(Outcome("arn:dataset")).record == attempt.identity
    assert desk.record(attempt, iter([{}, {}]))["id"] == attempt.identity
