"""One dataset, declared twice: by two folders of a run, by two stacks, or by Pulumi and the command line.

Each apply of one would undo what differs in the other. Two folders are refused; of what is not in this run only the
records of its applies are known, and whose the newest one is can be said. A resource of Pulumi is known by its URN,
whose first parts name the stack and its project; the command line has none.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import BadInput
from reconciler.model import DatasetType, ProjectDeclaration
from reconciler.text import inert

if TYPE_CHECKING:
    from reconciler.records.stored import Record  # the folder loads boto3, which a program's import must not

_URN: Final = "urn:pulumi:"


def in_two_folders(first: ProjectDeclaration, second: ProjectDeclaration, kind: DatasetType) -> BadInput:
    """The error for two folders that declare the same dataset of a project."""
    return BadInput(
        f"{inert(first.shown)} and {inert(second.shown)} declare the same dataset, the {kind.value} dataset of the "
        f"project {second.name}: each apply would undo the other's; remove it from one of the two project.yaml files"
    )


def undone_apply(record: "Record | None", urn: str = "") -> str:
    """A sentence about the newest apply to a dataset if a different stack or the command line made it; else empty.

    `urn` is that of the resource that asks, empty for the command line. A record of 0.1.0 does not say who made it.
    """
    if record is None or "resource" not in record or _stack(record["resource"]) == _stack(urn):
        return ""
    when = str(record["at"])[:16].replace("T", " ")
    where = _members(record, "manifest").get("path")
    details = [who for who in (_who(_members(record, "who")), f"{when} UTC") if who]
    details += [inert(str(where))] if where else []
    return (
        f"the newest apply to this dataset is of {_stack(record['resource'])} ({', '.join(details)}): this one undoes "
        "what differs from it; declare a dataset in one place only"
    )


def _stack(urn: object) -> str:
    """`the stack dev of reconciler`, or the command line."""
    stack, _, rest = str(urn or "").removeprefix(_URN).partition("::")
    return f"the stack {inert(stack)} of {inert(rest.partition('::')[0])}" if rest else "the command line"


def _who(who: Mapping[str, Any]) -> str:
    job, user, host = who.get("ci"), who.get("user"), who.get("host")
    if isinstance(job, Mapping):
        return inert(f"{job.get('actor')}, {job.get('run')}")
    return inert(f"{user} on {host}") if user and host else inert(str(user or host or ""))


def _members(record: "Record", name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}
