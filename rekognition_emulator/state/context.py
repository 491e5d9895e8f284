"""What every operation works with: store, clock, limits, switches, latency and the source of manifests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rekognition_emulator.lines.judge import LineJudge
from rekognition_emulator.lines.limits import Limits
from rekognition_emulator.state.clock import Clock
from rekognition_emulator.state.latency import NO_LATENCY, Latency
from rekognition_emulator.state.store import MemoryStore, Store
from rekognition_emulator.switches.all_switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterator


Request = dict[str, Any]
"""A decoded request: members by their names in the service model."""

Reply = dict[str, Any]
"""A reply, or a part of one: members by their names in the service model."""


class ManifestError(Exception):
    """A manifest that cannot be read. `forbidden`: there is no permission to read it; `too_large`: it is too large."""

    def __init__(self, text: str, *, forbidden: bool = False, too_large: bool = False) -> None:
        super().__init__(text)
        self.forbidden = forbidden
        self.too_large = too_large


class Manifests(Protocol):
    """A source of manifests, or of any other object in S3."""

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """The lines of an object of at most `most` bytes, without line ends. `s3_object`: AWS's S3Object.

        Raises:
            ManifestError: when the object cannot be read or is too large; the iterator may raise it too.
        """


class NoManifests:
    """A source without buckets."""

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """Refuse every object.

        Raises:
            ManifestError: always.
        """
        del most
        raise ManifestError(f"the emulator has no bucket {s3_object.get('Bucket')}")


@dataclass
class ServiceContext:
    """The parts that all operations share."""

    store: Store = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    latency: Latency = NO_LATENCY
    manifests: Manifests = field(default_factory=NoManifests)

    _latest: float = 0.0

    def __post_init__(self) -> None:
        projects = [project.created for project in self.store.projects()]
        self._latest = max([0.0, *projects, *(dataset.created for dataset in self.store.datasets())])

    @property
    def judge(self) -> LineJudge:
        """The judge of lines under these limits and switches."""
        return LineJudge(self.limits, self.switches)

    def stamp(self) -> float:
        """The time now as AWS writes it: seconds since the epoch with three decimals."""
        return round(self.clock.now(), 3)

    def fresh_moment(self) -> float:
        """A time later than every earlier one. ARNs end in it, so a resource that is created again has a new ARN."""
        self._latest = max(self.stamp(), round(self._latest + 0.001, 3))
        return self._latest
