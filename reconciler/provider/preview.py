"""A plan in words, as a preview shows it."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Preview"]


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan in words: one line of summary, the changes, and what else should be known before an up."""

    summary: str
    entries: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing that a reviewer must see."""
        return not self.entries and not self.remarks

    def properties(self) -> dict[str, Any]:
        """The value of `pendingChanges`."""
        shown: dict[str, Any] = {"summary": self.summary, "entries": list(self.entries)}
        if self.remarks:
            shown["remarks"] = list(self.remarks)
        return shown

    def message(self, *reasons: str) -> str:
        """The same as one text, the summary in its first line; `reasons` say why else an update is due."""
        return "\n".join((self.summary, *self.entries, *self.remarks, *reasons))
