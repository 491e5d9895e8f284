"""The running fault plan: finds the faults of a call and keeps the log of those that fired."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json import replies
from rekognition_emulator.faults import plan
from rekognition_emulator.faults.stage import Stage, Views
from rekognition_emulator.journal import without_blobs

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import Answer
    from rekognition_emulator.faults.plan import Rule
    from rekognition_emulator.operations.service import Service
    from rekognition_emulator.state.records import Caller


@dataclass(frozen=True)
class Fired:
    """One fault that fired, with the call it fired on."""

    name: str
    fault: str
    operation: str
    request: dict[str, Any]
    request_id: str
    at: float


class Meeting:
    """The faults of one call, in the order of the plan."""

    def __init__(self, rules: list[Rule], stage: Stage) -> None:
        self.rules = rules
        self.stage = stage

    def before(self) -> dict[str, Any] | None:
        """Strike before the work; answers an old reply if the call is to be answered from one."""
        for rule in self.rules:
            rule.kind.before(self.stage)
        return self.stage.old_reply()

    def after(self, reply: dict[str, Any]) -> dict[str, Any]:
        """Strike after the work; answers the reply to send."""
        if self.rules:
            reply = replies.in_plain(reply)
        self.stage.reply = reply
        for rule in self.rules:
            reply = rule.kind.after(self.stage, reply)
        return reply

    def answered(self, answer: Answer) -> Answer:
        """Strike at the bytes of the answer."""
        for rule in self.rules:
            rule.kind.answered(answer)
        return answer


class Engine:
    """Holds the present plan; the plan can be replaced while the emulator runs.

    `keep` bounds the log (then blobs are not kept either), so that a long run does not grow.
    """

    def __init__(self, service: Service, seed: int = 0, keep: int | None = None) -> None:
        self.service = service
        self.seed = seed
        self.rules: list[Rule] = []
        self.log: list[Fired] = []
        self._keep = keep
        self._views = Views()
        self._lock = threading.Lock()

    def load(self, text: str, seed: int | None = None, source: str = "") -> None:
        """Take a new plan (YAML or JSON) from the file `source`, counting from the beginning; the log stays.

        Raises:
            PlanError: and the present plan stays.
        """
        rules = plan.read(text, self.seed if seed is None else seed, source)
        with self._lock:
            self.rules = rules
            self._views = Views()

    def meet(self, operation: str, request: dict[str, Any], caller: Caller, request_id: str) -> Meeting:
        """The faults that fire on a call; they are logged."""
        with self._lock:
            rules = [
                each for each in self.rules if each.kind.concerns(request) and each.trigger.fires(operation, request)
            ]
            self._note(rules, operation, request, request_id)
            return Meeting(rules, Stage(operation, request, caller, self.service, self._views, request_id))

    def _note(self, rules: list[Rule], operation: str, request: dict[str, Any], request_id: str) -> None:
        at = self.service.backend.stamp()
        if self._keep is not None:
            request = {name: without_blobs(part) for name, part in request.items()}
        self.log += [Fired(rule.name, rule.fault, operation, request, request_id, at) for rule in rules]
        if self._keep is not None:
            del self.log[: -self._keep]
