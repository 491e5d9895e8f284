"""Which part of the emulator answers a request: AWS's single path, the page for people, the door for tests."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rekognition_emulator.aws_json.wire import Answer
from rekognition_emulator.web.control import PREFIX, Control
from rekognition_emulator.web.page import Page

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import HttpRequest
    from rekognition_emulator.web.front import Front


_LOG = logging.getLogger("rekognition_emulator")


class Router:
    """The handler of the server."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.control = Control(front)
        self.page = Page(front)

    def handle(self, request: HttpRequest) -> Answer:
        """Answer one request."""
        try:
            return self._answer(request)
        except Exception as error:  # noqa: BLE001 - a defect must not look like a network fault: it is answered and logged
            _LOG.error("defect of the emulator at %s", request.path, exc_info=error)
            return Answer(500, b"defect of the emulator, see its log\n", {"Content-Type": "text/plain"})

    def _answer(self, request: HttpRequest) -> Answer:
        path = request.path.partition("?")[0]
        if path.startswith(PREFIX):
            return self.control.handle(request)
        if path == "/" and request.method == "POST":
            return self.front.handle(request)
        if path == "/" and request.method in {"GET", "HEAD"}:
            return self.page.handle(request)
        return Answer(404, b"POST / is the service, GET / the page for people\n", {"Content-Type": "text/plain"})
