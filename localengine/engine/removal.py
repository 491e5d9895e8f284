"""Deleting in the right order: what depends on others goes first.

Resources that do not depend on one another are deleted at the same time, as pulumi/pulumi pkg/resource/deploy
ScheduleDeletes does; when one of such a group fails, the groups after it are left alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from localengine.engine.decide import refuse_untargeted
from localengine.engine.dependents import forced_by
from localengine.engine.events import Op, Step
from localengine.engine.perform import Deed, perform
from localengine.errors import TerminatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from localengine.state.deployment import Resource

_Item = TypeVar("_Item")


def deletion_groups(resources: Iterable[Resource]) -> list[list[Resource]]:
    """The resources in groups; each group may go when all groups before it are gone.

    An old object that was replaced depends on nothing of its own name: it goes together with the new one.
    """
    left = list(resources)
    groups: list[list[Resource]] = []
    while left:
        urns = {resource.urn for resource in left}
        free = [resource for resource in left if not resource.needs & (urns - {resource.urn})]
        groups.append(free or left)
        left = [resource for resource in left if resource not in groups[-1]]
    return groups[::-1]


def delete_all(deed: Deed, resources: Sequence[Resource], parallel: int) -> None:
    """Delete every resource; raises TerminatedError when one failed or the user interrupted."""
    for group in deletion_groups(resources):
        steps = [Step(op=_verb(resource), urn=resource.urn, old=resource) for resource in group]
        deed.gate.check()
        in_parallel(steps, lambda step: perform(deed, step, in_group=True), parallel)


def _verb(resource: Resource) -> Op:
    return Op.DELETE_REPLACED if resource.delete else Op.DELETE


def with_dependents(deed: Deed, targets: frozenset[str], *, dependents_too: bool) -> list[Resource]:
    """What a destroy of `targets` deletes: themselves, and what their deletion would force to be replaced.

    UntargetedError when that takes along a resource that is not a target, unless `dependents_too`.
    """
    base = deed.snapshot.base()
    chosen = [item for item in [*base, *deed.snapshot.replaced()] if item.urn in targets]
    for root in list(chosen):
        for resource, _ in forced_by(root, base, deed.providers):
            if not dependents_too:
                refuse_untargeted(resource, targets)
            if resource not in chosen:
                chosen.append(resource)
    return chosen


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
