"""Compares the state with the resources that exist: Read, then Diff of the result against the stored inputs.

Follows pulumi/pulumi pkg/resource/deploy/step.go RefreshStep: all resources are read in parallel; a resource whose
replacement is pending is not read; init errors are dropped when the read succeeds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localengine.engine.deletion import in_parallel
from localengine.engine.dependents import diff
from localengine.engine.events import Op, Severity, StepEvent
from localengine.engine.step_execution import ExecutionContext, fail
from localengine.errors import InitFailedError, ProviderError, TerminatedError
from localengine.protocol.properties import marked_like
from localengine.providers.provider import Reading

if TYPE_CHECKING:
    from localengine.state.deployment import Resource


def refresh(context: ExecutionContext, parallel: int, targets: frozenset[str], *, embedded: bool) -> None:
    """Read every resource, or the targets, and store the result; TerminatedError when a read failed.

    `embedded` is a refresh inside a different command: its steps are shown as refreshes and not counted.
    """
    stored = [*context.working_state.base(), *context.working_state.replaced()]
    chosen = [number for number, item in enumerate(stored) if not targets or item.urn in targets]
    for component in [stored[number] for number in chosen if _is_component(stored[number])]:
        context.events.started(_begun(component))
        context.events.finished(_ended(component, component, Op.SAME, embedded=embedded))
    found: dict[int, Resource | None] = dict(enumerate(stored))
    read = [number for number in chosen if _is_read(stored[number])]
    in_parallel(read, lambda at: found.update({at: _refresh_one(context, stored[at], embedded=embedded)}), parallel)
    context.working_state.replace_base(_without_dangling([item for item in found.values() if item is not None]))


def _is_component(resource: Resource) -> bool:
    return not resource.custom and not resource.is_provider


def _is_read(resource: Resource) -> bool:
    return resource.custom and not resource.is_provider and not resource.pending_replacement


def _begun(resource: Resource) -> StepEvent:
    return StepEvent(op=Op.REFRESH, urn=resource.urn, old=resource, new=resource)


def _ended(old: Resource, new: Resource | None, op: Op, *, embedded: bool) -> StepEvent:
    return StepEvent(op=Op.REFRESH if embedded else op, urn=old.urn, old=old, new=new or (old if embedded else None))


def _refresh_one(context: ExecutionContext, old: Resource, *, embedded: bool) -> Resource | None:
    """The resource as it exists now; None when it is gone."""
    with context.stop_switch.step(in_group=True):
        context.events.started(_begun(old))
        try:
            new, op = _read(context, old)
        except ProviderError as error:
            if not context.working_state.abandoned:
                fail(context, _begun(old), error.message)
            raise TerminatedError from None
        if new is not None:
            context.working_state.amend(new)
    context.events.finished(_ended(old, new, op, embedded=embedded))
    return new


def _read(context: ExecutionContext, old: Resource) -> tuple[Resource | None, Op]:
    provider = context.providers.for_resource(old)
    errors: tuple[str, ...] = ()
    try:
        reading = provider.read(old)
    except InitFailedError as error:
        errors = tuple(error.reasons)
        reading = Reading(error.resource_id, error.properties, error.inputs)
        bullets = "\n* ".join(errors)
        context.events.say(Severity.WARNING, f"Refreshed resource is in an unhealthy state:\n* {bullets}", old.urn)
    if not reading.id:
        return None, Op.DELETE
    inputs = old.inputs if reading.inputs is None else marked_like(reading.inputs, old.inputs)
    outputs = marked_like(reading.outputs, {**old.outputs, **old.inputs})
    new = replace(old, id=reading.id, inputs=inputs, outputs=outputs, init_errors=errors)
    difference = diff(provider, new, old.inputs)
    return new, Op.UPDATE if difference.changes else Op.SAME


def _without_dangling(resources: list[Resource]) -> list[Resource]:
    """The resources without dependencies on deleted resources.

    Properties that depend on nothing are left out, as after a refresh in Pulumi; the next `up` stores them again.
    """
    urns_left = {resource.urn for resource in resources}
    return [_trimmed(resource, urns_left) for resource in resources]


def _trimmed(resource: Resource, left: set[str]) -> Resource:
    kept = {
        name: tuple(urn for urn in listed if urn in left) for name, listed in resource.property_dependencies.items()
    }
    return replace(
        resource,
        parent=resource.parent if resource.parent in left else "",
        dependencies=tuple(urn for urn in resource.dependencies if urn in left),
        property_dependencies={name: listed for name, listed in kept.items() if listed},
    )
