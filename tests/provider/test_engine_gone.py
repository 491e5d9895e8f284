"""An engine that dies in the middle of an apply: nothing more is sent, and the next `pulumi up` continues."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.limits import BATCH_BYTES
from reconciler.provider.sdk.cancel import detect_cancel
from tests.support.provider_engine import CallError, Provider, Resource, running
from tests.support.provider_world import World, config_for, line
from tests.support.quick_clock import in_a_hurry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator


@pytest.fixture
def lone(emulator: Emulator, tmp_path: Path) -> Iterator[Provider]:
    """A separate provider process, because it is of no use afterwards."""
    emulator.load_faults("")
    with running(tmp_path, config_for(emulator)) as provider:
        yield provider


def large(world: World) -> Resource:
    """A resource whose manifest takes three batches."""
    padding = "x" * 80_000
    lines: list[dict[str, Any]] = [line(f"{number}.jpg", "cat") | {"note": padding} for number in range(150)]
    return world.declare_lines(lines)


def after_the_first_batch(emulator: Emulator, do: Any) -> None:  # noqa: ANN401 - a callable
    """Do something as soon as the first batch was taken, before its answer is out."""
    done: list[bool] = []

    def listener(call: Any) -> None:  # noqa: ANN401 - a journal's call
        if call.operation == "UpdateDatasetEntries" and not done:
            done.append(True)
            do()

    emulator.front_end.journal.listeners.append(listener)


def test_the_batch_in_flight_is_the_last_and_the_next_up_goes_on(emulator: Emulator, lone: Provider) -> None:
    """The process's standard input ends with the engine: between batches that stops the apply, which is recorded."""
    world = World(emulator, lone)
    cells = large(world)
    sent = world.calls("UpdateDatasetEntries")
    after_the_first_batch(emulator, lone.die)
    with pytest.raises(CallError, match="the Pulumi engine stopped; nothing more is sent"):
        cells.up()
    assert world.calls("UpdateDatasetEntries") == sent + 1
    assert "the Pulumi engine stopped" in cells.outputs["unfinished"]
    live = len(world.live(cells))
    assert 0 < live < 150
    with running(lone.program, config_for(emulator)) as again:
        cells.provider = again
        assert cells.drift()
        assert cells.up()
        assert cells.messages[-1].text.startswith(f"{150 - live} added")
    assert len(world.live(cells)) == 150


def test_the_process_ends_when_the_engine_has_died(emulator: Emulator, lone: Provider) -> None:
    """Pulumi leaves it running when its CLI is killed: without a call in flight it ends at once."""
    World(emulator, lone).declare({"1.jpg": ["cat"]}).up()
    lone.die()
    assert lone.process.wait(timeout=30) == 0


def test_the_process_ends_after_the_call_that_was_in_flight(emulator: Emulator, lone: Provider) -> None:
    """The call stops after its batch and answers, then the process ends."""
    cells = large(World(emulator, lone))
    after_the_first_batch(emulator, lone.die)
    with pytest.raises(CallError, match="the Pulumi engine stopped"):
        cells.up()
    assert lone.process.wait(timeout=30) == 0


def test_a_call_that_nobody_waits_for_any_more_stops_too(emulator: Emulator, lone: Provider) -> None:
    """Where standard input shows nothing, the cancelled call stops the apply."""
    world = World(emulator, lone)
    cells = large(world)
    checked = cells.check()
    sent = world.calls("UpdateDatasetEntries")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lone.create, cells.urn, checked)
        after_the_first_batch(emulator, lone.close_channel)
        assert waiting.exception(timeout=30) is not None
    lone.process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):  # in this time an apply that did not stop would send its other batches
        lone.process.wait(timeout=10)
    lone.process.kill()
    lone.process.wait()
    assert world.calls("UpdateDatasetEntries") == sent + 1


def test_a_log_that_answers_no_more_stops_nothing(emulator: Emulator, lone: Provider) -> None:
    """Messages are a courtesy: an apply does not fail when they do not reach the engine."""
    lone.stop_listening()
    world = World(emulator, lone)
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    assert world.live(cells) == {"1.jpg": ["cat"]}


def test_batches_of_this_test_are_as_large_as_the_service_takes() -> None:
    """150 lines of 80 kB are three batches."""
    assert 2 * BATCH_BYTES < 150 * 80_000 < 3 * BATCH_BYTES


def test_the_first_ctrl_c_stops_after_the_running_batch(emulator: Emulator, lone: Provider) -> None:
    """Cancel is detected while an apply runs; what it had done is recorded and the next `pulumi up` continues."""
    world = World(emulator, lone)
    cells = large(world)
    sent = world.calls("UpdateDatasetEntries")
    after_the_first_batch(emulator, lone.cancel)
    with pytest.raises(CallError, match="stopped after the running batch, as requested"):
        cells.up()
    assert world.calls("UpdateDatasetEntries") == sent + 1
    assert "stopped after the running batch" in cells.outputs["unfinished"]
    assert cells.init_errors[1] == f"before that: {len(world.live(cells))} added in 1 batch"
    assert not any("cannot detect Ctrl-C" in message.text for message in cells.messages)


# What a process loads at its start to have a server of the SDK with a different Cancel.
OTHER_SDK = """
import grpc, sys
from google.protobuf import empty_pb2
from tests.support.quick_clock import hurry

hurry()
made = grpc.server

def server(*arguments, **named):
    servicer = sys.modules["__main__"].DynamicResourceProviderServicer
    servicer.Cancel = lambda self, request, context, more=None: empty_pb2.Empty()
    return made(*arguments, **named)

grpc.server = server
"""


def test_where_cancel_cannot_be_detected_a_warning_says_so_and_the_apply_continues(
    emulator: Emulator, tmp_path: Path
) -> None:
    """With a different server in the SDK the warning comes once, before anything is sent; else there is none."""
    site = in_a_hurry(tmp_path / "other")
    (tmp_path / "other" / "sitecustomize.py").write_text(OTHER_SDK)
    program = tmp_path / "program"
    program.mkdir()
    with running(program, config_for(emulator), env=site) as deaf:
        world = World(emulator, deaf)
        cells = large(world)
        sent = world.calls("UpdateDatasetEntries")
        after_the_first_batch(emulator, deaf.cancel)
        cells.up()
        assert world.calls("UpdateDatasetEntries") == sent + 3
        (said,) = [one for one in cells.messages if "cannot detect Ctrl-C" in one.text]
        assert said.is_warning
        assert "the first Ctrl-C is ignored until the apply ends" in said.text
        assert cells.messages.index(said) == 0
        assert len(world.live(cells)) == 150


def test_a_cancel_that_is_not_the_known_one_is_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code is replaced only where it is a plain method of three arguments."""

    class Servicer:
        """A server of a different version."""

    assert not detect_cancel()
    monkeypatch.setattr(sys.modules["__main__"], "DynamicResourceProviderServicer", Servicer, raising=False)
    assert not detect_cancel()
    for other in (lambda _self: "theirs", print, None):
        monkeypatch.setattr(Servicer, "Cancel", other, raising=False)
        assert not detect_cancel()


def test_expired_credentials_keep_what_was_done(emulator: Emulator, lone: Provider) -> None:
    """The sentence with its cure, and the lines that went in; the next `pulumi up` continues."""
    world = World(emulator, lone)
    cells = large(world)
    rule = "{fault: error, error: ExpiredTokenException, operation: UpdateDatasetEntries, on: '2-100'}"
    emulator.load_faults(f"[{rule}]")
    with pytest.raises(CallError, match=r"the credentials have expired .* what was applied stays applied"):
        cells.up()
    live = len(world.live(cells))
    assert 0 < live < 150
    assert cells.init_errors[1] == f"before that: {live} added in 1 batch"
    assert "the credentials have expired" in cells.outputs["unfinished"]
    emulator.load_faults("")
    assert cells.up()
    assert len(world.live(cells)) == 150


def test_cancel_is_detected_while_more_datasets_than_the_server_has_threads_are_worked_on(
    emulator: Emulator, lone: Provider
) -> None:
    """At most three are worked on at once; those that wait send nothing more after it."""
    worlds = [World(emulator, lone) for _number in range(6)]
    resources = [large(world) for world in worlds]
    checked = [(cells.urn, cells.check()) for cells in resources]
    sent = worlds[0].calls("UpdateDatasetEntries")
    after_the_first_batch(emulator, lone.cancel)
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(lone.create, urn, inputs) for urn, inputs in checked]
        errors = [one.exception(timeout=60) for one in waiting]
    assert all(isinstance(error, CallError) for error in errors), errors
    # Three had a batch under way at the most; each of them ends it and no other begins.
    assert worlds[0].calls("UpdateDatasetEntries") - sent <= 3
