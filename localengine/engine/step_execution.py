"""Executes a step.

Calls the provider, stores the result at once, and informs the views. A failure stops the command; the result of a
partial create or update is stored with its errors (pulumi/pulumi pkg/resource/deploy/step.go, step_executor.go).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localengine.engine.events import Events, Op, Severity, StepEvent
from localengine.errors import InitFailedError, ProviderError, TerminatedError
from localengine.protocol.properties import Properties, marked_like, plain_bag, with_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from localengine.engine.provider_registry import ProviderRegistry
    from localengine.engine.stop_switch import StopSwitch
    from localengine.engine.working_state import WorkingState
    from localengine.state.deployment import Resource


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """What the steps of a command share: the state, the providers, the events, and the switch that stops them."""

    working_state: WorkingState
    providers: ProviderRegistry
    events: Events
    stop_switch: StopSwitch
    dry_run: bool


def execute_step(context: ExecutionContext, step: StepEvent, *, in_group: bool = False) -> Resource | None:
    """Execute one step; the resource after it, None after a deletion. TerminatedError when it failed or was stopped."""
    with context.stop_switch.step(in_group=in_group):
        context.events.started(step)
        try:
            result = _ACTIONS[step.op](context, step)
        except ProviderError as error:
            if not context.working_state.abandoned:
                fail(context, step, error.message)
            raise TerminatedError from None
    is_known = result is not None and result.custom and step.op is not Op.REPLACE
    context.events.finished(replace(step, new=result) if is_known else step)
    return result


def fail(context: ExecutionContext, step: StepEvent, text: str) -> None:
    """Report the failure of a step and stop new steps."""
    context.stop_switch.fail(by_step=True)
    context.events.say(Severity.ERROR, text, step.urn)
    if not context.dry_run:
        context.events.failed(step)


def _same(context: ExecutionContext, step: StepEvent) -> Resource:
    """Keep the old outputs, store the new inputs and options; a resource outside the targets is not created."""
    if step.old is None:
        return replace(step.resource, outputs={})
    old, new = _both(step)
    result = replace(new, id=old.id, outputs=old.outputs)
    context.working_state.settle(result)
    return result


def _create(context: ExecutionContext, step: StepEvent) -> Resource:
    new = step.resource
    if not new.custom or new.is_provider or context.dry_run:
        result = replace(new, outputs=new.inputs if new.custom else {})
        _keep_created(context, step, result)
        return result
    provider = context.providers.for_resource(new)
    with context.working_state.running("creating", new):
        try:
            created, outputs = provider.create(new.urn, plain_bag(new.inputs))
        except InitFailedError as error:
            partial = replace(new, id=error.resource_id, outputs=_outputs(new, error.properties))
            _keep_created(context, step, replace(partial, init_errors=tuple(error.reasons)))
            raise
        if not created:
            raise ProviderError(f"provider returned an empty ID for the new resource {new.name}")
        result = replace(new, id=created, outputs=_outputs(new, outputs))
        _keep_created(context, step, result)
    return result


def _keep_created(context: ExecutionContext, step: StepEvent, result: Resource) -> None:
    """Store a new resource; beside the old one, if that is to be deleted later."""
    before = context.working_state.old(result.urn)
    if step.op is Op.CREATE_REPLACEMENT and before is not None and not before.pending_replacement:
        context.working_state.supersede(result)
    else:
        context.working_state.settle(result)


def _update(context: ExecutionContext, step: StepEvent) -> Resource:
    old, new = _both(step)
    if not new.custom or new.is_provider or context.dry_run:
        result = replace(new, id=old.id, outputs=new.inputs if new.custom else old.outputs)
        context.working_state.settle(result)
        return result
    provider = context.providers.for_resource(new)
    with context.working_state.running("updating", new):
        try:
            outputs = provider.update(old, plain_bag(new.inputs), new.ignore_changes)
        except InitFailedError as error:
            # The old inputs stay: the next diff then finds the missing changes (pulumi/pulumi pkg/engine/update.go).
            partial = replace(new, id=old.id, inputs=old.inputs, outputs=_outputs(new, error.properties))
            context.working_state.settle(replace(partial, init_errors=tuple(error.reasons)))
            raise
        result = replace(new, id=old.id, outputs=_outputs(new, outputs))
        context.working_state.settle(result)
    return result


def _delete(context: ExecutionContext, step: StepEvent) -> None:
    old = step.resource
    if old.protect:
        raise ProviderError(("Preview failed: " if context.dry_run else "") + _PROTECTED.format(urn=old.urn))
    _destroy(context, old, lambda: context.working_state.drop(old))


def _delete_replaced(context: ExecutionContext, step: StepEvent) -> None:
    """Delete an old object. If its replacement does not exist yet, the entry stays, with pending_replacement."""
    old = step.resource
    if old.delete:
        _destroy(context, old, lambda: context.working_state.drop(old))
    else:
        _destroy(context, old, lambda: context.working_state.amend(replace(old, pending_replacement=True)))


def _destroy(context: ExecutionContext, old: Resource, store: Callable[[], None]) -> None:
    """Have the provider delete an object that is not retained, then store that."""
    if not _calls_provider(context, old):
        store()
        return
    with context.working_state.running("deleting", old):
        context.providers.for_resource(old).delete(old)
        store()


def _replace(context: ExecutionContext, step: StepEvent) -> Resource:
    """Only an event for the views: the deletion and the creation are separate steps."""
    del context
    return step.resource


_ACTIONS = {
    Op.SAME: _same,
    Op.CREATE: _create,
    Op.UPDATE: _update,
    Op.DELETE: _delete,
    Op.DELETE_REPLACED: _delete_replaced,
    Op.REPLACE: _replace,
    Op.CREATE_REPLACEMENT: _create,
}


def _both(step: StepEvent) -> tuple[Resource, Resource]:
    if step.old is None or step.new is None:
        raise AssertionError(f"{step.op} needs an old and a new state: {step.urn}")
    return step.old, step.new


def _calls_provider(context: ExecutionContext, old: Resource) -> bool:
    asked_for = old.custom and not old.is_provider and not old.pending_replacement
    return asked_for and not old.retain_on_delete and not context.dry_run


def _outputs(new: Resource, outputs: Properties) -> Properties:
    return with_secrets(marked_like(outputs, new.inputs), new.additional_secret_outputs)


_PROTECTED = (
    'resource "{urn}" is protected\n'
    "and was not deleted; run `pulumi state unprotect`, or take `protect` out of the program and run it"
)
