"""The settings of an `aws` provider, as pulumi-aws 7 names them, turned into a boto3 client.

Values come from the stack's `aws:` configuration (texts, structured ones as JSON) or from an explicit provider. Other
settings are refused by name, so that none is silently ignored. Names: pulumi-aws 7, provider
inputs.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localengine.errors import ProviderError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition import RekognitionClient

_TEXTS = {"region", "profile", "accessKey", "secretKey", "token", "version", "maxRetries", "retryMode"}
_LISTS = {"endpoints", "allowedAccountIds", "forbiddenAccountIds", "assumeRoles"}
# Checks that pulumi-aws makes before its first call; here the first call shows the error.
_SKIPS = {"skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId"}
_ROLE_KEYS = {"roleArn": "RoleArn", "externalId": "ExternalId", "sessionName": "RoleSessionName"}
CONNECT_SECONDS, READ_SECONDS = 10, 60


class AwsSettings:
    """The settings of one provider, checked. Raises RefusedError for what is not supported."""

    def __init__(self, inputs: Mapping[str, object]) -> None:
        for key in inputs:
            if key not in _TEXTS | _LISTS | _SKIPS:
                raise RefusedError(f"the provider setting aws:{key}")
        self._texts = {key: str(inputs[key]) for key in _TEXTS if inputs.get(key)}
        self._lists = {key: _list(key, inputs[key]) for key in _LISTS if inputs.get(key)}
        self._skips = {key for key in _SKIPS if str(inputs.get(key, "")).lower() == "true"}
        self._endpoint = self._endpoint_of("rekognition")
        unknown = {str(role_key) for role in self._lists.get("assumeRoles", []) for role_key in _mapping(role)}
        for name in sorted(unknown - set(_ROLE_KEYS)):
            raise RefusedError(f"`{name}` in the provider setting aws:assumeRoles")

    def client(self, region: str | None = None) -> RekognitionClient:
        """A client for Rekognition in `region`, or in the provider's region.

        Raises ProviderError without a region or for an account that is not allowed.
        """
        try:
            session = self._session(region)
            self._check_account(session)
            return session.client("rekognition", endpoint_url=self._endpoint, config=self._config())
        except (BotoCoreError, ClientError) as error:
            raise ProviderError(f"configuring the aws provider: {error}") from None

    def _session(self, region: str | None) -> boto3.Session:
        session = boto3.Session(
            aws_access_key_id=self._texts.get("accessKey"),
            aws_secret_access_key=self._texts.get("secretKey"),
            aws_session_token=self._texts.get("token"),
            profile_name=self._texts.get("profile"),
            region_name=region or self._texts.get("region") or _environment_region(),
        )
        if not session.region_name:
            raise ProviderError("the aws provider has no region: set aws:region in the stack's configuration")
        for role in self._lists.get("assumeRoles", []):
            session = self._assumed(session, _mapping(role))
        return session

    def _assumed(self, session: boto3.Session, role: Mapping[str, object]) -> boto3.Session:
        sts = session.client("sts", endpoint_url=self._endpoint_of("sts"), config=self._config())
        arguments = {"RoleSessionName": "pulumi"} | {_ROLE_KEYS[key]: str(value) for key, value in role.items()}
        credentials = sts.assume_role(**arguments)["Credentials"]
        return boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=session.region_name,
        )

    def _check_account(self, session: boto3.Session) -> None:
        allowed, forbidden = self._lists.get("allowedAccountIds"), self._lists.get("forbiddenAccountIds")
        if not allowed and not forbidden:
            return
        if "skipRequestingAccountId" in self._skips:
            raise ProviderError(
                "aws:allowedAccountIds and aws:forbiddenAccountIds need the account's id; "
                "remove aws:skipRequestingAccountId"
            )
        sts = session.client("sts", endpoint_url=self._endpoint_of("sts"), config=self._config())
        account = sts.get_caller_identity()["Account"]
        if (allowed and account not in map(str, allowed)) or account in map(str, forbidden or []):
            raise ProviderError(f"AWS account ID not allowed: {account}")

    def _config(self) -> Config:
        retries: dict[str, object] = {"mode": self._texts.get("retryMode", "standard")}
        if "maxRetries" in self._texts:
            retries["max_attempts"] = int(self._texts["maxRetries"])
        return Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)  # type: ignore[arg-type]  # boto3-stubs requires a TypedDict literal

    def _endpoint_of(self, service: str) -> str | None:
        for entry in self._lists.get("endpoints", []):
            if url := _mapping(entry).get(service):
                return str(url)
        return None


def _environment_region() -> str | None:
    """The region of AWS_REGION, which pulumi-aws reads and boto3 does not; boto3 then looks for its own."""
    return os.environ.get("AWS_REGION")


def _list(key: str, value: object) -> list[object]:
    """A structured setting: a list, or JSON text of one."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ProviderError(f"aws:{key} is not JSON") from None
    if not isinstance(parsed, list):
        raise ProviderError(f"aws:{key} must be a list")
    return parsed


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
