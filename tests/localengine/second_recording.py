"""The second recording: 137 commands of the real Pulumi CLI in 32 stacks (data/more/README.md).

Two test files replay them in parallel. Each file imports the tests from here and runs them for its groups.
"""

from __future__ import annotations

import json
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.localengine.recording import (
    Replayed,
    begun,
    calls_by_process,
    counted,
    in_own_words,
    interrupted_lines,
    lines,
    methods_of,
    needs_come_first,
    normalised,
    requests,
    visible_lines,
    without_ids,
    without_pickles,
)
from tests.localengine.sandbox import DATA, Sandbox, finish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.localengine.sandbox import Json, Result

COMMANDS = lines(DATA / "more" / "trace.jsonl")
STATES = {state["step"]: state for state in lines(DATA / "more" / "states.jsonl")}
# The commands that are not run, each with its reason.
LEFT_OUT = {
    "25-c-2-config": "writes the stack's settings: the replay writes the file",
    "25-c-5-config": "likewise",
    "29-d-3-up-locked": "our lock ends with the process that holds it, so nothing is locked after a SIGKILL",
    "29-d-4-cancel": "likewise: there is no lock to remove",
    "29-e-2-cancel": "likewise",
    "29-f-3-cancel": "likewise",
}
STEPS = [command["step"] for command in COMMANDS if command["step"] not in LEFT_OUT]
# The groups of each test file; both files take about the same time.
REPLACEMENTS = ("23-", "24-", "26-", "27-")
FAILURES = ("25-", "28-", "29-", "30-", "31-", "32-")
# Commands that fail while a different resource is processed, and that resource: a race decides whether its provider is
# called, here and in the real engine.
RACING = {
    "27-p-5-up-replace": "b",
    "28-2-up-update-fails": "a",
    "28-3-up-check-fails": "a",
    "28-4-preview-check-fails": "a",
}
# Commands that warn of pending operations. The first sentence and the list are Pulumi's, the advice is not.
WARNING = {"29-b-3-up", "29-e-3-up", "29-f-4-up"}
ADVICE = (
    "    These resources are in an unknown state",
    "    Once you have confirmed",
    "    Note that `pulumi refresh`",
)
OUR_ADVICE = ("    Their result is unknown", "    `refresh --clear-pending-creates`")
# Two replacements that delete first do not wait for each other: in one order an object is lost, in the other none. The
# command after them starts with the objects of the recording.
LOSING_RACES = {"30-dbr-3-up-swap": "30-dbr-4-refresh-preview", "30-dbrlost-3-up-swap": "30-dbrlost-4-refresh-preview"}
SECONDS = 20.0


# The tests that run for some steps only.
SUBSETS = {
    "test_what_writes_no_state_with_pulumi_writes_none": [
        step for step in STEPS if not STATES[step]["written"]["stack_file"]
    ],
    "test_a_program_that_nobody_waits_for_is_interrupted": [
        command["step"]
        for command in COMMANDS
        if command["exit"] in (1, 8) and command["step"] not in (*LEFT_OUT, "32-10-destroy-target-refused")
    ],
}


def parametrize(metafunc: pytest.Metafunc, groups: tuple[str, ...]) -> None:
    """Run a test for each of its steps in `groups`; `make test` has the first recording only, CI both."""
    if "step" in metafunc.fixturenames:
        steps = [step for step in SUBSETS.get(metafunc.function.__name__, STEPS) if step.startswith(groups)]
        metafunc.parametrize("step", [pytest.param(step, marks=pytest.mark.slow) for step in steps])


class Recording:
    """The replayed commands; the commands of a stack run when the first result is needed."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._found: dict[str, Replayed] = {}

    def __getitem__(self, step: str) -> Replayed:
        if step not in self._found:
            self._found |= replay_stack(self._folder(), next(stack for stack in stacks() if step in steps_of(stack)))
        return self._found[step]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The results of all commands, each group on its own stack."""
    return Recording(lambda: tmp_path_factory.mktemp("stack"))


def stacks() -> list[list[Json]]:
    """The commands, by the stack they were run on."""
    found: list[list[Json]] = []
    for command in COMMANDS:
        found += [[]] if command["fresh_stack"] else []
        found[-1].append(command)
    return found


def steps_of(commands: list[Json]) -> list[str]:
    """The names of commands."""
    return [command["step"] for command in commands]


def replay_stack(folder: Path, commands: list[Json]) -> dict[str, Replayed]:
    """Run the commands of one stack, one after another."""
    sandbox = fresh(folder)
    found = {}
    for command in commands:
        if command["command"].startswith("pulumi config set trace:note "):
            note(sandbox, command["command"].split()[-1])
        elif command["step"] not in LEFT_OUT:
            found[command["step"]] = replay(sandbox, command)
    return found


def fresh(folder: Path) -> Sandbox:
    """The recorded program with an empty stack, configured as it was."""
    shutil.copytree(DATA / "more" / "program", folder / "program")
    sandbox = Sandbox(folder / "program")
    sandbox.env["TRACE_LOG"] = str(folder / "log.jsonl")
    note(sandbox, "hello")
    return sandbox


def note(sandbox: Sandbox, text: str) -> None:
    """Write the stack's settings."""
    sandbox.configure({"trace:note": text}, {"trace:pw": "s3cret"})


def replay(sandbox: Sandbox, command: Json) -> Replayed:
    """Run one recorded command with its program, edits and signals."""
    sandbox.declare(*command["spec"])
    sandbox.edit_live(command["live_edit"] or {})
    for race, after in LOSING_RACES.items():
        if command["step"] == after:
            sandbox.live.write_text(json.dumps(STATES[race]["live"]), encoding="utf-8")
    log = sandbox.live.with_name("log.jsonl")
    log.unlink(missing_ok=True)
    go = sandbox.live.with_name("go")
    go.unlink(missing_ok=True)
    before = sandbox.state_text()
    result = run(sandbox, command, log, go)
    return Replayed(
        recorded=command,
        result=result,
        calls=sandbox.calls(),
        resources=sandbox.resources(),
        pending=sandbox.pending_operations(),
        live=sandbox.read_live(),
        served=calls_by_process(log),
        has_written=before != sandbox.state_text(),
    )


def run(sandbox: Sandbox, command: Json, log: Path, go: Path) -> Result:
    """Start the command, send the recorded signals, and wait for its end."""
    arguments = command["command"].split()[1:]
    flags = list(command["flags"])
    if "-c" in flags:  # Pulumi writes such a setting into the stack's file
        place = flags.index("-c")
        note(sandbox, flags[place + 1].removeprefix("trace:note="))
        del flags[place : place + 2]
    process = sandbox.start(*arguments, *flags)
    if signals := command.get("signals"):
        until(lambda: any(" create " in line or " update " in line for line in calls_by_process(log)))
        for number, name in enumerate(signals):
            process.send_signal(getattr(signal, name))
            until(lambda: name == "SIGKILL" or received(sandbox, number))  # noqa: B023 - called at once
    go.touch()
    result = finish(process)
    if signals:
        until(lambda: sandbox.processes() == [])
    return result


def received(sandbox: Sandbox, number: int) -> bool:
    """Whether the engine has acted on a signal: Cancel after the first one, the end of the calls after the second."""
    calls = sandbox.calls()
    return begun(calls, "Cancel") > 0 if number == 0 else any("error" in call for call in calls[-2:])


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true; fail after SECONDS."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def without_racing(step: str, calls: list[Json]) -> list[Json]:
    """The calls without those of the resource that was processed when the command failed."""
    return [call for call in calls if call["name"] != RACING.get(step)]


def test_exit_codes_are_those_of_pulumi(step: str, replayed: Recording) -> None:
    """Every command ends as it did with the real CLI."""
    ours = replayed[step]
    assert ours.recorded["exit"] == ours.result.code, ours.result.out + ours.result.err


def test_the_provider_is_asked_the_same_with_the_same_properties(step: str, replayed: Recording) -> None:
    """The provider receives exactly the recorded requests, property for property."""
    ours = replayed[step]
    expected = without_racing(step, requests(ours.recorded["calls"]))
    actual = without_racing(step, without_pickles(requests(ours.calls)))
    assert counted(expected) == counted(actual)


def test_requests_come_in_the_same_order(step: str, replayed: Recording) -> None:
    """For one object, the provider is asked in the recorded order, start-up and Cancel as often as recorded."""
    ours = replayed[step]
    expected, actual = requests(ours.recorded["calls"]), requests(ours.calls)
    for name in {call["name"] for call in expected} - {RACING.get(step)}:
        if "refresh" in step:  # an object and the old one that it replaces are refreshed at the same time
            for id_ in {call.get("id") for call in expected if call["name"] == name}:
                one, other = ([call for call in calls if call.get("id") == id_] for calls in (expected, actual))
                assert methods_of(one, name) == methods_of(other, name)
        else:
            assert methods_of(expected, name) == methods_of(actual, name)
    for method in ("Handshake", "GetPluginInfo", "Cancel"):
        assert begun(ours.recorded["calls"], method) == begun(ours.calls, method)


def test_what_was_replaced_is_deleted_when_pulumi_deletes_it(step: str, replayed: Recording) -> None:
    """Deletions come after all creations where they did with Pulumi, dependents first."""
    ours = replayed[step]
    if "30-dbr" in step:  # also a race in the recording
        return
    orders = [changes(ours.recorded["calls"]), changes(ours.calls)]
    expected, actual = ([method for method in order if method != "Update"] for order in orders)
    assert expected == actual


def test_one_process_serves_what_one_process_served(step: str, replayed: Recording) -> None:
    """Each call is served by the same provider process as with Pulumi, so a provider can rely on what it remembers."""
    ours = replayed[step]
    racing = RACING.get(step, "")
    expected = [line for line in ours.recorded["served"] if not line.endswith(racing or "?")]
    actual = [line for line in ours.served if not line.endswith(racing or "?")]
    assert sorted(expected) == sorted(actual)


def test_the_state_is_that_of_pulumi(step: str, replayed: Recording) -> None:
    """Every stored resource and pending operation is the recorded one, old objects included."""
    ours, recorded = replayed[step], STATES[step]
    actual = without_pickles(normalised(ours.resources))
    racing = RACING.get(step)
    assert by_name(recorded["resources"], racing) == by_name(actual, racing)
    assert recorded["pending_operations"] == without_ids(without_pickles(ours.pending))
    assert needs_come_first(ours.resources)


def test_the_same_objects_exist(step: str, replayed: Recording) -> None:
    """The objects that exist afterwards are those that existed with Pulumi."""
    ours, recorded = replayed[step], STATES[step]
    if step in LOSING_RACES:
        return
    racing = f"p/{RACING[step]}" if step in RACING else ""
    assert without(recorded["live"] or {}, racing) == without(ours.live or {}, racing)


def test_what_writes_no_state_with_pulumi_writes_none(step: str, replayed: Recording) -> None:
    """Commands that do not write the state leave the file unchanged, byte for byte."""
    assert not replayed[step].has_written


def test_the_screen_reads_like_that_of_pulumi(step: str, replayed: Recording) -> None:
    """Title, rows, diagnostics, outputs and counts are Pulumi's, in any order of the rows; durations aside.

    Left out are the stack's empty row and the lines of tracebacks (counted by the next test).
    """
    ours = replayed[step]
    expected, actual = visible_lines(in_own_words(ours.recorded["stdout"])), visible_lines(ours.result.out.splitlines())
    if step in RACING:
        assert {line for line in expected if "error" in line and "errored" not in line} <= set(actual)
        return
    if step in WARNING:
        expected = [line for line in expected if not line.startswith(ADVICE)]
        actual = [line for line in actual if not line.startswith(OUR_ADVICE)]
    assert sorted(expected) == sorted(actual)
    assert [line for line in ours.recorded["stderr"] if line] == ours.result.err.splitlines()


def test_a_program_that_nobody_waits_for_is_interrupted(step: str, replayed: Recording) -> None:
    """The row of the stack counts the traceback; how long that is depends on where the program waited."""
    ours = replayed[step]
    assert interrupted_lines(ours.result.out.splitlines()) > 0
    assert "KeyboardInterrupt" in ours.result.out


def changes(calls: list[Json]) -> list[str]:
    """Creations, updates and deletions in their order."""
    return [call["method"] for call in requests(calls) if call["method"] in ("Create", "Update", "Delete")]


def by_name(resources: list[Json], racing: str | None) -> dict[tuple[str, bool], Json]:
    """Resources by URN and by whether they are old objects; without what a default provider's inputs repeat."""
    found = {}
    for resource in resources:
        kept = dict(resource)
        if resource["type"].startswith("pulumi:providers:"):
            kept.pop("outputs", None)
        if racing is not None and resource["type"] == "pulumi:pulumi:Stack":
            kept.pop("outputs", None)
        if racing is None or not resource["urn"].endswith(f"::{racing}"):
            found[resource["urn"], resource.get("delete", False)] = kept
    return found


def without(live: Json, name: str) -> Json:
    """The objects without one of them."""
    return {key: value for key, value in live.items() if key != name}
