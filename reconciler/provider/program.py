"""Datasets declared by folder: what a Pulumi program calls to have one resource for each manifest under `datasets/`.

Everything on disk is validated before the first resource is registered, so that a fault in one manifest stops the run
before anything is sent for any dataset.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import TracebackType

import pulumi

from reconciler.aws.arns import ProjectArn
from reconciler.aws.clock import SystemClock
from reconciler.aws.connection import Connection, check_account
from reconciler.aws.open import default_region, open_gateway
from reconciler.errors import BadInput, InvalidDeclaration, NotFound, ReconcilerError
from reconciler.ledger import Ledger
from reconciler.manifest import load_projects, read_manifest
from reconciler.model import Finding, Policy, ProjectDeclaration
from reconciler.provider.resource import Dataset
from reconciler.provider.settings import read_settings

__all__ = ["datasets_from"]


def datasets_from(folder: str | None = None) -> list[Dataset]:
    """Declare the datasets under a folder, relative to the program; default: `reconciler:datasets`, or `datasets`.

    A project with `managed: true` is declared as `aws.rekognition.Project`; any other is found by its name or ARN.

    Raises:
        pulumi.RunError: anything on disk or in the configuration is wrong; the message lists all of it.
    """
    _quiet_interrupts()
    settings = None
    try:
        settings = read_settings(_config_value)
        shown = folder or settings.datasets
        projects = load_projects(Path(shown), shown)
        _validate(projects)
        arns = [_existing_arn(project, settings.connection) for project in projects]
    except ReconcilerError as error:
        raise pulumi.RunError(settings.hide(str(error)) if settings else str(error)) from None
    return [dataset for project, arn in zip(projects, arns, strict=True) for dataset in _declared(project, arn)]


def _config_value(key: str) -> str | None:
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)


def _validate(projects: Sequence[ProjectDeclaration]) -> None:
    """Read every manifest.

    Raises:
        InvalidDeclaration: with the errors of all of them.
    """
    errors: list[Finding] = []
    total = 0
    for project in projects:
        for dataset in project.datasets:
            with Ledger() as ledger:
                findings = read_manifest(dataset, project.labels, ledger.accept)
            errors += findings.errors
            total += findings.error_count
    if errors:
        raise InvalidDeclaration(errors, total)


def _existing_arn(project: ProjectDeclaration, connection: Connection) -> str | None:
    """The ARN of a project that the program does not create; None for a managed one.

    Raises:
        BadInput: the ARN is malformed, or its account is not allowed. NotFound: no project has this name.
    """
    if project.managed:
        return None
    if project.project_arn is None:
        return _found(project.name, connection)
    check_account(connection, ProjectArn.parse(project.project_arn))
    return project.project_arn


def _declared(project: ProjectDeclaration, existing: str | None) -> list[Dataset]:
    arn = existing or _managed_arn(project.name)
    return [
        Dataset(
            f"{project.name}-{dataset.dataset_type.word}",
            project_arn=arn,
            dataset_type=dataset.dataset_type.value,
            manifest=dataset.shown,
            labels=project.labels,
            policy=_policy(dataset.policy),
        )
        for dataset in project.datasets
    ]


def _managed_arn(name: str) -> pulumi.Output[str]:
    """The ARN of a project that the program declares."""
    from pulumi_aws import rekognition  # noqa: PLC0415 - only programs with a managed project need pulumi-aws

    # Deleted first: a renamed project would otherwise be made before a refusal to delete its datasets is heard.
    return rekognition.Project(name, name=name, opts=pulumi.ResourceOptions(delete_before_replace=True)).arn


def _found(name: str, connection: Connection) -> str:
    """The ARN of an existing project."""
    region = default_region(connection)
    if region is None:
        raise BadInput(
            f"the project {name} is looked for by name, but no region is set: `pulumi config set aws:region`"
        )
    project = open_gateway(connection, region, SystemClock(), Random()).find_project(name)  # noqa: S311 - varies pauses
    if project is None:
        raise NotFound(
            f"there is no project {name} in {region}; create it, set `managed: true` in its project.yaml to have this "
            "program create it, or mend the name or the region"
        )
    check_account(connection, ProjectArn.parse(project.arn))
    return project.arn


def _policy(policy: Policy) -> dict[str, object]:
    return {
        "extra": policy.extra.value,
        "marked": policy.marked.value,
        "compare": policy.compare.value,
        "patience": policy.patience,
        "destroy": policy.destroy.value,
    }


def _quiet_interrupts() -> None:
    """Print no traceback when the engine interrupts the program, as it does after a failed step."""
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            previous(kind, error, trace)

    sys.excepthook = hook
