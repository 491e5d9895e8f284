"""The providers of one command, and their entries in the state.

Creates the default provider of a package for its first resource, takes providers from the state for refreshes and
deletions, and refuses other packages by name. Default providers: pulumi/pulumi
pkg/resource/deploy/source_eval.go; `default` or `default_` with the version.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from localengine.errors import EngineError, RefusedError
from localengine.protocol import urn as urns
from localengine.protocol.properties import UNKNOWN, Properties, secret
from localengine.providers.provider import Provider
from localengine.state.deployment import Resource

if TYPE_CHECKING:
    from localengine.engine.registration import Registration
    from localengine.engine.working_state import WorkingState
    from localengine.state.stack import Config

DYNAMIC_PACKAGE = "pulumi-python"
# Settings of pulumi-aws that its schema marks as secret, however they were configured.
_SECRET_SETTINGS = {"accessKey", "secretKey", "token"}


class ConfigurableProvider(Provider, Protocol):
    """A provider that is started and not yet configured."""

    def check_config(self, urn: str, olds: Properties, news: Properties) -> None:
        """Check a configuration; raises ProviderError if it is invalid."""

    def diff_config(self, urn: str, olds: Properties, news: Properties) -> None:
        """Compare a changed configuration."""

    def configure(self, urn: str, provider_id: str, inputs: Properties) -> None:
        """Store the configuration."""


Factories = Mapping[str, Callable[[], ConfigurableProvider]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A configured provider and its configuration."""

    inputs: Properties
    provider: Provider


class ProviderRegistry:
    """All providers that a command has started."""

    def __init__(self, factories: Factories, config: Config, working_state: WorkingState, *, dry_run: bool) -> None:
        self._factories = factories
        self._config = config
        self._working_state = working_state
        self._dry_run = dry_run
        self._entries: dict[str, _Entry] = {}
        self._idle: list[Provider] = []
        self._lock = threading.RLock()

    def for_registration(self, registration: Registration) -> tuple[str, Provider]:
        """The provider of a registered resource, and the reference that the resource stores."""
        with self._lock:
            if registration.provider:
                urn, _ = urns.split_reference(registration.provider)
                return registration.provider, self._of(urn)
            return self._default(registration)

    def for_resource(self, resource: Resource) -> Provider:
        """The provider of a stored resource: this command's, or the one in the state."""
        with self._lock:
            return self._of(urns.split_reference(resource.provider)[0])

    def enter(self, registration: Registration) -> Resource:
        """The state of a provider that the program declares, after it is configured."""
        with self._lock:
            return self._enter(registration.urn, registration.inputs, registration)

    def cancel(self) -> None:
        """Cancel every provider: the command ends."""
        for provider in self._all():
            provider.cancel()

    def end_calls(self) -> None:
        """End every running call with an error."""
        for provider in self._all():
            provider.end_calls()

    def close(self, grace: float) -> None:
        """End every provider."""
        for provider in self._all():
            provider.close(grace)
        self._entries, self._idle = {}, []

    def _all(self) -> list[Provider]:
        return [*self._idle, *(entry.provider for entry in self._entries.values())]

    def _default(self, registration: Registration) -> tuple[str, Provider]:
        package = urns.package_of(registration.type)
        suffix = "_" + registration.version.replace(".", "_") if registration.version else ""
        root = registration.urn.split("::")
        stack, project = root[0].removeprefix("urn:pulumi:"), root[1]
        urn = urns.make(stack, project, f"{urns.PROVIDER_TYPE}{package}", f"default{suffix}")
        settled = self._working_state.settled(urn)
        if settled is None:
            settled = self._enter(urn, self._inputs(package, registration.version), None)
            self._working_state.settle(settled)
        return urns.reference(urn, settled.id), self._entries[urn].provider

    def _inputs(self, package: str, version: str) -> Properties:
        """A default provider's inputs: the stack's configuration for it, and the version of its plugin."""
        everything = package == DYNAMIC_PACKAGE
        values = self._config.values if everything else self._config.namespace(package)
        prefix = "" if everything else f"{package}:"
        hidden = {key for key in values if f"{prefix}{key}" in self._config.secret_keys or key in _SECRET_SETTINGS}
        inputs: Properties = {key: secret(value) if key in hidden else value for key, value in values.items()}
        return inputs | ({"version": version} if version else {})

    def _enter(self, urn: str, inputs: Properties, registration: Registration | None) -> Resource:
        old = self._working_state.old(urn)
        running = self._entries.get(urn)
        provider_id = old.id if old else (UNKNOWN if self._dry_run else str(uuid.uuid4()))
        # As in Pulumi, registrations use their own process, even if a refresh started one earlier.
        fresh = self._start(urn)
        fresh.check_config(urn, old.inputs if old else {}, inputs)
        if old:
            fresh.diff_config(urn, old.inputs, inputs)
        if running is not None and running.inputs == inputs:
            self._idle.append(fresh)
        else:
            fresh.configure(urn, provider_id, inputs)
            self._idle.extend([running.provider] if running else [])
            self._entries[urn] = _Entry(inputs, fresh)
        placed = {"parent": registration.parent, "protect": registration.protect} if registration else {}
        return Resource(urn=urn, custom=True, id=provider_id, inputs=inputs, outputs=inputs, **placed)  # type: ignore[arg-type]  # the two keys above

    def _of(self, urn: str) -> Provider:
        if urn not in self._entries:
            stored = self._working_state.settled(urn) or self._working_state.old(urn)
            if stored is None:
                raise EngineError(f"the provider {urn} is neither in the program nor in the state")
            provider = self._start(urn)
            provider.configure(urn, stored.id, stored.inputs)
            self._entries[urn] = _Entry(stored.inputs, provider)
        return self._entries[urn].provider

    def _start(self, urn: str) -> ConfigurableProvider:
        package = urns.package_of(urns.type_of(urn))
        factory = self._factories.get(package)
        if factory is None:
            raise RefusedError(f"resources of the package '{package}' (only {', '.join(sorted(self._factories))})")
        return factory()
