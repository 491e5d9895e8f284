"""An entry as the service stores it, and the statistics of a dataset, counted entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

_TEXT = msgspec.json.Decoder(str)


def wire_form(line: str) -> bytes:
    """A line as a JSON string; copied, because the encoder's own result holds a third more memory than it needs."""
    return bytes(memoryview(msgspec.json.encode(line)))


def line_text(listed: bytes | msgspec.Raw) -> str:
    """The line that a JSON string on the wire stands for."""
    return _TEXT.decode(listed)


class Entry(NamedTuple):
    """One listed line, and what filters and statistics need to know about it.

    `listed` is the line as a listing sends it: a JSON string, quoted and escaped once, when the line was judged.
    `declared`, `used` and `boxed` are names of labels, each once: in a class-map or class-name, on the image, on a box.
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
        """The line as text."""
        return line_text(self.listed)


@dataclass
class LabelCount:
    """How many entries declare a label, use it, and have it on a box."""

    declared: int = 0
    used: int = 0
    boxed: int = 0


@dataclass
class Tally:
    """A dataset's statistics; `labels` are in the order of first appearance, `buckets` are those of the images."""

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
        """Count one entry less; a label or bucket without entries stays until `forget_unused`."""
        self._count(entry, -1)

    def forget_unused(self, *, keep_labels: bool = False) -> None:
        """Forget buckets and labels without entries. Once per update, so that a replaced label keeps its place."""
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
