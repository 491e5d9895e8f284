"""The default view: a row for every change of a resource's status, then diagnostics, outputs and a summary.

Follows the progress display of pulumi/pulumi pkg/backend/display (progress.go, rows.go), as it prints where there is no
terminal; a terminal gets the same rows in colour.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localengine.engine.events import Message, Op, Severity, StepEvent, Summary
from localengine.protocol import urn as urns
from localengine.protocol.properties import UNKNOWN, visible_changes
from localengine.views.palette import SEVERITY_COLOURS, WORDS, Paint, display_type, safe
from localengine.views.property_text import Printer
from localengine.views.summary_text import summary_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localengine.views.console import Console

_REMOVING = {Op.DELETE, Op.REPLACE, Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED}
_SIGN_ORDER = {"+": 0, "-": 1, "~": 2}
_COUNTED = ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "message"))


@dataclass(slots=True)
class Row:
    """The row of one resource: its step, its messages, its start and its end."""

    urn: str
    step: StepEvent | None = None
    messages: list[Message] = field(default_factory=list)
    done_ops: set[Op] = field(default_factory=set)
    replace_step: StepEvent | None = None
    begun: float = 0.0
    ended: float | None = None
    failed: bool = False
    hidden: bool = True

    @property
    def is_stack(self) -> bool:
        """Whether this is the row of the stack, which is done when all others are."""
        return self.urn == "" or urns.type_of(self.urn) == urns.STACK_TYPE

    @property
    def op(self) -> Op:
        """The operation of the row's step."""
        return self.step.op if self.step else Op.SAME

    @property
    def errors(self) -> int:
        """The number of errors of the resource."""
        return sum(message.severity is Severity.ERROR for message in self.messages)

    def is_done(self, *, everything: bool) -> bool:
        """Whether the row's last status is its final one."""
        return self.failed or everything or (not self.is_stack and self.op in self.done_ops)

    def is_interrupted(self) -> bool:
        """Whether the display ended while the step was running."""
        custom = self.step is not None and self.step.resource.custom
        return custom and self.op is not Op.SAME and self.op not in self.done_ops


class TreeView:
    """Prints rows as they change."""

    def __init__(self, console: Console, stack_name: str) -> None:
        self._console = console
        self._stack_name = stack_name
        self._rows: dict[str, Row] = {}
        self._preview = False
        self._ended = False

    def begin(self, title: str, *, preview: bool, config: Mapping[str, str]) -> None:
        """A phase begins."""
        del config
        self._rows, self._preview, self._ended = {}, preview, False
        self._console.out(f"{self._console.paint.headline(title)}:")
        self._console.out()

    def started(self, step: StepEvent) -> None:
        """A step begins: its row appears."""
        row = self._row(step.urn, step)
        row.begun, row.ended = time.monotonic(), None
        self._print(row)

    def finished(self, step: StepEvent) -> None:
        """A step ended: its row is shown again if it changed."""
        row = self._rows.get(step.urn)
        was_refresh = row is not None and row.op is Op.REFRESH
        row = self._row(step.urn, step)
        row.ended = time.monotonic()
        row.done_ops.add(step.op)
        if step.op is Op.REPLACE:
            row.replace_step = step
        if was_refresh or (not self._preview and step.resource.custom and step.op is not Op.SAME):
            self._print(row)

    def outputs(self, step: StepEvent) -> None:
        """The outputs of the stack are shown at the end."""
        self.finished(step)

    def failed(self, step: StepEvent) -> None:
        """A step failed."""
        row = self._row(step.urn, None)
        row.failed = True
        self._print(row)

    def message(self, message: Message) -> None:
        """A message: the row of its resource, or of the stack, shows it."""
        row = self._row(message.urn, None)
        row.hidden = False
        row.messages.append(message)
        self._print(row)

    def end(self, summary: Summary) -> None:
        """Print the last status of unfinished rows, all messages, the outputs and the counts."""
        unfinished = [row for row in self._rows.values() if not row.is_done(everything=False)]
        self._ended = True
        for row in unfinished:
            self._print(row)
        self._diagnostics()
        errored = sum(row.errors > 0 for row in self._rows.values())
        if not (self._preview and errored):
            self._outputs()
        for line in summary_lines(summary, errored, self._console.paint):
            self._console.out(line)

    def _row(self, urn: str, step: StepEvent | None) -> Row:
        """The row of a resource. Messages without a resource belong to the row of the stack."""
        if urn == "":
            urn = next((known for known, row in self._rows.items() if row.is_stack), "")
        if step is not None and urns.type_of(urn) == urns.STACK_TYPE and "" in self._rows:
            self._rows[urn] = self._rows.pop("")
            self._rows[urn].urn = urn
        known = urn in self._rows
        row = self._rows.setdefault(urn, Row(urn))
        row.step = step or row.step
        # An unchanged stack is shown from its second event on, as in Pulumi.
        if (row.is_stack and known) or (step is not None and is_shown(step)):
            row.hidden = False
        return row

    def _print(self, row: Row) -> None:
        if row.hidden:
            return
        words = WORDS[row.op]
        urn_type = urns.type_of(row.urn) if row.urn else urns.STACK_TYPE
        name = urns.name_of(row.urn) if row.urn else self._stack_name
        paint = self._console.paint
        cells = [paint.verb(words.sign, row.op), display_type(urn_type), safe(name), self._status(row), self._info(row)]
        self._console.out(" " + " ".join(cells))

    def _status(self, row: Row) -> str:
        words, failed = WORDS[row.op], row.failed or row.errors > 0
        paint = self._console.paint
        if self._ended and not failed and row.is_interrupted() and not self._preview:
            return paint.colour(f"{words.running} (interrupted)", 3)
        if row.is_done(everything=self._ended):
            if self._preview:
                return paint.verb(_plan_done(row.op) + _retained(row), row.op)
            if failed:
                return paint.colour(f"**{words.failed}**", 1)
            return paint.verb(words.done + _took(row) + _retained(row), row.op)
        if row.is_stack and row.step is not None and row.op is Op.SAME:
            return "running"
        text = words.running if row.op is Op.REFRESH or not self._preview else words.plan
        so_far = "" if self._preview or not text else _so_far(row)
        return paint.verb(text + so_far + _retained(row), row.op)

    def _info(self, row: Row) -> str:
        changes = diff_text(row.replace_step or row.step, self._console.paint)
        pieces = [f"[{changes}]"] if changes else []
        if self._ended:
            pieces.extend(_counts(row.messages))
        elif row.messages:
            pieces.append(message_text(row.messages[-1], self._console.paint))
        return "; ".join(piece for piece in pieces if piece).split("\n", 1)[0]

    def _diagnostics(self) -> None:
        console, headed = self._console, False
        for row in self._rows.values():
            texts = [message for message in joined_streams(row.messages) if message.text.strip()]
            if not texts:
                continue
            if not headed:
                console.out(console.paint.headline("Diagnostics:"))
                headed = True
            kind = urns.type_of(row.urn) if row.urn else urns.STACK_TYPE
            name = urns.name_of(row.urn) if row.urn else self._stack_name
            console.out(f"  {console.paint.colour(f'{display_type(kind)} ({safe(name)}):', 4)}")
            for message in texts:
                for line in message_text(message, console.paint).split("\n"):
                    console.out(f"    {line}".rstrip())
            console.out()

    def _outputs(self) -> None:
        step = next((row.step for row in self._rows.values() if row.is_stack and row.step), None)
        lines = output_lines(step, self._console.paint, indent=1, preview=self._preview) if step else []
        if lines:
            self._console.out(self._console.paint.headline("Outputs:"))
            for line in [*lines, ""]:
                self._console.out(line)


def is_shown(step: StepEvent) -> bool:
    """Whether a step has a row: an unchanged resource has none, unless its protection changed."""
    if step.op is not Op.SAME:
        return True
    return step.old is not None and step.new is not None and step.old.protect != step.new.protect


def diff_text(step: StepEvent | None, paint: Paint) -> str:
    """`diff: +a~b`: the inputs that differ, and `provider` or `protect` if they differ."""
    if step is None or step.old is None or step.new is None:
        return ""
    same = step.op in (Op.SAME, Op.REFRESH)
    changes = {} if same else visible_changes(step.old.inputs, step.new.inputs)
    if step.diff_keys:
        changes = {name: sign for name, sign in changes.items() if name in step.diff_keys}
    if step.old.provider != step.new.provider:
        changes["provider"] = "~"
    if step.old.protect != step.new.protect:
        changes["protect"] = "~"
    if not changes:
        return ""
    verbs = {"+": Op.CREATE, "-": Op.DELETE, "~": Op.UPDATE}
    groups = [
        paint.verb(sign + ",".join(sorted(safe(name) for name, found in changes.items() if found == sign)), verbs[sign])
        for sign in sorted(set(changes.values()), key=_SIGN_ORDER.__getitem__)
    ]
    return "diff: " + "".join(groups)


def output_lines(step: StepEvent, paint: Paint, *, indent: int, preview: bool) -> list[str]:
    """The stack's outputs, compared with the earlier ones; in a preview only if they differ."""
    news = step.new.outputs if step.new else {}
    if step.old is None:
        return Printer(paint, indent, step.op).whole(news)
    olds = step.old.outputs
    if preview and not visible_changes(olds, known_changes(olds, news)):
        return []
    if not news and not olds:
        return []
    if step.op is Op.DELETE:
        return []
    return Printer(paint, indent, sames=not preview).difference(olds, known_changes(olds, news) if preview else news)


def known_changes(olds: Mapping[str, object], news: Mapping[str, object]) -> dict[str, object]:
    """`news`, with the old value for every unknown output."""
    return {name: olds.get(name, value) if value == UNKNOWN else value for name, value in news.items()}


def message_text(message: Message, paint: Paint) -> str:
    """A message after its severity."""
    text = safe(message.text).rstrip()
    if not text or message.severity is Severity.INFO:
        return text
    return f"{paint.colour(f'{message.severity}: ', SEVERITY_COLOURS[message.severity])}{text}"


def joined_streams(messages: list[Message]) -> list[Message]:
    """The messages that are not ephemeral; those of one stream are joined."""
    joined: dict[object, Message] = {}
    for number, message in enumerate(message for message in messages if not message.ephemeral):
        key = ("stream", message.stream) if message.stream else number
        before = joined.get(key)
        text = before.text + message.text if before else message.text
        joined[key] = Message(severity=message.severity, text=text, urn=message.urn)
    return list(joined.values())


def _counts(messages: list[Message]) -> list[str]:
    counts = [(sum(message.severity is kind for message in messages), noun) for kind, noun in _COUNTED]
    return [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]


def _plan_done(op: Op) -> str:
    return "replace" if op in (Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED) else WORDS[op].plan


def _took(row: Row) -> str:
    if row.ended is None or row.op is Op.SAME:
        return ""
    seconds = row.ended - row.begun
    return f" ({seconds:.2f}s)" if seconds < 1 else f" ({int(seconds)}s)"


def _retained(row: Row) -> str:
    """A mark for an object that leaves the state and still exists."""
    old = row.step.old if row.step else None
    return "[retain]" if old and old.retain_on_delete and row.op in _REMOVING else ""


def _so_far(row: Row) -> str:
    return f" ({int(time.monotonic() - row.begun)}s)"
