"""Killing a real process of the program before or after its nth API call, and running it again.

The emulator lives in the test's process: it kills the victim from within the very request, and then hangs up (before
the work) or tries to answer (after it). Its clock does not move and every DescribeDataset lets an operation end, except
the first one after a kill, so that the next run finds what a killed one left running. Nobody waits for real.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from reconciler.entries import entry_of
from reconciler.snapshots.snapshot import read_snapshot
from rekognition_emulator.faults.call_context import HangUp
from tests.reliability.trial import as_desired
from tests.support.lines import labelled
from tests.support.provider_engine import CallError, Provider, Resource, environment
from tests.support.provider_world import config_for
from tests.support.small_batches import sitecustomize_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rekognition_emulator import Emulator
    from rekognition_emulator.journal import Call
    from rekognition_emulator.state.records import Caller
    from tests.support.lines import Document


ROOT: Final = Path(__file__).resolve().parents[2]
WORK: Final = 10.0  # seconds of the emulator's clock that an operation takes
_SECONDS: Final = 60.0
_numbers = count()


@dataclass(frozen=True)
class Boundary:
    """Before or after which call of the run, counted from 1."""

    call: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} call {self.call}"


@dataclass(frozen=True)
class Story:
    """What is live, what is desired, and what is done about live entries that are not."""

    name: str
    live: tuple[Document, ...]
    desired: tuple[Document, ...]
    extra: str


def _lines(first: int, last: int, label: str = "a") -> tuple[Document, ...]:
    return tuple(labelled(f"s3://bucket/{number:03}.jpg", label) for number in range(first, last + 1))


STORIES: Final = {
    story.name: story
    for story in (
        Story("apply", (*_lines(1, 3, "old"), *_lines(4, 7), *_lines(90, 90, "b")), _lines(1, 22), "report"),
        Story("replace", (*_lines(1, 4), *_lines(97, 98, "b")), _lines(1, 18), "replace"),
    )
}


@dataclass
class Trap:
    """Counts the calls of a run, kills it at a boundary, and watches what is sent."""

    emulator: Emulator
    boundary: Boundary | None = None
    victim: subprocess.Popen[str] | None = None
    calls: int = 0
    struck: bool = False
    hold: bool = False
    sent_twice: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.emulator.front_end.before_decoding.append(self._before)
        self.emulator.front_end.before_work.append(self._watch)
        self.emulator.front_end.journal.listeners.append(self._after)

    def remove(self) -> None:
        """Leave the emulator as it was."""
        self.emulator.front_end.before_decoding.remove(self._before)
        self.emulator.front_end.before_work.remove(self._watch)
        self.emulator.front_end.journal.listeners.remove(self._after)

    def _before(self, operation: str, _caller: Caller) -> None:
        if operation == "DescribeDataset":
            if not self.hold:
                self.emulator.clock.advance(WORK)
            self.hold = False
        self.calls += 1
        if self.boundary == Boundary(self.calls, after=False) and not self.struck:
            self._kill()
            raise HangUp

    def _after(self, _call: Call) -> None:
        if self.boundary == Boundary(self.calls, after=True) and not self.struck:
            self._kill()

    def _kill(self) -> None:
        assert self.victim is not None
        self.struck = self.hold = True
        self.victim.kill()
        self.victim.wait(_SECONDS)

    def _watch(self, operation: str, request: dict[str, Any], _caller: Caller) -> None:
        """A line that is live as it is sent was confirmed before, by this run or an earlier one."""
        if operation == "UpdateDatasetEntries":
            live = {entry.key: json.loads(entry.line) for entry in self.emulator.entries(request["DatasetArn"])}
            lines = [json.loads(line) for line in request["Changes"]["GroundTruth"].splitlines()]
            self.sent_twice += [line["source-ref"] for line in lines if as_desired(line, live)]


class Shell(Protocol):
    """A way to run an apply in a process of its own."""

    def run(self, trap: Trap) -> str:
        """Run it once; what it printed when it failed, empty when it succeeded."""


class CommandLine:
    """`reconciler apply --yes` in a folder."""

    def __init__(self, emulator: Emulator, folder: Path, project_arn: str, story: Story) -> None:
        self._folder = folder
        self._env = _environment(folder) | {"AWS_ENDPOINT_URL_REKOGNITION": emulator.url, "AWS_REGION": "us-east-1"}
        declared = folder / "datasets" / "cells"
        declared.mkdir(parents=True)
        settings = {"projectArn": project_arn, "policy": {"extra": story.extra}}
        (declared / "project.yaml").write_text(json.dumps(settings), encoding="utf-8")
        _write(declared / "train.jsonl", story.desired)

    def run(self, trap: Trap) -> str:
        """Run the command."""
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "apply", "--yes"],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        trap.victim = process
        printed, _ = process.communicate(timeout=_SECONDS)
        return "" if process.returncode == 0 else f"exit {process.returncode}: {printed}"


class Engine:
    """The provider process under Pulumi's protocol; the engine outlives it and keeps its state."""

    def __init__(self, emulator: Emulator, folder: Path, project_arn: str, story: Story) -> None:
        self._config = config_for(emulator)
        self._folder = folder
        self._env = _environment(folder)
        _write(folder / "train.jsonl", story.desired)
        self._declared = {
            "projectArn": project_arn,
            "datasetType": "TRAIN",
            "manifest": "train.jsonl",
            "policy": {"extra": story.extra},
        }
        self._resource: Resource | None = None

    def run(self, trap: Trap) -> str:
        """Start `up` with a provider process of its own."""
        provider = Provider(self._folder, self._config, {}, self._env)
        trap.victim = provider.process
        if self._resource is None:
            self._resource = Resource(provider, "cells", self._declared)
        self._resource.provider = provider
        try:
            self._resource.up()
        except CallError as error:
            return f"up failed: {error.message}"
        finally:
            provider.close()
        return ""


SHELLS: Final[dict[str, Callable[[Emulator, Path, str, Story], Shell]]] = {
    "reconciler apply": CommandLine,
    "provider": Engine,
}


def calls_of(emulator: Emulator, folder: Path, shell: str, story: Story) -> int:
    """How many API calls an undisturbed run makes.

    Raises:
        AssertionError: it failed, or did not send exactly six batches.
    """
    before = emulator.count_calls("UpdateDatasetEntries")
    calls = killed(emulator, folder, shell, story, None)
    assert emulator.count_calls("UpdateDatasetEntries") - before == 6
    return calls


def killed(emulator: Emulator, folder: Path, shell: str, story: Story, boundary: Boundary | None) -> int:
    """Kill a run at a boundary (None: do not) and run again; how many calls the first run made.

    Raises:
        AssertionError: the next run did not converge, lost something, or sent a line that was live already.
    """
    name = f"k{next(_numbers)}"
    project = str(emulator.service.call("CreateProject", {"ProjectName": name})["ProjectArn"])
    arn = str(emulator.service.call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"])
    emulator.clock.advance(WORK)
    emulator.edit_entries(arn, [json.dumps(line) for line in story.live])
    where = folder / name
    where.mkdir()
    runner = SHELLS[shell](emulator, where, project, story)
    trap = Trap(emulator, boundary)
    before = _changing_calls(emulator)
    try:
        said = runner.run(trap)
        calls = trap.calls
        assert trap.struck == (boundary is not None), f"call {boundary} never came"
        assert bool(said) == trap.struck or boundary == Boundary(calls, after=True), said
        if boundary is not None:
            changed = _changing_calls(emulator) > before
            again = runner.run(trap)
            assert not again, again
            _is_recorded(where, changed=changed)
        _nothing_is_lost(emulator, where, arn, name, story)
        assert not trap.sent_twice, f"sent although they were live: {trap.sent_twice}"
    finally:
        trap.remove()
    _is_as_desired(emulator, name, story)
    return calls


def _changing_calls(emulator: Emulator) -> int:
    return sum(emulator.count_calls(one) for one in ("UpdateDatasetEntries", "CreateDataset", "DeleteDataset"))


def _is_recorded(folder: Path, *, changed: bool) -> None:
    """One record a run; a run that was killed before it had sent anything that changes live may have none."""
    files = sorted((folder / ".reconciler" / "audit").glob("*.jsonl"))
    records = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    words = [record["outcome"] for record in records]
    assert words[-1] == "done", words
    assert words[:-1] in ([["killed"], ["done"]] if changed else [[], ["killed"], ["done"]]), words
    assert not list((folder / ".reconciler" / "audit").glob("begun-*"))


def _nothing_is_lost(emulator: Emulator, folder: Path, arn: str, project: str, story: Story) -> None:
    """Every line that was live before is live as it was, or in a whole copy that a record names."""
    kept, hidden = [], folder / ".reconciler"
    for path in hidden.glob("audit/*.jsonl"):
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            for place in (*record["snapshots"], *record["overwritten"]):
                kept += list(read_snapshot(folder / place))
    described = emulator.service.call("DescribeProjects", {"ProjectNames": [project]})["ProjectDescriptions"]
    kept += [entry.line for entry in emulator.entries(described[0]["Datasets"][0]["DatasetArn"])]
    left = {entry_of(json.loads(line)).content for line in kept}
    assert not [line["source-ref"] for line in story.live if entry_of(line).content not in left], arn


def _is_as_desired(emulator: Emulator, project: str, story: Story) -> None:
    described = emulator.service.call("DescribeProjects", {"ProjectNames": [project]})["ProjectDescriptions"]
    datasets = described[0]["Datasets"]
    live = {entry.key: json.loads(entry.line) for entry in emulator.entries(datasets[0]["DatasetArn"])}
    assert all(as_desired(line, live) for line in story.desired)
    kept = story.desired if story.extra == "replace" else (*story.live, *story.desired)
    assert live.keys() == {line["source-ref"] for line in kept}


def _environment(folder: Path) -> dict[str, str]:
    """Nobody's configuration, the product of this checkout, small batches; every story relabels, and says why."""
    paths = [str(sitecustomize_in(folder / "site")), str(ROOT)]
    allowed = {"RECONCILER_ALLOW": "label-removed=the story gives all images one label"}
    return environment(folder) | allowed | {"PYTHONPATH": os.pathsep.join(paths)}


def _write(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
