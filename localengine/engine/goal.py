"""What a program asks for: one registration, read from the request.

Refuses, by name, every option of a resource that the engine does not act on, so that nothing is silently ignored.
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

# Options the engine does not act on, with the names the Python SDK gives them.
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
class Goal:
    """The state a program wants for one resource."""

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

    def with_ignored(self, olds: Mapping[str, object]) -> Goal:
        """This goal with every input that `ignore_changes` names as it was in `olds`, or left out."""
        kept = {name: value for name, value in self.inputs.items() if name not in self.ignore_changes}
        return replace(self, inputs=kept | {name: olds[name] for name in self.ignore_changes if name in olds})


def read_goal(stack: str, project: str, request: resource_pb2.RegisterResourceRequest) -> Goal:
    """The goal of a registration; RefusedError when it asks for what the engine does not do."""
    if request.type.startswith("aws:") and request.type not in AWS_TYPES:
        raise RefusedError(f"the resource type {request.type} (of aws, only {', '.join(AWS_TYPES)})")
    where = f"the resource '{request.name}' ({request.type})"
    _refuse_options(where, request)
    inputs = from_struct(request.object)
    if found := asset_in(inputs):
        raise RefusedError(f"{found} in the inputs of {where}")
    package = urns.package_of(request.type)
    return Goal(
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
    """A URN that the resource had before: what an alias does not say is as it is now."""
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
