"""Comparing the state with what exists: Read, then Diff with what was read against the stored inputs.

Follows pulumi/pulumi pkg/resource/deploy/step.go RefreshStep: everything is read at once; a resource that waits to be
replaced is not read; errors of a half-done step are dropped when the resource reads well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localengine.engine.dependents import diff
from localengine.engine.events import Op, Severity, Step
from localengine.engine.perform import Deed, fail
from localengine.engine.removal import in_parallel
from localengine.errors import InitFailedError, ProviderError, TerminatedError
from localengine.protocol.properties import marked_like
from localengine.providers.provider import Reading

if TYPE_CHECKING:
    from localengine.state.deployment import Resource


def refresh(deed: Deed, parallel: int, targets: frozenset[str], *, embedded: bool) -> None:
    """Read every resource, or the targets, and store what is found; TerminatedError when a read failed.

    `embedded` is a refresh inside another command: its steps are shown as refreshes and not counted.
    """
    stored = [*deed.snapshot.base(), *deed.snapshot.replaced()]
    chosen = [number for number, item in enumerate(stored) if not targets or item.urn in targets]
    for component in [stored[number] for number in chosen if _is_component(stored[number])]:
        deed.events.started(_begun(component))
        deed.events.finished(_ended(component, component, Op.SAME, embedded=embedded))
    found: dict[int, Resource | None] = dict(enumerate(stored))
    read = [number for number in chosen if _is_read(stored[number])]
    in_parallel(read, lambda at: found.update({at: _refresh_one(deed, stored[at], embedded=embedded)}), parallel)
    deed.snapshot.replace_base(_without_dangling([item for item in found.values() if item is not None]))


def _is_component(resource: Resource) -> bool:
    return not resource.custom and not resource.is_provider


def _is_read(resource: Resource) -> bool:
    return resource.custom and not resource.is_provider and not resource.pending_replacement


def _begun(resource: Resource) -> Step:
    return Step(op=Op.REFRESH, urn=resource.urn, old=resource, new=resource)


def _ended(old: Resource, new: Resource | None, op: Op, *, embedded: bool) -> Step:
    return Step(op=Op.REFRESH if embedded else op, urn=old.urn, old=old, new=new or (old if embedded else None))


def _refresh_one(deed: Deed, old: Resource, *, embedded: bool) -> Resource | None:
    """The resource as it is now; None when it is gone."""
    with deed.gate.step(in_group=True):
        deed.events.started(_begun(old))
        try:
            new, op = _read(deed, old)
        except ProviderError as error:
            if not deed.snapshot.abandoned:
                fail(deed, _begun(old), error.message)
            raise TerminatedError from None
        if new is not None:
            deed.snapshot.amend(new)
    deed.events.finished(_ended(old, new, op, embedded=embedded))
    return new


def _read(deed: Deed, old: Resource) -> tuple[Resource | None, Op]:
    provider = deed.providers.for_resource(old)
    errors: tuple[str, ...] = ()
    try:
        reading = provider.read(old)
    except InitFailedError as error:
        errors = tuple(error.reasons)
        reading = Reading(error.resource_id, error.properties, error.inputs)
        bullets = "\n* ".join(errors)
        deed.events.say(Severity.WARNING, f"Refreshed resource is in an unhealthy state:\n* {bullets}", old.urn)
    if not reading.id:
        return None, Op.DELETE
    inputs = old.inputs if reading.inputs is None else marked_like(reading.inputs, old.inputs)
    outputs = marked_like(reading.outputs, {**old.outputs, **old.inputs})
    new = replace(old, id=reading.id, inputs=inputs, outputs=outputs, init_errors=errors)
    difference = diff(provider, new, old.inputs)
    return new, Op.UPDATE if difference.changes else Op.SAME


def _without_dangling(resources: list[Resource]) -> list[Resource]:
    """The resources without dependencies on what is gone.

    Properties that depend on nothing are left out, as after every refresh of Pulumi's; the next up notes them again.
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
