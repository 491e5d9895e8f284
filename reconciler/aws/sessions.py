"""What of a connection needs boto3: sessions, and the settings of clients.

boto3 takes longer to load than everything else; a run that asks AWS nothing does not load this module.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import boto3
import botocore.exceptions
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.loaders import Loader, create_loader

from reconciler.aws.replies import NotFromAws

# Seconds before they expire at which credentials are renewed if possible, and at which they must be. botocore's own
# figure for the first is 15 minutes, and a role's credentials may be valid for no longer than that.
_MAY_RENEW: Final = 300
_MUST_RENEW: Final = 120
# What may not be in a User-Agent; botocore writes a dash as well.
_UNFIT: Final = re.compile(r"[^\w!$%&'*+.^`|~,#/-]", re.ASCII)


class Session(boto3.Session):
    """A session that knows how its clients name themselves.

    botocore writes that text twice for each call, a tenth of the work of a listing, unless a client is given one.
    """

    @property
    def user_agent(self) -> str:
        """Versions, system, AWS_EXECUTION_ENV and the application's ID; botocore adds its own version and our name."""
        asked: str = self._session.user_agent()
        application = self._session.get_config_variable("user_agent_appid")
        own = asked.removesuffix(f" {self._session.user_agent_extra}")
        words = [*own.split(" "), *([f"app/{application}"] if application else ())]
        return " ".join(_UNFIT.sub("-", word) for word in words)


def renewed_by(ask: Callable[[], Any], region: str | None) -> Session:
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
    inner = botocore.session.Session()
    inner.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
    return Session(botocore_session=inner, region_name=region)


def partition_of(session: boto3.Session, region: str) -> str:
    """The partition of a region; empty for one that botocore does not know."""
    try:
        return session.get_partition_for_region(region)
    except botocore.exceptions.UnknownRegionError:
        return ""


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
CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=120,
    retries={"total_max_attempts": 1, "mode": "standard"},  # retries are ours: reconciler.aws.calls
    user_agent_extra="rekognition-labels-as-code",
)
# A role that is assumed with a token: the token is the proof (STS API Reference, AssumeRoleWithWebIdentity).
UNSIGNED_CONFIG: Final = CONFIG.merge(Config(signature_version=UNSIGNED))
# What boto3 raises about settings and roles; RuntimeError: renewed credentials that have expired already.
SETTING_ERRORS: Final = (
    botocore.exceptions.BotoCoreError,
    botocore.exceptions.ClientError,
    NotFromAws,
    ValueError,
    RuntimeError,
)


@cache
def models(path: str | None) -> Loader:
    """The models of AWS's services: read once, for they are the same in every session."""
    return create_loader(path)
