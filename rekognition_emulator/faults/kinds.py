"""What can go wrong: one class a kind of fault, each with its options, and the table of all."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rekognition_emulator.errors import MESSAGES, ServiceError
from rekognition_emulator.lines import lines as lines_module

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import Answer
    from rekognition_emulator.faults.stage import Stage

At = Literal["before", "after"]


@dataclass
class Kind:
    """A kind of fault: it may strike before the service works, change its reply, or change the answer's bytes."""

    operations: ClassVar[tuple[str, ...]] = ("*",)
    """Operations it makes sense for; a plan may narrow them."""

    def concerns(self, request: dict[str, Any]) -> bool:
        """Whether it can do anything to a call with this request; other calls are no matching calls."""
        del request
        return True

    def before(self, stage: Stage) -> None:
        """Strike before the service is asked; raises ServiceError to refuse the call."""

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Strike after the service did its work; answers the reply to send."""
        del stage
        return reply

    def answered(self, answer: Answer) -> None:
        """Change the bytes of an answer, success or failure."""


@dataclass
class Error(Kind):
    """An exception instead of a reply; `at: after` lets the work be done first.

    `error` is any modelled exception, or one of the front end: `ValidationException`, `SerializationException`,
    `ExpiredTokenException`, `UnrecognizedClientException`, `InvalidSignatureException`.
    """

    error: str = "InternalServerError"
    message: str | None = None
    status: int | None = None
    at: At = "before"

    def __post_init__(self) -> None:
        if self.error not in MESSAGES:
            raise ValueError(f"error: {self.error} is not an exception of the emulator: {', '.join(sorted(MESSAGES))}")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError("status is from 400 to 599")

    def _raise(self, stage: Stage) -> None:
        message = self.message
        if message is None and self.error == "AccessDeniedException":
            message = stage.denial()
        raise ServiceError(self.error, message, self.status)

    def before(self, stage: Stage) -> None:
        """Refuse the call."""
        if self.at == "before":
            self._raise(stage)

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Refuse the call although its work is done."""
        if self.at == "after":
            self._raise(stage)
        return reply


@dataclass
class ClockSkew(Kind):
    """The refusal of a client whose clock is `minutes` off."""

    minutes: int = 20

    def before(self, stage: Stage) -> None:
        """Refuse the call as AWS does when the signature's time is too old."""
        now = stage.time_text()
        text = f"Signature expired: {stage.time_text(-60 * self.minutes)} is now earlier than {now} ({now} - 5 min.)"
        raise ServiceError("InvalidSignatureException", text)


@dataclass
class Reset(Kind):
    """The connection is reset: before the work, after it and without a reply, or after the reply was sent."""

    at: Literal["before", "after", "after reply"] = "before"

    def before(self, stage: Stage) -> None:
        """Hang up before the service is asked."""
        if self.at == "before":
            stage.hang_up()

    def answered(self, answer: Answer) -> None:
        """Send nothing, or everything and then hang up."""
        answer.reset, answer.then_reset = self.at != "after reply", self.at == "after reply"


@dataclass
class Truncate(Kind):
    """The body ends early: after `bytes`, or half-way."""

    bytes: int | None = None

    def answered(self, answer: Answer) -> None:
        """Cut the body; its Content-Length stays."""
        answer.cut = len(answer.body) // 2 if self.bytes is None else self.bytes


@dataclass
class Slow(Kind):
    """The reply comes `seconds` late (a frozen clock is advanced instead)."""

    seconds: float = 5.0

    def before(self, stage: Stage) -> None:
        """Wait."""
        stage.pause(self.seconds)


@dataclass
class Kill(Kind):
    """The emulator's process is killed with SIGKILL, before the work or after it and without a reply."""

    at: At = "before"

    def before(self, stage: Stage) -> None:
        """Die before the service is asked."""
        del stage
        if self.at == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Die with the work done."""
        del stage
        if self.at == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return reply


@dataclass
class ExpireToken(Kind):
    """A NextToken that has expired. Only calls with one are matching calls."""

    operations: ClassVar[tuple[str, ...]] = ("ListDatasetEntries", "ListDatasetLabels", "DescribeProjects")

    def concerns(self, request: dict[str, Any]) -> bool:
        """A call for a further page."""
        return bool(request.get("NextToken"))

    def before(self, stage: Stage) -> None:
        """Refuse the token."""
        del stage
        raise ServiceError("InvalidPaginationTokenException")


@dataclass
class StaleStatus(Kind):
    """After an update DescribeDataset answers `reads` times what it answered before it."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries",)
    reads: int = 2

    def before(self, stage: Stage) -> None:
        """Remember the description that will be shown."""
        stage.keep_description(self.reads)


@dataclass
class StaleListing(Kind):
    """After an update ListDatasetEntries answers `reads` pages from the entries as they were before it."""

    operations: ClassVar[tuple[str, ...]] = ("UpdateDatasetEntries",)
    reads: int = 2

    def before(self, stage: Stage) -> None:
        """Remember the entries that will be shown."""
        stage.keep_listing(self.reads)


@dataclass
class Rewrite(Kind):
    """Listed lines are written differently.

    `what`: `numbers` (1 as 1.0), `key-order` (sorted), `unknown` (what is no label attribute is left out).
    """

    operations: ClassVar[tuple[str, ...]] = ("ListDatasetEntries",)
    what: list[str] = field(default_factory=lambda: ["numbers", "key-order"])

    def __post_init__(self) -> None:
        unknown = set(self.what) - {"numbers", "key-order", "unknown"}
        if unknown:
            raise ValueError(f"what: {', '.join(sorted(unknown))} is none of numbers, key-order, unknown")

    def after(self, stage: Stage, reply: dict[str, Any]) -> dict[str, Any]:
        """Write every line of the page anew."""
        del stage
        return reply | {"DatasetEntries": [self._line(line) for line in reply["DatasetEntries"]]}

    def _line(self, line: str) -> str:
        document = json.loads(line, parse_int=lines_module.as_float if "numbers" in self.what else int)
        if "unknown" in self.what:
            document = lines_module.known_part(document)
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False, sort_keys="key-order" in self.what)
