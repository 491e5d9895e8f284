"""What every operation works with, in one place: store, clock, rules, latency, manifests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rekognition_emulator.lines.limits import Limits
from rekognition_emulator.lines.lines import LineJudge
from rekognition_emulator.state.clock import Clock
from rekognition_emulator.state.latency import NONE, Latency
from rekognition_emulator.state.store import MemoryStore, Store
from rekognition_emulator.switches.table import Switches

if TYPE_CHECKING:
    from collections.abc import Iterator


class ManifestError(Exception):
    """A manifest that cannot be read. `forbidden`: it is there, but the bucket refuses; `size`: it is too large."""

    def __init__(self, text: str, *, forbidden: bool = False, too_large: bool = False) -> None:
        super().__init__(text)
        self.forbidden = forbidden
        self.too_large = too_large


class Manifests(Protocol):
    """Where `s3://` manifests are read from."""

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """The lines of an object of at most `most` bytes, without their ends.

        Raises:
            ManifestError: when the object cannot be read or is too large; the iterator may raise it too.
        """


class NoManifests:
    """No bucket anywhere: every manifest is missing."""

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """Refuse every object."""
        raise ManifestError(f"no bucket {s3_object.get('Bucket')} is known to the emulator (at most {most} bytes)")


@dataclass
class Backend:
    """The parts that operations share."""

    store: Store = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    latency: Latency = NONE
    manifests: Manifests = field(default_factory=NoManifests)

    _latest: float = 0.0

    def __post_init__(self) -> None:
        projects = [project.created for project in self.store.projects()]
        self._latest = max([0.0, *projects, *(dataset.created for dataset in self.store.datasets())])

    @property
    def judge(self) -> LineJudge:
        """The judge of single lines under these limits and switches."""
        return LineJudge(self.limits, self.switches)

    def stamp(self) -> float:
        """The present moment as AWS writes it: seconds with three decimals."""
        return round(self.clock.now(), 3)

    def fresh_moment(self) -> float:
        """A stamp later than every earlier one: ARNs end in it, so that a re-created resource has a new one."""
        self._latest = max(self.stamp(), round(self._latest + 0.001, 3))
        return self._latest
