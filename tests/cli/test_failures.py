"""What a person gets when this machine, its settings or the network fail: a sentence and an exit code, no traceback."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.changes import batches
from reconciler.cli.commands import validate as validate_module
from reconciler.cli.session.read import most_severe
from reconciler.errors import AccessDenied, Exit, NotFound, ReconcilerError, ServiceError, ends_the_run
from reconciler.ledger import SendQueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model import Change
    from tests.cli.conftest import Account, World

ROOT = Path(__file__).parents[2]


def _process(program: str, *, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program that calls the command; standard error is kept, standard output is written to `stdout`."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_unknown_profile(world: World) -> None:
    """The error names the profile, and the exit code is that of bad input."""
    world.write("cells", world.many(1))
    ran = world.run("plan", "--profile", "nobody")
    assert ran.code == 3
    assert "nobody" in ran.err


def test_missing_credentials(account: Account, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is one sentence with the cure, and the second project is not tried."""
    del account
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    world.write("cells", world.many(1))
    world.write("planes", world.many(1))
    ran = world.run("plan")
    assert ran.code == 1
    assert "configure AWS credentials" in ran.out
    assert "not planned, because cells train failed" in ran.out


def test_nobody_answers_at_the_endpoint(world: World) -> None:
    """A refused connection is retried for a while, then reported, for one dataset only."""
    world.write("cells", world.many(1))
    world.write("planes", world.many(1))
    ran = world.run("plan", "--endpoint-url", "http://127.0.0.1:9", "-v")
    assert ran.code == 1
    assert "no answer from AWS" in ran.out
    assert ran.out.count("failed:") == 1
    assert "EndpointConnectionError" in ran.err
    assert "Traceback" not in ran.err


def test_an_impossible_region(world: World) -> None:
    """A region that is not a valid host name is bad input."""
    world.write("cells", world.many(1))
    ran = world.run("plan", "--region", "not a region")
    assert ran.code == 3
    assert "not a region" in ran.err


def test_secrets_appear_nowhere(account: Account, world: World) -> None:
    """Neither a plan, nor a failure, nor -v shows credentials."""
    account.create("cells")
    world.write("cells", world.many(1))
    account.emulator.load_faults("faults: [{fault: error, error: InvalidSignatureException, on: 2}]")
    for _ in range(2):
        ran = world.run("plan", "-v", "--json")
        assert "emulator-secret" not in ran.out + ran.err


def test_a_fault_of_this_program_is_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the kind of exception and asks for a report; the traceback appears only under -v, and inert."""

    def broken(*_arguments: object) -> None:
        raise RuntimeError("odd \x1b[31m thing")

    monkeypatch.setattr(validate_module, "read_all", broken)
    world.write("cells", world.many(1))
    ran = world.run("validate")
    assert ran.code == 1
    assert ran.err.startswith("error: unexpected RuntimeError: odd \\x1b[31m thing; this is a bug")
    assert "Traceback" not in ran.err
    verbose = world.run("validate", "-v")
    assert "Traceback" in verbose.err
    assert "\x1b" not in verbose.err
    assert world.run("validate", "--json").document["error"]["kind"] == "ReconcilerError"


def test_a_folder_that_cannot_be_read(world: World) -> None:
    """The error is a sentence with the file and the system's reason."""
    world.write("cells", world.many(1))
    loop = world.folder / "datasets" / "cells" / "train.jsonl"
    loop.unlink()
    loop.symlink_to(loop.name)
    ran = world.run("validate")
    assert ran.code == 3
    assert "train.jsonl" in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_a_full_disk_is_a_sentence(world: World) -> None:
    """If the temporary database cannot grow, the exit code is 1, and the error names the folder to make room in."""
    padding = "x" * 95_000
    world.write("cells", [json.dumps(json.loads(line) | {"padding": padding}) for line in world.many(200)])
    done = _process(
        "import resource, sys; from reconciler.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
        "sys.exit(main(['validate']))"
    )
    assert done.returncode == 1
    assert "temporary database" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_to_a_full_disk_is_told(world: World) -> None:
    """Output that could not be written is a failure, reported in one sentence."""
    world.write("cells", world.many(1))
    with Path("/dev/full").open("wb") as full:
        done = _process(
            "import sys; from reconciler.cli import main; sys.exit(main(['validate']))", stdout=full.fileno()
        )
    assert done.returncode == 1
    assert done.stderr == "error: the output could not be written: No space left on device\n"


@pytest.mark.parametrize("arguments", ["['validate']", "['validate', '--json']", "['--help']"])
def test_a_reader_that_went_away_is_no_fault(world: World, arguments: str) -> None:
    """`reconciler validate | head -1` ends quietly."""
    world.write("cells", world.many(1))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = _process(f"import sys; from reconciler.cli import main; sys.exit(main({arguments}))", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_labels_are_shown_in_whatever_encoding(world: World, encoding: str) -> None:
    """A label that the encoding of the terminal lacks is escaped and never a crash."""
    world.write("cells", [world.boxes("a.jpg", "血球")], settings="managed: false\nlabels: [nothing]")
    program = (
        "import io, sys; from reconciler.cli import main;"
        f"sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding={encoding!r});"
        "sys.exit(main(['validate']))"
    )
    done = _process(program)
    assert done.returncode == 3
    assert "\\u8840" in done.stdout if encoding != "utf-8" else "血球" in done.stdout


def test_python_m_reconciler_is_the_command(world: World) -> None:
    """`python -m reconciler` works without the script on the path."""
    world.write("cells", world.many(1))
    done = _process(
        "import runpy, sys; sys.argv[1:] = ['validate']; runpy.run_module('reconciler', run_name='__main__')"
    )
    assert done.returncode == 0
    assert "1 manifest valid" in done.stdout


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], Exit.DONE),
        ([Exit.REFUSED, Exit.REJECTED], Exit.REJECTED),
        ([Exit.REJECTED, Exit.FAILED], Exit.FAILED),
        ([Exit.FAILED, Exit.SIGINT], Exit.SIGINT),
        ([Exit.CHANGES, Exit.REFUSED], Exit.REFUSED),
    ],
)
def test_the_worst_exit_code_counts(codes: list[Exit], worst: Exit) -> None:
    """The exit code is the first of these that happened: interrupted, failed, rejected, refused, bad input, changes."""
    assert most_severe(codes) is worst


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (ServiceError("no answer", code="EndpointConnectionError", operation="DescribeProjects"), True),
        (AccessDenied("expired", code="ExpiredTokenException", request_id="1"), True),
        (AccessDenied("not allowed", code="AccessDeniedException", request_id="1"), False),
        (NotFound("there is no project"), False),
        (ReconcilerError("disk"), False),
    ],
)
def test_a_failure_that_all_projects_would_meet_ends_the_run(error: ReconcilerError, *, ends: bool) -> None:
    """A silent endpoint or unusable credentials end the run; a denied call may concern one project only."""
    assert ends_the_run(error) is ends


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_project_of_a_different_account_is_told_as_such(world: World, account: Account, command: str) -> None:
    """A project that is not found with the credentials of a different account may well exist: both are named."""
    arn = "arn:aws:rekognition:us-east-1:999900001111:project/cells/1700000000000"
    world.write("cells", [world.boxes("1.jpg", "RBC")], settings=f"projectArn: {arn}")
    ran = world.run(command, *(["--yes"] if command == "apply" else []))
    assert ran.code == 1
    assert "the credentials are of account 111122223333, not of 999900001111" in ran.out + ran.err
    assert account.emulator.count_calls("GetCallerIdentity") == 1


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (sqlite3.OperationalError("database or disk is full"), Exit.FAILED, "failed"),
        (OSError(28, "No space left on device"), Exit.FAILED, "failed"),
        (AssertionError("a bug"), Exit.FAILED, "failed"),
        (KeyboardInterrupt(), Exit.SIGINT, "interrupted"),
    ],
    ids=["full disk", "os error", "bug", "Ctrl-C"],
)
@pytest.mark.parametrize("json_asked", [False, True], ids=["screen", "json"])
def test_what_ends_an_apply_swallows_nothing_of_it(
    world: World,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    *,
    error: BaseException,
    code: Exit,
    kind: str,
    json_asked: bool,
) -> None:
    """A fault or Ctrl-C in the second batch: screen, JSON and record have the ARN and the lines of the first."""
    monkeypatch.setattr(batches, "__defaults__", (3000,))
    account.create("cells")
    world.write("cells", world.many(12))
    confirm, left = SendQueue.confirm, [1]

    def confirmed(self: SendQueue, changes: Iterable[Change]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error
        confirm(self, changes)

    monkeypatch.setattr(SendQueue, "confirm", confirmed)
    ran = world.run("apply", "--yes", *(["--json"] if json_asked else []))
    assert ran.code == code
    record = json.loads(next((world.folder / ".reconciler" / "audit").glob("20*.jsonl")).read_text().splitlines()[-1])
    added = record["result"]["add"]
    assert (record["outcome"], record["dataset_arn"]) == (kind, account.dataset("cells"))
    assert (record["result"]["batches"], 0 < added < 12) == (2, True)
    if json_asked:
        outcome = ran.datasets[0]["outcome"]
        assert (outcome["add"], outcome["batches"], outcome["dataset_arn"]) == (added, 2, account.dataset("cells"))
        assert ran.datasets[0]["error"]
    else:
        assert f"{added} added in 2 batches" in ran.out
