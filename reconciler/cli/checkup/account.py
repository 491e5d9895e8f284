"""Checks of the account: whose the credentials are, the projects and datasets, what may be read, what is throttled."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from reconciler.aws.arns import ProjectArn
from reconciler.aws.connection import ANY_REGION
from reconciler.cli.checkup.row import Examined, OneDataset, Said, failed
from reconciler.cli.session.live import no_project
from reconciler.errors import AccessDenied, BadInput, InUse, NotFound, ServiceError
from reconciler.model import DatasetStatus, ProjectDeclaration
from reconciler.text import counted, inert

_READY: Final = "CREATED"


class Named:
    """A declaration that is named by its project."""

    def __init__(self, project: ProjectDeclaration) -> None:
        self.project = project

    def __str__(self) -> str:
        return self.project.name


def declared(examined: Examined) -> Iterable[Named]:
    """The declared projects."""
    return map(Named, examined.projects)


def existing(examined: Examined) -> Iterable[Named]:
    """The declared projects that exist."""
    return (one for one in declared(examined) if one.project.shown in examined.found)


def credentials(examined: Examined, role: str) -> Said:
    """Who the credentials are, and who they are in a role that a project names."""
    account = examined.live.account.assuming(role)
    region = account.connection.configured_region() or ANY_REGION
    ask = partial(account.connection.caller, region)
    try:
        caller = account.gateway(region).calls.make("GetCallerIdentity", ask)
    except (AccessDenied, BadInput) as error:
        if not role:  # the profile, the Region or the credentials: nothing else can be asked
            examined.unreachable = error
        raise
    except ServiceError as error:  # a network may lead to Rekognition and not to STS
        return failed(error, "warning")
    examined.callers[role] = caller
    return Said("ok", f"{inert(caller[1])} (account {inert(caller[0])})")


def account(examined: Examined, one: Named) -> Said:
    """The account and Region of a project, held against the credentials."""
    region, arn = examined.live.region(one.project), one.project.project_arn
    wanted = one.project.account or (ProjectArn.parse(arn).account if arn else "")
    caller = examined.callers.get(one.project.assume_role)
    if wanted and caller and caller[0] != wanted:
        finding = f"project.yaml says account {wanted}, and the credentials are of account {inert(caller[0])}"
        return Said("fails", finding, f"use credentials of {wanted}, or change project.yaml")
    whose = f"account {wanted}" if wanted else "the account of the credentials"
    return Said("ok", f"{whose}, Region {inert(region)}")


def project(examined: Examined, one: Named) -> Said:
    """Whether a project exists and is ready."""
    found = examined.live.project(one.project)
    if found is None:
        missing = no_project(one.project, examined.live)
        return failed(missing) if isinstance(missing, NotFound) else Said("note", missing)
    examined.found[one.project.shown] = found
    if found.status not in {_READY, ""}:
        return Said("fails", f"the project is in status {inert(found.status)}", "wait until it is created, or gone")
    return Said("ok", found.status or "found")


# What a status of a dataset means to an apply.
_STATUSES: Final = {
    DatasetStatus.CREATE_FAILED: ("its creation failed", "the next apply deletes it, if it is empty, and creates it"),
    DatasetStatus.UPDATE_FAILED: ("the last update failed", "`reconciler plan` shows what is not live"),
}


def dataset(examined: Examined, one: OneDataset) -> Said:
    """The status of a dataset."""
    described = examined.gateway(one.project).describe(one.arn) if one.arn else None
    if described is None:
        return Said("ok", "there is none yet; an apply creates it")
    status = inert(described.status)
    if described.is_running:
        return Said("warning", f"{status}: an operation is running", "an apply waits for its end")
    if known := _STATUSES.get(DatasetStatus(status)) if status in set(DatasetStatus) else None:
        return Said("warning", f"{status}: {known[0]} ({inert(described.message)})", known[1])
    return Said("ok", status)


def entries(examined: Examined, one: OneDataset) -> Said:
    """Whether the entries of a dataset may be listed."""
    if one.arn is None:
        return Said("ok", "there are none yet")
    try:
        examined.gateway(one.project).first_entry(one.arn)
    except InUse as error:
        return failed(error, "warning")
    return Said("ok", "may be listed")


def training(examined: Examined, one: Named) -> Said:
    """Whether a model of a project is being trained.

    AWS does not document whether a dataset can be updated while a model is trained from it.
    """
    running = examined.gateway(one.project).trainings(examined.found[one.project.shown].arn)
    if not running:
        return Said("ok", "no model is being trained")
    many = counted(running, "model is", "models are")
    cure = "wait for its end; AWS does not say whether it takes an update, nor which lines the training uses"
    return Said("warning", f"{many} being trained", cure)


def throttling(examined: Examined, _subject: str) -> Said:
    """What AWS throttled while all other checks were made."""
    throttled = examined.live.throttled
    calls = counted(examined.run.call_counts().total(), "call", "calls")
    if not throttled:
        return Said("ok", f"AWS throttled none of {calls}")
    finding = f"AWS throttled {throttled.total():,} of {calls} ({', '.join(sorted(throttled))})"
    return Said("warning", finding, "an apply waits and tries again; run fewer programs at once, or ask for a quota")
