"""Projects that the program does not create: found by name, or named by their ARN."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from reconciler.aws.arns import ProjectArn
from reconciler.aws.clock import SystemClock
from reconciler.aws.connection import check_account
from reconciler.aws.open import default_region, open_gateway
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.model import ProjectDeclaration
from reconciler.provider.stack_config import Get, Settings, read_settings


@dataclass(frozen=True, slots=True)
class ExistingProjects:
    """The projects of the account and region that the stack's configuration names."""

    settings: Settings

    @classmethod
    def configured(cls, get: Get, names: Iterable[str]) -> "ExistingProjects":
        """With the stack's configuration; `get` gives the text of a key with its namespace, `names` are the keys set.

        Raises:
            BadInput: a key is misspelt or a value malformed.
        """
        return cls(read_settings(get, names))

    def arn(self, project: ProjectDeclaration) -> str:
        """The project's ARN.

        Raises:
            ReconcilerError: the ARN is malformed, its account is not allowed, or no project has this name.
        """
        try:
            arn = project.project_arn or self._found(project.name)
            check_account(self.settings.connection, ProjectArn.parse(arn))
        except ReconcilerError as error:
            raise ReconcilerError(self.settings.hide(str(error))) from None
        return arn

    def _found(self, name: str) -> str:
        connection = self.settings.connection
        region = default_region(connection)
        if region is None:
            raise BadInput(
                f"the project {name} is looked for by name, but no region is set: `pulumi config set aws:region`"
            )
        project = open_gateway(connection, region, SystemClock(), Random()).find_project(name)  # noqa: S311 - varies pauses
        if project is None:
            raise NotFound(
                f"there is no project {name} in {region}; create it, set `managed: true` in its project.yaml to have "
                "this program create it, or mend the name or the region"
            )
        return project.arn
