"""What refuses a call before the service sees it: the request rate and permissions.

Sources: AWS General Reference, Rekognition quotas (5 calls a second an operation, 10 for tags, each per account
and Region); Rekognition Developer Guide, Error handling (wording of AccessDeniedException); Custom Labels Developer
Guide, Creating a dataset from an existing dataset (needs ListDatasetEntries on the source).
"""

from __future__ import annotations

import difflib
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.model import OPERATIONS
from rekognition_emulator.errors import MESSAGES, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator.state.backend import Backend
    from rekognition_emulator.state.records import Caller
    from rekognition_emulator.switches.table import Switches


class Quota:
    """A bucket of calls for each operation in each Region, refilled at the quota's rate by the emulator's clock.

    A clock that was set back refills nothing, and takes nothing away.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def __call__(self, operation: str, caller: Caller) -> None:
        """Take one call from the operation's bucket in the caller's Region.

        Raises:
            ServiceError: when it is empty; the exception is a switch.
        """
        limits, switches = self._backend.limits, self._backend.switches
        rate = limits.tag_calls_per_second if operation.endswith(("Resource",)) else limits.calls_per_second
        most, now = rate + switches.quota_burst, self._backend.clock.now()
        bucket = operation, caller.region
        with self._lock:
            left, then = self._left.get(bucket, (float(most), now))
            left = min(most, left + max(now - then, 0) * rate)
            self._left[bucket] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise ServiceError(switches.throttled_with)


class DenialError(ValueError):
    """A denial that would deny nothing; the text names the operation."""


@dataclass(frozen=True)
class Denial:
    """An operation that is denied on resources; both may have `*` and `?`."""

    operation: str
    resource: str = "*"

    @classmethod
    def parse(cls, text: str) -> Denial:
        """`OPERATION[:ARN-pattern]` as the command line has it; IAM's `rekognition:OPERATION[:ARN-pattern]` too.

        Raises:
            DenialError: when no operation has that name or fits that pattern.
        """
        operation, _, resource = text.removeprefix("rekognition:").partition(":")
        if not any(fnmatchcase(name, operation) for name in OPERATIONS):
            near = difflib.get_close_matches(operation, OPERATIONS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise DenialError(f"deny: {operation!r} is no operation of the emulator.{hint}")
        return cls(operation, resource or "*")

    def covers(self, operation: str, resource: str) -> bool:
        """Whether this denial applies."""
        return fnmatchcase(operation, self.operation) and fnmatchcase(resource, self.resource)


def needed(operation: str, request: dict[str, Any], switches: Switches) -> Iterator[tuple[str, str]]:
    """The permissions a call needs: operation and resource. Operations without a resource need `*`."""
    if operation in {"CreateProject", "DescribeProjects"}:
        yield operation, "*"
    elif operation == "DistributeDatasetEntries":
        yield from ((operation, each["Arn"]) for each in request["Datasets"])
    else:
        yield operation, request.get("DatasetArn") or request.get("ProjectArn") or request.get("ResourceArn") or "*"
    if "DatasetArn" in request.get("DatasetSource", {}):
        yield "ListDatasetEntries", request["DatasetSource"]["DatasetArn"]
    if request.get("Tags") and operation.startswith("Create") and switches.tags_on_create:
        yield "TagResource", "*"


def denied(caller: Caller, action: str, resource: str) -> ServiceError:
    """The refusal of an action in AWS's words."""
    named = {"user": caller.user, "action": f"rekognition:{action}", "resource": resource}
    return ServiceError("AccessDeniedException", MESSAGES["AccessDeniedException"].format(**named))


class Permissions:
    """Everything is allowed but what is denied."""

    def __init__(self, denials: list[Denial], switches: Switches) -> None:
        self._denials = denials
        self._switches = switches

    def __call__(self, operation: str, request: dict[str, Any], caller: Caller) -> None:
        """Let a call pass.

        Raises:
            ServiceError: AccessDeniedException.
        """
        for action, resource in needed(operation, request, self._switches):
            if any(denial.covers(action, resource) for denial in self._denials):
                raise denied(caller, action, resource)
