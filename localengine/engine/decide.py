"""What to do to a resource: the step generator.

Given a goal and the stored resource, calls Check and Diff and answers the steps, as pulumi/pulumi
pkg/resource/deploy/step_generator.go does. Changes nothing itself; the caller holds one lock around a decision, so that
Check and Diff run one resource after another.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localengine.engine.events import Op, Step
from localengine.errors import EngineError, RefusedError
from localengine.protocol.properties import (
    UNKNOWN,
    Properties,
    equal,
    is_secret,
    marked_like,
    plain_bag,
    visible_changes,
)
from localengine.state.deployment import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localengine.engine.goal import Goal
    from localengine.engine.providers import Providers
    from localengine.engine.snapshot import Snapshot
    from localengine.providers.provider import Difference, Failure, Provider


class CheckFailedError(Exception):
    """A provider's check found faults; one message each."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


class ProtectedError(EngineError):
    """A step would delete a protected resource."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One registration under decision: the goal, the provider, the stored resource and the wanted one."""

    goal: Goal
    provider: Provider
    old: Resource | None
    new: Resource


class Decider:
    """Decides the steps of one command's registrations, in the order they come."""

    def __init__(self, snapshot: Snapshot, providers: Providers) -> None:
        self._snapshot = snapshot
        self._providers = providers
        self._arrived: set[str] = set()
        self._arriving = threading.Lock()
        self._condemned: dict[str, tuple[str, ...]] = {}

    def arrive(self, goal: Goal) -> None:
        """Note a registration that waits for its decision.

        What has arrived cannot depend on a resource that is still to be decided, whatever the state says it did.
        """
        with self._arriving:
            if goal.urn in self._arrived:
                raise EngineError(f"Duplicate resource URN '{goal.urn}'; try giving it a unique name")
            self._arrived.add(goal.urn)

    def decide(self, goal: Goal) -> list[Step]:
        """The steps for a goal, in order; the last one yields what the program is answered."""
        old = self._snapshot.old(goal.urn)
        if not goal.custom:
            return [_component_step(goal, old)]
        reference, provider = self._providers.for_goal(goal)
        new = wanted(goal, reference)
        recreating = goal.urn in self._condemned
        olds = old.inputs if old and not recreating else {}
        new = replace(new, inputs=check(provider, goal, olds))
        if old is None:
            return [Step(op=Op.CREATE, urn=goal.urn, new=new)]
        if recreating:
            return self._again(old, new)
        return self._from_diff(_Case(goal, provider, old, new), old)

    def _again(self, old: Resource, new: Resource) -> list[Step]:
        """Steps for a resource that was deleted because another one is replaced."""
        keys = self._condemned[old.urn]
        return [
            Step(op=Op.REPLACE, urn=old.urn, old=old, new=new),
            Step(op=Op.CREATE_REPLACEMENT, urn=old.urn, old=old, new=new, replace_keys=keys),
        ]

    def _from_diff(self, case: _Case, old: Resource) -> list[Step]:
        difference = diff(case.provider, old, case.new.inputs)
        if old.pending_replacement or (difference.changes and difference.replaces):
            return self._replacement(case, old, difference)
        if difference.changes or old.init_errors:
            return [Step(op=Op.UPDATE, urn=old.urn, old=old, new=case.new, diff_keys=difference.diffs)]
        return [Step(op=Op.SAME, urn=old.urn, old=old, new=case.new)]

    def _replacement(self, case: _Case, old: Resource, difference: Difference) -> list[Step]:
        goal = case.goal
        if goal.protect and old.protect:
            raise ProtectedError(_PROTECTED_REPLACE.format(urn=old.urn))
        first = difference.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if not first and not old.pending_replacement:
            raise RefusedError(
                f"replacing '{goal.name}' ({goal.type}) by creating before deleting; "
                "set delete_before_replace on the resource, or"
            )
        new = replace(case.new, inputs=check(case.provider, goal, {}))
        keys = {"replace_keys": difference.replaces, "diff_keys": difference.diffs}
        deletions = self._dependents(old)
        if not old.pending_replacement:
            deletions.append(Step(op=Op.DELETE_REPLACED, urn=old.urn, old=old))
        return [
            *deletions,
            Step(op=Op.REPLACE, urn=old.urn, old=old, new=new, **keys),
            Step(op=Op.CREATE_REPLACEMENT, urn=old.urn, old=old, new=new, **keys),
        ]

    def _dependents(self, root: Resource) -> list[Step]:
        """Deletions of what must go before `root` goes, what depends most first."""
        condemned: dict[str, tuple[Resource, tuple[str, ...]]] = {}
        replaced = {root.urn}
        for resource in _dependents_of(root, self._snapshot.base(), self._arrived):
            keys = self._forced(resource, replaced)
            if keys is not None:
                condemned[resource.urn] = (resource, keys)
                replaced.add(resource.urn)
        steps = []
        for resource, keys in reversed(condemned.values()):
            if resource.protect:
                raise ProtectedError(_PROTECTED_DEPENDENT.format(urn=resource.urn, root=root.urn))
            if resource.urn not in self._condemned:
                self._condemned[resource.urn] = keys
                if not resource.pending_replacement:
                    steps.append(Step(op=Op.DELETE_REPLACED, urn=resource.urn, old=resource))
        return steps

    def _forced(self, resource: Resource, replaced: set[str]) -> tuple[str, ...] | None:
        """The properties that force a dependent to be replaced too; None when it can stay.

        Asks the provider with every property unknown that comes from a replaced resource.
        """
        if not resource.custom or resource.is_provider:
            return None
        touched = [name for name, urns in resource.property_dependencies.items() if replaced.intersection(urns)]
        if not touched:
            return None
        inputs = {name: UNKNOWN if name in touched else value for name, value in resource.inputs.items()}
        difference = diff(self._providers.for_resource(resource), resource, inputs)
        return difference.replaces if difference.changes and difference.replaces else None


def wanted(goal: Goal, reference: str) -> Resource:
    """The resource as the program wants it; id and outputs come later."""
    return Resource(
        urn=goal.urn,
        custom=goal.custom,
        inputs=goal.inputs,
        parent=goal.parent,
        protect=goal.protect,
        dependencies=goal.dependencies,
        property_dependencies=goal.property_dependencies,
        provider=reference,
        additional_secret_outputs=goal.additional_secret_outputs,
    )


def check(provider: Provider, goal: Goal, olds: Mapping[str, object]) -> Properties:
    """The inputs a provider accepts, secrets marked again; CheckFailedError with Pulumi's sentences."""
    inputs, failures = provider.check(goal.urn, plain_bag(olds), plain_bag(goal.inputs))
    if failures:
        raise CheckFailedError([_sentence(goal, inputs, failure) for failure in failures])
    return marked_like(inputs, goal.inputs)


def diff(provider: Provider, old: Resource, news: Mapping[str, object]) -> Difference:
    """What a provider says about new inputs; a provider that cannot say is answered by the inputs themselves."""
    difference = provider.diff(old, plain_bag(old.outputs), plain_bag(news))
    if difference.changes is not None:
        return difference
    return replace(difference, changes=not equal(old.inputs, dict(news)))


def _sentence(goal: Goal, inputs: Properties, failure: Failure) -> str:
    if not failure.property:
        return f"{goal.type} resource '{goal.name}' has a problem: {failure.reason}"
    given = inputs.get(failure.property, goal.inputs.get(failure.property))
    hidden = is_secret(goal.inputs.get(failure.property))
    shown = "[secret]" if hidden else _go_text(given)
    where = f"{goal.type} resource '{goal.name}': property {failure.property} value {{{shown}}}"
    return f"{where} has a problem: {failure.reason}"


def _go_text(value: object) -> str:
    """A value as Go prints it inside Pulumi's sentence."""
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _component_step(goal: Goal, old: Resource | None) -> Step:
    """A component has no provider: it is created, or updated when its inputs differ."""
    new = wanted(goal, "")
    if old is None:
        return Step(op=Op.CREATE, urn=goal.urn, new=new)
    new = replace(new, outputs=old.outputs)
    return Step(op=Op.UPDATE if visible_changes(old.inputs, new.inputs) else Op.SAME, urn=goal.urn, old=old, new=new)


def _dependents_of(root: Resource, stored: list[Resource], arrived: set[str]) -> list[Resource]:
    """Stored resources that depend on `root`, directly or not, in their order, and have not arrived yet."""
    reached = {root.urn}
    found = []
    for resource in stored:
        if resource.urn not in reached | arrived and resource.needs & reached:
            reached.add(resource.urn)
            found.append(resource)
    return found


_PROTECTED_REPLACE = (
    'unable to replace resource "{urn}"\n'
    "as it is currently marked for protection. To unprotect the resource, remove the `protect` flag from the resource "
    "in your Pulumi program and run `pulumi up`"
)
_PROTECTED_DEPENDENT = (
    'unable to replace resource "{urn}" as part of replacing "{root}" as it is currently marked for protection. '
    "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
)
