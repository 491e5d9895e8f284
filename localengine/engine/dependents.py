"""The dependents of a resource that must be deleted before it, because its deletion forces their replacement.

Pulumi asks their providers (pulumi/pulumi pkg/resource/deploy/step_generator.go, calculateDependentReplacements).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localengine.protocol.properties import UNKNOWN, equal, plain_bag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from localengine.engine.provider_registry import ProviderRegistry
    from localengine.providers.provider import Difference, Provider
    from localengine.state.deployment import Resource


def forced_by(
    root: Resource, stored: Iterable[Resource], providers: ProviderRegistry, excluded: Collection[str] = ()
) -> list[tuple[Resource, tuple[str, ...]]]:
    """The dependents of `root` to delete before it, the last dependent first, each with the properties that force it.

    `excluded` are URNs that no longer depend on `root`, even if the state lists the dependency.
    """
    gone = {root.urn}
    found = []
    for resource in _dependents_of(root, stored, excluded):
        keys = _replacing_keys(resource, gone, providers)
        if keys is not None:
            found.append((resource, keys))
            gone.add(resource.urn)
    return found[::-1]


def _dependents_of(root: Resource, stored: Iterable[Resource], excluded: Collection[str]) -> list[Resource]:
    """Stored resources that depend on `root`, directly or not, in stored order."""
    reached = {root.urn}
    found = []
    for resource in stored:
        if resource.urn not in reached.union(excluded) and resource.needs & reached:
            reached.add(resource.urn)
            found.append(resource)
    return found


def _replacing_keys(resource: Resource, gone: set[str], providers: ProviderRegistry) -> tuple[str, ...] | None:
    """The properties that force a dependent to be replaced too; None when it can stay.

    Calls the provider's Diff with an unknown in every property that comes from a deleted resource.
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
    """The provider's Diff of new inputs; if its answer is unknown, the inputs are compared here."""
    difference = provider.diff(old, plain_bag(news), old.ignore_changes if ignored is None else ignored)
    if difference.changes is not None:
        return difference
    return replace(difference, changes=not equal(old.inputs, dict(news)))
