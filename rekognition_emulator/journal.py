"""The calls the emulator answered, for tests and for the page."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


ABOUT = ("DatasetArn", "ProjectArn", "ProjectName", "ResourceArn", "Datasets", "X-Amz-Target")
"""Members of a request that say what it is about, the most telling one first."""


@dataclass
class Call:
    """One answered call. `at`: seconds since the epoch on the emulator's clock; `seconds`: how long the answer took.

    `error` is AWS's exception name, or empty; `faults` names the faults of a plan that fired on it.
    """

    operation: str
    request: dict[str, Any]
    status: int
    error: str = ""
    request_id: str = ""
    region: str = ""
    at: float = 0.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def without_blobs(value: object) -> object:
    """A request with every blob replaced by its length: for journals of long runs and for JSON."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {name: without_blobs(part) for name, part in value.items()}
    return [without_blobs(part) for part in value] if isinstance(value, list) else value


class Journal:
    """The calls in the order of their answers; `keep` bounds it (then blobs are not kept either)."""

    def __init__(self, keep: int | None = None) -> None:
        self.calls: list[Call] = []
        self.listeners: list[Callable[[Call], None]] = []
        self.keep = keep
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, call: Call) -> None:
        """Note an answered call."""
        with self._lock:
            self._counts[call.operation] = self._counts.get(call.operation, 0) + 1
            if self.keep is not None:
                call.request = {name: without_blobs(part) for name, part in call.request.items()}
                del self.calls[: max(0, len(self.calls) + 1 - self.keep)]
            self.calls.append(call)
        for listener in self.listeners:
            listener(call)

    def count(self, operation: str | None = None) -> int:
        """How many calls of an operation (or of all) were answered since the start, whatever the answer."""
        return sum(self._counts.values()) if operation is None else self._counts.get(operation, 0)
