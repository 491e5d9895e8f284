"""Converting annotations in memory or from a disk, and what came out."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reconciler.cli.commands.convert import Disk
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.formats.narrow import narrowed
from reconciler.model import Finding

IMAGES = "s3://acme-vision/cells/"
CREATED = "2026-01-31T00:00:00"


def converted(
    annotations: str, sources: Iterable[tuple[str, bytes]] | Path, *, least: float = 0, human_only: bool = False
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The lines, parsed, and the findings; a path is read from the disk."""
    read = Disk([str(sources)]) if isinstance(sources, Path) else sources
    all_ = FORMATS[annotations].convert(read, images=IMAGES, created=CREATED)
    results = list(narrowed(all_, least=least, human_only=human_only))
    lines = [json.loads(one.line) for one in results if isinstance(one, Converted)]
    return lines, [one for one in results if isinstance(one, Finding)]


def codes(findings: Iterable[Finding]) -> list[tuple[str, str, int]]:
    """Class, code and line of each finding."""
    return [(one.severity.value, one.code, one.place.line) for one in findings]
