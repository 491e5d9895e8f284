"""An apply whose process dies leaves a word: the next one in the same folder makes a record of it, once."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.aws.clock import utc_now
from reconciler.model import DatasetType
from reconciler.records import Attempt, AuditLog
from reconciler.records.log import append, begin, left_behind
from reconciler.records.record import Stamp, begun
from tests.support.s3 import running_s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.aws.objects import Objects

ROOT = Path(__file__).parents[2]
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
# A process that begins an apply, learns its plan, and is killed before it ends.
VICTIM = """
import os, signal, sys
from pathlib import Path
from reconciler.records import Attempt, AuditLog
from reconciler.ledger import Ledger
from reconciler.model import DatasetType, Policy
from reconciler.guards import Asked
from reconciler.plan import Request, plan

log = AuditLog(Path(sys.argv[1]), None, None, print)
attempt = Attempt("apply", "cells", "arn:project", DatasetType.TRAIN, os.environ["MY_SECRET"])
with log.recording(attempt, dict), Ledger() as ledger:
    if sys.argv[2] == "planned":
        request = Request("cells train", Policy(), Asked(DatasetType.TRAIN))
        attempt.planned(ledger, plan(ledger, request, exists=False))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def log_in(folder: Path, also: str | None = None, objects: Callable[[], Objects] | None = None) -> AuditLog:
    """A log that complains loudly."""
    return AuditLog(folder, also, objects or (lambda: pytest.fail("S3 was asked for")), pytest.fail, environ={})


def attempt() -> Attempt:
    """An attempt to apply."""
    return Attempt("apply", "cells", "arn:project", DatasetType.TRAIN)


def a_record() -> dict[str, Any]:
    """The record of an apply whose process is killed."""
    return begun(attempt(), Stamp.of(attempt(), utc_now(), {}))


def die(folder: Path, when: str = "planned") -> None:
    """A process of its own begins an apply and is killed."""
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(folder), when],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MY_SECRET": SECRET},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def apply_well(log: AuditLog) -> None:
    """An apply that ends."""
    with log.recording(attempt(), dict):
        pass


def records(folder: Path) -> list[dict[str, Any]]:
    """All records."""
    return [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]


@pytest.mark.parametrize("when", ["planned", "unplanned"])
def test_a_killed_apply_has_one_record_with_what_is_known_of_it(tmp_path: Path, when: str) -> None:
    """The next apply writes its record before its own; it has the plan if that was known."""
    folder = tmp_path / ".reconciler" / "audit"
    die(folder, when)
    assert records(folder) == []
    for _time in range(2):
        apply_well(log_in(folder))
    killed, *ended = records(folder)
    assert (killed["outcome"], killed["result"], killed["calls"], killed["seconds"]) == ("killed", None, None, None)
    assert "ended before it could report" in killed["message"]
    assert killed["project"] == "cells"
    assert killed["who"]["user"]
    assert (killed["plan"] is not None) == (when == "planned")
    assert [record["outcome"] for record in ended] == ["done", "done"]
    assert len({record["id"] for record in records(folder)}) == 3
    assert killed.keys() == ended[0].keys()


def test_a_note_has_no_secret_and_is_the_owners(tmp_path: Path) -> None:
    """It is scrubbed like a record."""
    die(tmp_path)
    (note,) = tmp_path.iterdir()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert SECRET not in note.read_text()
    assert "[secret]" in note.read_text()


def test_an_apply_that_ends_leaves_no_note(tmp_path: Path) -> None:
    """An apply that ends leaves no note behind, whether it succeeds or fails."""
    log = log_in(tmp_path)
    apply_well(log)
    with pytest.raises(KeyboardInterrupt), log.recording(attempt(), dict):
        raise KeyboardInterrupt
    assert list(tmp_path.glob("begun-*")) == []
    assert [record["outcome"] for record in records(tmp_path)] == ["done", "interrupted"]


def test_the_note_of_an_apply_that_runs_is_let_alone(tmp_path: Path) -> None:
    """Two applies at the same time, of one process or of two, do not record each other as killed."""
    log = log_in(tmp_path)
    with log.recording(attempt(), dict):
        apply_well(log_in(tmp_path))
        assert len(list(tmp_path.glob("begun-*"))) == 1
    assert [record["outcome"] for record in records(tmp_path)] == ["done", "done"]


def test_an_apply_that_was_killed_after_its_record_was_written_is_not_recorded_twice(tmp_path: Path) -> None:
    """The note was about to go."""
    record = a_record()
    append(tmp_path, record | {"outcome": "done"})
    os.close(begin(tmp_path, record["id"], record).descriptor)
    apply_well(log_in(tmp_path))
    assert [one["outcome"] for one in records(tmp_path)] == ["done", "done"]
    assert list(tmp_path.glob("begun-*")) == []


def test_a_note_is_taken_by_one_of_two(tmp_path: Path) -> None:
    """Whoever has the lock; and it is gone for whoever opened it before it went."""
    record = a_record()
    os.close(begin(tmp_path, record["id"], record).descriptor)
    (mine,) = left_behind(tmp_path)
    assert list(left_behind(tmp_path)) == []
    assert mine.record == record
    mine.end()
    assert list(left_behind(tmp_path)) == []


@pytest.mark.parametrize("text", [b"", b'{"id": "to', b"[]\n", b"\xff\n", b"{}\n", b'{"id": 1, "at": 2}\n'])
def test_a_spoiled_note_stops_nothing(tmp_path: Path, text: bytes) -> None:
    """One whose disk was full, or that somebody edited."""
    (tmp_path / "begun-x.json").write_bytes(text)
    apply_well(log_in(tmp_path))
    assert [record["outcome"] for record in records(tmp_path)] == ["done"]


def test_the_last_whole_line_of_a_note_counts(tmp_path: Path) -> None:
    """A line that was being written when the machine went down is left out."""
    record = a_record()
    note = begin(tmp_path, record["id"], record)
    note.add(record | {"plan": 1})
    os.write(note.descriptor, b'{"id": "x", "plan": 2, "cut')
    os.close(note.descriptor)
    (left,) = left_behind(tmp_path)
    assert left.record == record | {"plan": 1}
    left.end()


def test_a_folder_that_cannot_be_made_keeps_no_beginning_from_s3(tmp_path: Path) -> None:
    """A workspace that is for reading only: where the process is killed, the object in S3 says that it began."""
    (tmp_path / "audit").write_text("not a folder")
    warned: list[str] = []
    with running_s3(tmp_path / "s3") as bucket:
        log = replace(log_in(tmp_path / "audit", f"s3://{bucket.name}/audit", bucket.objects), warn=warned.append)
        with log.recording(attempt(), dict):
            (name,) = bucket.listed()
            assert json.loads(bucket.read(name))["outcome"] == "begun"
    assert len(warned) == 1


def test_in_s3_the_record_takes_the_place_of_what_was_put_at_the_beginning(tmp_path: Path) -> None:
    """One object an apply; where the folder is gone with its machine, it says that the apply began."""
    with running_s3(tmp_path / "s3") as bucket:
        log = log_in(tmp_path / "audit", f"s3://{bucket.name}/audit", bucket.objects)
        with log.recording(attempt(), dict):
            (name,) = bucket.listed()
            first = json.loads(bucket.read(name))
        (again,) = bucket.listed()
        assert again == name
        assert (first["outcome"], json.loads(bucket.read(name))["outcome"]) == ("begun", "done")
        assert first["id"] in name
