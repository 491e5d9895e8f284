"""The views of `--json`: one document for a preview, one line per event for every other command.

Follows pulumi/pulumi pkg/backend/display/json.go (ShowPreviewDigest, ShowJSONEvents) and apitype/events.go. Secrets are
masked.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from localengine.engine.events import Message, Op, Severity, StepEvent, Summary
from localengine.protocol import urn as urns
from localengine.protocol.properties import masked
from localengine.state.deployment import Resource, to_json
from localengine.views.palette import safe
from localengine.views.tree_view import is_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localengine.views.console import Console

_NANOSECONDS = 1_000_000_000
_PARTS = {Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED}


class PreviewJsonView:
    """Collects a preview and prints it as one JSON document."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._config: dict[str, str] = {}
        self._steps: dict[str, dict[str, object]] = {}
        self._messages: list[dict[str, object]] = []

    def begin(self, title: str, *, preview: bool, config: Mapping[str, str]) -> None:
        """A phase begins."""
        del title, preview
        self._config = dict(config)

    def started(self, step: StepEvent) -> None:
        """A step of the plan."""
        if step.op not in _PARTS and (is_shown(step) or urns.type_of(step.urn) == urns.STACK_TYPE):
            self._steps[step.urn] = _plan_step(step)

    def finished(self, step: StepEvent) -> None:
        """The result of a refresh replaces the refresh."""
        planned = self._steps.get(step.urn)
        if planned is not None and planned["op"] == Op.REFRESH and step.op is Op.DELETE:
            self._steps[step.urn] = _plan_step(step)

    def outputs(self, step: StepEvent) -> None:
        """A plan has no outputs."""

    def failed(self, step: StepEvent) -> None:
        """A step failed; its message came earlier."""

    def message(self, message: Message) -> None:
        """A message that is not ephemeral."""
        if not message.ephemeral:
            prefix = "" if message.severity is Severity.INFO else f"{message.severity}: "
            entry = {"message": prefix + safe(message.text), "severity": str(message.severity)}
            self._messages.append({**({"urn": message.urn} if message.urn else {}), **entry})

    def end(self, summary: Summary) -> None:
        """Print the document."""
        document = {
            "config": self._config,
            "steps": list(self._steps.values()),
            "diagnostics": self._messages,
            "duration": int(summary.seconds * _NANOSECONDS),
            "changeSummary": {str(op): count for op, count in summary.changes.items()},
        }
        filled = {key: value for key, value in document.items() if value}
        self._console.out(json.dumps(filled, indent=4, ensure_ascii=False))


class EventJsonView:
    """Prints every event as a line of JSON."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._sequence = 0
        self._preview = False

    def begin(self, title: str, *, preview: bool, config: Mapping[str, str]) -> None:
        """A phase begins."""
        del title
        self._preview = preview
        self._event("preludeEvent", {"config": dict(config)})

    def started(self, step: StepEvent) -> None:
        """A step begins."""
        self._event("resourcePreEvent", {"metadata": _metadata(step), "planning": self._preview})

    def finished(self, step: StepEvent) -> None:
        """A step succeeded."""
        self._event("resOutputsEvent", {"metadata": _metadata(step), "planning": self._preview})

    def outputs(self, step: StepEvent) -> None:
        """The outputs of the stack or of a component."""
        self.finished(step)

    def failed(self, step: StepEvent) -> None:
        """A step failed."""
        self._event("resOpFailedEvent", {"metadata": _metadata(step), "status": 2, "steps": 0})

    def message(self, message: Message) -> None:
        """A message arrived."""
        payload = {
            "urn": message.urn,
            "prefix": "" if message.severity is Severity.INFO else f"{message.severity}: ",
            "message": safe(message.text),
            "color": "never",
            "severity": str(message.severity),
            "streamID": message.stream,
            "ephemeral": message.ephemeral,
        }
        self._event("diagnosticEvent", payload)

    def end(self, summary: Summary) -> None:
        """The phase ended."""
        payload = {
            "maybeCorrupt": False,
            "durationSeconds": int(summary.seconds),
            "resourceChanges": {str(op): count for op, count in summary.changes.items()},
            "isPreview": summary.preview,
        }
        self._event("summaryEvent", payload)

    def _event(self, name: str, payload: dict[str, object]) -> None:
        line = {"sequence": self._sequence, "timestamp": int(time.time()), name: payload}
        self._sequence += 1
        self._console.out(json.dumps(line, ensure_ascii=False))


def _plan_step(step: StepEvent) -> dict[str, object]:
    states = {"oldState": step.old, "newState": step.new}
    optional: dict[str, object] = {
        "provider": step.resource.provider,
        **{name: _state(state) for name, state in states.items() if state is not None},
        "diffReasons": list(step.diff_keys),
        "replaceReasons": list(step.replace_keys),
    }
    filled = {key: value for key, value in optional.items() if value}
    return {"op": str(step.op), "urn": step.urn, **filled, "detailedDiff": None}


def _metadata(step: StepEvent) -> dict[str, object]:
    return {
        "op": str(step.op),
        "urn": step.urn,
        "type": urns.type_of(step.urn),
        "old": _state(step.old) if step.old else None,
        "new": _state(step.new) if step.new else None,
        "keys": list(step.replace_keys),
        "diffs": list(step.diff_keys),
        "detailedDiff": None,
        "logical": step.op not in _PARTS,
        "provider": step.resource.provider,
    }


def _state(resource: Resource) -> dict[str, object]:
    """A resource in its stored form, secrets masked."""
    shown = to_json(resource, lambda _: None)
    for key in ("inputs", "outputs"):
        properties = {"inputs": resource.inputs, "outputs": resource.outputs}[key]
        if properties:
            shown[key] = masked_bag(properties)
    return shown


def masked_bag(properties: Mapping[str, object]) -> dict[str, object]:
    """A bag with its secrets masked; unknowns keep Pulumi's sentinel, which other programs look for."""
    return {key: value if isinstance(value, str) else masked(value) for key, value in properties.items()}
