"""Sends each HTTP request to its part of the emulator: AWS's path, the status page or the control interface."""

from __future__ import annotations

import ipaddress
import logging
import re
from typing import TYPE_CHECKING

from rekognition_emulator.aws_json.wire import HttpResponse
from rekognition_emulator.web.control import PREFIX, Control
from rekognition_emulator.web.page import Page

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import HttpRequest
    from rekognition_emulator.web.front_end import FrontEnd


_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::\d*)?", re.IGNORECASE)
_LOG = logging.getLogger("rekognition_emulator")


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is `localhost`, below it, or an address such as 127.0.0.1, [::1].

    Names below `localhost` are loopback everywhere (RFC 6761); S3 clients put the bucket there.
    """
    found = _HOST.fullmatch(host)
    name = (found[1] or found[2]).lower() if found else ""
    try:
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Router:
    """Handles every request of the server. `loopback`: only requests whose Host is a name of loopback are answered.

    Otherwise a web page could read the emulator through a name of its own that its DNS server moves to 127.0.0.1.
    """

    def __init__(self, front_end: FrontEnd, *, loopback: bool = False) -> None:
        self.loopback = loopback
        self.front_end = front_end
        self.control = Control(front_end)
        self.page = Page(front_end)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to one request; HTTP 500 for a defect of the emulator, which is logged."""
        try:
            return self._respond(request)
        except Exception as error:  # noqa: BLE001 - a defect must not look like a network fault
            _LOG.error("defect of the emulator at %s", request.path, exc_info=error)
            return HttpResponse(500, b"defect of the emulator, see its log\n", {"Content-Type": "text/plain"})

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if self.loopback and not is_loopback(request.headers.get("host", "localhost")):
            return HttpResponse(403, b"only Host names of loopback are answered\n", {"Content-Type": "text/plain"})
        path = request.path.partition("?")[0]
        if path.startswith(PREFIX):
            return self.control.handle(request)
        if path == "/" and request.method == "POST":
            return self.front_end.handle(request)
        if path == "/" and request.method in {"GET", "HEAD"}:
            return self.page.handle(request)
        return HttpResponse(404, b"POST / is the service, GET / the status page\n", {"Content-Type": "text/plain"})
