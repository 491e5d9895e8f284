"""Datasets declared by folder: a Pulumi program calls this to get one resource for each manifest under `datasets/`.

Everything on disk is validated before the first resource is registered, so that a fault in one manifest stops the run
before anything is sent for any dataset.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pulumi
from msgspec.structs import replace

from reconciler.aws.arns import ProjectArn
from reconciler.aws.clock import SystemClock
from reconciler.aws.pace import Pace
from reconciler.errors import BadInput, InvalidDeclaration, NotFound, ReconcilerError, missing_extra
from reconciler.ledger import Ledger
from reconciler.manifest import load_projects
from reconciler.manifest.project.nearest import nearest_datasets
from reconciler.manifest.project.stages import STAGES_FILE, Stage, chosen_stage, stage_properties, staged
from reconciler.model import Finding, ProjectDeclaration
from reconciler.provider.claims import managed_id
from reconciler.provider.resource import Dataset, quiet_interrupts
from reconciler.provider.state import policy_properties, resource_id
from reconciler.shell.declared_twice import in_two_folders
from reconciler.shell.desired import read_once
from reconciler.text import inert

if TYPE_CHECKING:
    from reconciler.provider.stack_config import Settings
    from reconciler.shell.lookups import Lookups

_CURE = "name the folder with `pulumi config set reconciler:datasets DIR`"


def datasets_from(folder: str | None = None) -> list[Dataset]:
    """Declare the datasets under a folder, relative to the program.

    Default: `reconciler:datasets`, or the nearest `datasets/` with a project, from the program's folder upwards.

    A project with `managed: true` is declared as `aws.rekognition.Project`; any other is found by its name or ARN.

    Raises:
        pulumi.RunError: anything on disk or in the configuration is wrong, or a project does not exist; the message
            lists everything that is wrong on disk. No resource is registered then.
    """
    from reconciler.provider.stack_config import read_settings  # noqa: PLC0415 - it loads boto3, an import must not

    quiet_interrupts()
    try:
        settings = read_settings(_config_value, pulumi.runtime.get_config_env())
        shown = folder or settings.datasets or str(nearest_datasets(Path.cwd(), _CURE))
        if Path(shown).is_absolute():  # it is part of every manifest's path, and so of the state
            raise BadInput(f"the folder of the datasets must be relative to the Pulumi program, not {inert(shown)}")
        stage = _stage(shown, settings)
        projects = [staged(one, stage) for one in load_projects(Path(shown), shown)]
        _refuse_managed(projects, stage, settings)
        _validate(projects)
        if any(project.managed for project in projects) and find_spec("pulumi_aws") is None:
            raise BadInput(
                f"{missing_extra('a project with `managed: true` needs pulumi-aws', 'pulumi-aws')}, or set "
                "`managed: false`"
            )
        pace = Pace(SystemClock(), settings.rate)
        lookups = _lookups(settings, projects, pace)
        found = [(one, None if one.managed else _existing_arn(settings, one, lookups)) for one in projects]
        claims = _claims(found, settings)
    except ReconcilerError as error:
        raise pulumi.RunError(str(error)) from None
    return [dataset for project, arn in found for dataset in _declared(project, arn, claims, stage)]


def _config_value(key: str) -> str | None:
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)


def _stage(folder: str, settings: "Settings") -> Stage:
    """The stage of the stack, by its name; what the stack's configuration sets goes before it.

    Raises:
        ReconcilerError: stages.yaml is invalid, or has no such stage.
    """
    stage = chosen_stage(Path(folder), folder, pulumi.get_stack(), "the name of the Pulumi stack")
    role = "" if settings.connection.assume_roles else stage.assume_role
    return replace(stage, assume_role=role, region=settings.connection.region or stage.region) if stage.name else stage


def _refuse_managed(projects: Sequence[ProjectDeclaration], stage: Stage, settings: "Settings") -> None:
    """pulumi-aws creates projects with the stack's configuration alone.

    Raises:
        BadInput: the stage says where a managed project is, and the stack's configuration does not.
    """
    managed = next((one for one in projects if one.managed), None)
    where = {"aws:region": stage.region if not settings.connection.region else "", "aws:assumeRoles": stage.assume_role}
    if managed and (missing := [key for key, value in where.items() if value]):
        raise BadInput(
            f"{inert(managed.shown)} is managed by this program, and pulumi-aws creates it with the stack's "
            f"configuration, not with {STAGES_FILE}; set {' and '.join(missing)} for this stack, or `managed: false`"
        )


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
                findings = read_once(dataset, project.labels, ledger, Path())
            errors += findings.errors
            total += findings.error_count
    if errors:
        raise InvalidDeclaration(errors, total)


def _claims(found: Sequence[tuple[ProjectDeclaration, str | None]], settings: "Settings") -> dict[str, str]:
    """Which resource is for which dataset, as `Claims.hand_over` takes it.

    Raises:
        BadInput: two folders declare the same dataset, one by the project's name and one by its ARN.
    """
    region = settings.connection.configured_region() or "" if any(arn is None for _project, arn in found) else ""
    claims: dict[str, str] = {}
    declared: dict[str, ProjectDeclaration] = {}
    for project, arn in found:
        for dataset in project.datasets:
            kind = dataset.dataset_type
            known = managed_id(ProjectArn.parse(arn).region if arn else region, project.name, kind)
            keys = [resource_id(arn, kind)] if arn else []
            # A managed project is in the stack's account, one with a role may be in a different one.
            for key in [*keys, *([] if project.assume_role else [known])]:
                if (other := declared.setdefault(key, project)) is not project:
                    raise in_two_folders(other, project, kind)
            claims[keys[0] if keys else known] = project.dataset_in_state(kind)
    return claims


def _declared(
    project: ProjectDeclaration, existing: str | None, claims: Mapping[str, str], stage: Stage
) -> list[Dataset]:
    """The resources of a folder, named as in the state: a project that gets a new name is replaced."""
    arn = existing or _managed_arn(project.name_in_state, project.name)
    return [
        Dataset(
            project.dataset_in_state(dataset.dataset_type),
            project_arn=arn,
            dataset_type=dataset.dataset_type.value,
            manifest=dataset.named,
            labels=project.labels,
            policy=policy_properties(dataset.policy),
            assume_role=project.assume_role or None,
            stage=stage_properties(stage) or None,
            sibling=next((other.named for other in project.datasets if other is not dataset), None),
            _claims=claims,
        )
        for dataset in project.datasets
    ]


def _existing_arn(settings: "Settings", declared: ProjectDeclaration, lookups: "Lookups") -> str:
    """The ARN of a project that the program does not create, in the account and region that the stack's settings name.

    Raises:
        ReconcilerError: the ARN is malformed, its account is not allowed, or no project has this name.
    """
    from reconciler.shell.account import allowed_region  # noqa: PLC0415 - it loads boto3

    try:
        arn = declared.project_arn or _found(settings, declared, lookups)
        allowed_region(settings.connection, arn)
    except ReconcilerError as error:
        raise ReconcilerError(settings.hide(str(error))) from None
    return arn


def _lookups(settings: "Settings", projects: Sequence[ProjectDeclaration], pace: Pace) -> "Lookups":
    """Finds the projects that are named only, several with one call."""
    from reconciler.aws.calls import Calls  # noqa: PLC0415 - it loads boto3
    from reconciler.aws.gateway import Gateway  # noqa: PLC0415 - it loads boto3
    from reconciler.shell.lookups import Lookups  # noqa: PLC0415 - it loads boto3

    region = partial(_region, settings)

    def gateway(declared: ProjectDeclaration) -> Gateway:
        calls = Calls(pace.clock, Random(), tell=_tell, pace=lambda: pace)  # noqa: S311 - varies pauses
        connection = settings.connection.assuming(declared.assume_role)
        here = region(declared)
        return Gateway(connection.client(here), calls, partial(connection.account, here))

    named = [one for one in projects if not (one.managed or one.project_arn)]
    return Lookups(lambda: named, region, gateway)


def _region(settings: "Settings", declared: ProjectDeclaration) -> str:
    from reconciler.shell.account import region_of  # noqa: PLC0415 - it loads boto3

    return region_of(settings.connection, declared, "`pulumi config set aws:region`")


def _found(settings: "Settings", declared: ProjectDeclaration, lookups: "Lookups") -> str:
    project = lookups.project(declared)
    if project is None:
        raise NotFound(
            f"there is no project {declared.name} in {_region(settings, declared)}; create it, set `managed: true` in "
            "its project.yaml to have this program create it, or fix the name or the region"
        )
    return project.arn


def _managed_arn(resource_name: str, name: str) -> pulumi.Output[str]:
    """The ARN of a project that the program declares."""
    from pulumi_aws import rekognition  # noqa: PLC0415 - only programs with a managed project need pulumi-aws

    # Deleted first: otherwise a renamed project would be created even if deleting its datasets is then refused.
    opts = pulumi.ResourceOptions(delete_before_replace=True)
    return rekognition.Project(resource_name, name=name, opts=opts).arn


def _tell(retry: str) -> None:
    """Tell of a retry on standard error: the engine's log would show it only after the program has ended."""
    sys.stderr.write(f"{retry}\n")
    sys.stderr.flush()
