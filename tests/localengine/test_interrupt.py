"""Ctrl-C, SIGTERM and SIGKILL: running steps finish, nothing new starts, no process is left."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.localengine.sandbox import finish
from tests.localengine.test_command import DEADLINE, UP, wait_for

if TYPE_CHECKING:
    import subprocess

    from tests.localengine.sandbox import Sandbox

SLOW = {"name": "slow", "inputs": {"wait": "create"}}
NEXT = {"name": "next", "from": {"key": "slow"}}


@pytest.fixture
def waiting(lab: Sandbox) -> subprocess.Popen[str]:
    """A running `up` whose first create waits."""
    lab.declare(SLOW, NEXT)
    process = lab.start(*UP)
    wait_for(lab.live.with_name("slow.create"))
    return process


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "^C"), (signal.SIGTERM, "SIGTERM")])
def test_the_first_signal_lets_the_running_step_finish(
    number: signal.Signals, name: str, lab: Sandbox, waiting: subprocess.Popen[str]
) -> None:
    """The running step is stored, the next one does not start, and the screen shows Pulumi's message."""
    interrupt(lab, waiting, number)
    assert waiting.poll() is None
    lab.live.with_name("go").touch()
    result = finish(waiting)
    assert result.code == 1
    assert lab.names() == ["slow"]
    assert lab.provider_calls("Create") == ["Create slow"]
    assert f"{name} received; cancelling." in result.out
    assert "error: update canceled" in result.out
    assert "KeyboardInterrupt" in result.out
    assert result.err == ""


def test_the_second_signal_ends_the_provider(lab: Sandbox, waiting: subprocess.Popen[str]) -> None:
    """The command ends with exit code 8 within the grace period, and the running operation stays pending."""
    interrupt(lab, waiting, signal.SIGINT)
    begun = time.monotonic()
    waiting.send_signal(signal.SIGINT)
    result = finish(waiting)
    assert result.code == 8
    assert time.monotonic() - begun < 15
    assert lab.names() == []
    assert [item["type"] for item in lab.pending_operations()] == ["creating"]
    assert "^C received; terminating" in result.out
    assert result.err == "error: update cancelled\n"


def test_an_interrupted_destroy_finishes_what_it_began(lab: Sandbox) -> None:
    """Dependents are deleted first; after the signal, the resource they depend on is kept."""
    lab.declare({"name": "base"}, {"name": "top", "from": {"key": "base"}, "inputs": {"wait": "delete"}})
    lab.run(*UP)
    process = lab.start("destroy", "--yes", "--skip-preview")
    wait_for(lab.live.with_name("top.delete"))
    interrupt(lab, process, signal.SIGINT)
    lab.live.with_name("go").touch()
    result = finish(process)
    assert result.code == 1
    assert lab.names() == ["base"]
    assert "Traceback" not in result.out + result.err


def test_when_the_engine_is_killed_its_children_end(lab: Sandbox, waiting: subprocess.Popen[str]) -> None:
    """After SIGKILL, the provider ends within its grace period, and the stack is not left locked."""
    os.kill(waiting.pid, signal.SIGKILL)
    waiting.communicate()
    deadline = time.monotonic() + DEADLINE
    while lab.processes():
        assert time.monotonic() < deadline, lab.processes()
        time.sleep(0.1)
    lab.live.with_name("go").touch()
    assert lab.run(*UP).code == 0
    assert lab.names() == ["slow", "next"]


def interrupt(lab: Sandbox, process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal and wait until the engine has passed it on to the provider."""
    process.send_signal(number)
    deadline = time.monotonic() + DEADLINE
    while not any(call["call"] == "ResourceProvider/Cancel" for call in lab.calls()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
