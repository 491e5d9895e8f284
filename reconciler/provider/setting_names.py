"""The names of a stack's settings: which are read, which have no effect here, and which are misspelt.

A setting that is misspelt would be silently without effect: a run under another identity, another folder, no guard. So
in the namespace of this program every unknown name is an error, in pulumi-aws's every name that is nearly one of its
own. Refuses to know what a setting says (`settings.py`).

Source: pulumi-aws 7, "Configuration reference"; a test holds the table against the installed `pulumi_aws.config`.
"""

from collections.abc import Iterable
from typing import Final

from reconciler.errors import BadInput
from reconciler.inert import inert
from reconciler.manifest.suggestions import did_you_mean

__all__ = ["AWS_NAMES", "OWN_NAMES", "refuse_misspelt", "without_effect"]

OWN_NAMES: Final = ("allow", "audit", "datasets", "endpointUrl", "snapshots")
_READ: Final = (
    "accessKey",
    "allowedAccountIds",
    "assumeRoleWithWebIdentity",
    "assumeRoles",
    "customCaBundle",
    "endpoints",
    "forbiddenAccountIds",
    "profile",
    "region",
    "s3UsePathStyle",
    "secretKey",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
    "stsRegion",
    "token",
    "useDualstackEndpoint",
    "useFipsEndpoint",
)
# Settings about how AWS is reached that boto3 takes from the environment only: what to do instead.
_INSTEAD: Final = {
    "ec2MetadataServiceEndpoint": "set AWS_EC2_METADATA_SERVICE_ENDPOINT in the environment",
    "ec2MetadataServiceEndpointMode": "set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE in the environment",
    "httpProxy": "set HTTP_PROXY in the environment",
    "httpsProxy": "set HTTPS_PROXY in the environment",
    "insecure": "name the certificate in aws:customCaBundle",
    "noProxy": "set NO_PROXY in the environment",
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
AWS_NAMES: Final = (*_READ, *_INSTEAD, *_ELSEWHERE)


def refuse_misspelt(names: Iterable[str]) -> None:
    """Do nothing for settings that are spelt as they should be; `names` are keys with their namespace.

    Raises:
        BadInput: with a sentence for each that is not.
    """
    wrong = [complaint for name in sorted(names) if (complaint := _complaint(name))]
    if wrong:
        raise BadInput("\n".join(wrong))


def without_effect(names: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each setting of pulumi-aws that says how to reach AWS and is not read here."""
    return tuple(
        f"aws:{name} has no effect on datasets, only on pulumi-aws's own resources; {cure}"
        for name, cure in _INSTEAD.items()
        if f"aws:{name}" in set(names)
    )


def _complaint(key: str) -> str:
    """What is wrong with a key's name; empty when nothing is. A newer pulumi-aws may have names not known here."""
    namespace, _, name = key.partition(":")
    if namespace == "reconciler" and name not in OWN_NAMES:
        guess = did_you_mean(name, OWN_NAMES, "did you mean `reconciler:{}`?")
        known = ", ".join(OWN_NAMES)
        return (
            f"the stack's configuration sets reconciler:{inert(name)}, and there is no such setting{guess}; rename or "
            f"remove it (`pulumi config rm`); there are: {known}. Settings of your own go under another namespace"
        )
    if namespace == "aws" and name not in AWS_NAMES:
        guess = did_you_mean(name, AWS_NAMES, "did you mean `aws:{}`?")
        if guess:
            return f"the stack's configuration sets aws:{inert(name)}, and pulumi-aws has no such setting{guess}"
    return ""
