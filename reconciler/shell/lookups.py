"""Projects of a run, looked up together: one DescribeProjects for each ten of one account and Region."""

from collections.abc import Callable, Iterable

from reconciler.aws.arns import ProjectArn
from reconciler.aws.gateway import Gateway
from reconciler.errors import BadInput
from reconciler.limits import PROJECT_NAMES
from reconciler.model import Project, ProjectDeclaration
from reconciler.text import inert

_Place = tuple[str, str]  # the role that calls are made with, and the Region


class Lookups:
    """The projects that declarations name; each is looked up once, with the next ones of its place.

    `declared` gives all declarations of the run, `region` the Region of one (which may be a BadInput), `gateway` what
    asks there for it.
    """

    def __init__(
        self,
        declared: Callable[[], Iterable[ProjectDeclaration]],
        region: Callable[[ProjectDeclaration], str],
        gateway: Callable[[ProjectDeclaration], Gateway],
    ) -> None:
        self._declared, self._region, self._gateway = declared, region, gateway
        self._found: dict[tuple[_Place, str], Project | None] = {}

    def project(self, declared: ProjectDeclaration) -> Project | None:
        """The project that a declaration names by its ARN or its name; None when it does not exist.

        Raises:
            BadInput: the Region is not known, or the credentials are of a different account than the declaration says.
            ServiceError: a call failed.
        """
        place, name = self._place(declared), _name(declared)
        if (place, name) not in self._found:
            self._look_up(declared, place)
        found = self._found[place, name]
        if declared.account:
            account = ProjectArn.parse(found.arn).account if found else self._gateway(declared).account()
            _check(declared, account)
        # A project that was created again under the same name has a new ARN.
        return found if found and declared.project_arn in {None, found.arn} else None

    def _look_up(self, declared: ProjectDeclaration, place: _Place) -> None:
        others = (_name(one) for one in self._declared() if self._is_at(one, place))
        names = list(dict.fromkeys((_name(declared), *others)))
        wanted = [name for name in names if (place, name) not in self._found][:PROJECT_NAMES]
        there = {ProjectArn.parse(one.arn).name: one for one in self._gateway(declared).projects(*wanted)}
        self._found |= {(place, name): there.get(name) for name in wanted}

    def _place(self, declared: ProjectDeclaration) -> _Place:
        return declared.assume_role, self._region(declared)

    def _is_at(self, declared: ProjectDeclaration, place: _Place) -> bool:
        try:
            return self._place(declared) == place
        except BadInput:  # whoever asks for that one is told
            return False


def _name(declared: ProjectDeclaration) -> str:
    return ProjectArn.parse(declared.project_arn).name if declared.project_arn else declared.name


def _check(declared: ProjectDeclaration, account: str) -> None:
    if account != declared.account:
        raise BadInput(
            f"{inert(declared.shown)}/project.yaml says account {declared.account}, and the credentials are of account "
            f"{inert(account)}: use credentials of {declared.account}, or change `account`"
        )
