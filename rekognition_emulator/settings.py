"""How an emulator is set up: one record for the command line, `serve` and the pytest plugin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from rekognition_emulator.journal import Journal
from rekognition_emulator.lines.limits import Limits
from rekognition_emulator.operations.quota import Denial, Permissions, Quota
from rekognition_emulator.operations.service import Service
from rekognition_emulator.sources.buckets import AnyBuckets, FolderBuckets, S3Buckets
from rekognition_emulator.state.backend import Backend, Manifests, NoManifests
from rekognition_emulator.state.clock import Clock
from rekognition_emulator.state.latency import BY_NAME, NONE, Latency
from rekognition_emulator.state.records import Caller
from rekognition_emulator.state.sqlite import SqliteStore
from rekognition_emulator.state.store import MemoryStore
from rekognition_emulator.switches.switch import near
from rekognition_emulator.switches.table import Switches
from rekognition_emulator.web.front import Front

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rekognition_emulator.state.clock import Setting


class SettingError(ValueError):
    """A setting that does not exist, or a value that it cannot have; the text says what there is."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen; the defaults are those of tests: no delay, memory, loopback, any free port.

    `state`: a SQLite file instead of memory. `buckets`: folders that play S3 buckets; `s3_endpoint`: a real S3 API for
    other buckets. `quota`: throttle at AWS's rates. `deny`: `OPERATION[:ARN-pattern]`. `faults`: a fault plan (YAML),
    read from the file `plan_name` if it is named. `keep_calls`: how many calls the journal keeps; None keeps all, with
    their blobs.

    Raises:
        SettingError: for an account, Region or bucket that cannot be.
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
    plan_name: str = ""
    seed: int = 0
    keep_calls: int | None = None

    def __post_init__(self) -> None:
        for value, pattern, wanted in (
            (self.account, "[0-9]{12}", "an account id of twelve digits"),
            (self.region, "[a-z0-9-]+", "a Region such as us-east-1"),
        ):
            if not re.fullmatch(pattern, value):
                raise SettingError(f"{value!r} is not {wanted}.")
        for name, folder in self.buckets.items():
            if not folder.is_dir():
                raise SettingError(f"The bucket {name} is no folder: {folder}.")
        if isinstance(self.deny, str):
            raise SettingError(f"deny is a tuple of texts, as in deny=({self.deny!r},).")

    @property
    def caller(self) -> Caller:
        """Who unsigned requests come from."""
        return Caller(self.region, self.account, f"arn:aws:iam::{self.account}:user/emulator")


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings with changes by name.

    Raises:
        SettingError: for a setting that does not exist, or a value that it cannot have.
    """
    names = [part.name for part in fields(Settings)]
    for name in changes:
        if name not in names:
            raise SettingError(f"There is no setting {name!r}.{near(name, names)} There are: {', '.join(names)}.")
    return replace(settings, **changes)


def named_latency(latency: Latency | str) -> Latency:
    """A latency by its name, or as it is.

    Raises:
        SettingError: for a name that there is not.
    """
    if isinstance(latency, Latency):
        return latency
    if latency not in BY_NAME:
        raise SettingError(f"The latency is one of: {', '.join(BY_NAME)}; or a Latency(update=2.5, ...).")
    return BY_NAME[latency]


def _manifests(settings: Settings) -> Manifests:
    longest, endpoint = settings.limits.line_bytes, settings.s3_endpoint
    other: Manifests = S3Buckets(endpoint, settings.region, longest) if endpoint else NoManifests()
    return AnyBuckets(FolderBuckets(settings.buckets, longest), other)


def _clock(service: Service) -> None:
    """Go on with the clock as the state file has it, and keep there how it is set from now on."""
    store, clock = service.backend.store, service.backend.clock
    kept = store.clock()
    if kept:
        clock.set(kept)

    def keep(setting: Setting) -> None:
        with service.lock, store.transaction():
            store.save_clock(setting)

    clock.keeper = keep


def build(settings: Settings, clock: Clock | None = None) -> Front:
    """The whole emulator but its server.

    A clock that is given is the caller's; without one the clock goes on as it was set when the state was left.

    Raises:
        StateFileError: when the state file cannot be used.
        PlanError: when the fault plan cannot be understood.
    """
    backend = Backend(
        store=SqliteStore(settings.state) if settings.state else MemoryStore(),
        clock=clock or Clock(),
        limits=settings.limits,
        switches=settings.switches,
        latency=settings.latency,
        manifests=_manifests(settings),
    )
    service = Service(backend)
    if settings.state and clock is None:
        _clock(service)
    front = Front(service, caller=settings.caller, journal=Journal(settings.keep_calls), seed=settings.seed)
    if settings.quota:
        front.gates.append(Quota(backend))
    if settings.deny:
        denials = [Denial.parse(text) for text in settings.deny]
        front.guards.append(Permissions(denials, settings.switches))
    front.faults.load(settings.faults, source=settings.plan_name)
    return front
