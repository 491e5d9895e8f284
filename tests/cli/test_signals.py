"""Ctrl-C and SIGTERM against a real process of the command, while a batch is running at the emulator."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.conftest import Account, World

    Start = Callable[..., "Process"]

ROOT = Path(__file__).parents[2]
# A shell that starts the tests in the background makes SIGINT ignored, and the command would honour that.
PROGRAM = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "os.execv(sys.executable, [sys.executable, '-m', 'reconciler', *sys.argv[1:]])"
)
DEADLINE = 60.0
SLOW = pytest.mark.parametrize("account", [{"latency": Latency(update=3600)}], indirect=True)


class Process:
    """A run of the command in a process of its own; what it says on standard error can be waited for."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.errors = folder / "stderr.txt"
        with self.errors.open("wb") as errors:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.popen.send_signal(number)

    def says(self, text: str) -> None:
        """Wait until it says so on standard error."""
        _until(lambda: text in self.errors.read_text())

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, standard output, standard error."""
        out, _ = self.popen.communicate(timeout=DEADLINE)
        return self.popen.returncode, out, self.errors.read_text()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _two_batches(world: World) -> list[str]:
    """Lines of more than 5 MB together."""
    padding = "x" * 95_000
    return [json.dumps(json.loads(line) | {"padding": padding}) for line in world.many(60)]


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    """Starts processes that are gone after the test."""
    started: list[Process] = []

    def run(*arguments: str) -> Process:
        started.append(Process(world.folder, *arguments))
        return started[-1]

    yield run
    for process in started:
        process.popen.kill()
        process.popen.wait()
        if process.popen.stdout:
            process.popen.stdout.close()


@SLOW
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_running_batch_is_finished_and_the_next_run_goes_on(
    account: Account, world: World, start: Start, number: signal.Signals, code: int
) -> None:
    """One signal: the batch in flight is waited for, nothing more is sent, and nothing is sent twice afterwards."""
    account.create("cells")
    lines = _two_batches(world)
    world.write("cells", lines, world.many(1))
    process = start("apply", "--yes")
    _until(lambda: account.updates == 1)
    process.send(number)
    process.says("finishing the running batch")
    assert process.popen.poll() is None
    account.emulator.clock.advance(3600)
    ended, out, err = process.ended()
    assert ended == code, err
    assert "added in 1 batch" in out
    assert "interrupted" in out
    assert "not applied, because the run was interrupted" in out
    assert "Traceback" not in err
    assert account.updates == 1
    first = len(account.keys("cells"))
    assert 0 < first < 60

    again = start("apply", "--yes", "--project", "cells")
    _until(lambda: account.updates == 2)
    account.emulator.clock.advance(3600)
    _until(lambda: account.updates == 3)
    account.emulator.clock.advance(3600)
    ended, out, err = again.ended()
    assert ended == 0, err
    assert f"{60 - first} added in 1 batch" in out
    assert len(account.keys("cells")) == 60


@SLOW
def test_a_second_signal_leaves_at_once(account: Account, world: World, start: Start) -> None:
    """Two signals: gone without waiting, and it is said that the batch goes on at AWS."""
    account.create("cells")
    world.write("cells", world.many(2), world.many(1))
    process = start("apply", "--yes", "--json")
    _until(lambda: account.updates == 1)
    process.send(signal.SIGINT)
    process.says("press Ctrl-C again")
    process.send(signal.SIGINT)
    code, out, err = process.ended()
    assert code == 130
    assert "goes on at AWS" in err
    assert "Traceback" not in err
    statuses = [dataset["status"] for dataset in json.loads(out)["datasets"]]
    assert statuses == ["failed", "skipped"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_before_anything_is_sent_one_signal_is_enough(
    account: Account, world: World, start: Start, number: signal.Signals, code: int
) -> None:
    """While looking, the command ends at once and says that nothing was sent; no retry takes the signal for a fault."""
    account.create("cells")
    world.write("cells", world.many(2))
    account.emulator.load_faults("faults: [{fault: slow, operation: DescribeProjects, seconds: 3}]")
    process = start("apply", "--yes", "-v")
    _until(lambda: any("slow" in fired.fault for fired in account.emulator.faults))
    process.send(number)
    ended, out, err = process.ended()
    assert (ended, out) == (code, "")
    assert "nothing was sent" in err
    assert "Traceback" not in err
    assert account.updates == 0
