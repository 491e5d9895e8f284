"""How to reach AWS: the settings that pulumi-aws knows, as boto3 takes them.

Knows profiles, keys, roles, regions and endpoints. Refuses to know where the settings come from: the shells read them.
Secrets are kept out of every repr.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.exceptions
from botocore.config import Config

from reconciler.aws.arns import ProjectArn
from reconciler.aws.faults import fault_of
from reconciler.aws.whole import insist_on_whole_replies
from reconciler.errors import BadInput, ReconcilerError
from reconciler.inert import inert

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

__all__ = ["AssumeRole", "Connection", "check_account"]

# A dataset of 5 MB may take a while to be read; a connection that is refused is known at once.
_CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=120,
    retries={"total_max_attempts": 1, "mode": "standard"},  # retries are ours: reconciler.aws.calls
    user_agent_extra="rekognition-labels-as-code",
)
# S3 keeps no quota of ours, and an object is put whole or not at all: boto3's own retries do.
_S3_CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=120,
    retries={"total_max_attempts": 5, "mode": "standard"},
    user_agent_extra="rekognition-labels-as-code",
)


@dataclass(frozen=True, slots=True)
class AssumeRole:
    """One role to assume, as sts:AssumeRole takes it."""

    role_arn: str
    session_name: str = "rekognition-labels-as-code"
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


@dataclass(frozen=True, slots=True)
class Connection:
    """Who calls which endpoint. What is not set is left to boto3's own search (environment, files, metadata)."""

    region: str | None = None
    profile: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    assume_roles: tuple[AssumeRole, ...] = ()
    allowed_account_ids: tuple[str, ...] = ()
    forbidden_account_ids: tuple[str, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def client(self, region: str) -> "RekognitionClient":
        """A Rekognition client for a region; roles are assumed one after another.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        try:
            session = self._signed_in(region)
            client = session.client("rekognition", endpoint_url=self.endpoints.get("rekognition"), config=_CONFIG)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ValueError) as error:
            raise _refusal(error) from None
        insist_on_whole_replies(client)
        return client

    def s3_client(self, region: str | None) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
        """An S3 client; boto3 finds a bucket of another region by itself.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        try:
            session = self._signed_in(region)
            return session.client("s3", endpoint_url=self.endpoints.get("s3"), config=_S3_CONFIG)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ValueError) as error:
            raise _refusal(error) from None

    def configured_region(self) -> str | None:
        """The region that boto3 finds: AWS_DEFAULT_REGION, then the profile's; None when neither says one.

        Raises:
            BadInput: the profile is unknown, or the AWS configuration files cannot be read.
        """
        try:
            return self._session(None).region_name or None
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            raise _refusal(error) from None

    def _signed_in(self, region: str | None) -> boto3.Session:
        """A session after all roles were assumed, one after another."""
        session = self._session(region)
        for role in self.assume_roles:
            session = self._assumed(session, role, region)
        return session

    def _session(self, region: str | None) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.token,
            region_name=region,
            profile_name=self.profile,
        )

    def _assumed(self, session: boto3.Session, role: AssumeRole, region: str | None) -> boto3.Session:
        sts: Any = session.client("sts", endpoint_url=self.endpoints.get("sts"), config=_CONFIG)
        credentials = sts.assume_role(**role.parameters())["Credentials"]
        return boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=region,
        )


def _refusal(error: Exception) -> ReconcilerError:
    """What boto3 says about settings and roles, as a sentence."""
    fault = fault_of("connecting to AWS", error)
    return fault.error if fault else BadInput(f"connecting to AWS: {inert(str(error))}; mend the setting")


def check_account(connection: Connection, project: ProjectArn) -> None:
    """Hold the project's account against `allowedAccountIds` and `forbiddenAccountIds`, before any call.

    Raises:
        BadInput: the account is not allowed.
    """
    allowed, forbidden = connection.allowed_account_ids, connection.forbidden_account_ids
    if (allowed and project.account not in allowed) or project.account in forbidden:
        raise BadInput(
            f"the project {project.text} is in account {project.account}, which aws:allowedAccountIds "
            f"({', '.join(allowed) or 'not set'}) or aws:forbiddenAccountIds forbids; nothing was called"
        )
