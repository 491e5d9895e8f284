"""One resource as the program registers it, read from the request.

Refuses, by name, every resource option that the engine does not support, so that none is silently ignored.
Field names: pulumi/pulumi proto/pulumi/resource.proto, RegisterResourceRequest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localengine.errors import RefusedError
from localengine.protocol import urn as urns
from localengine.protocol.properties import Properties, asset_in, from_struct
from localengine.providers.provider import AWS_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import alias_pb2, resource_pb2

# Options that the engine does not support, with their names in the Python SDK.
REFUSED = {
    "aliasURNs": "aliases",
    "importId": "import_",
    "customTimeouts": "custom_timeouts",
    "remote": "remote components",
    "replaceOnChanges": "replace_on_changes",
    "deletedWith": "deleted_with",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
    "transforms": "transforms",
    "packageRef": "parameterized packages",
    "hideDiffs": "hide_diffs",
    "envVarMappings": "env_var_mappings",
    "state_migrations": "state migrations",
    "pluginDownloadURL": "plugin_download_url",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """The resource that a program registers: its inputs and options."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: Properties
    parent: str = ""
    protect: bool = False
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]]
    provider: str = ""
    version: str = ""
    delete_before_replace: bool | None = None
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    retain_on_delete: bool = False

    def with_ignored(self, olds: Mapping[str, object]) -> Registration:
        """This registration, with the inputs in `ignore_changes` set back to `olds`, or removed if not in it."""
        kept = {name: value for name, value in self.inputs.items() if name not in self.ignore_changes}
        return replace(self, inputs=kept | {name: olds[name] for name in self.ignore_changes if name in olds})


def read_registration(stack: str, project: str, request: resource_pb2.RegisterResourceRequest) -> Registration:
    """The registration in a request; RefusedError when it uses an option that the engine does not support."""
    if request.type.startswith("aws:") and request.type not in AWS_TYPES:
        raise RefusedError(f"the resource type {request.type} (of aws, only {', '.join(AWS_TYPES)})")
    where = f"the resource '{request.name}' ({request.type})"
    _refuse_options(where, request)
    inputs = from_struct(request.object)
    if found := asset_in(inputs):
        raise RefusedError(f"{found} in the inputs of {where}")
    package = urns.package_of(request.type)
    return Registration(
        urn=urns.make(stack, project, request.type, request.name, request.parent),
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=inputs,
        parent=request.parent,
        protect=request.protect,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={
            name: tuple(sorted(listed.urns)) for name, listed in request.propertyDependencies.items()
        },
        provider=request.provider or request.providers.get(package, ""),
        version=request.version,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=tuple(_alias(stack, project, request, alias) for alias in request.aliases),
        ignore_changes=tuple(request.ignoreChanges),
        retain_on_delete=request.retainOnDelete,
    )


def _alias(stack: str, project: str, request: resource_pb2.RegisterResourceRequest, alias: alias_pb2.Alias) -> str:
    """An earlier URN of the resource; parts that the alias omits are the current ones."""
    if alias.urn:
        return alias.urn
    spec = alias.spec
    parent = "" if spec.noParent else spec.parentUrn or request.parent
    name, kind = spec.name or request.name, spec.type or request.type
    return urns.make(spec.stack or stack, spec.project or project, kind, name, parent)


def _refuse_options(where: str, request: resource_pb2.RegisterResourceRequest) -> None:
    for descriptor, value in request.ListFields():
        if descriptor.name in REFUSED:
            raise RefusedError(f"the option {REFUSED[descriptor.name]} of {where}")
        if descriptor.name == "hooks" and value.ListFields():
            raise RefusedError(f"the hooks of {where}")
    if request.aliases and not request.custom:
        raise RefusedError(f"the option aliases of {where}, a component: its children would be renamed with it")
    nested = [path for path in request.ignoreChanges if set(path) & set(".[*")]
    if nested:
        raise RefusedError(f"the nested path `{nested[0]}` in ignore_changes of {where}")
