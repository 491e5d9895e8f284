"""Roles to assume: what AWS's token service is asked, as pulumi-aws would ask it.

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
# Seconds before their end at which credentials are renewed if it can be done, and at which it must be. A role may be
# valid for no more than 15 minutes, which is botocore's own figure for the first.
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

    def parameters(self) -> dict[str, Any]:
        """The request of sts:AssumeRole, without what is not set."""
        given = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.session_name,
            "ExternalId": self.external_id,
            "DurationSeconds": self.duration_seconds,
            "Policy": self.policy,
            "PolicyArns": [{"arn": arn} for arn in self.policy_arns],
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags],
            "TransitiveTagKeys": list(self.transitive_tag_keys),
            "SourceIdentity": self.source_identity,
        }
        return {name: value for name, value in given.items() if value}

    def session(self, sts: Any, region: str | None) -> boto3.Session:  # noqa: ANN401 - boto3 makes its clients' types
        """A session with the role's credentials; `sts` is a client that may assume it."""
        return _session(lambda: sts.assume_role(**self.parameters()), region)


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """A role that is assumed with a token of an identity provider, as CI systems hand them out.

    `token` is the token, or `token_file` the file that holds it; the token wins where both are set.
    """

    role_arn: str
    session_name: str = _SESSION_NAME
    token: str | None = field(default=None, repr=False)
    token_file: str | None = None
    duration_seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()

    # Nobody signs: the token is the proof (STS API Reference, AssumeRoleWithWebIdentity).
    config = Config(signature_version=UNSIGNED)

    def parameters(self) -> dict[str, Any]:
        """The request of sts:AssumeRoleWithWebIdentity, without what is not set.

        Raises:
            BadInput: the token's file cannot be read.
        """
        given = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.session_name,
            "WebIdentityToken": self.token or self._token_of_file(),
            "DurationSeconds": self.duration_seconds,
            "Policy": self.policy,
            "PolicyArns": [{"arn": arn} for arn in self.policy_arns],
        }
        return {name: value for name, value in given.items() if value}

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


def _session(ask: Callable[[], Any], region: str | None) -> boto3.Session:
    """A session whose credentials are what `ask` is answered, asked again before they expire."""

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
    """The one place where a session finds its credentials."""

    METHOD = "sts-assume-role"

    def __init__(self, credentials: RefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> RefreshableCredentials:
        """Give them."""
        return self._credentials
