"""What must go before a resource can go: the dependents that its deletion would force to be replaced.

Pulumi asks their providers (pulumi/pulumi pkg/resource/deploy/step_generator.go, calculateDependentReplacements).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localengine.protocol.properties import UNKNOWN, equal, plain_bag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from localengine.engine.providers import Providers
    from localengine.providers.provider import Difference, Provider
    from localengine.state.deployment import Resource


def forced_by(
    root: Resource, stored: Iterable[Resource], providers: Providers, spared: Collection[str] = ()
) -> list[tuple[Resource, tuple[str, ...]]]:
    """The dependents of `root` that go with it, what depends most first, each with the properties that force it.

    `spared` are URNs that cannot depend on `root` any more, whatever the state says.
    """
    gone = {root.urn}
    found = []
    for resource in _dependents_of(root, stored, spared):
        keys = _forcing(resource, gone, providers)
        if keys is not None:
            found.append((resource, keys))
            gone.add(resource.urn)
    return found[::-1]


def _dependents_of(root: Resource, stored: Iterable[Resource], spared: Collection[str]) -> list[Resource]:
    """Stored resources that depend on `root`, directly or not, in their order."""
    reached = {root.urn}
    found = []
    for resource in stored:
        if resource.urn not in reached.union(spared) and resource.needs & reached:
            reached.add(resource.urn)
            found.append(resource)
    return found


def _forcing(resource: Resource, gone: set[str], providers: Providers) -> tuple[str, ...] | None:
    """The properties that force a dependent to be replaced too; None when it can stay.

    Asks the provider with every property unknown that comes from a resource that goes.
    """
    if not resource.custom or resource.is_provider:
        return None
    touched = [name for name, urns in resource.property_dependencies.items() if gone.intersection(urns)]
    if not touched:
        return None
    inputs = {name: UNKNOWN if name in touched else value for name, value in resource.inputs.items()}
    difference = diff(providers.for_resource(resource), resource, inputs)
    return difference.replaces if difference.changes and difference.replaces else None


def diff(
    provider: Provider, old: Resource, news: Mapping[str, object], ignored: tuple[str, ...] | None = None
) -> Difference:
    """What a provider says about new inputs; a provider that cannot say is answered by the inputs themselves."""
    difference = provider.diff(old, plain_bag(news), old.ignore_changes if ignored is None else ignored)
    if difference.changes is not None:
        return difference
    return replace(difference, changes=not equal(old.inputs, dict(news)))
