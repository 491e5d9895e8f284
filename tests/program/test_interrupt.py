"""Ctrl-C and SIGTERM at `pulumi up` of this repository's program: the message, the exit code, and a true state."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Clock, Emulator, Latency, serve
from tests.program.workspace import REPOSITORY, SECONDS, Workspace
from tests.support.small_batches import LINES_IN_BATCH, sitecustomize_in

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rekognition_emulator.state.records import Caller

BATCHES = 3
# A shell that starts the tests in the background makes SIGINT ignored, and the engine would honour that.
FOREGROUND = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "os.execv(sys.executable, [sys.executable, '-m', 'localengine', *sys.argv[1:]])"
)


class Held:
    """An emulator on which time passes at every look, until it is held."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.held, self.looks = emulator, False, 0
        emulator.front_end.before_decoding.append(self._look)

    def _look(self, operation: str, _caller: Caller) -> None:
        if operation == "UpdateDatasetEntries" and not self.updates:
            self.held = True
        if operation == "DescribeDataset":
            self.looks += self.held
            if not self.held:
                self.emulator.clock.advance(10)

    @property
    def updates(self) -> int:
        """How many batches were taken."""
        return self.emulator.count_calls("UpdateDatasetEntries")


@pytest.fixture
def held() -> Iterator[Held]:
    """Every operation takes ten seconds of a clock that can be held."""
    with serve(clock=Clock(1_700_000_000.0), latency=Latency(create=10, update=10)) as emulator:
        yield Held(emulator)


@pytest.fixture
def program(tmp_path: Path, held: Held) -> Workspace:
    """A dataset of three small batches, in a project that exists."""
    made = Workspace(tmp_path, held.emulator)
    made.copy_program()
    made.configure()
    made.create_project("cells")
    entries = {f"{number}.jpg": ["cat"] for number in range(LINES_IN_BATCH * BATCHES)}
    made.declare("cells", {"managed": False, "policy": {"destroy": "delete"}}, train=entries)
    site = sitecustomize_in(tmp_path / "site", hurried=False)
    made.env["PYTHONPATH"] = os.pathsep.join([str(site), str(REPOSITORY)])
    return made


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_the_first_signal_stops_after_the_running_batch(program: Workspace, held: Held, number: signal.Signals) -> None:
    """The batch is waited for, nothing more is sent, the state has what was done; the next `pulumi up` continues."""
    process = started(program, held)
    process.send_signal(number)
    looks = held.looks
    until(lambda: held.looks > looks + 1)
    assert process.poll() is None
    held.held = False
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 1, out + err
    assert "received; cancelling." in out
    assert "stopped after the running batch, as requested; run `pulumi up` again to continue" in out
    assert f"before that: {LINES_IN_BATCH} added in 1 batch" in out
    assert "Traceback" not in out + err
    assert held.updates == 1
    kept = program.resources()["cells-train"]["outputs"]
    assert "stopped after the running batch" in kept["unfinished"]
    assert kept["live"]["entries"] == LINES_IN_BATCH == len(program.live("cells"))
    program.up()
    assert held.updates == BATCHES
    assert len(program.live("cells")) == LINES_IN_BATCH * BATCHES


def test_the_second_signal_leaves_at_once_and_the_next_up_goes_on(program: Workspace, held: Held) -> None:
    """Exit code 8, as Pulumi's; the service finishes the batch that was sent, and no other is sent."""
    process = started(program, held)
    process.send_signal(signal.SIGINT)
    looks = held.looks
    until(lambda: held.looks > looks)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 8, out + err
    assert "Traceback" not in out + err
    assert held.updates == 1
    held.held = False
    program.up()
    assert held.updates == BATCHES
    assert len(program.live("cells")) == LINES_IN_BATCH * BATCHES


def started(program: Workspace, held: Held) -> subprocess.Popen[str]:
    """`pulumi up` whose first batch was sent and does not end."""
    process = program.start(FOREGROUND, "up", "--yes", "--skip-preview", "--non-interactive")
    until(lambda: held.updates == 1)
    return process


def until(condition: Callable[[], bool]) -> None:
    """Wait for a different process."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
