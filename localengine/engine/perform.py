"""Doing a step: the step executor.

Calls the provider, keeps the result in the snapshot at once, and tells the views. A failure closes the gate; what a
half-done create or update left is kept with its errors (pulumi/pulumi pkg/resource/deploy/step.go, step_executor.go).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localengine.engine.events import Events, Op, Severity, Step
from localengine.errors import InitFailedError, ProviderError, TerminatedError
from localengine.protocol.properties import Properties, marked_like, plain_bag, with_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from localengine.engine.gate import Gate
    from localengine.engine.providers import Providers
    from localengine.engine.snapshot import Snapshot
    from localengine.state.deployment import Resource


@dataclass(frozen=True, slots=True)
class Deed:
    """A command's hands: where results go, who does the work, who is told, and whether to go on at all."""

    snapshot: Snapshot
    providers: Providers
    events: Events
    gate: Gate
    dry_run: bool


def perform(deed: Deed, step: Step, *, in_group: bool = False) -> Resource | None:
    """Do one step; the resource it leaves, None after a deletion. TerminatedError when it failed or was abandoned."""
    with deed.gate.step(in_group=in_group):
        deed.events.started(step)
        try:
            result = _ACTIONS[step.op](deed, step)
        except ProviderError as error:
            if not deed.snapshot.abandoned:
                fail(deed, step, error.message)
            raise TerminatedError from None
    is_known = result is not None and result.custom and step.op is not Op.REPLACE
    deed.events.finished(replace(step, new=result) if is_known else step)
    return result


def fail(deed: Deed, step: Step, text: str) -> None:
    """Report a step's failure and let nothing new begin."""
    deed.gate.fail(by_step=True)
    deed.events.say(Severity.ERROR, text, step.urn)
    if not deed.dry_run:
        deed.events.failed(step)


def _same(deed: Deed, step: Step) -> Resource:
    """Keep the old outputs, store the new inputs and options; what is not there is not made (`--target`)."""
    if step.old is None:
        return replace(step.resource, outputs={})
    old, new = _both(step)
    result = replace(new, id=old.id, outputs=old.outputs)
    deed.snapshot.settle(result)
    return result


def _create(deed: Deed, step: Step) -> Resource:
    new = step.resource
    if not new.custom or new.is_provider or deed.dry_run:
        result = replace(new, outputs=new.inputs if new.custom else {})
        _keep_created(deed, step, result)
        return result
    provider = deed.providers.for_resource(new)
    with deed.snapshot.running("creating", new):
        try:
            created, outputs = provider.create(new.urn, plain_bag(new.inputs))
        except InitFailedError as error:
            partial = replace(new, id=error.resource_id, outputs=_outputs(new, error.properties))
            _keep_created(deed, step, replace(partial, init_errors=tuple(error.reasons)))
            raise
        if not created:
            raise ProviderError(f"provider returned an empty ID for the new resource {new.name}")
        result = replace(new, id=created, outputs=_outputs(new, outputs))
        _keep_created(deed, step, result)
    return result


def _keep_created(deed: Deed, step: Step, result: Resource) -> None:
    """Store a new resource; where it replaces one that was not deleted first, the old one beside it."""
    before = deed.snapshot.old(result.urn)
    if step.op is Op.CREATE_REPLACEMENT and before is not None and not before.pending_replacement:
        deed.snapshot.supersede(result)
    else:
        deed.snapshot.settle(result)


def _update(deed: Deed, step: Step) -> Resource:
    old, new = _both(step)
    if not new.custom or new.is_provider or deed.dry_run:
        result = replace(new, id=old.id, outputs=new.inputs if new.custom else old.outputs)
        deed.snapshot.settle(result)
        return result
    provider = deed.providers.for_resource(new)
    with deed.snapshot.running("updating", new):
        try:
            outputs = provider.update(old, plain_bag(new.inputs), new.ignore_changes)
        except InitFailedError as error:
            # The old inputs stay: the next diff then sees what is still to do (pulumi/pulumi pkg/engine/update.go).
            partial = replace(new, id=old.id, inputs=old.inputs, outputs=_outputs(new, error.properties))
            deed.snapshot.settle(replace(partial, init_errors=tuple(error.reasons)))
            raise
        result = replace(new, id=old.id, outputs=_outputs(new, outputs))
        deed.snapshot.settle(result)
    return result


def _delete(deed: Deed, step: Step) -> None:
    old = step.resource
    if old.protect:
        raise ProviderError(("Preview failed: " if deed.dry_run else "") + _PROTECTED.format(urn=old.urn))
    _destroy(deed, old, lambda: deed.snapshot.drop(old))


def _delete_replaced(deed: Deed, step: Step) -> None:
    """Delete an old object. Where the new one is still to be made, its entry stays until then, marked."""
    old = step.resource
    if old.delete:
        _destroy(deed, old, lambda: deed.snapshot.drop(old))
    else:
        _destroy(deed, old, lambda: deed.snapshot.amend(replace(old, pending_replacement=True)))


def _destroy(deed: Deed, old: Resource, store: Callable[[], None]) -> None:
    """Let the provider delete an object that is not retained, then store that."""
    if not _calls_provider(deed, old):
        store()
        return
    with deed.snapshot.running("deleting", old):
        deed.providers.for_resource(old).delete(old)
        store()


def _replace(deed: Deed, step: Step) -> Resource:
    """Only a fact for the views: the deletion and the creation do the work."""
    del deed
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


def _both(step: Step) -> tuple[Resource, Resource]:
    if step.old is None or step.new is None:
        raise AssertionError(f"{step.op} needs an old and a new state: {step.urn}")
    return step.old, step.new


def _calls_provider(deed: Deed, old: Resource) -> bool:
    asked_for = old.custom and not old.is_provider and not old.pending_replacement
    return asked_for and not old.retain_on_delete and not deed.dry_run


def _outputs(new: Resource, outputs: Properties) -> Properties:
    return with_secrets(marked_like(outputs, new.inputs), new.additional_secret_outputs)


_PROTECTED = (
    'resource "{urn}" cannot be deleted\n'
    "because it is protected. To unprotect the resource, either remove the `protect` flag from the resource in your "
    "Pulumi program and run `pulumi up`, or use the command:\n"
    "`pulumi state unprotect '{urn}'`"
)
