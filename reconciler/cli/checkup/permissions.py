"""The check of permissions to write: IAM simulates them, so that nothing is called that changes anything."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from reconciler.aws.connection import ANY_REGION
from reconciler.aws.objects import S3Address
from reconciler.aws.permissions import Permissions
from reconciler.cli.checkup.row import Examined, OneDataset, Said, datasets
from reconciler.errors import AccessDenied
from reconciler.text import inert

_S3: Final = "s3:PutObject"


class Wanted(Struct, frozen=True):
    """The actions that an apply needs on a resource."""

    resource: str
    actions: tuple[str, ...]
    title: str
    role: str = ""

    def __str__(self) -> str:
        return self.title


def wanted(examined: Examined) -> Iterator[Wanted]:
    """What an apply of all datasets needs, with where it writes in S3."""
    if any(project.managed and project.shown not in examined.found for project in examined.projects):
        yield Wanted("*", ("rekognition:CreateProject",), "new projects")
    for one in datasets(examined):
        yield from _of_dataset(one)
    for place in map(S3Address.parse, examined.places):
        for role in examined.roles():
            yield Wanted(f"arn:aws:s3:::{place.bucket}/{(place / 'file').key}", (_S3,), str(place), role)


def _of_dataset(one: OneDataset) -> Iterator[Wanted]:
    replaces = one.declared.policy.extra.replaces
    arn = one.arn or f"{one.project_arn.rpartition('/')[0]}/dataset/{one.declared.dataset_type.word}/0"
    also = ("rekognition:DeleteDataset",) if replaces else ()
    yield Wanted(arn, ("rekognition:UpdateDatasetEntries", *also), str(one), one.project.assume_role)
    if one.arn is None or replaces:
        yield Wanted(one.project_arn, ("rekognition:CreateDataset",), str(one), one.project.assume_role)


def write(examined: Examined, asked: Wanted) -> Said:
    """Whether the caller's policies allow what an apply needs."""
    if asked.role not in examined.callers:
        return Said("not tried", "it is not known who the credentials are")
    try:
        refused = _permissions(examined, asked.role).refused(asked.resource, asked.actions)
    except AccessDenied as error:
        finding = inert(str(error)).partition("; ")[0]
        return Said("not tried", finding, "allow iam:SimulatePrincipalPolicy, or compare with docs/iam")
    if not refused:
        return Said("ok", ", ".join(asked.actions))
    actions = ", ".join(dict.fromkeys(one.action for one in refused))
    # A bucket's own policy may allow what the caller's policies do not, and conditions cannot be simulated.
    unsure = any(one.unsure for one in refused) or _S3 in asked.actions
    said = f"{'perhaps not allowed' if unsure else 'not allowed'}: {actions} on {inert(asked.resource, 300)}"
    return Said("warning" if unsure else "fails", said, "add the actions to the IAM policy (docs/iam)")


def _permissions(examined: Examined, role: str) -> Permissions:
    if role not in examined.permissions:
        account = examined.live.account.assuming(role)
        region = account.connection.configured_region() or ANY_REGION
        calls = account.gateway(region).calls
        client = account.connection.iam_client(region)
        examined.permissions[role] = Permissions(client, calls, examined.callers[role][1])
    return examined.permissions[role]
