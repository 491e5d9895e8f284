"""The first recording: 22 commands of the real Pulumi CLI, replayed with the same program (data/README.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localengine.recording import (
    Replayed,
    begun,
    counted,
    in_own_words,
    interrupted_lines,
    lines,
    methods_of,
    needs_come_first,
    normalised,
    requests,
    screen,
    visible_lines,
)
from tests.localengine.sandbox import DATA, as_pulumi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.localengine.sandbox import Json, Sandbox

COMMANDS = lines(DATA / "trace.jsonl")
STATES = lines(DATA / "states.jsonl")
STEPS = [command["step"] for command in COMMANDS]
# Failing steps, in which the real engine may or may not make calls for resources that did not fail.
SLACK = {"11-up-fail", "12-up-partial-create", "14-up-check-failure", "19-destroy-protected"}


@pytest.fixture(scope="module")
def replayed(recorded: Sandbox) -> dict[str, Replayed]:
    """All commands, one after another on one stack."""
    return {command["step"]: replay(recorded, command) for command in COMMANDS}


def replay(sandbox: Sandbox, command: Json) -> Replayed:
    """Run one recorded command under its conditions."""
    sandbox.declare(*command["spec"])
    sandbox.edit_live(command.get("live_edit") or {})
    result = sandbox.run(*as_pulumi(command["command"].split()[1:]))
    resources, pending = sandbox.resources(), sandbox.pending_operations()
    return Replayed(command, result, sandbox.calls(), resources, pending, sandbox.read_live(), [], has_written=False)


@pytest.mark.parametrize("step", STEPS)
def test_exit_codes_are_those_of_pulumi(step: str, replayed: dict[str, Replayed]) -> None:
    """Every command ends as it did with the real CLI."""
    ours = replayed[step]
    assert ours.recorded["exit"] == ours.result.code, ours.result.out + ours.result.err


@pytest.mark.parametrize("step", STEPS)
def test_the_provider_is_asked_the_same_with_the_same_properties(step: str, replayed: dict[str, Replayed]) -> None:
    """Every request to the provider has the recorded properties; in failing steps, those about the failure."""
    ours = replayed[step]
    expected, actual = requests(ours.recorded["calls"]), requests(ours.calls)
    if step in SLACK:
        failed = {"11-up-fail": "a", "12-up-partial-create": "c", "14-up-check-failure": "a"}.get(step, "b")
        expected = [call for call in expected if call["name"] in (failed, "default")]
        actual = [call for call in actual if call["name"] in (failed, "default")]
    assert counted(expected) == counted(actual)


@pytest.mark.parametrize("step", STEPS)
def test_requests_come_in_the_same_order(step: str, replayed: dict[str, Replayed]) -> None:
    """The order is the recorded one for each resource, and for resources that depend on each other."""
    ours = replayed[step]
    expected, actual = requests(ours.recorded["calls"]), requests(ours.calls)
    names = {call["name"] for call in expected} & {call["name"] for call in actual}
    for name in names:
        assert methods_of(expected, name) == methods_of(actual, name)
    if any(spec.get("chain") for spec in ours.recorded["spec"]) and "refresh" not in step[:10]:
        ordered = [f"{call['method']} {call['name']}" for call in expected]
        assert ordered == [f"{call['method']} {call['name']}" for call in actual]


@pytest.mark.parametrize("step", STEPS)
def test_a_provider_process_is_greeted_and_cancelled_as_often(step: str, replayed: dict[str, Replayed]) -> None:
    """Handshake, GetPluginInfo and Cancel are called as often as recorded."""
    ours = replayed[step]
    for method in ("Handshake", "GetPluginInfo", "Cancel"):
        assert begun(ours.recorded["calls"], method) == begun(ours.calls, method)


@pytest.mark.parametrize("step", STEPS)
def test_the_state_is_that_of_pulumi(step: str, replayed: dict[str, Replayed]) -> None:
    """Every field of every stored resource is the recorded one, dependencies come first, and the same objects exist."""
    ours, recorded = replayed[step], next(state for state in STATES if state["step"] == step)
    assert by_urn(recorded["resources"]) == by_urn(normalised(ours.resources))
    assert needs_come_first(ours.resources)
    assert (recorded["live"] or {}) == (ours.live or {})


@pytest.mark.parametrize("step", STEPS)
def test_the_program_registers_and_is_answered_the_same(step: str, replayed: dict[str, Replayed]) -> None:
    """The program receives the recorded URN, id and outputs for each resource."""
    ours = replayed[step]
    expected, actual = registrations(ours.recorded["calls"]), registrations(ours.calls)
    common = expected.keys() & actual.keys()
    assert step in SLACK or expected.keys() == actual.keys()
    assert {name: expected[name] for name in common} == {name: actual[name] for name in common}


@pytest.mark.parametrize("step", STEPS)
def test_the_screen_reads_like_that_of_pulumi(step: str, replayed: dict[str, Replayed]) -> None:
    """Title, rows, diagnostics, outputs and counts; durations aside.

    A destroy of Pulumi prints an empty row of the stack between its deleting and deleted. In failing steps the lines
    of tracebacks are left out (counted by the next test).
    """
    ours = replayed[step]
    expected, actual = screen(ours.recorded["stdout"]), screen(ours.result.out.splitlines())
    if step in SLACK:
        wanted = [
            line
            for line in visible_lines(in_own_words(ours.recorded["stdout"]))
            if "error" in line and "errored" not in line
        ]
        assert set(wanted) <= set(visible_lines(ours.result.out.splitlines()))
        return
    if step == "22-destroy":
        expected.remove("    pulumi:pulumi:Stack trace-dev  ")
    assert sorted(expected) == sorted(actual)
    assert [line for line in expected if "Stack" in line] == [line for line in actual if "Stack" in line]
    assert below_the_rows(expected) == below_the_rows(actual)


@pytest.mark.parametrize("step", ["11-up-fail", "12-up-partial-create", "14-up-check-failure"])
def test_the_program_of_a_failed_up_is_interrupted(step: str, replayed: dict[str, Replayed]) -> None:
    """The row of the stack counts its KeyboardInterrupt's traceback; how long that is depends on where it waited."""
    ours = replayed[step]
    assert interrupted_lines(ours.recorded["stdout"]) > 0
    assert interrupted_lines(ours.result.out.splitlines()) > 0


@pytest.mark.parametrize("step", [step for step in STEPS if step[3:] in ("refresh-preview-drift", "refresh-gone")])
def test_unexpected_changes_are_named_on_standard_error(step: str, replayed: dict[str, Replayed]) -> None:
    """The message of exit code 7 is on standard error."""
    ours = replayed[step]
    assert ours.recorded["stderr"] == ours.result.err.splitlines()


def registrations(calls: Iterable[Json]) -> dict[str, Json]:
    """The answers to registrations, by name."""
    return {
        call["request"]["name"]: {"id": "", "object": {}, **call["response"]}
        for call in calls
        if call["call"] == "ResourceMonitor/RegisterResource" and call["phase"] == "response" and "response" in call
    }


def by_urn(resources: list[Json]) -> dict[str, Json]:
    """Resources by URN: the order of what does not depend on one another is not Pulumi's promise."""
    return {resource["urn"]: resource for resource in resources}


def below_the_rows(lines: list[str]) -> list[str]:
    """From the outputs on."""
    start = next((number for number, line in enumerate(lines) if line in ("Outputs:", "Resources:")), 0)
    return lines[start:]
