"""What a caller may do, as IAM simulates it: nothing is called that changes anything.

Sources: IAM API Reference, SimulatePrincipalPolicy (it needs a user or role, and a session of a role is neither);
IAM User Guide, "Test IAM policies with the IAM policy simulator" (policies of a session and, for most services, of the
resource are not simulated).
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from msgspec import Struct

from reconciler.aws.calls import Calls
from reconciler.errors import AccessDenied, ServiceError

_SESSION: Final = re.compile(r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/.*")
_USER: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:user/.+")


class Refusal(Struct, frozen=True):
    """An action that a policy does not allow on a resource; `unsure`: it depends on conditions that are not known."""

    action: str
    resource: str
    unsure: bool


class Permissions:
    """Asks IAM about one caller. Every method may raise ReconcilerError."""

    def __init__(self, client: Any, calls: Calls, caller_arn: str) -> None:  # noqa: ANN401 - boto3's client type exists only in its stubs
        self._client, self._calls, self._caller = client, calls, caller_arn
        self._asked_about = ""

    def refused(self, resource: str, actions: Sequence[str]) -> list[Refusal]:
        """Those of the actions that the caller's policies do not allow on a resource.

        Raises:
            AccessDenied: the question is not allowed, or the caller is neither a user nor a role.
        """
        self._asked_about = self._asked_about or self._principal()
        asked = {"ActionNames": list(actions), "ResourceArns": [resource]}
        ask = partial(self._client.simulate_principal_policy, PolicySourceArn=self._asked_about, **asked)
        results = self._calls.make("SimulatePrincipalPolicy", ask).get("EvaluationResults", [])
        return [
            Refusal(one["EvalActionName"], resource, bool(one.get("MissingContextValues")))
            for one in results
            if one["EvalDecision"] != "allowed"
        ]

    def _principal(self) -> str:
        """The ARN of the user or role; that of a role has a path, which the ARN of its session does not have."""
        session = _SESSION.fullmatch(self._caller)
        if session is None:
            if not _USER.fullmatch(self._caller):
                raise AccessDenied(f"IAM cannot be asked about {self._caller}, which is neither a user nor a role")
            return self._caller
        try:
            ask = partial(self._client.get_role, RoleName=session[3])
            return str(self._calls.make("GetRole", ask)["Role"]["Arn"])
        except ServiceError:  # the question is not allowed, or the role is in a different account
            return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
