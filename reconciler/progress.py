"""How far an apply is, as it is told to whoever shows it.

Knows figures. Refuses to know where they come from and how they are shown.
"""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Progress", "Reporter"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an apply is: what it does, which batch of how many, the share of bytes confirmed, seconds left."""

    doing: str
    batch: int = 0
    batches: int = 0
    fraction: float = 0.0
    seconds_left: float | None = None


class Reporter(Protocol):
    """Where progress goes."""

    def __call__(self, progress: Progress) -> None:
        """Show it; must not raise."""
