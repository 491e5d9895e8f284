"""How to reach AWS: the settings of pulumi-aws as boto3 takes them; no `repr` shows a secret.

Roles are assumed by the requests to AWS's token service (STS) that pulumi-aws makes. An apply may take longer than
the credentials of a role are valid, so a session renews them (botocore credentials.py,
`RefreshableCredentials`).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.session import Session

from reconciler.aws.arns import ProjectArn
from reconciler.aws.faults import fault_of, first_line
from reconciler.errors import AccessDenied, BadInput, ReconcilerError
from reconciler.text import inert

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

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


# Seconds: the service may take a while to read a batch of 5 MB; a connection that is refused fails at once.
_CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=120,
    retries={"total_max_attempts": 1, "mode": "standard"},  # retries are ours: reconciler.aws.calls
    user_agent_extra="rekognition-labels-as-code",
)
# Calls to S3 use no quota of Rekognition, and an object is put whole or not at all: boto3's own retries are enough.
_S3_CONFIG: Final = _CONFIG.merge(Config(retries={"total_max_attempts": 5, "mode": "standard"}))
# Where the endpoint does not depend on it.
_ANY_REGION: Final = "us-east-1"
# The domains of AWS's endpoints (botocore partitions.json: dnsSuffix, dualStackDnsSuffix).
_AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
# What boto3 raises about settings and roles; RuntimeError: renewed credentials that have expired already.
_SETTING_ERRORS: Final = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Connection:
    """Credentials, roles and endpoints. boto3 searches for what is not set (environment, files, instance metadata).

    `config_file` and `credentials_file` replace `~/.aws/config` and `~/.aws/credentials`, `ca_bundle` names a file of
    certificates. `fips`, `dualstack` and `path_style` choose among AWS's endpoints. A web identity is assumed before
    the roles, which are assumed one after another.
    """

    region: str | None = None
    profile: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    config_file: str | None = None
    credentials_file: str | None = None
    web_identity: WebIdentity | None = None
    assume_roles: tuple[AssumeRole, ...] = ()
    sts_region: str | None = None
    ca_bundle: str | None = None
    fips: bool = False
    dualstack: bool = False
    path_style: bool = False
    allowed_account_ids: tuple[str, ...] = ()
    forbidden_account_ids: tuple[str, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def assuming(self, role: str) -> "Connection":
        """The same connection, and after its own roles this one is assumed; empty: none."""
        return replace(self, assume_roles=(*self.assume_roles, AssumeRole(role))) if role else self

    def client(self, region: str) -> "RekognitionClient":
        """A Rekognition client for a region, after all roles were assumed.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        client: RekognitionClient = self._signed_in_client(region, "rekognition", _CONFIG)
        return client

    def s3_client(self, region: str | None) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
        """An S3 client; boto3 finds a bucket in a different region by itself.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        style = Config(s3={"addressing_style": "path"} if self.path_style else {})
        return self._signed_in_client(region, "s3", _S3_CONFIG.merge(style))

    def account(self, region: str) -> str:
        """The account of the credentials, as STS says.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed. boto3's own errors: the
            call failed.
        """
        try:
            sts = self._sts(self._signed_in(region), _CONFIG, region)
        except _SETTING_ERRORS as error:
            raise _refusal(error) from None
        try:
            return str(sts.get_caller_identity()["Account"])
        except (KeyError, TypeError):  # an answer that is not of STS: botocore looks for members that are not there
            raise AccessDenied(
                "the endpoint for STS gave an answer that is not of AWS; check AWS_ENDPOINT_URL_STS and aws:endpoints"
            ) from None

    def configured_region(self) -> str | None:
        """The region to look for projects by name: the one set here, AWS_REGION, AWS_DEFAULT_REGION, the profile's.

        AWS_REGION is read here because boto3 does not read it (boto3 guide, "Configuring credentials and environment
        variables"); the other SDKs and pulumi-aws do.

        Raises:
            BadInput: the profile is unknown, or the AWS configuration files cannot be read.
        """
        try:
            return self.region or os.environ.get("AWS_REGION") or self._session(None).region_name
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            raise _refusal(error) from None

    def _signed_in_client(self, region: str | None, service: str, config: Config) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
        try:
            return self._client(self._signed_in(region), service, config)
        except _SETTING_ERRORS as error:
            raise _refusal(error) from None

    def _signed_in(self, region: str | None) -> boto3.Session:
        """A session after all roles were assumed, one after another."""
        session = self._session(region)
        identity = () if self.web_identity is None else (self.web_identity,)
        for role in (*identity, *self.assume_roles):
            _check_partition(session, role.role_arn, region)
            session = role.session(self._sts(session, _CONFIG.merge(role.config), region), region)
        return session

    def _sts(self, session: boto3.Session, config: Config, region: str | None) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
        """An STS client; where only Rekognition has an endpoint that is not AWS's, STS is asked there, too."""
        where = self.sts_region or region
        sts = self._client(session, "sts", config, region_name=where)
        if not _is_aws(sts):
            return sts
        rekognition = self._client(session, "rekognition", _CONFIG, region_name=region or where or _ANY_REGION)
        endpoint = None if _is_aws(rekognition) else rekognition.meta.endpoint_url
        return self._client(session, "sts", config, endpoint, region_name=where) if endpoint else sts

    def _session(self, region: str | None) -> boto3.Session:
        files = botocore.session.Session()
        for name, path in {"config_file": self.config_file, "credentials_file": self.credentials_file}.items():
            if path:
                files.set_config_variable(name, path)
        return boto3.Session(self.access_key, self.secret_key, self.token, region, files, self.profile)

    def _client(
        self, session: boto3.Session, service: str, config: Config, endpoint: str | None = None, **where: str | None
    ) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
        make: Any = session.client  # its overloads need a literal name
        chosen = Config(use_fips_endpoint=self.fips or None, use_dualstack_endpoint=self.dualstack or None)
        endpoint = self.endpoints.get(service) or endpoint
        return make(service, endpoint_url=endpoint, config=config.merge(chosen), verify=self.ca_bundle, **where)


def _check_partition(session: boto3.Session, role: str, region: str | None) -> None:
    """A role of a partition cannot be used in a region of a different one, whose STS does not know it.

    Raises:
        BadInput: the role is not of the region's partition.
    """
    try:
        partition = session.get_partition_for_region(region) if region else ""
    except botocore.exceptions.UnknownRegionError:
        return
    if partition and not role.startswith(f"arn:{partition}:"):
        raise BadInput(
            f"the role {inert(role)} is not of the partition {partition}, which the Region {region} is in; name a role "
            f"of that partition (arn:{partition}:iam::ACCOUNT:role/NAME), or change the Region"
        )


def _is_aws(client: Any) -> bool:  # noqa: ANN401 - boto3 makes its clients' types
    """Whether a client's endpoint is one of AWS's."""
    return str(urlsplit(client.meta.endpoint_url).hostname).endswith(_AWS_DOMAINS)


def _refusal(error: Exception) -> ReconcilerError:
    """boto3's error about settings or roles, as one of ours."""
    fault = fault_of("connecting to AWS", error)
    return fault.error if fault else BadInput(f"connecting to AWS: {first_line(error)}; fix the setting")


def check_account(connection: Connection, project: ProjectArn) -> None:
    """Check the project's account against `allowedAccountIds` and `forbiddenAccountIds`, before any call.

    Raises:
        BadInput: the account is not allowed.
    """
    allowed, forbidden = connection.allowed_account_ids, connection.forbidden_account_ids
    if (allowed and project.account not in allowed) or project.account in forbidden:
        raise BadInput(
            f"the project {project.text} is in account {project.account}, which aws:allowedAccountIds "
            f"({', '.join(allowed) or 'not set'}) or aws:forbiddenAccountIds forbids; nothing was called"
        )
