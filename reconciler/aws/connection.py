"""How to reach AWS: the settings of pulumi-aws as boto3 takes them; no `repr` shows a secret.

Roles are assumed by the requests to AWS's token service (STS) that pulumi-aws makes. An apply may take longer than
the credentials of a role are valid, so a session renews them (botocore credentials.py,
`RefreshableCredentials`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.aws.arns import ProjectArn
from reconciler.aws.faults import fault_of, first_line
from reconciler.aws.replies import NotFromAws, insist_on_aws
from reconciler.errors import AccessDenied, BadInput, ReconcilerError
from reconciler.limits import S3_AT_ONCE
from reconciler.text import inert

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_rekognition import RekognitionClient

    from reconciler.aws.sessions import Session

_SESSION_NAME: Final = "rekognition-labels-as-code"


class AssumeRole(Struct, frozen=True):
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

    is_signed = True

    def parameters(self) -> dict[str, Any]:
        """The request of sts:AssumeRole, without what is not set."""
        return _parameters(
            self,
            ExternalId=self.external_id,
            Tags=[{"Key": key, "Value": value} for key, value in self.tags],
            TransitiveTagKeys=list(self.transitive_tag_keys),
            SourceIdentity=self.source_identity,
        )

    def session(self, sts: Any, region: str | None) -> "Session":  # noqa: ANN401 - boto3 makes its clients' types
        """A session with the role's credentials; `sts` is a client that may assume it."""
        session: Session = _boto().renewed_by(lambda: sts.assume_role(**self.parameters()), region)
        return session


class WebIdentity(Struct, frozen=True):
    """A role that is assumed with the token of an identity provider, such as a CI system.

    `token` is the token, or `token_file` the file that holds it; `token` is used where both are set.
    """

    role_arn: str
    session_name: str = _SESSION_NAME
    token: str | None = None
    token_file: str | None = None
    duration_seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()

    # The request is not signed: the token is the proof (STS API Reference, AssumeRoleWithWebIdentity).
    is_signed = False

    def __repr__(self) -> str:
        """Without the token."""
        return f"WebIdentity({self.role_arn!r})"

    def parameters(self) -> dict[str, Any]:
        """The request of sts:AssumeRoleWithWebIdentity, without what is not set.

        Raises:
            BadInput: the token's file cannot be read.
        """
        return _parameters(self, WebIdentityToken=self.token or self._token_of_file())

    def session(self, sts: Any, region: str | None) -> "Session":  # noqa: ANN401 - boto3 makes its clients' types
        """A session with the role's credentials; `sts` is a client that signs nothing.

        Raises:
            BadInput: the token's file cannot be read.
        """
        session: Session = _boto().renewed_by(lambda: sts.assume_role_with_web_identity(**self.parameters()), region)
        return session

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


# Where the endpoint does not depend on it.
ANY_REGION: Final = "us-east-1"
# The domains of AWS's endpoints (botocore partitions.json: dnsSuffix, dualStackDnsSuffix).
_AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")


class Connection(Struct, frozen=True):
    """Credentials, roles and endpoints. boto3 searches for what is not set (environment, files, instance metadata).

    `config_file` and `credentials_file` replace `~/.aws/config` and `~/.aws/credentials`, `ca_bundle` names a file of
    certificates. `fips`, `dualstack` and `path_style` choose among AWS's endpoints. A web identity is assumed before
    the roles, which are assumed one after another.
    """

    region: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    token: str | None = None
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

    def __repr__(self) -> str:
        """Without keys and token."""
        return f"Connection({self.region!r}, {self.profile!r}, {self.web_identity!r}, {self.assume_roles!r})"

    @property
    def role_account(self) -> str:
        """The account of the role that calls are made with; empty without one."""
        role = self.assume_roles[-1] if self.assume_roles else self.web_identity
        return "".join(role.role_arn.split(":")[4:5]) if role else ""

    def assuming(self, role: str) -> "Connection":
        """The same connection, and after its own roles this one is assumed; empty: none."""
        return replace(self, assume_roles=(*self.assume_roles, AssumeRole(role))) if role else self

    def client(self, region: str) -> "RekognitionClient":
        """A Rekognition client for a region, after all roles were assumed.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        client: RekognitionClient = self._signed_in_client(region, "rekognition", _boto().CONFIG)
        return client

    def s3_client(self, region: str | None) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
        """An S3 client; boto3 finds a bucket in a different region by itself.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        how = {"addressing_style": "path"} if self.path_style else {}
        style = _boto().Config(s3=how, max_pool_connections=S3_AT_ONCE)
        return self._signed_in_client(region, "s3", _boto().CONFIG.merge(style))

    def iam_client(self, region: str) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
        """An IAM client, whose calls `reconciler.aws.permissions` makes.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        try:
            return self._beside(self._signed_in(region), "iam", _boto().CONFIG, region)
        except _boto().SETTING_ERRORS as error:
            raise _refusal(error) from None

    def only_rekognition_is_elsewhere(self, region: str) -> bool:
        """Whether Rekognition has an endpoint that is not AWS's, while S3 has one of AWS's."""
        return not _is_aws(self.client(region)) and _is_aws(self.s3_client(region))

    def account(self, region: str) -> str:
        """The account of the credentials, as STS says; raises as `caller`."""
        return self.caller(region)[0]

    def caller(self, region: str) -> tuple[str, str]:
        """The account of the credentials and the ARN of who they are, as STS says.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed. boto3's own errors: the
            call failed.
        """
        try:
            sts = self._beside(self._signed_in(region), "sts", _boto().CONFIG, region)
        except _boto().SETTING_ERRORS as error:
            raise _refusal(error) from None
        try:
            said = sts.get_caller_identity()
            return str(said["Account"]), str(said["Arn"])
        except (NotFromAws, KeyError, TypeError) as error:  # botocore looks for members that are not there
            what = f" ({error})" if isinstance(error, NotFromAws) else ""
            raise AccessDenied(
                "the endpoint for STS gave an answer that is not of AWS; check AWS_ENDPOINT_URL_STS and "
                f"aws:endpoints{what}"
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
        except _boto().SETTING_ERRORS as error:
            raise _refusal(error) from None

    def _signed_in_client(self, region: str | None, service: str, config: "Config") -> Any:  # noqa: ANN401 - boto3 makes its clients' types
        try:
            return self._client(self._signed_in(region), service, config)
        except _boto().SETTING_ERRORS as error:
            raise _refusal(error) from None

    def _signed_in(self, region: str | None) -> "Session":
        """A session after all roles were assumed, one after another."""
        session, boto = self._session(region), _boto()
        identity = () if self.web_identity is None else (self.web_identity,)
        for role in (*identity, *self.assume_roles):
            _check_partition(session, role.role_arn, region)
            config = boto.CONFIG if role.is_signed else boto.UNSIGNED_CONFIG
            session = role.session(self._beside(session, "sts", config, region), region)
        return session

    def _beside(self, session: "Session", service: str, config: "Config", region: str | None) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
        """A client of STS or IAM; where only Rekognition has an endpoint that is not AWS's, that is asked instead."""
        where = (self.sts_region if service == "sts" else None) or region
        client = self._client(session, service, config, region_name=where)
        if not _is_aws(client):
            return client
        rekognition = self._client(session, "rekognition", _boto().CONFIG, region_name=region or where or ANY_REGION)
        endpoint = None if _is_aws(rekognition) else rekognition.meta.endpoint_url
        return self._client(session, service, config, endpoint, region_name=where) if endpoint else client

    def _session(self, region: str | None) -> "Session":
        files = _boto().botocore.session.Session()
        for name, path in {"config_file": self.config_file, "credentials_file": self.credentials_file}.items():
            if path:
                files.set_config_variable(name, path)
        keys = self.access_key, self.secret_key, self.token
        session: Session = _boto().Session(*keys, region, files, self.profile)
        files.register_component("data_loader", _boto().models(files.get_config_variable("data_path")))
        return session

    def _client(
        self, session: "Session", service: str, config: "Config", endpoint: str | None = None, **where: str | None
    ) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
        make: Any = session.client  # its overloads need a literal name
        chosen = _boto().Config(
            use_fips_endpoint=self.fips or None,
            use_dualstack_endpoint=self.dualstack or None,
            user_agent=session.user_agent,
        )
        endpoint = self.endpoints.get(service) or endpoint
        client = make(service, endpoint_url=endpoint, config=config.merge(chosen), verify=self.ca_bundle, **where)
        if service != "rekognition":
            insist_on_aws(client)
        return client


def _boto() -> ModuleType:
    """What needs boto3, loaded when AWS is first asked."""
    from reconciler.aws import sessions  # noqa: PLC0415 - see above

    return sessions


def _check_partition(session: "Session", role: str, region: str | None) -> None:
    """A role of a partition cannot be used in a region of a different one, whose STS does not know it.

    Raises:
        BadInput: the role is not of the region's partition.
    """
    partition = _boto().partition_of(session, region) if region else ""
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
