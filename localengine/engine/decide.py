"""What to do to a resource: the step generator.

Given a goal and the stored resource, calls Check and Diff and answers the steps, as pulumi/pulumi
pkg/resource/deploy/step_generator.go does. Changes nothing itself; the caller holds one lock around a decision, so that
Check and Diff run one resource after another.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localengine.engine.dependents import diff, forced_by
from localengine.engine.events import Op, Step
from localengine.errors import EngineError
from localengine.protocol.properties import Properties, is_secret, marked_like, plain_bag, visible_changes
from localengine.state.deployment import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from localengine.engine.goal import Goal
    from localengine.engine.providers import Providers
    from localengine.engine.snapshot import Snapshot
    from localengine.providers.provider import Difference, Failure, Provider

    Complain = Callable[[str, str], None]


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
    """Decides the steps of one command's registrations, in the order they come.

    With `targets`, resources that are not among them stay as they are, and new ones are not made. `complain` takes
    what a preview goes on after: the message and the URN it is about.
    """

    def __init__(
        self, snapshot: Snapshot, providers: Providers, targets: Collection[str], complain: Complain | None = None
    ) -> None:
        self._snapshot = snapshot
        self._providers = providers
        self._targets = targets
        self._complain = complain
        self._arrived: set[str] = set()
        self._arriving = threading.Lock()
        self._condemned: dict[str, tuple[str, ...]] = {}
        self._skipped: set[str] = set()

    def arrive(self, goal: Goal) -> None:
        """Note a registration that waits for its decision.

        What has arrived cannot depend on a resource that is still to be decided, whatever the state says it did.
        """
        with self._arriving:
            if goal.urn in self._arrived:
                raise EngineError(f"Duplicate resource URN '{goal.urn}'; try giving it a unique name")
            self._arrived.add(goal.urn)

    def decide(self, goal: Goal) -> list[Step]:
        """The steps for a goal, in order; the last one but facts for the views yields what the program is answered."""
        old = self._stored(goal)
        if not goal.custom:
            return [_component_step(goal, old)]
        if self._targets and goal.urn not in self._targets and goal.urn not in self._condemned:
            return [self._left_alone(goal, old)]
        self._refuse_skipped(goal)
        goal = goal.with_ignored(old.inputs) if old else goal
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

    def _stored(self, goal: Goal) -> Resource | None:
        """The stored resource, found by its URN or by one that it had before; from now on it has the new one."""
        if found := self._snapshot.old(goal.urn):
            return found
        before = next((urn for urn in goal.aliases if self._snapshot.old(urn) and urn not in self._arrived), None)
        if before is None:
            return None
        self._snapshot.rename(before, goal.urn)
        return self._snapshot.old(goal.urn)

    def _left_alone(self, goal: Goal, old: Resource | None) -> Step:
        """The step for a resource that is not a target: it stays as it is stored, or is not made."""
        if old is None:
            self._skipped.add(goal.urn)
            return Step(op=Op.SAME, urn=goal.urn, new=wanted(goal, ""))
        return Step(op=Op.SAME, urn=goal.urn, old=old, new=old)

    def _refuse_skipped(self, goal: Goal) -> None:
        missing = self._skipped.intersection(goal.dependencies)
        if missing:
            raise EngineError(
                f"'{goal.urn}' depends on '{min(missing)}', which does not exist and was not specified in --target list"
            )

    def _again(self, old: Resource, new: Resource) -> list[Step]:
        """Steps for a resource that was deleted because another one is replaced."""
        keys = self._condemned[old.urn]
        return [
            Step(op=Op.REPLACE, urn=old.urn, old=old, new=new),
            Step(op=Op.CREATE_REPLACEMENT, urn=old.urn, old=old, new=new, replace_keys=keys),
        ]

    def _from_diff(self, case: _Case, old: Resource) -> list[Step]:
        difference = diff(case.provider, old, case.new.inputs, case.goal.ignore_changes)
        if old.pending_replacement or (difference.changes and difference.replaces):
            return self._replacement(case, old, difference)
        if difference.changes or old.init_errors:
            return [Step(op=Op.UPDATE, urn=old.urn, old=old, new=case.new, diff_keys=difference.diffs)]
        return [Step(op=Op.SAME, urn=old.urn, old=old, new=case.new)]

    def _replacement(self, case: _Case, old: Resource, difference: Difference) -> list[Step]:
        goal = case.goal
        if goal.protect and old.protect:
            self._protected(_PROTECTED_REPLACE.format(urn=old.urn), old)
        first = difference.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        new = replace(case.new, inputs=check(case.provider, goal, {}))
        facts = {"old": old, "new": new, "replace_keys": difference.replaces, "diff_keys": difference.diffs}
        create = Step(op=Op.CREATE_REPLACEMENT, urn=old.urn, **facts)  # type: ignore[arg-type]  # the keys above
        replaced = replace(create, op=Op.REPLACE)
        if old.pending_replacement:
            return [*self._dependents(old), replaced, create]
        if not first:
            return [create, replaced]
        return [*self._dependents(old), Step(op=Op.DELETE_REPLACED, urn=old.urn, old=old), replaced, create]

    def _dependents(self, root: Resource) -> list[Step]:
        """Deletions of what must go before `root` goes, what depends most first."""
        steps = []
        for resource, keys in forced_by(root, self._snapshot.base(), self._providers, self._arrived):
            if resource.protect:
                self._protected(_PROTECTED_DEPENDENT.format(urn=resource.urn, root=root.urn), resource)
            refuse_untargeted(resource, self._targets)
            if resource.urn not in self._condemned:
                self._condemned[resource.urn] = keys
                if not resource.pending_replacement:
                    steps.append(Step(op=Op.DELETE_REPLACED, urn=resource.urn, old=resource))
        return steps

    def _protected(self, message: str, resource: Resource) -> None:
        """End here; a preview goes on, so that it shows the rest too, and fails at its end."""
        if self._complain is None:
            raise ProtectedError(message)
        self._complain(message, resource.urn)


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
        retain_on_delete=goal.retain_on_delete,
        ignore_changes=goal.ignore_changes,
    )


def check(provider: Provider, goal: Goal, olds: Mapping[str, object]) -> Properties:
    """The inputs a provider accepts, secrets marked again; CheckFailedError with Pulumi's sentences."""
    inputs, failures = provider.check(goal.urn, plain_bag(olds), plain_bag(goal.inputs))
    if failures:
        raise CheckFailedError([_sentence(goal, inputs, failure) for failure in failures])
    return marked_like(inputs, goal.inputs)


class UntargetedError(EngineError):
    """A deletion would take along a resource that is not a target."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f"Resource '{urn}' will be destroyed but was not specified in --target list.\n"
            "Either include resource in --target list or pass --target-dependents to proceed."
        )
        self.urn = urn


def refuse_untargeted(resource: Resource, targets: Collection[str]) -> None:
    """UntargetedError when there are targets and `resource` is none of them."""
    if targets and resource.urn not in targets:
        raise UntargetedError(resource.urn)


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
    return Step(op=Op.UPDATE if visible_changes(old.inputs, new.inputs) else Op.SAME, urn=goal.urn, old=old, new=new)


_PROTECTED_REPLACE = (
    'unable to replace resource "{urn}"\n'
    "as it is currently marked for protection. To unprotect the resource, remove the `protect` flag from the resource "
    "in your Pulumi program and run `pulumi up`"
)
_PROTECTED_DEPENDENT = (
    'unable to replace resource "{urn}" as part of replacing "{root}" as it is currently marked for protection. '
    "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
)
