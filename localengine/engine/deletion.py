"""Deletes resources in order: dependents first.

Resources that do not depend on one another are deleted at the same time, as pulumi/pulumi pkg/resource/deploy
ScheduleDeletes does; if one deletion of such a group fails, later groups are not deleted.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from localengine.engine.dependents import forced_by
from localengine.engine.events import Op, StepEvent
from localengine.engine.step_execution import ExecutionContext, execute_step
from localengine.engine.step_planner import refuse_untargeted
from localengine.errors import TerminatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from localengine.state.deployment import Resource

_Item = TypeVar("_Item")


def deletion_groups(resources: Iterable[Resource]) -> list[list[Resource]]:
    """The resources in groups; each group is deleted after all groups before it.

    An old object that was replaced is in the same group as the new object of its URN.
    """
    left = list(resources)
    groups: list[list[Resource]] = []
    while left:
        urns = {resource.urn for resource in left}
        free = [resource for resource in left if not resource.needs & (urns - {resource.urn})]
        groups.append(free or left)
        left = [resource for resource in left if resource not in groups[-1]]
    return groups[::-1]


def delete_all(context: ExecutionContext, resources: Sequence[Resource], parallel: int) -> None:
    """Delete every resource; raises TerminatedError when one failed or the user interrupted."""
    for group in deletion_groups(resources):
        steps = [StepEvent(op=_verb(resource), urn=resource.urn, old=resource) for resource in group]
        context.stop_switch.check()
        in_parallel(steps, lambda step: execute_step(context, step, in_group=True), parallel)


def _verb(resource: Resource) -> Op:
    return Op.DELETE_REPLACED if resource.delete else Op.DELETE


def with_dependents(context: ExecutionContext, targets: frozenset[str], *, dependents_too: bool) -> list[Resource]:
    """The resources that a destroy of `targets` deletes: the targets and the dependents that their deletion replaces.

    UntargetedError if such a dependent is not a target, unless `dependents_too`.
    """
    base = context.working_state.base()
    chosen = [item for item in [*base, *context.working_state.replaced()] if item.urn in targets]
    for root in list(chosen):
        for resource, _ in forced_by(root, base, context.providers):
            if not dependents_too:
                refuse_untargeted(resource, targets)
            if resource not in chosen:
                chosen.append(resource)
    return chosen


def in_parallel(items: Sequence[_Item], work: Callable[[_Item], object], parallel: int) -> None:
    """Do `work` for all items in parallel; after all have ended, raises TerminatedError if one of them raised it.

    A failure does not stop the other items, because they started together.
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
