"""AWS IAM on the same port: SimulatePrincipalPolicy and GetRole, for callers that ask what they may do.

Everything is allowed but what `deny` names, and there is every user and role of the caller's account. Sources: IAM API
Reference (SimulatePrincipalPolicy, EvaluationResult, GetRole, common errors); botocore iam/2010-05-08/service-2.json
(lengths and patterns).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations.admission import IAM_OPERATIONS
from rekognition_emulator.web.query import QueryService, Result, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.state.records import Caller

# A session of a role (`assumed-role`) and the root user have no policies of their own.
_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(user|group|role)/[!-~]+")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
_ACTION = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9*]+")
_LONGEST_ARN, _LONGEST_ACTION = 2048, 128


class Iam(QueryService):
    """Answers the calls of IAM."""

    service = "iam"
    operations = IAM_OPERATIONS
    resource = "PolicySourceArn"

    def result(self, operation: str, parameters: Mapping[str, str], caller: Caller) -> Result:
        """A role, or what a simulation says of actions."""
        return _role(parameters, caller) if operation == "GetRole" else self._simulated(parameters, caller)

    def _simulated(self, parameters: Mapping[str, str], caller: Caller) -> Result:
        """Each action on each resource: allowed, or denied by one of the denials."""
        actions = members(parameters, "ActionNames")
        resources = members(parameters, "ResourceArns") or ["*"]
        _check_principal(parameters.get("PolicySourceArn", ""), caller)
        if not actions:
            raise _invalid("actionNames")
        for action in actions:
            if not _ACTION.fullmatch(action) or len(action) > _LONGEST_ACTION:
                raise ServiceError("InvalidInput", f"Invalid action name: {action}")
        if any(not one or len(one) > _LONGEST_ARN for one in resources):
            raise _invalid("resourceArns")
        pairs = [(action, resource) for action in actions for resource in resources]
        return {"IsTruncated": "false", "EvaluationResults": [self._evaluated(*pair) for pair in pairs]}

    def _evaluated(self, action: str, resource: str) -> Result:
        service, _, operation = action.partition(":")
        decision = "explicitDeny" if self.is_denied(operation, resource, service) else "allowed"
        return {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision}


def _check_principal(arn: str, caller: Caller) -> None:
    found = _PRINCIPAL.fullmatch(arn)
    if not found or len(arn) > _LONGEST_ARN:
        raise ServiceError("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    if found[1] != caller.account:
        raise ServiceError("NoSuchEntity", f"The {found[2]} with ARN {arn} cannot be found.")


def _role(parameters: Mapping[str, str], caller: Caller) -> Result:
    name = parameters.get("RoleName", "")
    if not _ROLE_NAME.fullmatch(name):
        raise _invalid("roleName")
    arn = f"arn:aws:iam::{caller.account}:role/{name}"
    made: Result = {"Path": "/", "RoleName": name, "RoleId": "AROAEMULATOR", "Arn": arn}
    return {"Role": made | {"CreateDate": "2024-01-01T00:00:00Z"}}


def _invalid(name: str) -> ServiceError:
    return ServiceError("ValidationError", f"1 validation error detected: {name} is missing or invalid")
