"""Names of resources: URNs, types and provider references.

A URN is `urn:pulumi:STACK::PROJECT::[PARENT-TYPE$]TYPE::NAME`; a provider reference is a provider's URN, `::` and its
id (pulumi/pulumi sdk/go/common/resource/urn.go, common/providers/reference.go).
"""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_TYPE = "pulumi:providers:"


def make(stack: str, project: str, kind: str, name: str, parent: str = "") -> str:
    """The URN of a resource; the root stack as a parent adds no type."""
    parent_type = qualified_type(parent) if parent else ""
    prefix = f"{parent_type}$" if parent_type and parent_type != STACK_TYPE else ""
    return f"urn:pulumi:{stack}::{project}::{prefix}{kind}::{name}"


def qualified_type(urn: str) -> str:
    """The type with the parents' types before it."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


def is_provider(kind: str) -> bool:
    """Whether a type is a provider's."""
    return kind.startswith(PROVIDER_TYPE)


def is_default_provider(urn: str) -> bool:
    """Whether this is a default provider, which the engine creates and displays do not show."""
    return is_provider(type_of(urn)) and name_of(urn).startswith("default")


def package_of(kind: str) -> str:
    """The package whose provider serves a type: `aws` of `aws:rekognition/project:Project`."""
    return kind.removeprefix(PROVIDER_TYPE) if is_provider(kind) else kind.split(":", 1)[0]


def reference(urn: str, provider_id: str) -> str:
    """The provider reference that a resource stores."""
    return f"{urn}::{provider_id}"


def split_reference(text: str) -> tuple[str, str]:
    """URN and id of a provider reference."""
    urn, _, provider_id = text.rpartition("::")
    return urn, provider_id
