"""A reconciler that is abandoned at one of its calls, as if its process were killed: nothing of it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, TypeVar

from reconciler.aws.calls import Calls
from reconciler.aws.gateway import Gateway
from tests.support.aws_doubles import _client

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.errors import ReconcilerError
    from tests.support.desk import Desk


Reply = TypeVar("Reply")


class Killed(BaseException):
    """The process is gone; no handler of the program sees this."""


@dataclass(frozen=True)
class Death:
    """Before or after which attempt of a call (counted from 1)."""

    call: int
    after: bool


class _MortalCalls(Calls):
    """Calls that end with the process."""

    def __init__(self, desk: Desk, death: Death | None) -> None:
        super().__init__(desk.clock, Random(0))  # noqa: S311 - repeatable
        self._death, self._made = death, 0

    def make(
        self,
        operation: str,
        send: Callable[[], Reply],
        known: Callable[[ReconcilerError, bool], Reply | None] | None = None,
    ) -> Reply:
        """Send, and die when it is time."""

        def attempt() -> Reply:
            self._made += 1
            self._die(after=False)
            reply = send()
            self._die(after=True)
            return reply

        return super().make(operation, attempt, known)

    def _die(self, *, after: bool) -> None:
        if self._death == Death(self._made, after):
            raise Killed


def mortal_gateway(desk: Desk, death: Death | None) -> Gateway:
    """A gateway for a desk that dies at one of its calls, or never."""
    return Gateway(_client(desk.emulator.url), _MortalCalls(desk, death))
