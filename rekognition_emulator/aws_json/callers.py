"""Who signed a request: the account that its access key stands for. Signatures are read, and never verified.

A temporary access key of the emulator contains its account, and its session token the ARN of the session, so that they
are valid at every emulator, also after a restart.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rekognition_emulator.errors import ServiceError
from rekognition_emulator.state.records import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_emulator.aws_json.wire import HttpRequest

_SCOPE = re.compile(r"Credential=([^/\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_TEMPORARY_KEY = re.compile(r"ASIA(\d{12})[A-P]{4}")
_TOKEN = "emulator-session-"  # noqa: S105 - the beginning of every session token of the emulator


@dataclass(frozen=True)
class Callers:
    """Finds the caller of a request. `accounts` has the access keys of accounts other than that of `default`."""

    default: Caller = field(default_factory=Caller)
    accounts: Mapping[str, str] = field(default_factory=dict)

    def caller_of(self, request: HttpRequest, *, unsigned: bool, service: str = "rekognition") -> Caller:
        """Who signed a request; `unsigned` accepts requests without a signature, which are by `default`.

        Raises:
            ServiceError: MissingAuthenticationTokenException, IncompleteSignatureException,
                InvalidSignatureException for a signature of a different service.
        """
        header = request.headers.get("authorization")
        if header is None:
            if unsigned:
                return self.default
            raise ServiceError("MissingAuthenticationTokenException")
        found = _SCOPE.search(header)
        if not found:
            raise ServiceError("IncompleteSignatureException", "Authorization header requires 'Credential' parameter.")
        if found[4] != service:
            text = f"Credential should be scoped to correct service: {service!r}. It is scoped to {found[4]!r}."
            raise ServiceError("InvalidSignatureException", text)
        return self._identity(found[1], found[3], request.headers.get("x-amz-security-token", ""))

    def _identity(self, key: str, region: str, token: str) -> Caller:
        temporary = _TEMPORARY_KEY.fullmatch(key)
        if temporary:
            return Caller(region, temporary[1], _session_arn(token) or f"arn:aws:iam::{temporary[1]}:root")
        account = self.accounts.get(key, self.default.account)
        return Caller(region, account, f"arn:aws:iam::{account}:user/emulator")


def signed_service(request: HttpRequest) -> str:
    """The service that a request is signed for; empty for one without a signature."""
    found = _SCOPE.search(request.headers.get("authorization", ""))
    return found[4] if found else ""


def temporary_credentials(session_arn: str) -> dict[str, str]:
    """AccessKeyId, SecretAccessKey and SessionToken of a session, such as that of an assumed role."""
    text = session_arn.encode()
    letters = "".join(chr(ord("A") + (zlib.crc32(text) >> shift) % 16) for shift in (0, 4, 8, 12))
    return {
        "AccessKeyId": f"ASIA{session_arn.split(':')[4]}{letters}",
        "SecretAccessKey": "emulator",
        "SessionToken": _TOKEN + base64.urlsafe_b64encode(text).decode(),
    }


def _session_arn(token: str) -> str:
    """The ARN in a session token of the emulator; empty for any other token."""
    try:
        return base64.urlsafe_b64decode(token.removeprefix(_TOKEN)).decode() if token.startswith(_TOKEN) else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
