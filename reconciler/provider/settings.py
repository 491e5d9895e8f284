"""The stack's configuration as a connection: pulumi-aws's own keys, meant as pulumi-aws means them.

The keys are listed in `setting_names.py` (pulumi-aws 7, "Configuration reference"). Structured values reach a program
and a provider as JSON text. What is not set is left to boto3's own search. Refuses to know who asks: program and
provider process read the same keys.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from reconciler.aws.connection import Connection
from reconciler.aws.objects import S3Address, is_s3
from reconciler.aws.roles import AssumeRole, WebIdentity
from reconciler.errors import BadInput
from reconciler.guards import parse_allow
from reconciler.inert import inert
from reconciler.provider.setting_names import refuse_misspelt, without_effect

__all__ = ["Settings", "read_settings"]

DEFAULT_DATASETS: Final = "datasets"
# Anything shorter is a placeholder or a word that messages use for something else. AWS's own have 40 and more.
_SECRET_CHARACTERS: Final = 8
Get = Callable[[str], str | None]
_Value = TypeVar("_Value", list[Any], dict[str, Any])


@dataclass(frozen=True, slots=True)
class Settings:
    """A stack's configuration: how to reach AWS, the folder with the datasets, and guards that are overridden.

    `allow` holds (digest of a manifest, guard, reason): an override in the stack's configuration is for one manifest.
    `remarks` are sentences about settings of pulumi-aws that have no effect here.
    """

    connection: Connection
    datasets: str = DEFAULT_DATASETS
    snapshots: str | None = None
    audit: str | None = None
    allow: tuple[tuple[str, str, str], ...] = ()
    remarks: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        """The text without the secrets of this configuration and of AWS's own variables, whoever put them there."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return text

    def _secrets(self) -> Iterator[str]:
        known = [self.connection.secret_key, self.connection.token]
        known += [self.connection.web_identity.token] if self.connection.web_identity else []
        known += [role.external_id for role in self.connection.assume_roles]
        known += [os.environ.get(name) for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
        yield from (secret for secret in known if secret and len(secret) >= _SECRET_CHARACTERS)


def read_settings(get: Get, names: Iterable[str]) -> Settings:
    """Read the configuration; `get` gives the text of a key with its namespace, or None, `names` are the keys set.

    Raises:
        BadInput: a key is misspelt, a value malformed, or `reconciler:endpointUrl` is not also in `aws:endpoints`.
    """
    names = tuple(names)
    refuse_misspelt(names)
    endpoints = _endpoints(get)
    _check_endpoint(get("reconciler:endpointUrl"), endpoints)
    return Settings(
        _connection(get, endpoints),
        datasets=get("reconciler:datasets") or DEFAULT_DATASETS,
        snapshots=_place(get, "reconciler:snapshots"),
        audit=_place(get, "reconciler:audit"),
        allow=tuple(_allowed(get)),
        remarks=without_effect(names),
    )


def _connection(get: Get, endpoints: Mapping[str, str]) -> Connection:
    return Connection(
        region=get("aws:region"),
        profile=get("aws:profile"),
        access_key=get("aws:accessKey"),
        secret_key=get("aws:secretKey"),
        token=get("aws:token"),
        config_file=_only_file(get, "aws:sharedConfigFiles"),
        credentials_file=_only_file(get, "aws:sharedCredentialsFiles"),
        web_identity=_web_identity(get),
        assume_roles=tuple(_assume_roles(get)),
        sts_region=get("aws:stsRegion"),
        ca_bundle=_existing("aws:customCaBundle", get("aws:customCaBundle")),
        fips=_flag(get, "aws:useFipsEndpoint"),
        dualstack=_flag(get, "aws:useDualstackEndpoint"),
        path_style=_flag(get, "aws:s3UsePathStyle"),
        allowed_account_ids=_account_ids(get, "aws:allowedAccountIds"),
        forbidden_account_ids=_account_ids(get, "aws:forbiddenAccountIds"),
        endpoints=endpoints,
    )


def _place(get: Get, key: str) -> str | None:
    """A folder or file, or an address in S3, which must be one."""
    place = get(key) or None
    if place and is_s3(place):
        S3Address.parse(place)
    return place


def _allowed(get: Get) -> Iterator[tuple[str, str, str]]:
    """`reconciler:allow`: a list of {guard, reason, manifest}, the last being the manifest's contentDigest."""
    for block in _structured(get, "reconciler:allow", list):
        if not isinstance(block, Mapping) or not block.get("manifest"):
            raise BadInput(
                "reconciler:allow must be a list of {guard, reason, manifest}; `manifest` is the contentDigest that "
                "the preview shows, so that an override ends with the manifest it was given for"
            )
        item = f"{block.get('guard')}={block.get('reason') or ''}"
        for guard, reason in parse_allow([item], "reconciler:allow").items():
            yield str(block["manifest"]), guard, reason


def _check_endpoint(url: str | None, endpoints: Mapping[str, str]) -> None:
    if url and endpoints.get("rekognition") != url:
        raise BadInput(
            "reconciler:endpointUrl is set, but aws:endpoints does not name the same URL for rekognition: the project "
            "and its datasets would be looked for in different places; set aws:endpoints to "
            f"[{{rekognition: {url}}}] or remove reconciler:endpointUrl"
        )


def _endpoints(get: Get) -> dict[str, str]:
    found: dict[str, str] = {}
    for block in _structured(get, "aws:endpoints", list):
        if not isinstance(block, Mapping):
            raise BadInput("aws:endpoints must be a list of mappings such as [{rekognition: URL}]")
        found.update({str(service): str(url) for service, url in block.items() if url})
    return found


def _assume_roles(get: Get) -> Iterator[AssumeRole]:
    for role in _structured(get, "aws:assumeRoles", list):
        if not isinstance(role, Mapping) or not role.get("roleArn"):
            raise BadInput("aws:assumeRoles must be a list of mappings with roleArn")
        yield AssumeRole(
            role_arn=str(role["roleArn"]),
            session_name=str(role.get("sessionName") or AssumeRole("").session_name),
            external_id=None if role.get("externalId") is None else str(role["externalId"]),
            duration_seconds=_seconds("aws:assumeRoles", role.get("duration")),
            policy=role.get("policy"),
            policy_arns=tuple(role.get("policyArns") or ()),
            tags=tuple((role.get("tags") or {}).items()),
            transitive_tag_keys=tuple(role.get("transitiveTagKeys") or ()),
            source_identity=role.get("sourceIdentity"),
        )


def _web_identity(get: Get) -> WebIdentity | None:
    key = "aws:assumeRoleWithWebIdentity"
    role = _structured(get, key, dict)
    if not role:
        return None
    token, file = role.get("webIdentityToken"), role.get("webIdentityTokenFile")
    if not role.get("roleArn") or not (token or file):
        raise BadInput(f"{key} must have roleArn, and webIdentityToken or webIdentityTokenFile")
    return WebIdentity(
        role_arn=str(role["roleArn"]),
        session_name=str(role.get("sessionName") or WebIdentity("").session_name),
        token=None if token is None else str(token),
        token_file=None if file is None else str(file),
        duration_seconds=_seconds(key, role.get("duration")),
        policy=role.get("policy"),
        policy_arns=tuple(role.get("policyArns") or ()),
    )


def _only_file(get: Get, key: str) -> str | None:
    """The one file of a list: boto3 reads one, and merging several would be a guess about whose keys win."""
    files = [str(file) for file in _structured(get, key, list)]
    if len(files) > 1:
        raise BadInput(f"{key} names {len(files)} files, and this program reads one: merge them into one file")
    return _existing(key, files[0]) if files else None


def _existing(key: str, file: str | None) -> str | None:
    """A file that is there: boto3 passes over one that is not, and goes on with other keys."""
    if file and not Path(file).expanduser().is_file():
        raise BadInput(f"{key} names {inert(file)}, and there is no such file; mend or remove the setting")
    return file or None


def _flag(get: Get, key: str) -> bool:
    text = get(key) or "false"
    if text not in {"true", "false"}:
        raise BadInput(f"{key} must be true or false, not {inert(text)!r}")
    return text == "true"


def _account_ids(get: Get, key: str) -> tuple[str, ...]:
    return tuple(str(account).zfill(12) for account in _structured(get, key, list))


def _structured(get: Get, key: str, kind: type[_Value]) -> _Value:
    """A list or a mapping, empty when it is not set."""
    text = get(key)
    if not text:
        return kind()
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        what, path = ("a list", "[0]") if kind is list else ("a mapping", ".KEY")
        raise BadInput(f"{key} must be {what}; set it with `pulumi config set --path '{key}{path}' VALUE`")
    return value


_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def _seconds(key: str, text: object) -> int | None:
    """Seconds of a duration as Go writes it (`1h`, `15m`, `3600s`); None when not set."""
    if text is None:
        return None
    match = _DURATION.fullmatch(str(text))
    if not text or match is None:
        raise BadInput(f"{key} duration must be a time such as 15m or 1h, not {text!r}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
