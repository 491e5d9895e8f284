"""Which resource of a run is for which dataset: known before anything is created, replaced or deleted.

The engine serves Check, Diff, Create and Delete of one `pulumi up` from one process, and a Delete comes after every
Check of the program. So a process knows which datasets the program is for, and does not delete one of them because a
resource was renamed, moved or exchanged. A destroy runs no Check: then nothing is known.

`datasets_from` knows all datasets before the first resource is registered and hands each resource the whole list, as
an input that Check takes away. It names a project by its ARN; one that the program manages by its region and name.
"""

from collections.abc import Mapping

from reconciler.aws.arns import ProjectArn
from reconciler.model import DatasetType
from reconciler.provider.state import split_id


def managed_id(region: str, project: str, dataset_type: DatasetType) -> str:
    """How the list names the dataset of a project that the program manages: its ARN may not be known yet."""
    return f"{region}/{project}#{dataset_type.word}"


def name_of(urn: str) -> str:
    """The name of a resource in the program."""
    return urn.rpartition("::")[2]


def told_apart(urn: str, other: str) -> str:
    """The name of a resource; with the types of its parents where another one has the same name."""
    name = name_of(urn)
    if name != name_of(other):
        return name
    types = urn.removesuffix(f"::{name}").rpartition("::")[2].split("$")  # those of its parents, and its own
    return f"{name} (in {' in '.join(reversed(types[:-1])) or 'no component'})"


class Claims:
    """The datasets of the resources of this run. Safe to use from threads."""

    def __init__(self) -> None:
        self._checked: dict[str, str] = {}
        self._program: Mapping[str, str] = {}
        self._listed: set[str] = set()

    def hand_over(self, urn: str, program: Mapping[str, str]) -> None:
        """Take the whole list: `<ARN, or region/name, of the project>#train` (or `#test`) -> the resource's name.

        A program may have several lists, and resources that are in none.
        """
        self._program = {**self._program, **program}
        self._listed.add(urn)

    def knows_others(self, urn: str, maker: str) -> bool:
        """Whether the list of this resource says which dataset `maker` is for: the resource that a record names."""
        return urn in self._listed and (not maker or maker in self._program.values())

    def claim(self, urn: str, resource_id: str) -> None:
        """A resource of the program is for this dataset, and no longer for the one that it was for before."""
        self._checked[urn] = resource_id

    def beside(self, project_arn: str) -> list[str]:
        """The ARNs of the projects that resources of the program are for, in the account and Region of this one."""
        place = project_arn.partition("/")[0]
        ids = (*self._program, *self._checked.copy().values())
        return list(dict.fromkeys(one.rpartition("#")[0] for one in ids if one.startswith(f"{place}/")))

    def claimed(self, urn: str) -> str:
        """The id of the dataset that a resource of the program is for; empty when it was not checked."""
        return self._checked.get(urn, "")

    def holder(self, resource_id: str, urn: str) -> str:
        """The resource that this dataset belongs to, other than the one with this URN; empty: there is none.

        Its URN where it was checked in this run, else its name.

        Of a project that the program manages only the name is known, which its successor may have too.
        """
        for other, claimed in self._checked.copy().items():
            if claimed == resource_id and other != urn:
                return other
        text, dataset_type = split_id(resource_id)
        program, project = self._program, ProjectArn.parse(text)
        managed = managed_id(project.region, project.name, dataset_type)
        handed = program.get(resource_id) or program.get(managed) or ""
        return "" if handed == name_of(urn) else handed
