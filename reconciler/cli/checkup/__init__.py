"""The checks of `reconciler doctor`, which change nothing: one table, in the order in which they are made."""

from typing import Any, Final

from reconciler.cli.checkup import account, machine, permissions, storage
from reconciler.cli.checkup.row import Check, Examined, datasets, once

__all__ = ["CHECKS", "IMAGES", "Examined"]

_IAM: Final = "iam:SimulatePrincipalPolicy; docs/iam"
_READING: Final = "s3:GetObject: Rekognition reads images with the caller's permissions (Custom Labels Developer Guide)"
_SAME_REGION: Final = "images must be in the Region of the project (Custom Labels Developer Guide)"
_VERSIONS: Final = "rekognition:DescribeProjectVersions"
_ENGINE: Final = "Pulumi's SDK, which needs a CLI of its own major version"

# The check that --check-images adds.
IMAGES: Final = Check(
    "images", storage.look, "Custom Labels Developer Guide, Guidelines and quotas", storage.looked_at, optional=True
)
# Name, function, source of the demand, and about what it is asked.
CHECKS: Final[tuple[Check[Any], ...]] = (
    Check("system", machine.system, "docs/getting-started.md: Linux or macOS", once),
    Check("Python", machine.python, "pyproject.toml: requires-python", once),
    Check("Pulumi SDK", machine.sdk, "pyproject.toml: the extras pulumi and pulumi-aws", machine.of_sdk),
    Check("Pulumi CLI", machine.engine, _ENGINE, once),
    Check("git", machine.git, "--base, revisions in `diff`, commits in records", once),
    Check("folder", machine.folder, "docs/snapshots.md: copies of lines, and records", once),
    Check("declarations", machine.declarations, "docs/manifests.md", once),
    Check("credentials", account.credentials, "sts:GetCallerIdentity", Examined.roles, at_aws=True),
    Check("account", account.account, "projectArn, account, region, --region", account.declared, at_aws=True),
    Check("project", account.project, "rekognition:DescribeProjects", account.declared, at_aws=True),
    Check("dataset", account.dataset, "rekognition:DescribeDataset", datasets, at_aws=True),
    Check("entries", account.entries, "rekognition:ListDatasetEntries", datasets, at_aws=True),
    Check("training", account.training, _VERSIONS, account.existing, at_aws=True, optional=True),
    Check("write permissions", permissions.write, _IAM, permissions.wanted, at_aws=True, optional=True),
    Check("image", storage.image, _READING, storage.images, at_aws=True),
    Check("bucket", storage.bucket, _SAME_REGION, storage.images, at_aws=True),
    Check("places in S3", storage.place, "--snapshots, --audit", storage.places, at_aws=True),
    Check("throttling", account.throttling, "Rekognition endpoints and quotas: 5 calls per second", once, at_aws=True),
)
