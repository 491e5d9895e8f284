"""The stored state in Pulumi's deployment form, version 3."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localengine.errors import EngineError
from localengine.protocol import urn as urns
from localengine.protocol.properties import SECRET, SIGNATURE, Properties, is_secret

VERSION = 3
ENGINE = "localengine"
# `pulumi stack import` refuses a manifest whose magic is not the digest of its version (apitype/core.go, NewMagic).
MAGIC = hashlib.sha256(ENGINE.encode()).hexdigest()

Crypt = Callable[[object], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource in the state: the registered inputs, and the id and outputs of the object.

    `delete` marks an old object that was replaced and is still to be deleted; it has the same URN as the new one.
    """

    urn: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    init_errors: tuple[str, ...] = ()
    pending_replacement: bool = False
    additional_secret_outputs: tuple[str, ...] = ()
    delete: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The resource's own type token."""
        return urns.type_of(self.urn)

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return urns.name_of(self.urn)

    @property
    def is_provider(self) -> bool:
        """Whether this is a provider."""
        return urns.is_provider(self.type)

    @property
    def needs(self) -> set[str]:
        """URNs that this resource needs: its dependencies, its parent and its provider."""
        own = {*self.dependencies, *(urn for names in self.property_dependencies.values() for urn in names)}
        return {urn for urn in (*own, self.parent, urns.split_reference(self.provider)[0]) if urn}

    def with_urn(self, old: str, new: str) -> Resource:
        """This resource after `old` is renamed to `new`: its own URN and its references."""

        def renamed(urn: str) -> str:
            return new if urn == old else urn

        def all_renamed(listed: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(renamed(urn) for urn in listed)

        return replace(
            self,
            urn=renamed(self.urn),
            parent=renamed(self.parent),
            dependencies=all_renamed(self.dependencies),
            property_dependencies={name: all_renamed(listed) for name, listed in self.property_dependencies.items()},
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """A pending operation: `creating`, `updating` or `deleting` a resource."""

    type: str
    resource: Resource


@dataclass(frozen=True, slots=True)
class State:
    """The stored state of a stack: resources in order, and pending operations."""

    resources: tuple[Resource, ...] = ()
    pending: tuple[Operation, ...] = ()


def to_document(state: State, hide: Crypt, time: str) -> dict[str, object]:
    """The deployment as JSON, written at `time` (RFC 3339); every secret passed through `hide`."""
    pending = [{"resource": to_json(item.resource, hide), "type": item.type} for item in state.pending]
    return {
        "manifest": {"time": time, "magic": MAGIC, "version": ENGINE},
        "resources": [to_json(resource, hide) for resource in state.resources],
        **({"pending_operations": pending} if pending else {}),
        "metadata": {},
    }


def to_json(resource: Resource, hide: Crypt) -> dict[str, object]:
    """One resource in Pulumi's stored form, without empty fields."""
    optional = {
        "id": resource.id,
        "inputs": _hidden(resource.inputs, hide),
        "outputs": _hidden(resource.outputs, hide),
        "parent": resource.parent,
        "protect": resource.protect,
        "dependencies": list(resource.dependencies),
        "initErrors": list(resource.init_errors),
        "provider": resource.provider,
        "propertyDependencies": {name: list(urns) for name, urns in resource.property_dependencies.items()},
        "pendingReplacement": resource.pending_replacement,
        "additionalSecretOutputs": list(resource.additional_secret_outputs),
        "delete": resource.delete,
        "retainOnDelete": resource.retain_on_delete,
        "ignoreChanges": list(resource.ignore_changes),
    }
    kept = {key: value for key, value in optional.items() if value}
    return {"urn": resource.urn, "custom": resource.custom, "type": resource.type, **kept}


def from_document(document: Mapping[str, object], show: Crypt) -> State:
    """The state of a stored deployment; every ciphertext passed through `show`.

    Raises EngineError when the document has fields that this engine does not support.
    """
    resources = [from_json(entry, show) for entry in _list(document, "resources")]
    pending = [
        Operation(str(entry["type"]), from_json(entry["resource"], show))
        for entry in _list(document, "pending_operations")
    ]
    return State(tuple(resources), tuple(pending))


def _list(document: Mapping[str, object], key: str) -> list[dict[str, Any]]:
    listed = document.get(key) or []
    if not isinstance(listed, list):
        raise EngineError(f"the state's `{key}` is not a list; is this a Pulumi deployment?")
    return listed


def from_json(entry: Mapping[str, object], show: Crypt) -> Resource:
    """One stored resource."""
    unknown = sorted(set(entry) - _FIELDS - _IGNORED)
    if unknown:
        raise EngineError(f"the state of {entry.get('urn')} has `{unknown[0]}`, which localengine does not support")
    dependencies = _mapping(entry.get("propertyDependencies"))
    return Resource(
        urn=str(entry["urn"]),
        custom=bool(entry.get("custom")),
        id=str(entry.get("id", "")),
        inputs=_mapping(_shown(_mapping(entry.get("inputs")), show)),
        outputs=_mapping(_shown(_mapping(entry.get("outputs")), show)),
        parent=str(entry.get("parent", "")),
        protect=bool(entry.get("protect")),
        dependencies=_texts(entry.get("dependencies")),
        property_dependencies={name: _texts(urns) for name, urns in dependencies.items()},
        provider=str(entry.get("provider", "")),
        init_errors=_texts(entry.get("initErrors")),
        pending_replacement=bool(entry.get("pendingReplacement")),
        additional_secret_outputs=_texts(entry.get("additionalSecretOutputs")),
        delete=bool(entry.get("delete")),
        retain_on_delete=bool(entry.get("retainOnDelete")),
        ignore_changes=_texts(entry.get("ignoreChanges")),
    )


_FIELDS = {
    "urn",
    "custom",
    "type",
    "id",
    "inputs",
    "outputs",
    "parent",
    "protect",
    "dependencies",
    "initErrors",
    "provider",
    "propertyDependencies",
    "pendingReplacement",
    "additionalSecretOutputs",
    "delete",
    "retainOnDelete",
    "ignoreChanges",
}
# When and from which source line a resource was written; optional in Pulumi.
_IGNORED = {"created", "modified", "sourcePosition", "stackTrace"}


def _hidden(value: object, hide: Crypt) -> object:
    if is_secret(value) and isinstance(value, dict):
        return {SIGNATURE: SECRET, "ciphertext": hide(value.get("value"))}
    if isinstance(value, dict):
        return {key: _hidden(item, hide) for key, item in value.items()}
    return [_hidden(item, hide) for item in value] if isinstance(value, list) else value


def _shown(value: object, show: Crypt) -> object:
    if is_secret(value) and isinstance(value, dict):
        return {SIGNATURE: SECRET, "value": show(value.get("ciphertext"))}
    if isinstance(value, dict):
        return {key: _shown(item, show) for key, item in value.items()}
    return [_shown(item, show) for item in value] if isinstance(value, list) else value


def _mapping(value: object) -> Properties:
    return dict(value) if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
