"""Ctrl-C, SIGTERM and SIGHUP against a real process of the command, while a batch is running at the emulator."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from reconciler.cli.signals import Signals
from rekognition_emulator import Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.conftest import Account, World

    Start = Callable[..., "Process"]

ROOT = Path(__file__).parents[2]
# A shell that starts the tests in the background makes SIGINT ignored, nohup SIGHUP; the command would honour that.
PROGRAM = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    "os.execv(sys.executable, [sys.executable, '-m', 'reconciler', *sys.argv[1:]])"
)
# The same as the leader of a session, whose terminal the standard input is: its end is a SIGHUP.
CONTROLLING = "import fcntl, os, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);" + PROGRAM
DEADLINE = 60.0
SLOW = pytest.mark.parametrize("account", [{"latency": Latency(update=3600)}], indirect=True)


class Process:
    """A run of the command in its own process, whose standard error can be waited for."""

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
        """Wait until standard error contains the text."""
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
    """Starts processes that end with the test."""
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
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_running_batch_is_finished_and_the_next_run_goes_on(
    account: Account, world: World, start: Start, number: signal.Signals, code: int
) -> None:
    """After one signal the running batch is finished, nothing more is sent, and the next run sends nothing twice."""
    account.create("cells")
    lines = _two_batches(world)
    world.write("cells", lines, world.many(1, first=500))
    process = start("apply", "--yes", "--allow", "updates=it's agreed")
    _until(lambda: account.updates == 1)
    process.send(number)
    process.says("finishing the running batch")
    assert process.popen.poll() is None
    account.emulator.clock.advance(3600)
    ended, out, err = process.ended()
    assert ended == code, err
    assert "added in 1 batch" in out
    assert "interrupted" in out
    assert "`reconciler apply --allow 'updates=it'\"'\"'s agreed'` continues" in err
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
    """After two signals the process ends without waiting and reports that AWS still processes the batch."""
    account.create("cells")
    world.write("cells", world.many(2), world.many(1, first=500))
    process = start("apply", "--yes", "--json")
    _until(lambda: account.updates == 1)
    process.send(signal.SIGINT)
    process.says("press Ctrl-C again")
    process.send(signal.SIGINT)
    code, out, err = process.ended()
    assert code == 130
    assert "AWS still processes" in err
    assert "Traceback" not in err
    (project,) = json.loads(out)["projects"]
    statuses = [dataset["status"] for dataset in project["datasets"]]
    assert statuses == ["failed", "skipped"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_before_anything_is_sent_one_signal_is_enough(
    account: Account, world: World, start: Start, number: signal.Signals, code: int
) -> None:
    """While the command plans, one signal ends it with "nothing was sent"; no retry swallows the signal."""
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


@pytest.fixture
def at_a_late_answer(account: Account) -> Iterator[Callable[[str, signal.Signals], None]]:
    """Sends this process a signal once an operation is called whose answer never comes."""
    threads: list[threading.Thread] = []

    def send(number: signal.Signals) -> None:
        _until(lambda: bool(account.emulator.faults))
        os.kill(os.getpid(), number)

    def prepare(operation: str, number: signal.Signals) -> None:
        account.emulator.load_faults(f"[{{fault: slow, operation: {operation}, on: 1, seconds: 3600}}]")
        threads.append(threading.Thread(target=send, args=(number,)))
        threads[-1].start()

    yield prepare
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("_foreground")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_page_that_never_comes_does_not_hold_up_the_end_of_an_apply(
    account: Account, world: World, at_a_late_answer: Callable[..., None], number: signal.Signals, code: int
) -> None:
    """The read-back is given up at once; screen, JSON and record have what was done."""
    account.create("cells")
    world.write("cells", world.many(2))
    at_a_late_answer("ListDatasetEntries", number)
    ran = world.run("apply", "--yes", "--json")
    (dataset,) = ran.datasets
    assert (ran.code, dataset["outcome"]["add"], account.updates) == (code, 2, 1)
    assert "all lines were sent, but live was not read back" in str(dataset["outcome"]["error"])
    (month,) = (world.folder / ".reconciler" / "audit").glob("*.jsonl")
    record = json.loads(month.read_text())
    assert (record["outcome"], record["result"]["add"]) == ("interrupted", 2)


def test_the_answer_of_an_update_is_waited_for_with_a_word_and_a_second_signal_leaves(
    account: Account, world: World, start: Start
) -> None:
    """What was sent may be done: the first Ctrl-C says that its answer is waited for."""
    account.create("cells")
    world.write("cells", world.many(2))
    account.emulator.load_faults("[{fault: slow, operation: UpdateDatasetEntries, on: 1, seconds: 3600}]")
    process = start("apply", "--yes")
    _until(lambda: bool(account.emulator.faults))
    process.send(signal.SIGINT)
    process.says("waiting for the answer of AWS before stopping")
    process.send(signal.SIGINT)
    code, out, err = process.ended()
    assert (code, "Traceback" in err) == (130, False)
    assert "cells train" in out


@pytest.fixture
def _foreground() -> Iterator[None]:
    """Signals as a program in the foreground has them, whatever started the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_foreground")
def test_the_first_signal_asks_and_the_second_one_leaves() -> None:
    """During an apply the first signal only makes `stop` return the reason; outside of it the first one raises."""
    said: list[str] = []
    with Signals(said.append) as signals:
        with signals.patiently():
            assert signals.stop() is None
            os.kill(os.getpid(), signal.SIGINT)
            reason = signals.stop()
            assert reason is not None
            assert reason.exit_code == 130
            assert "press Ctrl-C again" in said[0]
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
        assert signals.exit_code == 143
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert len(said) == 1


@pytest.mark.usefixtures("_foreground")
def test_handlers_are_given_back() -> None:
    """After the run the handlers of signals are those of before."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Signals(lambda _text: None):
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.usefixtures("_foreground")
def test_an_ignored_signal_stays_ignored() -> None:
    """Under nohup, or in the background of a script, Ctrl-C does not stop the command."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Signals(lambda _text: None) as signals:
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.exit_code is None


class Terminal:
    """A process at a real pseudo-terminal, and what it has written so far."""

    def __init__(self, *command: str, typed: bytes = b"") -> None:
        self.seen = b""
        self._master, slave = pty.openpty()
        os.write(self._master, typed)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"}
        self.process = subprocess.Popen(
            [sys.executable, *command], env=environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def wait_for(self, text: bytes) -> None:
        """Read until it is there."""
        while text not in self.seen:
            self.seen += os.read(self._master, 65536)

    def close(self) -> None:
        """Close the terminal's window."""
        os.close(self._master)

    def type(self, text: bytes) -> None:
        """Type at the terminal."""
        os.write(self._master, text)

    def ended(self) -> tuple[int, str]:
        """The exit code, and all that was written; Linux reports EIO where the other side is closed."""
        with suppress(OSError):
            while chunk := os.read(self._master, 65536):
                self.seen += chunk
        return self.process.wait(timeout=DEADLINE), self.seen.decode()


def test_a_person_at_a_terminal_is_asked_and_sees_progress(account: Account, world: World) -> None:
    """A real pseudo-terminal shows the plan in colours, the question, `y` and the outcome, and no status line."""
    account.create("cells")
    world.write("cells", world.many(2))
    with Terminal("-m", "reconciler", "apply") as terminal:
        terminal.wait_for(b"Apply? [y/N] ")
        terminal.type(b"y\n")
        code, text = terminal.ended()
    assert code == 0
    assert "\x1b[1mcells train  (datasets/cells/train.jsonl)\x1b[0m" in text
    assert "\x1b[32m    + 0000.jpg  1 box: RBC" in text
    assert "1 dataset: 2 added\x1b[0m\r\n" in text
    assert "took:     9 calls, 1 batch" in text
    assert len(account.keys("cells")) == 2


def test_what_was_typed_before_the_question_is_not_its_answer(account: Account, world: World) -> None:
    """A `y` from before the plan was shown is discarded; the one that follows the question counts."""
    account.create("cells")
    world.write("cells", world.many(2))
    with Terminal("-c", PROGRAM, "apply", typed=b"y\ny\n") as terminal:
        terminal.wait_for(b"Apply? [y/N] ")
        terminal.type(b"n\n")
        code, text = terminal.ended()
    assert code == 4
    assert "not applied: you answered no" in text
    assert account.updates == 0


@SLOW
def test_a_terminal_that_is_closed_ends_an_apply_like_ctrl_c(account: Account, world: World) -> None:
    """The running batch is finished, nothing more is sent, and the record has it, although nobody sees the screen."""
    account.create("cells")
    world.write("cells", _two_batches(world))
    terminal = Terminal("-c", CONTROLLING, "apply", "--yes")
    try:
        _until(lambda: account.updates == 1)
        terminal.close()
        _until(lambda: terminal.process.poll() is not None or account.emulator.clock.advance(3600) is not None)
        assert terminal.process.wait(timeout=DEADLINE) == 129
    finally:
        terminal.process.kill()
        terminal.process.wait()
    (month,) = (world.folder / ".reconciler" / "audit").glob("*.jsonl")
    record = json.loads(month.read_text())
    assert (record["outcome"], record["result"]["batches"], account.updates) == ("interrupted", 1, 1)
    assert record["result"]["add"] > 0


@SLOW
def test_ctrl_c_during_a_progress_bar_leaves_a_clean_screen(account: Account, world: World) -> None:
    """The bar is removed, the cursor was never hidden, every line is whole, and a sentence comes last."""
    account.create("cells")
    world.write("cells", world.many(2))
    with Terminal("-c", PROGRAM, "apply", "--yes") as terminal:
        terminal.wait_for(b"batch 1 of 1")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for(b"press Ctrl-C again")
        terminal.process.send_signal(signal.SIGINT)
        code, text = terminal.ended()
    assert code == 130
    assert "Traceback" not in text
    assert "\x1b[?25l" not in text
    _bars, after = text.rsplit("\r\n\r\x1b[1A\x1b[2K", 1)
    assert "batch 1 of 1" not in after
    assert after.endswith("\r\n")
    assert "AWS still processes" in after


LOADING = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "reconciler.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
from reconciler.cli import main
sys.exit(main(["validate"]))
"""


def test_a_ctrl_c_while_the_program_is_loaded_is_a_sentence() -> None:
    """A Ctrl-C in the first tenths of a second, while modules are imported, ends in a sentence."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADING],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "error: interrupted (SIGINT)\n")
