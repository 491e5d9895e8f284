"""Projects that the program does not create: found by name, or named by their ARN."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from reconciler.aws.calls import Calls
from reconciler.aws.clock import SystemClock
from reconciler.aws.gateway import Gateway
from reconciler.errors import NotFound, ReconcilerError
from reconciler.model import ProjectDeclaration
from reconciler.provider.stack_config import Get, Settings, read_settings
from reconciler.shell.account import allowed_region, project_of, region_of


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
            arn = project.project_arn or self._found(project)
            allowed_region(self.settings.connection, arn)
        except ReconcilerError as error:
            raise ReconcilerError(self.settings.hide(str(error))) from None
        return arn

    def _found(self, declared: ProjectDeclaration) -> str:
        region = region_of(self.settings.connection, declared, "`pulumi config set aws:region`")
        calls = Calls(SystemClock(), Random())  # noqa: S311 - varies pauses
        gateway = Gateway(self.settings.connection.client(region), calls)
        project = project_of(gateway, declared)
        if project is None:
            raise NotFound(
                f"there is no project {declared.name} in {region}; create it, set `managed: true` in its project.yaml "
                "to have this program create it, or mend the name or the region"
            )
        return project.arn
