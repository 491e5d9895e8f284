"""What happens in a command, as facts that any view can show.

All facts pass through one lock, so a view never hears two at once.
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
    """The verbs, in the order a summary lists them."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    REFRESH = "refresh"


class Severity(StrEnum):
    """How bad a message is; debug messages are dropped before they get here."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


# What stands for nothing in a summary: the halves of a replacement, and a refresh inside another command.
_UNCOUNTED = {Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.REFRESH}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing done, or to be done, to one resource: `old` before it, `new` after it."""

    op: Op
    urn: str
    old: Resource | None = None
    new: Resource | None = None
    replace_keys: tuple[str, ...] = ()
    diff_keys: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        """The newest state there is."""
        state = self.new or self.old
        if state is None:
            raise AssertionError(f"a step without a resource: {self.urn}")
        return state

    @property
    def is_internal(self) -> bool:
        """Whether the step is about a provider entry of the engine's own, which no view shows."""
        return urns.is_default_provider(self.urn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Something said about a resource (`urn`) or about the command (no `urn`)."""

    severity: Severity
    text: str
    urn: str = ""
    stream: int = 0
    ephemeral: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """The end of a phase: how many of which verb, how long it took, and whether it was a preview."""

    changes: Mapping[Op, int]
    seconds: float
    preview: bool


class View(Protocol):
    """Something that shows a command's facts."""

    def begin(self, title: str, *, preview: bool, config: Mapping[str, str]) -> None:
        """A phase begins: `Previewing update (dev)`."""

    def started(self, step: Step) -> None:
        """A step begins."""

    def finished(self, step: Step) -> None:
        """A step ended well."""

    def outputs(self, step: Step) -> None:
        """The outputs of the stack or of a component are known; its step ended before."""

    def failed(self, step: Step) -> None:
        """A step failed; its message came before."""

    def message(self, message: Message) -> None:
        """Something was said."""

    def end(self, summary: Summary) -> None:
        """The phase ended."""


class Events:
    """Hands the facts of one phase to a view, one at a time, and counts the verbs."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._guard = threading.Lock()
        self.changes: Counter[Op] = Counter()

    def started(self, step: Step) -> None:
        """A step begins."""
        if not step.is_internal:
            with self._guard:
                self._view.started(step)

    def finished(self, step: Step) -> None:
        """A step ended well; it counts."""
        if not step.is_internal:
            with self._guard:
                if step.op not in _UNCOUNTED:
                    self.changes[step.op] += 1
                self._view.finished(step)

    def outputs(self, step: Step) -> None:
        """The outputs of a component or the stack are known; the step was counted before."""
        with self._guard:
            self._view.outputs(step)

    def failed(self, step: Step) -> None:
        """A step failed."""
        with self._guard:
            self._view.failed(step)

    def say(self, severity: Severity, text: str, urn: str = "", *, stream: int = 0, ephemeral: bool = False) -> None:
        """Pass a message on."""
        message = Message(severity=severity, text=text, urn=urn, stream=stream, ephemeral=ephemeral)
        with self._guard:
            self._view.message(message)

    @property
    def has_changes(self) -> bool:
        """Whether any verb but "same" was counted."""
        return any(count for op, count in self.changes.items() if op is not Op.SAME)
