"""Reads a recording of the real Pulumi CLI and compares it with the local engine; used by all replays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.localengine.sandbox import Json, Result

# In requests: random, or named after where the recording was made.
VOLATILE = {"randomSeed", "resourceStatusAddress", "resourceStatusToken"}
PROVIDER_METHODS = ("CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create", "Update", "Read", "Delete")


# A row or a diagnostic of the stack that is a line of a KeyboardInterrupt's traceback.
_TRACEBACK = re.compile(
    r"^(.*?(running|creating \(TIME\)) +|    +)"
    r'(Traceback|File "|loop\.run|self\._?run|self\._wait|event_list|fd_event|\^+$|KeyboardInterrupt|During handling'
    r"|executor\.|t\.join|if lock)"
)
_COUNT_OF_LINES = re.compile(r";? ?\d+ messages")
_EMPTY_ROW_OF_STACK = re.compile(r"^ .. pulumi:pulumi:Stack trace-dev *$")


@dataclass(frozen=True)
class Replayed:
    """One command of the recording, and the result of the local engine."""

    recorded: Json
    result: Result
    calls: list[Json]
    resources: list[Json]
    pending: list[Json]
    live: Json | None
    served: list[str]
    has_written: bool


def lines(path: Path) -> list[Json]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def requests(calls: Iterable[Json]) -> list[Json]:
    """The requests to the provider about resources and configuration, in order and comparable."""
    found = []
    for call in calls:
        service, method = call["call"].split("/")
        begins = call.get("phase", "request") == "request"
        if service == "ResourceProvider" and begins and method in PROVIDER_METHODS:
            found.append({"method": method, "name": call["request"]["urn"].split("::")[-1], **bags(call["request"])})
    return found


def bags(request: Json) -> Json:
    """A request without the values that differ in each run."""
    return {key: without_ids(value) for key, value in request.items() if key not in VOLATILE}


def without_ids(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value with its random provider ids replaced by a word."""
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
    """The methods that were called for one resource, in order."""
    return [call["method"] for call in calls if call["name"] == name]


def begun(calls: Iterable[Json], method: str) -> int:
    """How often a method was called."""
    full = f"ResourceProvider/{method}"
    return sum(call.get("phase", "request") == "request" and call["call"] == full for call in calls)


def normalised(resources: list[Json]) -> list[Json]:
    """A state as in the recording: provider ids and ciphertexts are replaced by a word."""
    text = re.sub(r'"ciphertext": "[^"]*"', '"ciphertext": "CIPHERTEXT"', json.dumps(resources))
    for resource in resources:
        if resource["type"].startswith("pulumi:providers:"):
            text = text.replace(resource["id"], "PROVIDER-ID")
    found: list[Json] = json.loads(text)
    return found


def needs_come_first(resources: list[Json]) -> bool:
    """Whether every parent, provider and dependency comes before the resources that need it."""
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


# Pulumi's message about a protected resource, and what the local engine says in its place.
_PROTECTED = (
    (re.compile(r'resource ("[^"]*") cannot be deleted$'), r"resource \1 is protected"),
    (re.compile(r'unable to replace resource ("[^"]*")$'), r"resource \1 is protected"),
    (
        re.compile(r"    as it is currently marked for protection\..*"),
        "    and was not replaced; to allow it, take `protect` out of the program and run `pulumi up` before",
    ),
    (re.compile(r"    `pulumi state unprotect '.*'`"), ""),
    (
        re.compile(r"    because it is protected\..*"),
        "    and was not deleted; run `pulumi state unprotect`, or take `protect` out of the program and run it",
    ),
)


def in_own_words(lines: Iterable[str]) -> Iterator[str]:
    """A recorded screen with the local engine's own sentences in place of Pulumi's about protected resources."""
    for line in lines:
        text = line
        for pattern, words in _PROTECTED:
            text = pattern.sub(words, text)
        yield text


def screen(lines: Iterable[str]) -> list[str]:
    """What was printed, without durations, spinner and the path of the state file."""
    timeless = (re.sub(r"\(\d+(\.\d+)?s\)", "(TIME)", line) for line in lines if not line.startswith("@ "))
    undated = (re.sub(r"^Duration: \S+$", "Duration: TIME", line) for line in timeless)
    kept = (line for line in undated if not line.startswith("If you want to remove the stack completely"))
    return [line for line in kept if line.strip()]


def visible_lines(lines: Iterable[str]) -> list[str]:
    """The printed lines without tracebacks and the stack's empty row."""
    told = [_COUNT_OF_LINES.sub("", line) for line in screen(lines) if not _TRACEBACK.match(line)]
    return [line for line in told if not _EMPTY_ROW_OF_STACK.match(line)]


def interrupted_lines(lines: Iterable[str]) -> int:
    """How many lines of a KeyboardInterrupt's traceback the row of the stack counts."""
    counts = [re.search(r"(\d+) messages", line) for line in lines if "pulumi:pulumi:Stack" in line]
    return max((int(found[1]) for found in counts if found), default=0)


def without_pickles(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value with the pickled provider replaced by a word."""
    return json.loads(re.sub(r'"__provider": "[^"]*"', '"__provider": "PICKLE"', json.dumps(value)))


def calls_by_process(log: Path) -> list[str]:
    """`P1 create p/a`, ...: the calls of each provider process, numbered in order of appearance."""
    begun = [entry for entry in (lines(log) if log.exists() else []) if entry["phase"] == "start"]
    pids = list(dict.fromkeys(entry["pid"] for entry in begun))
    return [f"P{pids.index(entry['pid']) + 1} {entry['method']} {entry['what']}" for entry in begun]
