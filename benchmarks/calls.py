"""Calls and throttles, counted: what commands ask AWS for where nothing moved, where a manifest did, and at the quota.

Small datasets are enough: how many calls there are does not depend on their size, once a copy of live is at hand.
The same for previews, updates and drift runs of the provider is counted by tests/provider/test_probe.py.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from benchmarks.lines import document
from benchmarks.servers import Running, emulator
from benchmarks.steps import REGION

_CHANGES: Final = 2  # the exit code of `drift` and `plan` that found something
_PACE: Final = 4  # calls per second of each operation, unless --rate says otherwise


class Row(NamedTuple):
    """A row of the page: what was counted, the most that is asked for, and what it was."""

    words: str
    asked: int
    counted: int


def rows(folder: Path, projects: int) -> list[Row]:
    """Everything that is counted; `projects` are those of the row of many projects."""
    return [*_few(folder / "few"), *_throttled(folder / "quota"), *_many(folder / "many", projects)]


def _few(folder: Path) -> list[Row]:
    """One project of two datasets."""
    with emulator() as service:
        _declare(folder, service, 1)
        _run(service, folder, "apply", "--yes")
        unchanged, drift = _calls(_run(service, folder, "plan")), _calls(_run(service, folder, "drift"))
        with (folder / "datasets" / "p0" / "train.jsonl").open("a") as manifest:
            manifest.write(_line(500))
        changed = _calls(_run(service, folder, "plan"))
    return [
        Row("calls of `plan`, nothing moved, two datasets", 3, unchanged.total()),
        Row("calls of `drift`, nothing moved, two datasets", 3, drift.total()),
        Row("calls of `plan`, a manifest changed, two datasets", 3, changed.total()),
    ]


def _throttled(folder: Path) -> list[Row]:
    """Four projects of two datasets, at AWS's quota and in real time."""
    with emulator(None, "--quota", "aws") as service:
        _declare(folder, service, 4)
        counts = _run(service, folder, "apply", "--yes")["throttled"]
    return [Row("throttled calls of `apply`, 8 datasets at the quota", 0, sum(counts.values()))]


def _many(folder: Path, projects: int) -> list[Row]:
    """Many projects of two datasets of which none moved."""
    with emulator() as service:
        _declare(folder, service, projects)
        _run(service, folder, "apply", "--yes", "--rate", "100")
        calls = _calls(_run(service, folder, "plan", "--rate", "100"))
    words = f"{projects} projects with {2 * projects} datasets, nothing moved"
    most = -(-projects // 10) + 2 * projects
    return [
        Row(f"calls of `plan`, {words}", most, calls.total()),
        Row(f"seconds of `plan` at {_PACE} calls per second, {words}", 60, -(-max(calls.values()) // _PACE)),
    ]


def _declare(folder: Path, service: Running, projects: int) -> None:
    """Projects with one entry for train and one for test."""
    for number in range(projects):
        service.client.create_project(ProjectName=f"p{number}")
        place = folder / "datasets" / f"p{number}"
        place.mkdir(parents=True)
        (place / "project.yaml").write_text("managed: false\n")
        for name, image in (("train", 2 * number), ("test", 2 * number + 1)):
            (place / f"{name}.jsonl").write_text(_line(image))


def _line(image: int) -> str:
    return json.dumps(document(image, Random(image), boxes=2)) + "\n"  # noqa: S311 - the same line every time


def _run(service: Running, folder: Path, command: str, *more: str) -> dict[str, Any]:
    """The JSON document of a command in a process of its own."""
    url = service.client.meta.endpoint_url
    where = "--datasets", str(folder / "datasets"), "--region", REGION, "--endpoint-url", url
    arguments = [sys.executable, "-m", "reconciler", command, *where, "--json", *more]
    done = subprocess.run(arguments, check=False, stdout=subprocess.PIPE, text=True, env=os.environ | {"CI": ""})
    if done.returncode not in {0, _CHANGES}:
        raise SystemExit(f"{command} ended with {done.returncode}")
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def _calls(read: dict[str, Any]) -> Counter[str]:
    return Counter(read["calls"])
