"""How an emulator is set up: one record for the command line, `serve` and the pytest plugin.

Knows options and builds the parts from them. Refuses to listen: emulator.py does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rekognition_emulator.backend import Backend, Manifests, NoManifests
from rekognition_emulator.buckets import AnyBuckets, FolderBuckets, S3Buckets
from rekognition_emulator.front import Front
from rekognition_emulator.guards import Denial, Permissions, Quota
from rekognition_emulator.journal import Journal
from rekognition_emulator.latency import NONE, Latency
from rekognition_emulator.limits import Limits
from rekognition_emulator.records import Caller
from rekognition_emulator.service import Service
from rekognition_emulator.sqlite import SqliteStore
from rekognition_emulator.store import MemoryStore
from rekognition_emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rekognition_emulator.clock import Clock


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen; the defaults are those of tests: no delay, memory, loopback, any free port.

    `state`: a SQLite file instead of memory. `buckets`: folders that play S3 buckets; `s3_endpoint`: a real S3 API for
    other buckets. `quota`: throttle at AWS's rates. `deny`: `OPERATION[:ARN-pattern]`. `faults`: a fault plan (YAML).
    `keep_calls`: how many calls the journal keeps; None keeps all, with their blobs.
    """

    host: str = "127.0.0.1"
    port: int = 0
    account: str = "111122223333"
    region: str = "us-east-1"
    latency: Latency = NONE
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    state: Path | None = None
    buckets: Mapping[str, Path] = field(default_factory=dict)
    s3_endpoint: str | None = None
    quota: bool = False
    deny: tuple[str, ...] = ()
    faults: str = ""
    seed: int = 0
    keep_calls: int | None = None

    @property
    def caller(self) -> Caller:
        """Who unsigned requests come from."""
        return Caller(self.region, self.account, f"arn:aws:iam::{self.account}:user/emulator")


def _manifests(settings: Settings) -> Manifests:
    other: Manifests = S3Buckets(settings.s3_endpoint, settings.region) if settings.s3_endpoint else NoManifests()
    return AnyBuckets(FolderBuckets(settings.buckets), other)


def build(settings: Settings, clock: Clock) -> Front:
    """The whole emulator but its server.

    Raises:
        StateFileError: when the state file cannot be used.
        PlanError: when the fault plan cannot be understood.
    """
    backend = Backend(
        store=SqliteStore(settings.state) if settings.state else MemoryStore(),
        clock=clock,
        limits=settings.limits,
        switches=settings.switches,
        latency=settings.latency,
        manifests=_manifests(settings),
    )
    front = Front(Service(backend), caller=settings.caller, journal=Journal(settings.keep_calls), seed=settings.seed)
    if settings.quota:
        front.gates.append(Quota(backend))
    if settings.deny:
        denials = [Denial.parse(text) for text in settings.deny]
        front.guards.append(Permissions(denials, settings.switches))
    front.faults.load(settings.faults)
    return front
