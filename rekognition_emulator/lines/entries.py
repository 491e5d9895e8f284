"""An entry as the service keeps it, and the running count of a dataset's entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

_TEXT = msgspec.json.Decoder(str)


def on_wire(line: str) -> bytes:
    """A line as a JSON string; copied, because the encoder's own result keeps a third more memory than it needs."""
    return bytes(memoryview(msgspec.json.encode(line)))


def plain(listed: bytes | msgspec.Raw) -> str:
    """The line behind its form on the wire."""
    return _TEXT.decode(listed)


class Entry(NamedTuple):
    """One listed line and what filters and statistics need of it.

    `listed` is the line as a listing sends it: a JSON string, quoted and escaped when the line was judged, so that no
    listing has to do it again.
    """

    key: str
    listed: bytes
    bucket: str
    declared: tuple[str, ...]
    used: tuple[str, ...]
    boxed: tuple[str, ...]
    labeled: bool
    errors: bool

    @property
    def line(self) -> str:
        """The line itself."""
        return plain(self.listed)


@dataclass
class LabelCount:
    """How many entries declare a label, use it, and put it on a box."""

    declared: int = 0
    used: int = 0
    boxed: int = 0


@dataclass
class Tally:
    """A dataset's statistics, kept up to date entry by entry; labels stay in the order of their first appearance."""

    total: int = 0
    labeled: int = 0
    errors: int = 0
    labels: dict[str, LabelCount] = field(default_factory=dict)
    buckets: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Tally:
        """An independent copy, to try an update on."""
        labels = {name: LabelCount(count.declared, count.used, count.boxed) for name, count in self.labels.items()}
        return Tally(self.total, self.labeled, self.errors, labels, dict(self.buckets))

    def add(self, entry: Entry) -> None:
        """Count one more entry."""
        self._count(entry, 1)

    def remove(self, entry: Entry) -> None:
        """Count one entry less; a label or bucket nobody has any more is forgotten (see `settle`)."""
        self._count(entry, -1)

    def settle(self, *, keep_labels: bool = False) -> None:
        """Forget buckets and labels of no entry: once an update, so that a replaced label keeps its place."""
        for name in [name for name, count in self.labels.items() if not count.declared and not keep_labels]:
            del self.labels[name]
        for name in [name for name, count in self.buckets.items() if not count]:
            del self.buckets[name]

    def _count(self, entry: Entry, step: int) -> None:
        self.total += step
        self.labeled += step * entry.labeled
        self.errors += step * entry.errors
        self.buckets[entry.bucket] = self.buckets.get(entry.bucket, 0) + step
        for name in entry.declared:
            self.labels.setdefault(name, LabelCount()).declared += step
        for name in entry.used:
            self.labels[name].used += step
        for name in entry.boxed:
            self.labels[name].boxed += step
