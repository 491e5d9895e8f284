"""The events of a command, which a view shows.

All events pass through one lock: a view receives one at a time.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from localengine.protocol import urn as urns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localengine.state.deployment import Resource


class Op(StrEnum):
    """The operations, in the order of the summary."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    REFRESH = "refresh"


class Severity(StrEnum):
    """The severity of a message; debug messages are dropped earlier."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


# Operations that the summary does not count: the two parts of a replacement, and a refresh inside a different command.
_UNCOUNTED = {Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.REFRESH}


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEvent:
    """One operation on one resource, planned or done: `old` is its state before, `new` its state after."""

    op: Op
    urn: str
    old: Resource | None = None
    new: Resource | None = None
    replace_keys: tuple[str, ...] = ()
    diff_keys: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        """The state after the step, or the state before it if there is none after."""
        state = self.new or self.old
        if state is None:
            raise AssertionError(f"a step without a resource: {self.urn}")
        return state

    @property
    def is_internal(self) -> bool:
        """Whether the step is about a default provider, which no view shows."""
        return urns.is_default_provider(self.urn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message about a resource (`urn`) or about the command (no `urn`)."""

    severity: Severity
    text: str
    urn: str = ""
    stream: int = 0
    ephemeral: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """The end of a phase: the count of each operation, the duration, and whether it was a preview."""

    changes: Mapping[Op, int]
    seconds: float
    preview: bool


class View(Protocol):
    """Shows the events of a command."""

    def begin(self, title: str, *, preview: bool, config: Mapping[str, str]) -> None:
        """A phase begins: `Previewing update (dev)`."""

    def started(self, step: StepEvent) -> None:
        """A step begins."""

    def finished(self, step: StepEvent) -> None:
        """A step succeeded."""

    def outputs(self, step: StepEvent) -> None:
        """The outputs of the stack or of a component are known; its step ended earlier."""

    def failed(self, step: StepEvent) -> None:
        """A step failed; its message came earlier."""

    def message(self, message: Message) -> None:
        """A message arrived."""

    def end(self, summary: Summary) -> None:
        """The phase ended."""


class Events:
    """Passes the events of one phase to a view, one at a time, and counts the operations."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._lock = threading.Lock()
        self.changes: Counter[Op] = Counter()

    def started(self, step: StepEvent) -> None:
        """A step begins."""
        if not step.is_internal:
            with self._lock:
                self._view.started(step)

    def finished(self, step: StepEvent) -> None:
        """A step succeeded and is counted."""
        if not step.is_internal:
            with self._lock:
                if step.op not in _UNCOUNTED:
                    self.changes[step.op] += 1
                self._view.finished(step)

    def outputs(self, step: StepEvent) -> None:
        """The outputs of a component or the stack are known; the step was counted earlier."""
        with self._lock:
            self._view.outputs(step)

    def failed(self, step: StepEvent) -> None:
        """A step failed."""
        with self._lock:
            self._view.failed(step)

    def say(self, severity: Severity, text: str, urn: str = "", *, stream: int = 0, ephemeral: bool = False) -> None:
        """Pass a message on."""
        message = Message(severity=severity, text=text, urn=urn, stream=stream, ephemeral=ephemeral)
        with self._lock:
            self._view.message(message)
