"""Servers in processes of their own, to measure against each other, and passes taken in turns."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final, NamedTuple

import boto3

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

ROOT: Final = Path(__file__).parents[1]


class Running(NamedTuple):
    """A server: its process and a boto3 client of it."""

    pid: int
    client: "RekognitionClient"

    @property
    def resident(self) -> int:
        """Resident memory, in bytes."""
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)  # noqa: S607 - ps of this machine
        return int(shown.stdout) * 1024


def emulator(state: Path | None = None, *more: str) -> AbstractContextManager[Running]:
    """An emulator without delays; with `state` it keeps everything in that SQLite file; `more` are further options."""
    kept = ["--state", str(state)] if state else []
    return _process("-m", "rekognition_emulator", "--port", "0", "--latency", "none", *kept, *more)


def replay(body: Path, pages: int = 1) -> AbstractContextManager[Running]:
    """A server that replays bytes (replay.py)."""
    return _process("-m", "benchmarks.replay", str(body), str(pages))


@contextmanager
def _process(*command: str) -> Iterator[Running]:
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:
        try:
            if running.stdout is None:
                raise RuntimeError("no pipe")
            url = running.stdout.readline().strip().partition("=")[2]
            session = boto3.Session("a", "b", region_name="us-east-1")
            yield Running(running.pid, session.client("rekognition", endpoint_url=url))
        finally:
            running.terminate()


class Passes(NamedTuple):
    """What was measured: seconds of every pass, by name; pass n of one is beside pass n of the others."""

    seconds: dict[str, list[float]]
    bare: str

    @classmethod
    def in_turns(cls, work: Mapping[str, Callable[[], float]], rounds: int) -> "Passes":
        """Every round measures everything once; the first is the bare one.

        Short passes in many rounds: what else the machine does then slows neighbours alike.
        """
        seconds: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(rounds):
            for name, measure in work.items():
                seconds[name].append(measure())
        return cls(seconds, next(iter(work)))

    def ratio(self, name: str) -> float:
        """The median of the rounds' ratios to the bare pass."""
        return median(ours / bare for ours, bare in zip(self.seconds[name], self.seconds[self.bare], strict=True))

    def noise(self) -> float:
        """How far the middle half of the bare passes lies apart, as a share of their median."""
        first, middle, third = quantiles(self.seconds[self.bare], n=4)
        return (third - first) / middle
