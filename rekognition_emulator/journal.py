"""The calls that the emulator answered, for tests, the log and the status page."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


SUBJECT_MEMBERS = ("DatasetArn", "ProjectArn", "ProjectName", "ResourceArn", "Datasets", "X-Amz-Target")
"""Members of a request that say what it is about, the most informative first."""


@dataclass
class Call:
    """One answered call.

    `operation` is `?` for a request that names none; `request` has blobs as bytes; `status` is the HTTP status,
    0 for a reset connection; `error` is the name of AWS's exception, or empty; `at` is seconds since the epoch on the
    emulator's clock; `seconds` is how long the answer took; `faults` are the names of the faults that fired.
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
    """A request with each blob replaced by its length, for the journal of a long run and for JSON."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {name: without_blobs(part) for name, part in value.items()}
    return [without_blobs(part) for part in value] if isinstance(value, list) else value


class Journal:
    """The calls in the order of their answers.

    `keep` is the number of calls to keep, and then blobs are not kept; None keeps all. `listeners` are called with each
    call, in the thread that answered it.
    """

    def __init__(self, keep: int | None = None) -> None:
        self.calls: list[Call] = []
        self.listeners: list[Callable[[Call], None]] = []
        self.keep = keep
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, call: Call) -> None:
        """Add an answered call and tell the listeners."""
        with self._lock:
            self._counts[call.operation] = self._counts.get(call.operation, 0) + 1
            if self.keep is not None:
                call.request = {name: without_blobs(part) for name, part in call.request.items()}
                del self.calls[: max(0, len(self.calls) + 1 - self.keep)]
            self.calls.append(call)
        for listener in self.listeners:
            listener(call)

    def count(self, operation: str | None = None) -> int:
        """The number of calls of an operation (or of all) since the start, with those that failed or were not kept."""
        return sum(self._counts.values()) if operation is None else self._counts.get(operation, 0)
