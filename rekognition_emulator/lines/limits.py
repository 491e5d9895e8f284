"""The limits of the service; tests make them smaller.

Sources: Custom Labels Developer Guide, Guidelines and quotas, Validation rules for manifest files; AWS General
Reference, Rekognition quotas. The service model limits payload size, page size and tags.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one account: numbers of things, characters, bytes, pixels, calls per second."""

    projects: int = 100
    entries: int = 250_000
    labels: int = 250
    line_characters: int = 100_000
    manifest_bytes: int = 1_000_000_000
    boxes: int = 50
    image_min: int = 64
    image_max: int = 4096
    invalid_share: float = 0.2
    tags: int = 200
    calls_per_second: int = 5
    tag_calls_per_second: int = 10

    @property
    def line_bytes(self) -> int:
        """A length in bytes at which every line is too long, because a character has at most 4 bytes in UTF-8."""
        return 4 * self.line_characters + 4
