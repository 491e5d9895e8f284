"""A record of every call between engine, program and providers, as JSON lines.

Written when LOCALENGINE_TRACE names a file, for debugging a provider and for tests. A record contains secrets in plain
text, as the calls do; no other file of the engine does.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import json_format

if TYPE_CHECKING:
    from google.protobuf.message import Message

VARIABLE = "LOCALENGINE_TRACE"


class Trace:
    """Appends lines per call: `{"call", "phase", "request", "response", "error"}`; does nothing without a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    @classmethod
    def from_environment(cls) -> Trace:
        """The record in the file that LOCALENGINE_TRACE names."""
        name = os.environ.get(VARIABLE)
        return cls(Path(name) if name else None)

    def request(self, call: str, request: Message) -> None:
        """A call begins."""
        if self._path is not None:
            self._add(self._path, {"call": call, "phase": "request", "request": _json(request)})

    def response(self, call: str, request: Message, response: Message | None, error: str = "") -> None:
        """A call ended, with an answer or an error."""
        if self._path is None:
            return
        answer = {} if response is None else {"response": _json(response)}
        failure = {"error": error} if error else {}
        self._add(self._path, {"call": call, "phase": "response", "request": _json(request), **answer, **failure})

    def _add(self, path: Path, line: dict[str, object]) -> None:
        with self._lock, path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _json(message: Message) -> object:
    return json_format.MessageToDict(message)
