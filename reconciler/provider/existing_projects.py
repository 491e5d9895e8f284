"""Projects that the program does not create: found by name, or named by their ARN."""

import sys
from random import Random

from reconciler.aws.calls import Calls
from reconciler.aws.clock import SystemClock
from reconciler.aws.gateway import Gateway
from reconciler.errors import NotFound, ReconcilerError
from reconciler.model import ProjectDeclaration
from reconciler.provider.stack_config import Settings
from reconciler.shell.account import allowed_region, project_of, region_of


def existing_arn(settings: Settings, project: ProjectDeclaration) -> str:
    """The project's ARN, in the account and region that the stack's configuration names.

    Raises:
        ReconcilerError: the ARN is malformed, its account is not allowed, or no project has this name.
    """
    try:
        arn = project.project_arn or _found(settings, project)
        allowed_region(settings.connection, arn)
    except ReconcilerError as error:
        raise ReconcilerError(settings.hide(str(error))) from None
    return arn


def _found(settings: Settings, declared: ProjectDeclaration) -> str:
    region = region_of(settings.connection, declared, "`pulumi config set aws:region`")
    # The engine's log would show a retry only after the program has ended.
    calls = Calls(SystemClock(), Random(), tell=lambda retry: print(retry, file=sys.stderr, flush=True))  # noqa: S311 - varies pauses
    gateway = Gateway(settings.connection.client(region), calls)
    project = project_of(gateway, declared)
    if project is None:
        raise NotFound(
            f"there is no project {declared.name} in {region}; create it, set `managed: true` in its project.yaml "
            "to have this program create it, or fix the name or the region"
        )
    return project.arn
