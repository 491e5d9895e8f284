"""What refuses a call before the service sees it: the request quota and denied permissions.

Sources: AWS General Reference, Rekognition quotas (5 calls per second per operation, 10 for tags, per account
and Region); Rekognition Developer Guide, Error handling (wording of AccessDeniedException); Custom Labels Developer
Guide, Creating a dataset from an existing dataset (needs ListDatasetEntries on the source).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.model import OPERATIONS
from rekognition_emulator.errors import MESSAGES, ServiceError
from rekognition_emulator.switches.switch import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator.state.context import ServiceContext
    from rekognition_emulator.state.records import Caller
    from rekognition_emulator.switches.all_switches import Switches

STS_OPERATIONS = ("AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity")
IAM_OPERATIONS = ("GetRole", "SimulatePrincipalPolicy")
# S3 is served by moto, which denies nothing: a denial of these is told by SimulatePrincipalPolicy only.
S3_ACTIONS = ("GetObject", "PutObject")
_KNOWN = {"rekognition": OPERATIONS, "sts": STS_OPERATIONS, "iam": IAM_OPERATIONS, "s3": S3_ACTIONS}


class Quota:
    """A token bucket for each operation in each Region, refilled at the quota's rate by the emulator's clock.

    While the clock is set back to an earlier time, nothing is refilled and nothing is lost.
    """

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def __call__(self, operation: str, caller: Caller) -> None:
        """Take one call from the operation's bucket in the caller's Region.

        Raises:
            ServiceError: when the bucket is empty; the switch `throttled_with` chooses the exception.
        """
        limits, switches = self._context.limits, self._context.switches
        rate = limits.tag_calls_per_second if operation.endswith(("Resource",)) else limits.calls_per_second
        most, now = rate + switches.quota_burst, self._context.clock.now()
        bucket = operation, caller.region
        with self._lock:
            left, then = self._left.get(bucket, (float(most), now))
            left = min(most, left + max(now - then, 0) * rate)
            self._left[bucket] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise ServiceError(switches.throttled_with)


class DenialError(ValueError):
    """A denial of an operation that does not exist; the text names it."""


@dataclass(frozen=True)
class Denial:
    """An operation of Rekognition, STS, IAM or S3 that is denied on a resource; both are patterns with `*` and `?`."""

    operation: str
    resource: str = "*"
    service: str = "rekognition"

    @classmethod
    def parse(cls, text: str) -> Denial:
        """The denial in `OPERATION[:ARN-pattern]`, or in IAM's form `rekognition:OPERATION[:ARN-pattern]`.

        An operation of STS, IAM or S3 needs IAM's form: `sts:GetCallerIdentity`.

        Raises:
            DenialError: when no operation has that name or matches that pattern.
        """
        service = next((name for name in _KNOWN if text.startswith(f"{name}:")), "rekognition")
        known = _KNOWN[service]
        operation, _, resource = text.removeprefix(f"{service}:").partition(":")
        if not any(fnmatchcase(name, operation) for name in known):
            hint = did_you_mean(operation, list(known))
            raise DenialError(f"deny: {operation!r} is not an operation of the emulator.{hint}")
        return cls(operation, resource or "*", service)

    def covers(self, operation: str, resource: str, service: str = "rekognition") -> bool:
        """Whether this denial applies to an operation on a resource (an ARN, or `*`)."""
        named = self.service == service
        return named and fnmatchcase(operation, self.operation) and fnmatchcase(resource, self.resource)


def needed_permissions(operation: str, request: dict[str, Any], switches: Switches) -> Iterator[tuple[str, str]]:
    """The permissions a call needs, as (operation, resource); the resource is `*` where there is no ARN."""
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


def access_denied(caller: Caller, action: str, resource: str, service: str = "rekognition") -> ServiceError:
    """AccessDeniedException with AWS's message."""
    named = {"user": caller.user, "action": f"{service}:{action}", "resource": resource}
    return ServiceError("AccessDeniedException", MESSAGES["AccessDeniedException"].format(**named))


class Permissions:
    """Allows every call that no denial covers."""

    def __init__(self, denials: list[Denial], switches: Switches) -> None:
        self._denials = denials
        self._switches = switches

    def __call__(self, operation: str, request: dict[str, Any], caller: Caller) -> None:
        """Check the permissions that a call needs.

        Raises:
            ServiceError: AccessDeniedException for the first that is denied.
        """
        for action, resource in needed_permissions(operation, request, self._switches):
            if any(denial.covers(action, resource) for denial in self._denials):
                raise access_denied(caller, action, resource)
