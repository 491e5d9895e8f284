"""Plans the steps for a registration.

Calls Check and Diff with the registration and the stored resource, as pulumi/pulumi
pkg/resource/deploy/step_generator.go does. Changes no resource; the caller holds a lock while
a registration is planned, so that Check and Diff run for one resource at a time.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localengine.engine.dependents import diff, forced_by
from localengine.engine.events import Op, StepEvent
from localengine.errors import EngineError
from localengine.protocol.properties import Properties, is_secret, marked_like, plain_bag, visible_changes
from localengine.state.deployment import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from localengine.engine.provider_registry import ProviderRegistry
    from localengine.engine.registration import Registration
    from localengine.engine.working_state import WorkingState
    from localengine.providers.provider import Difference, Failure, Provider

    Report = Callable[[str, str], None]


class CheckFailedError(Exception):
    """A provider's check found invalid inputs; one message each."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


class ProtectedError(EngineError):
    """A step would delete a protected resource."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One registration while it is planned, with its provider, the stored resource and the desired one."""

    registration: Registration
    provider: Provider
    old: Resource | None
    new: Resource


class StepPlanner:
    """Plans the steps of one command's registrations, in order of arrival.

    With `targets`, other resources stay as they are, and new ones are not created. `report` receives the failures
    after which a preview continues: the message and the URN.
    """

    def __init__(
        self,
        working_state: WorkingState,
        providers: ProviderRegistry,
        targets: Collection[str],
        report: Report | None = None,
    ) -> None:
        self._working_state = working_state
        self._providers = providers
        self._targets = targets
        self._report = report
        self._announced: set[str] = set()
        self._announcing = threading.Lock()
        self._deleted_with_root: dict[str, tuple[str, ...]] = {}
        self._skipped: set[str] = set()

    def announce(self, registration: Registration) -> None:
        """Note a registration that waits to be planned.

        It cannot depend on a resource that is planned later, even if the state lists such a dependency.
        """
        with self._announcing:
            if registration.urn in self._announced:
                raise EngineError(f"Duplicate resource URN '{registration.urn}'; try giving it a unique name")
            self._announced.add(registration.urn)

    def plan(self, registration: Registration) -> list[StepEvent]:
        """The steps for a registration; the program receives the result of the last one that is not REPLACE."""
        old = self._stored(registration)
        if not registration.custom:
            return [_component_step(registration, old)]
        if self._targets and registration.urn not in self._targets and registration.urn not in self._deleted_with_root:
            return [self._untouched(registration, old)]
        self._refuse_skipped(registration)
        registration = registration.with_ignored(old.inputs) if old else registration
        reference, provider = self._providers.for_registration(registration)
        new = desired(registration, reference)
        recreating = registration.urn in self._deleted_with_root
        olds = old.inputs if old and not recreating else {}
        new = replace(new, inputs=check(provider, registration, olds))
        if old is None:
            return [StepEvent(op=Op.CREATE, urn=registration.urn, new=new)]
        if recreating:
            return self._recreation(old, new)
        return self._from_diff(_Case(registration, provider, old, new), old)

    def _stored(self, registration: Registration) -> Resource | None:
        """The stored resource, found by its URN or by an alias; an alias is then renamed to the URN."""
        if found := self._working_state.old(registration.urn):
            return found
        before = next(
            (urn for urn in registration.aliases if self._working_state.old(urn) and urn not in self._announced), None
        )
        if before is None:
            return None
        self._working_state.rename(before, registration.urn)
        return self._working_state.old(registration.urn)

    def _untouched(self, registration: Registration, old: Resource | None) -> StepEvent:
        """The step for a resource that is not a target: it stays as stored, or is not created."""
        if old is None:
            self._skipped.add(registration.urn)
            return StepEvent(op=Op.SAME, urn=registration.urn, new=desired(registration, ""))
        return StepEvent(op=Op.SAME, urn=registration.urn, old=old, new=old)

    def _refuse_skipped(self, registration: Registration) -> None:
        missing = self._skipped.intersection(registration.dependencies)
        if missing:
            raise EngineError(
                f"'{registration.urn}' depends on '{min(missing)}', "
                "which does not exist and was not specified in --target list"
            )

    def _recreation(self, old: Resource, new: Resource) -> list[StepEvent]:
        """The steps for a resource that was deleted because a resource it depends on is replaced."""
        keys = self._deleted_with_root[old.urn]
        return [
            StepEvent(op=Op.REPLACE, urn=old.urn, old=old, new=new),
            StepEvent(op=Op.CREATE_REPLACEMENT, urn=old.urn, old=old, new=new, replace_keys=keys),
        ]

    def _from_diff(self, case: _Case, old: Resource) -> list[StepEvent]:
        difference = diff(case.provider, old, case.new.inputs, case.registration.ignore_changes)
        if old.pending_replacement or (difference.changes and difference.replaces):
            return self._replacement(case, old, difference)
        if difference.changes or old.init_errors:
            return [StepEvent(op=Op.UPDATE, urn=old.urn, old=old, new=case.new, diff_keys=difference.diffs)]
        return [StepEvent(op=Op.SAME, urn=old.urn, old=old, new=case.new)]

    def _replacement(self, case: _Case, old: Resource, difference: Difference) -> list[StepEvent]:
        registration = case.registration
        if registration.protect and old.protect:
            self._protected(_PROTECTED_REPLACE.format(urn=old.urn), old)
        first = (
            difference.delete_before_replace
            if registration.delete_before_replace is None
            else registration.delete_before_replace
        )
        new = replace(case.new, inputs=check(case.provider, registration, {}))
        facts = {"old": old, "new": new, "replace_keys": difference.replaces, "diff_keys": difference.diffs}
        create = StepEvent(op=Op.CREATE_REPLACEMENT, urn=old.urn, **facts)  # type: ignore[arg-type]  # the keys above
        replaced = replace(create, op=Op.REPLACE)
        if old.pending_replacement:
            return [*self._dependents(old), replaced, create]
        if not first:
            return [create, replaced]
        return [*self._dependents(old), StepEvent(op=Op.DELETE_REPLACED, urn=old.urn, old=old), replaced, create]

    def _dependents(self, root: Resource) -> list[StepEvent]:
        """Deletions of the dependents of `root`, the last dependent first."""
        steps = []
        for resource, keys in forced_by(root, self._working_state.base(), self._providers, self._announced):
            if resource.protect:
                self._protected(_PROTECTED_DEPENDENT.format(urn=resource.urn, root=root.urn), resource)
            refuse_untargeted(resource, self._targets)
            if resource.urn not in self._deleted_with_root:
                self._deleted_with_root[resource.urn] = keys
                if not resource.pending_replacement:
                    steps.append(StepEvent(op=Op.DELETE_REPLACED, urn=resource.urn, old=resource))
        return steps

    def _protected(self, message: str, resource: Resource) -> None:
        """Fail; a preview reports it, continues with the rest, and fails at its end."""
        if self._report is None:
            raise ProtectedError(message)
        self._report(message, resource.urn)


def desired(registration: Registration, reference: str) -> Resource:
    """The resource as registered, before it has an id and outputs."""
    return Resource(
        urn=registration.urn,
        custom=registration.custom,
        inputs=registration.inputs,
        parent=registration.parent,
        protect=registration.protect,
        dependencies=registration.dependencies,
        property_dependencies=registration.property_dependencies,
        provider=reference,
        additional_secret_outputs=registration.additional_secret_outputs,
        retain_on_delete=registration.retain_on_delete,
        ignore_changes=registration.ignore_changes,
    )


def check(provider: Provider, registration: Registration, olds: Mapping[str, object]) -> Properties:
    """The inputs after the provider's Check, secrets marked again; CheckFailedError with Pulumi's messages."""
    inputs, failures = provider.check(registration.urn, plain_bag(olds), plain_bag(registration.inputs))
    if failures:
        raise CheckFailedError([_sentence(registration, inputs, failure) for failure in failures])
    return marked_like(inputs, registration.inputs)


class UntargetedError(EngineError):
    """A deletion would also delete a resource that is not a target."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f"Resource '{urn}' will be destroyed but was not specified in --target list.\n"
            "Either include resource in --target list or pass --target-dependents to proceed."
        )
        self.urn = urn


def refuse_untargeted(resource: Resource, targets: Collection[str]) -> None:
    """UntargetedError when there are targets and `resource` is not one of them."""
    if targets and resource.urn not in targets:
        raise UntargetedError(resource.urn)


def _sentence(registration: Registration, inputs: Properties, failure: Failure) -> str:
    if not failure.property:
        return f"{registration.type} resource '{registration.name}' has a problem: {failure.reason}"
    given = inputs.get(failure.property, registration.inputs.get(failure.property))
    hidden = is_secret(registration.inputs.get(failure.property))
    shown = "[secret]" if hidden else _go_text(given)
    where = f"{registration.type} resource '{registration.name}': property {failure.property} value {{{shown}}}"
    return f"{where} has a problem: {failure.reason}"


def _go_text(value: object) -> str:
    """A value as Go prints it in Pulumi's message."""
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _component_step(registration: Registration, old: Resource | None) -> StepEvent:
    """A component has no provider: it is created, or updated when its inputs differ."""
    new = desired(registration, "")
    if old is None:
        return StepEvent(op=Op.CREATE, urn=registration.urn, new=new)
    return StepEvent(
        op=Op.UPDATE if visible_changes(old.inputs, new.inputs) else Op.SAME, urn=registration.urn, old=old, new=new
    )


_PROTECTED_REPLACE = (
    'resource "{urn}" is protected\n'
    "and was not replaced; to allow it, take `protect` out of the program and run `pulumi up` before"
)
_PROTECTED_DEPENDENT = (
    'resource "{urn}" is protected, and replacing "{root}" would delete it; nothing was deleted; to allow it, take '
    "`protect` out of the program and run `pulumi up` before"
)
