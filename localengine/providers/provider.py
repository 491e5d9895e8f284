"""The interface of a provider.

The calls of pulumi/pulumi proto/pulumi/provider.proto that the engine makes, with plain property bags: the
caller unwraps secrets before a call and marks them again after it. Every call may raise ProviderError; create, update
and read may raise InitFailedError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from localengine.protocol.properties import Properties
    from localengine.state.deployment import Resource

# The types of pulumi-aws that aws_project.py serves.
AWS_TYPES = ("aws:rekognition/project:Project",)


@dataclass(frozen=True, slots=True)
class Failure:
    """An invalid property: its name and the reason."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The answer to a diff: whether anything changes, and the properties that force a replacement.

    `changes` None means unknown: the engine then compares the inputs.
    """

    changes: bool | None
    replaces: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer to a read: an empty id if the resource is gone; inputs only if the provider returns them."""

    id: str
    outputs: Properties
    inputs: Properties | None = None


class Provider(Protocol):
    """A configured provider."""

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        """The checked inputs, and the failures."""

    def diff(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Difference:
        """Whether `news` (inputs) differ from the old outputs; `ignored` inputs already have their old values."""

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        """The id and outputs of a new resource."""

    def update(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Properties:
        """The outputs after an update."""

    def read(self, old: Resource) -> Reading:
        """The resource as it exists."""

    def delete(self, old: Resource) -> None:
        """Delete the resource."""

    def cancel(self) -> None:
        """Cancel: the command ends or was interrupted."""

    def end_calls(self) -> None:
        """End the running calls with an error."""

    def close(self, grace: float) -> None:
        """End the provider's process, if it has one."""
