"""The kinds of fault that act on a single call: one class per kind; its fields are the options in a plan.

Kinds that act when a job ends are in job_faults.py, changes by other people in concurrent_changes.py; the table of all
kinds is in plan.py. The docstring of a kind is its description in docs/emulator.md.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rekognition_emulator.errors import MESSAGES, ServiceError
from rekognition_emulator.lines import judge

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import HttpResponse
    from rekognition_emulator.faults.call_context import CallContext
    from rekognition_emulator.lines.judge import LineJudge

At = Literal["before", "after"]


@dataclass
class FaultKind:
    """A kind of fault: it may act before the service's work, change the reply, or change the response as it is sent."""

    operations: ClassVar[tuple[str, ...]] = ("*",)
    """The operations (patterns) that the kind can affect; a plan may name fewer."""

    def check(self, judge: LineJudge) -> None:
        """Check options that depend on the emulator's limits and switches.

        Raises:
            ValueError: with the option that is wrong.
        """

    def concerns(self, request: dict[str, Any]) -> bool:
        """Whether the kind can affect a call with this request; other calls do not count as matching."""
        del request
        return True

    def before(self, call: CallContext) -> None:
        """Act before the service is asked.

        Raises:
            ServiceError: to refuse the call.
            HangUp: to reset the connection.
        """

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Act after the service did its work; returns the reply to send.

        Raises:
            ServiceError: to send an exception instead.
        """
        del call
        return reply

    def change_response(self, response: HttpResponse) -> None:
        """Change the response in place, whether it is a success or an error."""


@dataclass
class Error(FaultKind):
    """The call gets an exception instead of a reply; with `at: after` the work is done first.

    `error` is an exception of the service model or of AWS's front end: `ValidationException`, `SerializationException`,
    `ExpiredTokenException`, `UnrecognizedClientException`, `InvalidSignatureException` and others.
    """

    error: str = "InternalServerError"
    message: str | None = None
    status: int | None = None
    at: At = "before"

    def __post_init__(self) -> None:
        if self.error not in MESSAGES:
            raise ValueError(
                f"`error`: {self.error} is not an exception of the emulator; known: {', '.join(sorted(MESSAGES))}"
            )
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError("`status` is a number from 400 to 599")

    def _raise(self, call: CallContext) -> None:
        message = self.message
        if message is None and self.error == "AccessDeniedException":
            message = call.denial()
        raise ServiceError(self.error, message, self.status)

    def before(self, call: CallContext) -> None:
        """Refuse the call."""
        if self.at == "before":
            self._raise(call)

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Refuse the call after its work was done."""
        if self.at == "after":
            self._raise(call)
        return reply


@dataclass
class ClockSkew(FaultKind):
    """The call is refused as if the client's clock were `minutes` slow."""

    minutes: int = 20

    def before(self, call: CallContext) -> None:
        """Refuse the call with AWS's message for a signature that is too old."""
        now = call.time_text()
        text = f"Signature expired: {call.time_text(-60 * self.minutes)} is now earlier than {now} ({now} - 5 min.)"
        raise ServiceError("InvalidSignatureException", text)


@dataclass
class Reset(FaultKind):
    """The connection is reset: before the work, after the work but without a reply, or after the reply was sent."""

    at: Literal["before", "after", "after reply"] = "before"

    def before(self, call: CallContext) -> None:
        """Hang up before the service is asked."""
        if self.at == "before":
            call.hang_up()

    def change_response(self, response: HttpResponse) -> None:
        """Reset instead of the response, or after it."""
        response.reset, response.then_reset = self.at != "after reply", self.at == "after reply"


@dataclass
class Truncate(FaultKind):
    """The body of the response is cut off after `bytes`, or in the middle; its Content-Length stays."""

    bytes: int | None = None

    def change_response(self, response: HttpResponse) -> None:
        """Cut the body."""
        response.cut = len(response.body) // 2 if self.bytes is None else self.bytes


@dataclass
class Slow(FaultKind):
    """The reply is `seconds` late (a frozen clock is advanced instead)."""

    seconds: float = 5.0

    def before(self, call: CallContext) -> None:
        """Wait on the emulator's clock."""
        call.pause(self.seconds)


@dataclass
class Kill(FaultKind):
    """The emulator's process is killed with SIGKILL, before the work, or after it but without a reply."""

    at: At = "before"

    def before(self, call: CallContext) -> None:
        """Kill the process before the service is asked."""
        del call
        if self.at == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Kill the process with the work done."""
        del call
        if self.at == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return reply


@dataclass
class ExpireToken(FaultKind):
    """The NextToken of the call has expired. Only calls with a NextToken count as matching."""

    operations: ClassVar[tuple[str, ...]] = ("ListDatasetEntries", "ListDatasetLabels", "DescribeProjects")

    def concerns(self, request: dict[str, Any]) -> bool:
        """Whether the call has a NextToken."""
        return bool(request.get("NextToken"))

    def before(self, call: CallContext) -> None:
        """Refuse the token."""
        del call
        raise ServiceError("InvalidPaginationTokenException")


@dataclass
class StaleStatus(FaultKind):
    """After an update DescribeDataset repeats the description from before the update, `reads` times."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries",)
    reads: int = 2

    def before(self, call: CallContext) -> None:
        """Keep the present description."""
        call.repeat_description(self.reads)


@dataclass
class StaleListing(FaultKind):
    """After an update `reads` pages of ListDatasetEntries show the entries from before the update."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries",)
    reads: int = 2

    def before(self, call: CallContext) -> None:
        """Keep the present entries."""
        call.repeat_listing(self.reads)


@dataclass
class Rewrite(FaultKind):
    """Listed lines are written differently from how they were sent.

    `what`: `numbers` (1 becomes 1.0), `key-order` (keys are sorted), `unknown` (keys that are not label attributes are
    left out).
    """

    operations: ClassVar[tuple[str, ...]] = ("ListDatasetEntries",)
    what: list[str] = field(default_factory=lambda: ["numbers", "key-order"])

    def __post_init__(self) -> None:
        unknown = set(self.what) - {"numbers", "key-order", "unknown"}
        if unknown:
            raise ValueError(f"`what`: {', '.join(sorted(unknown))} is not one of numbers, key-order, unknown")

    def after(self, call: CallContext, reply: dict[str, Any]) -> dict[str, Any]:
        """Rewrite every line of the page."""
        del call
        return reply | {"DatasetEntries": [self._line(line) for line in reply["DatasetEntries"]]}

    def _line(self, line: str) -> str:
        document = json.loads(line, parse_int=judge.as_float if "numbers" in self.what else int)
        if "unknown" in self.what:
            document = judge.without_unknown_keys(document)
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False, sort_keys="key-order" in self.what)
