"""AWS STS on the same port: GetCallerIdentity, AssumeRole and AssumeRoleWithWebIdentity, for proofs of the account.

Every role can be assumed, unless `deny` names `sts:AssumeRole`. Sources: AWS STS API Reference (the three operations,
common errors); botocore sts/2011-06-15/service-2.json (names of the XML elements, patterns).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from rekognition_emulator.aws_json.callers import temporary_credentials
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations.admission import STS_OPERATIONS
from rekognition_emulator.web.query import QueryService, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.state.records import Caller

_ROLE = re.compile(r"arn:([a-z-]+):iam::(\d{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


class Sts(QueryService):
    """Answers the calls of STS."""

    service = "sts"
    operations = STS_OPERATIONS
    resource = "RoleArn"
    unsigned = ("AssumeRoleWithWebIdentity",)

    def result(self, operation: str, parameters: Mapping[str, str], caller: Caller) -> Result:
        """Who the caller is, or credentials of a role."""
        if operation == "GetCallerIdentity":
            return {"Arn": caller.user, "UserId": "AIDAEMULATOR", "Account": caller.account}
        return _assume_role(parameters)


def _assume_role(parameters: Mapping[str, str]) -> Result:
    """Temporary credentials of the account in the role's ARN."""
    role = _ROLE.fullmatch(parameters.get("RoleArn", ""))
    session = _SESSION_NAME.fullmatch(parameters.get("RoleSessionName", ""))
    seconds = parameters.get("DurationSeconds", "3600")
    for name, valid in (("RoleArn", role), ("RoleSessionName", session), ("DurationSeconds", seconds.isdecimal())):
        if not valid:
            raise ServiceError("ValidationError", f"1 validation error detected: {name} is missing or invalid")
    arn = f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/{session[0]}" if role and session else ""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + min(int(seconds), 43_200)))
    return {
        "AssumedRoleUser": {"AssumedRoleId": f"AROAEMULATOR:{arn.rpartition('/')[2]}", "Arn": arn},
        "Credentials": {**temporary_credentials(arn), "Expiration": ends},
    }
