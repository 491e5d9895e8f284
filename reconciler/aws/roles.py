"""Roles to assume: the requests to AWS's token service (STS), as pulumi-aws makes them.

An apply may take longer than the credentials of a role are valid, so a session renews them (botocore credentials.py,
`RefreshableCredentials`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.session import Session

from reconciler.errors import BadInput
from reconciler.text import inert

_SESSION_NAME: Final = "rekognition-labels-as-code"
# Seconds before they expire at which credentials are renewed if possible, and at which they must be. botocore's own
# figure for the first is 15 minutes, and a role's credentials may be valid for no longer than that.
_MAY_RENEW: Final = 300
_MUST_RENEW: Final = 120


@dataclass(frozen=True, slots=True)
class AssumeRole:
    """One role to assume, as sts:AssumeRole takes it."""

    role_arn: str
    session_name: str = _SESSION_NAME
    external_id: str | None = None
    duration_seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None

    config = Config()

    def parameters(self) -> dict[str, Any]:
        """The request of sts:AssumeRole, without what is not set."""
        return _parameters(
            self,
            ExternalId=self.external_id,
            Tags=[{"Key": key, "Value": value} for key, value in self.tags],
            TransitiveTagKeys=list(self.transitive_tag_keys),
            SourceIdentity=self.source_identity,
        )

    def session(self, sts: Any, region: str | None) -> boto3.Session:  # noqa: ANN401 - boto3 makes its clients' types
        """A session with the role's credentials; `sts` is a client that may assume it."""
        return _session(lambda: sts.assume_role(**self.parameters()), region)


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """A role that is assumed with the token of an identity provider, such as a CI system.

    `token` is the token, or `token_file` the file that holds it; `token` is used where both are set.
    """

    role_arn: str
    session_name: str = _SESSION_NAME
    token: str | None = field(default=None, repr=False)
    token_file: str | None = None
    duration_seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()

    # The request is not signed: the token is the proof (STS API Reference, AssumeRoleWithWebIdentity).
    config = Config(signature_version=UNSIGNED)

    def parameters(self) -> dict[str, Any]:
        """The request of sts:AssumeRoleWithWebIdentity, without what is not set.

        Raises:
            BadInput: the token's file cannot be read.
        """
        return _parameters(self, WebIdentityToken=self.token or self._token_of_file())

    def session(self, sts: Any, region: str | None) -> boto3.Session:  # noqa: ANN401 - boto3 makes its clients' types
        """A session with the role's credentials; `sts` is a client made with `config`.

        Raises:
            BadInput: the token's file cannot be read.
        """
        return _session(lambda: sts.assume_role_with_web_identity(**self.parameters()), region)

    def _token_of_file(self) -> str:
        path = Path(self.token_file or "").expanduser()
        try:
            return path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise BadInput(f"the web identity token cannot be read from {inert(str(path))}: {reason}") from None


def _parameters(role: AssumeRole | WebIdentity, **own: object) -> dict[str, Any]:
    """What both requests have, and a request's own members; without what is not set."""
    both = {
        "RoleArn": role.role_arn,
        "RoleSessionName": role.session_name,
        "DurationSeconds": role.duration_seconds,
        "Policy": role.policy,
        "PolicyArns": [{"arn": arn} for arn in role.policy_arns],
    }
    return {name: value for name, value in (both | own).items() if value}


def _session(ask: Callable[[], Any], region: str | None) -> boto3.Session:
    """A session with the credentials that `ask` returns; it calls `ask` again before they expire."""

    def renewed() -> dict[str, str]:
        given = ask()["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    credentials = RefreshableCredentials.create_from_metadata(
        renewed(), renewed, _Given.METHOD, advisory_timeout=_MAY_RENEW, mandatory_timeout=_MUST_RENEW
    )
    inner = Session()
    inner.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
    return boto3.Session(botocore_session=inner, region_name=region)


class _Given(CredentialProvider):
    """The only provider of credentials of a session."""

    METHOD = "sts-assume-role"

    def __init__(self, credentials: RefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> RefreshableCredentials:
        """The credentials."""
        return self._credentials
