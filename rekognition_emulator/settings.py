"""The settings of an emulator, for the command line, `serve` and the pytest plugin, and how one is built from them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.callers import Callers
from rekognition_emulator.journal import Journal
from rekognition_emulator.lines.limits import Limits
from rekognition_emulator.operations.admission import Denial, Permissions, Quota
from rekognition_emulator.operations.service import Service
from rekognition_emulator.sources.buckets import AnyBuckets, FolderBuckets, S3Buckets
from rekognition_emulator.state.clock import Clock
from rekognition_emulator.state.context import Manifests, NoManifests, ServiceContext
from rekognition_emulator.state.latency import LATENCIES, NO_LATENCY, Latency
from rekognition_emulator.state.records import Caller
from rekognition_emulator.state.sqlite import SqliteStore
from rekognition_emulator.state.store import MemoryStore
from rekognition_emulator.switches.all_switches import Switches
from rekognition_emulator.switches.switch import did_you_mean
from rekognition_emulator.web.front_end import FrontEnd
from rekognition_emulator.web.iam import Iam
from rekognition_emulator.web.sts import Sts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rekognition_emulator.state.clock import ClockSetting


class SettingError(ValueError):
    """An unknown setting, or an invalid value of one; the text has the valid ones."""


@dataclass(frozen=True)
class Settings:
    """All settings; the defaults suit tests: no delay, in memory, loopback, any free port.

    `accounts`: the account of an access key, for keys that are not of `account`. `state`: a SQLite file instead of
    memory. `buckets`: folders that stand for S3 buckets, by bucket name;
    `s3_endpoint`: the S3 API of all other buckets. `quota`: throttle at AWS's rates. `deny`: denied operations, each
    `OPERATION[:ARN-pattern]`. `faults`: a fault plan (YAML); `plan_name`: its file, for messages. `keep_calls`: the
    number of calls that the journal keeps; None keeps all, with their blobs.

    Raises:
        SettingError: for an invalid account or Region, a bucket without a folder, or a `deny` that is not a tuple.
    """

    host: str = "127.0.0.1"
    port: int = 0
    account: str = "111122223333"
    accounts: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    latency: Latency = NO_LATENCY
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
            *((account, "[0-9]{12}", "an account id of twelve digits") for account in self.accounts.values()),
        ):
            if not re.fullmatch(pattern, value):
                raise SettingError(f"{value!r} is not {wanted}.")
        for name, folder in self.buckets.items():
            if not folder.is_dir():
                raise SettingError(f"The folder of the bucket {name} was not found: {folder}.")
        if isinstance(self.deny, str):
            raise SettingError(f"deny must be a tuple of texts, as in deny=({self.deny!r},).")

    @property
    def caller(self) -> Caller:
        """The caller of requests without a signature."""
        return Caller(self.region, self.account, f"arn:aws:iam::{self.account}:user/emulator")


def with_changes(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings with some of them changed, by name.

    Raises:
        SettingError: for an unknown setting, or an invalid value.
    """
    names = [part.name for part in fields(Settings)]
    for name in changes:
        if name not in names:
            raise SettingError(
                f"There is no setting {name!r}.{did_you_mean(name, names)} Known settings: {', '.join(names)}."
            )
    return replace(settings, **changes)


def named_latency(latency: Latency | str) -> Latency:
    """The latency of this name; a Latency is returned as it is.

    Raises:
        SettingError: for an unknown name.
    """
    if isinstance(latency, Latency):
        return latency
    if latency not in LATENCIES:
        raise SettingError(f"The latency must be one of: {', '.join(LATENCIES)}; or a Latency(update=2.5, ...).")
    return LATENCIES[latency]


def _manifests(settings: Settings) -> Manifests:
    longest, endpoint = settings.limits.line_bytes, settings.s3_endpoint
    other: Manifests = S3Buckets(endpoint, settings.region, longest) if endpoint else NoManifests()
    return AnyBuckets(FolderBuckets(settings.buckets, longest), other)


def _restore_clock(service: Service) -> None:
    """Set the clock as the state file has it, and keep every later setting in the file."""
    store, clock = service.context.store, service.context.clock
    kept = store.clock()
    if kept:
        clock.set(kept)

    def keep(setting: ClockSetting) -> None:
        with service.lock, store.transaction():
            store.save_clock(setting)

    clock.on_change = keep


def build_front_end(settings: Settings, clock: Clock | None = None) -> FrontEnd:
    """A complete emulator without its HTTP server.

    A `clock` of the caller is not kept in the state file; without one, the clock is set as the state file has it.

    Raises:
        StateFileError: when the state file cannot be used.
        DenialError: when `deny` names an unknown operation.
        PlanError: when the fault plan is not valid.
    """
    context = ServiceContext(
        store=SqliteStore(settings.state) if settings.state else MemoryStore(),
        clock=clock or Clock(),
        limits=settings.limits,
        switches=settings.switches,
        latency=settings.latency,
        manifests=_manifests(settings),
    )
    service = Service(context)
    if settings.state and clock is None:
        _restore_clock(service)
    callers = Callers(settings.caller, settings.accounts)
    denials = [Denial.parse(text) for text in settings.deny]
    front_end = FrontEnd(
        service,
        callers=callers,
        journal=Journal(settings.keep_calls),
        beside={"sts": Sts(callers, denials), "iam": Iam(callers, denials)},
        seed=settings.seed,
    )
    if settings.quota:
        front_end.before_decoding.append(Quota(context))
    if settings.deny:
        front_end.before_work.append(Permissions(denials, settings.switches))
    front_end.faults.load(settings.faults, source=settings.plan_name)
    return front_end
