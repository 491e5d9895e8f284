"""The door for tests over HTTP, at `/_emulator/`: calls, faults, clock, entries. AWS uses no such path.

A browser's page of another origin is turned away, because a server on loopback can be reached by any page a person has
open.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.wire import Answer, HttpRequest
from rekognition_emulator.faults.document import PlanError
from rekognition_emulator.journal import without_blobs
from rekognition_emulator.state.clock import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.web.front import Front

PREFIX = "/_emulator/"


class RefusedError(Exception):
    """A request that this door does not understand; the text says what is expected."""


def _json(document: object, status: int = 200) -> Answer:
    body = json.dumps(document, default=str, indent=1).encode() + b"\n"
    return Answer(status, body, {"Content-Type": "application/json"})


def _body(request: HttpRequest, *known: str) -> dict[str, Any]:
    """The JSON object in a request; one with a member that is not known would be obeyed in part, so it is refused."""
    try:
        document = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise RefusedError("The body is not JSON.") from error
    if not isinstance(document, dict):
        raise RefusedError("The body is not a JSON object.")
    unknown = [name for name in document if name not in known]
    if unknown:
        raise RefusedError(f"There is no {unknown[0]!r} here; there are: {', '.join(known)}.")
    return document


class Control:
    """Answers requests below `/_emulator/`."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._doors: dict[tuple[str, str], Callable[[HttpRequest], object]] = {
            ("GET", "health"): lambda _: {"status": "up"},
            ("GET", "calls"): lambda _: [without_blobs(asdict(call)) for call in front.journal.calls],
            ("DELETE", "calls"): lambda _: front.journal.calls.clear(),
            ("GET", "faults"): self._faults,
            ("PUT", "faults"): self._load_faults,
            ("DELETE", "faults"): lambda _: front.faults.load("faults: []"),
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("POST", "entries"): self._edit,
        }

    def handle(self, request: HttpRequest) -> Answer:
        """Answer one request; errors are JSON objects with the key `error`."""
        if "origin" in request.headers and request.headers["origin"] != f"http://{request.headers.get('host')}":
            return _json({"error": "Pages of other origins are not answered."}, 403)
        name = request.path.removeprefix(PREFIX).partition("?")[0]
        door = self._doors.get((request.method, name))
        if door is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self._doors)
            return _json({"error": f"There are: {known}."}, 404)
        try:
            return _json(door(request))
        except (RefusedError, PlanError) as error:
            return _json({"error": str(error)}, 400)

    def _faults(self, _: HttpRequest) -> object:
        """The plan with its counters, and the log of what fired."""
        engine = self.front.faults
        rules = [
            {"name": rule.name, "fault": rule.fault, "met": rule.trigger.met, "fired": rule.trigger.fired}
            for rule in engine.rules
        ]
        return {"seed": engine.seed, "plan": rules, "log": [without_blobs(asdict(fired)) for fired in engine.log]}

    def _load_faults(self, request: HttpRequest) -> object:
        """Replace the plan by the body, YAML or JSON."""
        self.front.faults.load(request.body.decode(errors="replace"))
        return self._faults(request)

    def _clock(self, _: HttpRequest) -> object:
        clock = self.front.service.backend.clock
        return {"now": clock.now(), "frozen": clock.is_frozen}

    def _set_clock(self, request: HttpRequest) -> object:
        """`{"freeze": true | seconds, "advance": seconds, "resume": true}`, each optional, in this order."""
        clock, wanted = self.front.service.backend.clock, _body(request, "freeze", "advance", "resume")
        freeze, advance = wanted.get("freeze", False), wanted.get("advance", 0)
        if not isinstance(freeze, bool | int | float) or not isinstance(advance, int | float) or advance < 0:
            raise RefusedError("`freeze` is true or seconds since the epoch, `advance` is seconds from 0 on.")
        start = clock.now() if isinstance(freeze, bool) else freeze
        if not 0 <= start + advance <= LATEST:
            raise RefusedError("The clock goes from 1970 to 9999.")
        if freeze is not False:
            clock.freeze(None if freeze is True else float(freeze))
        if advance:
            clock.advance(float(advance))
        if wanted.get("resume"):
            clock.resume()
        return self._clock(request)

    def _edit(self, request: HttpRequest) -> object:
        """`{"DatasetArn": ..., "lines": [...], "remove": [...]}`: an edit behind every client's back."""
        wanted = _body(request, "DatasetArn", "lines", "remove")
        arn, lines, remove = str(wanted.get("DatasetArn")), wanted.get("lines", []), wanted.get("remove", [])
        if not isinstance(lines, list) or not isinstance(remove, list):
            raise RefusedError("`lines` and `remove` are lists.")
        try:
            encoded = [line if isinstance(line, str) else json.dumps(line) for line in lines]
            self.front.service.edit_entries(arn, encoded)
            self.front.service.remove_entries(arn, [str(key) for key in remove])
        except KeyError as error:
            raise RefusedError(f"There is no dataset {arn}.") from error
        except ValueError as error:
            raise RefusedError(str(error)) from error
        return {"entries": len(lines), "removed": len(remove)}
