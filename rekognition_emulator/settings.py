"""How an emulator is set up: one record for the command line, `serve` and the pytest plugin.

Knows options and builds the parts from them. Refuses to listen: emulator.py does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rekognition_emulator.backend import Backend
from rekognition_emulator.front import Front
from rekognition_emulator.journal import Journal
from rekognition_emulator.latency import NONE, Latency
from rekognition_emulator.limits import Limits
from rekognition_emulator.records import Caller
from rekognition_emulator.service import Service
from rekognition_emulator.switches import Switches

if TYPE_CHECKING:
    from rekognition_emulator.clock import Clock


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen; the defaults are those of tests: no delay, memory, loopback, any free port."""

    host: str = "127.0.0.1"
    port: int = 0
    account: str = "111122223333"
    region: str = "us-east-1"
    latency: Latency = NONE
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    seed: int = 0
    keep_calls: int | None = None

    @property
    def caller(self) -> Caller:
        """Who unsigned requests come from."""
        return Caller(self.region, self.account, f"arn:aws:iam::{self.account}:user/emulator")


def build(settings: Settings, clock: Clock) -> Front:
    """The whole emulator but its server."""
    backend = Backend(
        clock=clock,
        limits=settings.limits,
        switches=settings.switches,
        latency=settings.latency,
    )
    journal = Journal(settings.keep_calls)
    return Front(Service(backend), caller=settings.caller, journal=journal, seed=settings.seed)
