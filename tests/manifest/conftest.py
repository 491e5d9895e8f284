"""Reading manifests that a test writes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest import Findings, read_manifest
from reconciler.model import DatasetDeclaration, DatasetType, DesiredEntry, Place
from reconciler.policy import Marking, Policy


@dataclass
class Read:
    """What came out of a manifest."""

    findings: Findings
    entries: list[DesiredEntry]

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, in the file's order."""
        return [finding.code for finding in self.findings]


Reader = Callable[..., Read]


def read_file(path: Path, labels: tuple[str, ...] | None = None, marked: Marking = Marking.WARN) -> Read:
    """Read a manifest, accepting each key once."""
    entries: dict[str, DesiredEntry] = {}

    def accept(desired: DesiredEntry) -> Place | None:
        first = entries.setdefault(desired.entry.key, desired)
        return None if first is desired else first.place

    dataset = DatasetDeclaration(DatasetType.TRAIN, path, path.name, Policy(marked=marked))
    findings = read_manifest(dataset, labels, accept)
    return Read(findings, list(entries.values()))


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Write a manifest and read it: `read(text_or_bytes, name="train.jsonl", labels=..., marked=...)`."""

    def write_and_read(content: str | bytes, name: str = "train.jsonl", **settings: Any) -> Read:  # noqa: ANN401 - passed on
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return read_file(path, **settings)

    return write_and_read


@pytest.fixture
def read_path() -> Callable[..., Read]:
    """Read a manifest that lies somewhere."""
    return read_file
