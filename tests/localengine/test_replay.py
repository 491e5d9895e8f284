"""The yardstick: 22 commands recorded with the real Pulumi CLI, replayed with the same program (data/README.md)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.localengine.sandbox import DATA, as_pulumi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.localengine.sandbox import Json, Result, Sandbox

COMMANDS = [json.loads(line) for line in (DATA / "trace.jsonl").read_text(encoding="utf-8").splitlines()]
STATES = [json.loads(line) for line in (DATA / "states.jsonl").read_text(encoding="utf-8").splitlines()]
STEPS = [command["step"] for command in COMMANDS]
# Where the real engine may make calls for resources that have nothing to do with the failure, or not.
SLACK = {"11-up-fail", "12-up-partial-create", "14-up-check-failure", "19-destroy-protected"}
# In requests: random, or named after where the recording was made.
VOLATILE = {"randomSeed", "resourceStatusAddress", "resourceStatusToken"}
PROVIDER_METHODS = ("CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create", "Update", "Read", "Delete")


@dataclass(frozen=True)
class Replayed:
    """One command of the recording and what the local engine made of it."""

    recorded: Json
    result: Result
    calls: list[Json]
    resources: list[Json]
    live: Json | None


@pytest.fixture(scope="module")
def replayed(recorded: Sandbox) -> dict[str, Replayed]:
    """All commands, one after another on one stack."""
    return {command["step"]: replay(recorded, command) for command in COMMANDS}


def replay(sandbox: Sandbox, command: Json) -> Replayed:
    """Run one recorded command under its conditions."""
    sandbox.declare(*command["spec"])
    if edit := command.get("live_edit"):
        live = (sandbox.read_live() or {}) | edit.get("set", {})
        kept = {key: value for key, value in live.items() if key not in edit.get("remove", [])}
        sandbox.live.write_text(json.dumps(kept), encoding="utf-8")
    result = sandbox.run(*as_pulumi(command["command"].split()[1:]))
    return Replayed(command, result, sandbox.calls(), sandbox.resources(), sandbox.read_live())


@pytest.mark.parametrize("step", STEPS)
def test_exit_codes_are_those_of_pulumi(step: str, replayed: dict[str, Replayed]) -> None:
    """Every command ends as it did with the real CLI."""
    ours = replayed[step]
    assert ours.recorded["exit"] == ours.result.code, ours.result.out + ours.result.err


@pytest.mark.parametrize("step", STEPS)
def test_the_provider_is_asked_the_same_with_the_same_properties(step: str, replayed: dict[str, Replayed]) -> None:
    """Every request to the provider, property for property; in failing steps those about what failed."""
    ours = replayed[step]
    expected, actual = requests(ours.recorded["calls"]), requests(ours.calls)
    if step in SLACK:
        failed = {"11-up-fail": "a", "12-up-partial-create": "c", "14-up-check-failure": "a"}.get(step, "b")
        expected = [call for call in expected if call["name"] in (failed, "default")]
        actual = [call for call in actual if call["name"] in (failed, "default")]
    assert counted(expected) == counted(actual)


@pytest.mark.parametrize("step", STEPS)
def test_requests_come_in_the_same_order(step: str, replayed: dict[str, Replayed]) -> None:
    """For one resource always; across resources where one depends on the other."""
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
    """Handshake, GetPluginInfo and Cancel: one a process, and as many processes."""
    ours = replayed[step]
    for method in ("Handshake", "GetPluginInfo", "Cancel"):
        assert begun(ours.recorded["calls"], method) == begun(ours.calls, method)


@pytest.mark.parametrize("step", STEPS)
def test_the_state_is_that_of_pulumi(step: str, replayed: dict[str, Replayed]) -> None:
    """Every stored resource, field for field, what others need before what needs it; and what the provider did."""
    ours, recorded = replayed[step], next(state for state in STATES if state["step"] == step)
    assert by_urn(recorded["resources"]) == by_urn(normalised(ours.resources))
    assert needs_come_first(ours.resources)
    assert (recorded["live"] or {}) == (ours.live or {})


@pytest.mark.parametrize("step", STEPS)
def test_the_program_registers_and_is_answered_the_same(step: str, replayed: dict[str, Replayed]) -> None:
    """What the engine answers the program for each resource: URN, id and outputs."""
    ours = replayed[step]
    expected, actual = registrations(ours.recorded["calls"]), registrations(ours.calls)
    common = expected.keys() & actual.keys()
    assert step in SLACK or expected.keys() == actual.keys()
    assert {name: expected[name] for name in common} == {name: actual[name] for name in common}


@pytest.mark.parametrize("step", STEPS)
def test_the_screen_reads_like_that_of_pulumi(step: str, replayed: dict[str, Replayed]) -> None:
    """Title, rows, diagnostics, outputs and counts; durations aside.

    Pulumi interrupts the program of a failed update and prints the KeyboardInterrupt that follows: the local engine
    does neither. After a failure Pulumi shows the stack's outputs as removed, although its state keeps them. A
    destroy of Pulumi prints an empty row of the stack between its deleting and deleted.
    """
    ours = replayed[step]
    expected, actual = screen(ours.recorded["stdout"]), screen(ours.result.out.splitlines())
    if step in SLACK:
        wanted = [line for line in expected if "error" in line and "errored" not in line]
        assert set(wanted) <= set(actual)
        return
    if step == "22-destroy":
        expected.remove("    pulumi:pulumi:Stack trace-dev  ")
    assert sorted(expected) == sorted(actual)
    assert [line for line in expected if "Stack" in line] == [line for line in actual if "Stack" in line]
    assert below_the_rows(expected) == below_the_rows(actual)


@pytest.mark.parametrize("step", [step for step in STEPS if step[3:] in ("refresh-preview-drift", "refresh-gone")])
def test_unexpected_changes_are_named_on_standard_error(step: str, replayed: dict[str, Replayed]) -> None:
    """The sentence beside exit code 7."""
    ours = replayed[step]
    assert ours.recorded["stderr"] == ours.result.err.splitlines()


def requests(calls: Iterable[Json]) -> list[Json]:
    """The finished requests to the provider about resources and configuration, comparable."""
    found = []
    for call in calls:
        service, method = call["call"].split("/")
        if service == "ResourceProvider" and call["phase"] == "request" and method in PROVIDER_METHODS:
            found.append({"method": method, "name": call["request"]["urn"].split("::")[-1], **bags(call["request"])})
    return found


def bags(request: Json) -> Json:
    """A request without what differs from run to run."""
    return {key: without_ids(value) for key, value in request.items() if key not in VOLATILE}


def without_ids(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Provider ids are random."""
    if isinstance(value, dict):
        return {key: without_ids(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    return (
        re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "PROVIDER-ID", value)
        if isinstance(value, str)
        else value
    )


def counted(calls: Iterable[Json]) -> list[str]:
    """The calls as a multiset."""
    return sorted(json.dumps(call, sort_keys=True) for call in calls)


def methods_of(calls: Iterable[Json], name: str) -> list[str]:
    """What was asked about one resource, in order."""
    return [call["method"] for call in calls if call["name"] == name]


def begun(calls: Iterable[Json], method: str) -> int:
    """How often a method was called."""
    return sum(call["phase"] == "request" and call["call"] == f"ResourceProvider/{method}" for call in calls)


def registrations(calls: Iterable[Json]) -> dict[str, Json]:
    """The answers to registrations, by name."""
    return {
        call["request"]["name"]: {"id": "", "object": {}, **call["response"]}
        for call in calls
        if call["call"] == "ResourceMonitor/RegisterResource" and call["phase"] == "response" and "response" in call
    }


def normalised(resources: list[Json]) -> list[Json]:
    """A state as the recording keeps it: provider ids and ciphertexts by a word."""
    text = re.sub(r'"ciphertext": "[^"]*"', '"ciphertext": "CIPHERTEXT"', json.dumps(resources))
    for resource in resources:
        if resource["type"].startswith("pulumi:providers:"):
            text = text.replace(resource["id"], "PROVIDER-ID")
    found: list[Json] = json.loads(text)
    return found


def by_urn(resources: list[Json]) -> dict[str, Json]:
    """Resources by URN: the order of what does not depend on one another is not Pulumi's promise."""
    return {resource["urn"]: resource for resource in resources}


def needs_come_first(resources: list[Json]) -> bool:
    """Whether every parent, provider and dependency stands before what needs it."""
    seen: set[str] = set()
    for resource in resources:
        needs = {
            resource.get("parent", ""),
            resource.get("provider", "").rpartition("::")[0],
            *resource.get("dependencies", []),
        }
        if needs - {""} - seen:
            return False
        seen.add(resource["urn"])
    return True


def screen(lines: Iterable[str]) -> list[str]:
    """What was printed, without durations, spinner and the path of the state file."""
    timeless = (re.sub(r"\(\d+(\.\d+)?s\)", "(TIME)", line) for line in lines if not line.startswith("@ "))
    calm = (re.sub(r"; 26 messages", "", line) for line in timeless)
    undated = (re.sub(r"^Duration: \S+$", "Duration: TIME", line) for line in calm)
    kept = (line for line in undated if not line.startswith("If you want to remove the stack completely"))
    return [line for line in kept if line.strip()]


def below_the_rows(lines: list[str]) -> list[str]:
    """From the outputs on."""
    start = next((number for number, line in enumerate(lines) if line in ("Outputs:", "Resources:")), 0)
    return lines[start:]
