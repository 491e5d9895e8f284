"""The view of `--diff`: every changed resource with its properties, in order of events.

Follows pulumi/pulumi pkg/backend/display/diff.go: resources on standard output, messages on standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localengine.engine.events import Message, Op, StepEvent, Summary
from localengine.protocol import urn as urns
from localengine.views.palette import WORDS, safe
from localengine.views.property_text import Printer
from localengine.views.summary_text import summary_lines
from localengine.views.tree_view import is_shown, message_text, output_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localengine.views.console import Console

# The two parts of a replacement, which this view does not show.
_PARTS = {Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED}


class DiffView:
    """Prints each step in full."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, StepEvent] = {}
        self._preview = False
        self._failed: set[str] = set()

    def begin(self, title: str, *, preview: bool, config: Mapping[str, str]) -> None:
        """A phase begins."""
        del config
        self._seen, self._preview, self._failed = {}, preview, set()
        self._console.out(f"{self._console.paint.headline(title)}:")

    def started(self, step: StepEvent) -> None:
        """A step begins: the resource and its properties; a refresh is shown after its result is known."""
        self._seen.setdefault(step.urn, step)
        if step.op is not Op.REFRESH and self._is_shown(step):
            self._resource(step)

    def finished(self, step: StepEvent) -> None:
        """A step ended: show the result of a refresh."""
        before = self._seen.get(step.urn)
        refreshed = before is not None and before.op is Op.REFRESH
        if refreshed and step.op is not Op.REFRESH and self._is_shown(step):
            self._resource(step)
        if refreshed:
            self._seen.pop(step.urn)

    def outputs(self, step: StepEvent) -> None:
        """The outputs of the stack."""
        if urns.type_of(step.urn) != urns.STACK_TYPE:
            return
        lines = output_lines(step, self._console.paint, indent=1, preview=self._preview)
        if lines:
            self._console.out("    --outputs:--")
            for line in lines:
                self._console.out(line)

    def failed(self, step: StepEvent) -> None:
        """A step failed; its message came earlier."""
        self._failed.add(step.urn)

    def message(self, message: Message) -> None:
        """A message: printed on standard error, so that standard output has only the changes."""
        text = message_text(message, self._console.paint)
        if text:
            self._console.err(text)

    def end(self, summary: Summary) -> None:
        """The counts."""
        for line in summary_lines(summary, len(self._failed), self._console.paint):
            self._console.out(line)

    def _is_shown(self, step: StepEvent) -> bool:
        if step.op in _PARTS:
            return False
        return is_shown(step) or urns.type_of(step.urn) == urns.STACK_TYPE

    def _resource(self, step: StepEvent) -> None:
        depth = 0 if urns.type_of(step.urn) == urns.STACK_TYPE else 1
        for line in [*self._heading(step, depth), *self._details(step, depth + 1)]:
            self._console.out(line)

    def _heading(self, step: StepEvent, depth: int) -> list[str]:
        paint, old, new = self._console.paint, step.old, step.new
        lock = " 🔓" if old and new and old.protect and not new.protect else " 🔒" if step.resource.protect else ""
        sign = WORDS[step.op].sign
        lines = ["    " * depth + paint.verb(f"{sign}{safe(urns.type_of(step.urn))}: ({step.op}){lock}", step.op)]
        margin = "    " * (depth + 1)
        if old and old.id:
            lines.append(f"{margin}[id={safe(old.id)}]")
        lines.append(f"{margin}[urn={safe(step.urn)}]")
        provider = step.resource.provider
        if provider and urns.name_of(urns.split_reference(provider)[0]) != "default":
            lines.append(f"{margin}[provider={safe(provider)}]")
        return lines

    def _details(self, step: StepEvent, indent: int) -> list[str]:
        printer = Printer(self._console.paint, indent, step.op)
        if step.op is Op.SAME or (step.new is None and step.op is not Op.DELETE):
            return []
        if step.old is None and step.new is not None:
            return printer.whole(step.new.inputs)
        if step.new is None and step.old is not None:
            return printer.whole(step.old.inputs)
        return self._changes(step, printer)

    def _changes(self, step: StepEvent, printer: Printer) -> list[str]:
        if step.old is None or step.new is None:
            return []
        if self._seen[step.urn].op is Op.REFRESH:
            return printer.difference(step.old.outputs, step.new.outputs)
        return printer.difference(step.old.inputs, step.new.inputs, step.diff_keys)
