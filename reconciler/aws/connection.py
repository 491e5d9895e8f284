"""How to reach AWS: the settings that pulumi-aws knows, as boto3 takes them.

Secrets are kept out of every repr.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.exceptions
import botocore.session
from botocore.config import Config

from reconciler.aws.arns import ProjectArn
from reconciler.aws.faults import fault_of, first_line
from reconciler.aws.roles import AssumeRole, WebIdentity
from reconciler.aws.whole_replies import insist_on_whole_replies
from reconciler.errors import BadInput, ReconcilerError

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


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
# What boto3 raises about settings and roles; RuntimeError: renewed credentials that have expired already.
_SAID: Final = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Connection:
    """Who calls which endpoint. What is not set is left to boto3's own search (environment, files, metadata).

    `config_file` and `credentials_file` stand in for `~/.aws/config` and `~/.aws/credentials`, `ca_bundle` names a file
    of certificates. `fips`, `dualstack` and `path_style` choose among AWS's endpoints. A web identity is assumed before
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

    def client(self, region: str) -> "RekognitionClient":
        """A Rekognition client for a region; roles are assumed one after another.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        try:
            session = self._signed_in(region)
            client: RekognitionClient = self._client(session, "rekognition", _CONFIG)
        except _SAID as error:
            raise _refusal(error) from None
        insist_on_whole_replies(client)
        return client

    def s3_client(self, region: str | None) -> Any:  # noqa: ANN401 - boto3's client type exists only in its stubs
        """An S3 client; boto3 finds a bucket of another region by itself.

        Raises:
            BadInput: the profile or region is unknown. AccessDenied: a role cannot be assumed.
        """
        try:
            style = Config(s3={"addressing_style": "path"} if self.path_style else {})
            return self._client(self._signed_in(region), "s3", _S3_CONFIG.merge(style))
        except _SAID as error:
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
        if self.web_identity is not None:
            sts = self._sts(session, region, _CONFIG.merge(self.web_identity.config))
            session = self.web_identity.session(sts, region)
        for role in self.assume_roles:
            session = role.session(self._sts(session, region, _CONFIG), region)
        return session

    def _session(self, region: str | None) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.token,
            region_name=region,
            profile_name=self.profile,
            botocore_session=self._files(),
        )

    def _files(self) -> botocore.session.Session | None:
        """A session of botocore that reads other files than the user's own; None when no other is set."""
        files = {"config_file": self.config_file, "credentials_file": self.credentials_file}
        if not any(files.values()):
            return None
        session = botocore.session.Session()
        for name, path in files.items():
            if path:
                session.set_config_variable(name, path)
        return session

    def _sts(self, session: boto3.Session, region: str | None, config: Config) -> Any:  # noqa: ANN401 - as above
        return self._client(session, "sts", config, region_name=self.sts_region or region)

    def _client(self, session: boto3.Session, service: str, config: Config, **where: str | None) -> Any:  # noqa: ANN401 - as above
        wanted: dict[str, Any] = {}
        if self.fips:
            wanted["use_fips_endpoint"] = True
        if self.dualstack:
            wanted["use_dualstack_endpoint"] = True
        make: Any = session.client  # its overloads want a literal name
        return make(
            service,
            endpoint_url=self.endpoints.get(service),
            config=config.merge(Config(**wanted)),
            verify=self.ca_bundle,
            **where,
        )


def _refusal(error: Exception) -> ReconcilerError:
    """What boto3 says about settings and roles, as a sentence."""
    fault = fault_of("connecting to AWS", error)
    return fault.error if fault else BadInput(f"connecting to AWS: {first_line(error)}; mend the setting")


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
