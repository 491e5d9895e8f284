"""The control interface for tests, at `/_emulator/`: calls, faults, clock, entries. AWS has no such path.

Requests of web pages from other origins are refused, because every page in a browser can reach a server on loopback.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.wire import HttpRequest, HttpResponse
from rekognition_emulator.faults.plan_text import PlanError
from rekognition_emulator.journal import without_blobs
from rekognition_emulator.state.clock import LATEST_TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.web.front_end import FrontEnd

PREFIX = "/_emulator/"


class ControlRequestError(Exception):
    """An invalid request; the text says what is expected."""


def _json(document: object, status: int = 200) -> HttpResponse:
    body = json.dumps(document, default=str, indent=1).encode() + b"\n"
    return HttpResponse(status, body, {"Content-Type": "application/json"})


def _body(request: HttpRequest, *known: str) -> dict[str, Any]:
    """The JSON object in a request.

    Raises:
        ControlRequestError: for a body that is not an object with only `known` members. A misspelt member is not
            ignored, because then only a part of what the test asked for would be done.
    """
    try:
        document = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ControlRequestError("The body is not JSON.") from error
    if not isinstance(document, dict):
        raise ControlRequestError("The body is not a JSON object.")
    unknown = [name for name in document if name not in known]
    if unknown:
        raise ControlRequestError(f"Unknown member {unknown[0]!r}; known members: {', '.join(known)}.")
    return document


class Control:
    """Handles requests below `/_emulator/`."""

    def __init__(self, front_end: FrontEnd) -> None:
        self.front_end = front_end
        self._routes: dict[tuple[str, str], Callable[[HttpRequest], object]] = {
            ("GET", "health"): lambda _: {"status": "up"},
            ("GET", "calls"): lambda _: [without_blobs(asdict(call)) for call in front_end.journal.calls],
            ("DELETE", "calls"): lambda _: front_end.journal.calls.clear(),
            ("GET", "faults"): self._faults,
            ("PUT", "faults"): self._load_faults,
            ("DELETE", "faults"): lambda _: front_end.faults.load("faults: []"),
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("POST", "entries"): self._edit,
        }

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to one request; errors are JSON objects with the key `error`."""
        if "origin" in request.headers and request.headers["origin"] != f"http://{request.headers.get('host')}":
            return _json({"error": "Requests of web pages from other origins are refused."}, 403)
        name = request.path.removeprefix(PREFIX).partition("?")[0]
        route = self._routes.get((request.method, name))
        if route is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self._routes)
            return _json({"error": f"Unknown request; known requests: {known}."}, 404)
        try:
            return _json(route(request))
        except (ControlRequestError, PlanError) as error:
            return _json({"error": str(error)}, 400)

    def _faults(self, _: HttpRequest) -> object:
        """The plan with its counters, and the log of the faults that fired."""
        injector = self.front_end.faults
        plan = [
            {"name": each.name, "fault": each.fault, "met": each.trigger.met, "fired": each.trigger.fired}
            for each in injector.planned
        ]
        return {"seed": injector.seed, "plan": plan, "log": [without_blobs(asdict(fired)) for fired in injector.log]}

    def _load_faults(self, request: HttpRequest) -> object:
        """Replace the plan by the one in the body, YAML or JSON."""
        self.front_end.faults.load(request.body.decode(errors="replace"))
        return self._faults(request)

    def _clock(self, _: HttpRequest) -> object:
        clock = self.front_end.service.context.clock
        return {"now": clock.now(), "frozen": clock.is_frozen}

    def _set_clock(self, request: HttpRequest) -> object:
        """`{"freeze": true | seconds, "advance": seconds, "resume": true}`, each optional, in this order."""
        clock, wanted = self.front_end.service.context.clock, _body(request, "freeze", "advance", "resume")
        freeze, advance = wanted.get("freeze", False), wanted.get("advance", 0)
        if not isinstance(freeze, bool | int | float) or not isinstance(advance, int | float) or advance < 0:
            raise ControlRequestError("`freeze` is true or seconds since the epoch, `advance` is seconds, 0 or more.")
        start = clock.now() if isinstance(freeze, bool) else freeze
        if not 0 <= start + advance <= LATEST_TIME:
            raise ControlRequestError("The time must be from 1970 to 9999.")
        if freeze is not False:
            clock.freeze(None if freeze is True else float(freeze))
        if advance:
            clock.advance(float(advance))
        if wanted.get("resume"):
            clock.resume()
        return self._clock(request)

    def _edit(self, request: HttpRequest) -> object:
        """`{"DatasetArn": ..., "lines": [...], "remove": [...]}`: an edit that is not an API call, done at once."""
        wanted = _body(request, "DatasetArn", "lines", "remove")
        arn, lines, remove = str(wanted.get("DatasetArn")), wanted.get("lines", []), wanted.get("remove", [])
        if not isinstance(lines, list) or not isinstance(remove, list):
            raise ControlRequestError("`lines` and `remove` are lists.")
        try:
            encoded = [line if isinstance(line, str) else json.dumps(line) for line in lines]
            self.front_end.service.edit_entries(arn, encoded)
            self.front_end.service.remove_entries(arn, [str(key) for key in remove])
        except KeyError as error:
            raise ControlRequestError(f"The dataset {arn} was not found.") from error
        except ValueError as error:
            raise ControlRequestError(str(error)) from error
        return {"entries": len(lines), "removed": len(remove)}
