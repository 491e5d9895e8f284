"""Deleting in the right order: what depends on others goes first.

Resources that do not depend on one another are deleted at the same time, as pulumi/pulumi pkg/resource/deploy
ScheduleDeletes does; when one of such a group fails, the groups after it are left alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from localengine.engine.events import Op, Step
from localengine.engine.perform import Deed, perform
from localengine.errors import TerminatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from localengine.state.deployment import Resource

_Item = TypeVar("_Item")


def deletion_groups(resources: Iterable[Resource]) -> list[list[Resource]]:
    """The resources in groups; each group may go when all groups before it are gone."""
    left = {resource.urn: resource for resource in resources}
    groups: list[list[Resource]] = []
    while left:
        needs = {urn: _reachable(resource, left) for urn, resource in left.items()}
        free = [resource for urn, resource in left.items() if not needs[urn]]
        groups.append(free or list(left.values()))
        for resource in groups[-1]:
            del left[resource.urn]
    return groups[::-1]


def _reachable(resource: Resource, left: dict[str, Resource]) -> set[str]:
    return {urn for urn in resource.needs if urn in left and urn != resource.urn}


def delete_all(deed: Deed, resources: Sequence[Resource], parallel: int) -> None:
    """Delete every resource; raises TerminatedError when one failed or the user interrupted."""
    for group in deletion_groups(resources):
        steps = [Step(op=Op.DELETE, urn=resource.urn, old=resource) for resource in group]
        deed.gate.check()
        in_parallel(steps, lambda step: perform(deed, step, in_group=True), parallel)


def in_parallel(items: Sequence[_Item], work: Callable[[_Item], object], parallel: int) -> None:
    """Do `work` to every item at once; TerminatedError when it was raised for any, after all have ended.

    Within a group a failure does not hold the others back, as they were begun together.
    """
    if len(items) == 1:
        work(items[0])
        return
    with ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="step") as pool:
        futures = [pool.submit(work, item) for item in items]
    failures = [error for future in futures if (error := future.exception()) is not None]
    unexpected = [error for error in failures if not isinstance(error, TerminatedError)]
    if failures:
        raise (unexpected or failures)[0]
