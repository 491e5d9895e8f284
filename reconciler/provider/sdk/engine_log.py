"""Messages to the user of Pulumi: the engine's log, from inside the provider process.

The engine's address is the last argument of the process; a message with the resource's URN appears on its row (status
lines) or under Diagnostics (messages). Standard output is not used: it would appear on the stack's row.
"""

import os
import sys
from collections.abc import Callable
from threading import Lock
from typing import Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from reconciler.provider.sdk.failure import call_urn
from reconciler.text import inert_lines

# Seconds between two status lines. Without a terminal, each of them stays in the log.
_ON_A_TERMINAL: Final = 0.5
_ELSEWHERE: Final = 15.0


class Console:
    """The engine's log. The process has one; safe to use from several threads. Never raises."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = Lock()
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(sys.argv[-1]))
        self._last_status: dict[str, float] = {}
        self._logged: set[tuple[str, str]] = set()
        self._interval = _ON_A_TERMINAL if _has_terminal() else _ELSEWHERE

    def log_once(self, message: str, *, warning: bool = False) -> None:
        """A message under Diagnostics of the resource of this call; the same text once per resource and process."""
        urn = call_urn()
        with self._lock:
            if (urn, message) in self._logged:
                return
            self._logged.add((urn, message))
        self._log(urn, message, ephemeral=False, warning=warning)

    def status(self, message: str, *, at_once: bool = False) -> None:
        """A status line on the row of the resource of this call, at most one in an interval, or one `at_once`."""
        urn = call_urn()
        with self._lock:
            now = self._now()
            if not at_once and now - self._last_status.get(urn, -self._interval) < self._interval:
                return
            self._last_status[urn] = now
        self._log(urn, message, ephemeral=True)

    def at_rest(self, message: str) -> None:
        """The last message on the row of the resource of this call, in place of a status line that would stay there.

        Only on a terminal: elsewhere every status line stays in the log, and one more would say nothing new.
        """
        urn = call_urn()
        with self._lock:
            shown = self._last_status.pop(urn, None) is not None
        if shown and self._interval == _ON_A_TERMINAL:
            self._log(urn, message, ephemeral=True)

    def _log(self, urn: str, message: str, *, ephemeral: bool, warning: bool = False) -> None:
        severity = engine_pb2.WARNING if warning else engine_pb2.INFO
        # The state is foreign input too: what was put into it acts in no message.
        shown = inert_lines(message)
        request = engine_pb2.LogRequest(severity=severity, message=shown, urn=urn, ephemeral=ephemeral)
        try:
            self._engine.Log(request, timeout=10)
        except (grpc.RpcError, ValueError):
            return  # an apply continues when a message does not reach the engine


def _has_terminal() -> bool:
    """Whether a person watches: not in CI, and a controlling terminal exists (the process's own streams are pipes)."""
    if os.environ.get("CI") or os.environ.get("PULUMI_NON_INTERACTIVE"):
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
