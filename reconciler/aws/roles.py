"""Roles to assume: what AWS's token service is asked, as pulumi-aws would ask it.

Knows the requests of sts:AssumeRole and sts:AssumeRoleWithWebIdentity and how a session follows from their answers.
Refuses to know where the settings come from, and which session begins.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from reconciler.errors import BadInput
from reconciler.inert import inert

__all__ = ["AssumeRole", "WebIdentity"]

_SESSION_NAME: Final = "rekognition-labels-as-code"


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
        return _session(sts.assume_role(**self.parameters()), region)


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
        return _session(sts.assume_role_with_web_identity(**self.parameters()), region)

    def _token_of_file(self) -> str:
        path = Path(self.token_file or "").expanduser()
        try:
            return path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise BadInput(f"the web identity token cannot be read from {inert(str(path))}: {reason}") from None


def _session(answer: Any, region: str | None) -> boto3.Session:  # noqa: ANN401 - boto3's answers are plain dictionaries
    credentials = answer["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=region,
    )
