"""The stack's configuration as a connection: pulumi-aws's own keys, with pulumi-aws's meaning.

Source of the keys: pulumi-aws 7, "Configuration reference". Structured values reach a program and a provider as JSON
text. What is not set is left to boto3's own search.

A setting that is misspelt would be silently without effect: a run under a wrong identity, a wrong folder, no guard. So
in the namespace of this program every unknown name is an error, in pulumi-aws's every name that is close to a known
one. A test compares the names with the installed `pulumi_aws.config`.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec import Struct

from reconciler.aws.connection import AssumeRole, Connection, WebIdentity
from reconciler.aws.objects import S3Address, is_s3
from reconciler.errors import BadInput
from reconciler.guards import parse_allow
from reconciler.limits import DEFAULT_RATE, RATE_WORDS, rate_of
from reconciler.text import did_you_mean, inert

OWN_NAMES: Final = ("allow", "audit", "datasets", "endpointUrl", "manifestBucket", "rate", "snapshots")
# Settings about how AWS is reached that boto3 takes from the environment only, each with what to do instead.
_INSTEAD: Final = {
    "ec2MetadataServiceEndpoint": "set AWS_EC2_METADATA_SERVICE_ENDPOINT in the environment",
    "ec2MetadataServiceEndpointMode": "set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE in the environment",
    "httpProxy": "set HTTP_PROXY in the environment",
    "httpsProxy": "set HTTPS_PROXY in the environment",
    "insecure": "name the certificate in aws:customCaBundle",
    "noProxy": "set NO_PROXY in the environment",
}
# Anything shorter is a placeholder or a word that messages use for something else. AWS's own secrets have 40 and more.
_SECRET_CHARACTERS: Final = 8
Get = Callable[[str], str | None]
_Value = TypeVar("_Value", list[Any], dict[str, Any])


class Settings(Struct, frozen=True):
    """A stack's configuration: how to reach AWS, the folder with the datasets if set, guards that are overridden.

    `allow` holds (digest of a manifest, guard, reason): an override in the stack's configuration is for one manifest.
    `rate` is in calls per second. `remarks` are sentences about settings of pulumi-aws that have no effect here.
    """

    connection: Connection
    datasets: str = ""
    snapshots: str | None = None
    audit: str | None = None
    manifests: str | None = None
    allow: tuple[tuple[str, str, str], ...] = ()
    rate: float = DEFAULT_RATE
    remarks: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        """The text without the secrets of this configuration and of AWS's own variables, wherever they occur."""
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
    names = sorted(names)
    if wrong := [complaint for name in names if (complaint := _complaint(name))]:
        raise BadInput("\n".join(wrong))
    connection = Connection(**{field: read(get, f"aws:{name}") for field, (name, read) in _CONNECTION.items()})
    _check_endpoint(get("reconciler:endpointUrl"), connection.endpoints)
    return Settings(
        connection,
        datasets=get("reconciler:datasets") or "",
        snapshots=_place(get, "reconciler:snapshots"),
        audit=_place(get, "reconciler:audit"),
        manifests=str(S3Address.of_bucket(bucket)) if (bucket := get("reconciler:manifestBucket")) else None,
        allow=tuple(_allowed(get)),
        rate=_rate(get, "reconciler:rate"),
        remarks=tuple(
            f"aws:{name} has no effect on datasets, only on pulumi-aws's own resources; {cure}"
            for name, cure in _INSTEAD.items()
            if f"aws:{name}" in names
        ),
    )


def _complaint(key: str) -> str:
    """What is wrong with a key's name; empty when nothing is. A newer pulumi-aws may have names not known here."""
    namespace, _, name = key.partition(":")
    if namespace == "reconciler" and name not in OWN_NAMES:
        guess = did_you_mean(name, OWN_NAMES, "did you mean `reconciler:{}`?")
        return (
            f"the stack's configuration sets reconciler:{inert(name)}, and there is no such setting{guess}; rename or "
            f"remove it (`pulumi config rm`); there are: {', '.join(OWN_NAMES)}. Put your own settings in a different "
            "namespace"
        )
    if namespace == "aws" and name not in AWS_NAMES:
        guess = did_you_mean(name, AWS_NAMES, "did you mean `aws:{}`?")
        if guess:
            return f"the stack's configuration sets aws:{inert(name)}, and pulumi-aws has no such setting{guess}"
    return ""


def _place(get: Get, key: str) -> str | None:
    """A folder or file, or an address in S3, which must be one."""
    place = get(key) or None
    if place and is_s3(place):
        S3Address.parse(place)
    return place


def _rate(get: Get, key: str) -> float:
    """Calls per second of each operation."""
    text = get(key) or f"{DEFAULT_RATE:g}"
    if (rate := rate_of(text)) is None:
        raise BadInput(f"{key} must be {RATE_WORDS}, not {inert(text)!r}")
    return rate


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


def _endpoints(get: Get, key: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for block in _structured(get, key, list):
        if not isinstance(block, Mapping):
            raise BadInput(f"{key} must be a list of mappings such as [{{rekognition: URL}}]")
        found.update({str(service): str(url) for service, url in block.items() if url})
    return found


def _assume_roles(get: Get, key: str) -> tuple[AssumeRole, ...]:
    roles = _structured(get, key, list)
    if not all(isinstance(role, Mapping) and role.get("roleArn") for role in roles):
        raise BadInput(f"{key} must be a list of mappings with roleArn")
    return tuple(
        AssumeRole(
            **_assumed(key, role),
            external_id=None if role.get("externalId") is None else str(role["externalId"]),
            tags=tuple((role.get("tags") or {}).items()),
            transitive_tag_keys=tuple(role.get("transitiveTagKeys") or ()),
            source_identity=role.get("sourceIdentity"),
        )
        for role in roles
    )


def _web_identity(get: Get, key: str) -> WebIdentity | None:
    role = _structured(get, key, dict)
    if not role:
        return None
    token, file = role.get("webIdentityToken"), role.get("webIdentityTokenFile")
    if not role.get("roleArn") or not (token or file):
        raise BadInput(f"{key} must have roleArn, and webIdentityToken or webIdentityTokenFile")
    return WebIdentity(
        **_assumed(key, role),
        token=None if token is None else str(token),
        token_file=None if file is None else str(file),
    )


def _assumed(key: str, role: Mapping[str, Any]) -> dict[str, Any]:
    """What both ways of assuming a role have in common."""
    return {
        "role_arn": str(role["roleArn"]),
        "session_name": str(role.get("sessionName") or AssumeRole("").session_name),
        "duration_seconds": _seconds(key, role.get("duration")),
        "policy": role.get("policy"),
        "policy_arns": tuple(role.get("policyArns") or ()),
    }


def _text(get: Get, key: str) -> str | None:
    return get(key)


def _one_file(get: Get, key: str) -> str | None:
    """The one file of a list: boto3 reads one, and merging several would be a guess about whose keys win."""
    files = [str(file) for file in _structured(get, key, list)]
    if len(files) > 1:
        raise BadInput(f"{key} names {len(files)} files, and this program reads one: merge them into one file")
    return _existing(key, files[0]) if files else None


def _existing(key: str, file: str | None) -> str | None:
    """A file that must exist: boto3 skips one that does not, and continues with other keys."""
    if file and not Path(file).expanduser().is_file():
        raise BadInput(f"{key} names {inert(file)}, and there is no such file; fix or remove the setting")
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


# Each field of a connection: pulumi-aws's name of the setting, and how it is read.
_CONNECTION: Final[Mapping[str, tuple[str, Callable[[Get, str], Any]]]] = {
    "region": ("region", _text),
    "profile": ("profile", _text),
    "access_key": ("accessKey", _text),
    "secret_key": ("secretKey", _text),
    "token": ("token", _text),
    "config_file": ("sharedConfigFiles", _one_file),
    "credentials_file": ("sharedCredentialsFiles", _one_file),
    "web_identity": ("assumeRoleWithWebIdentity", _web_identity),
    "assume_roles": ("assumeRoles", _assume_roles),
    "sts_region": ("stsRegion", _text),
    "ca_bundle": ("customCaBundle", lambda get, key: _existing(key, get(key))),
    "fips": ("useFipsEndpoint", _flag),
    "dualstack": ("useDualstackEndpoint", _flag),
    "path_style": ("s3UsePathStyle", _flag),
    "allowed_account_ids": ("allowedAccountIds", _account_ids),
    "forbidden_account_ids": ("forbiddenAccountIds", _account_ids),
    "endpoints": ("endpoints", _endpoints),
}
# About other resources' tags, retries of pulumi-aws, and checks that this program does not make.
_ELSEWHERE: Final = (
    "defaultTags",
    "ignoreTags",
    "maxRetries",
    "retryMode",
    "s3UsEast1RegionalEndpoint",
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
    "tagPolicyCompliance",
    "tokenBucketRateLimiterCapacity",
    "userAgents",
)
AWS_NAMES: Final = (*(name for name, _read in _CONNECTION.values()), *_INSTEAD, *_ELSEWHERE)
