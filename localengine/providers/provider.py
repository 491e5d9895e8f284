"""What the engine asks of any provider.

The calls of pulumi/pulumi proto/pulumi/provider.proto that the engine makes, with plain property bags: secrets are
unwrapped before they get here, and marked again by the caller. Every call may raise ProviderError; create, update and
read may raise InitFailedError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from localengine.protocol.properties import Properties
    from localengine.state.deployment import Resource

# Of pulumi-aws, what aws_project.py serves.
AWS_TYPES = ("aws:rekognition/project:Project",)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a check found wrong with a property."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The answer to a diff: whether anything changes, and what forces a replacement.

    `changes` None means that the provider cannot say: then the engine compares the inputs.
    """

    changes: bool | None
    replaces: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a read found: no id when the resource is gone; inputs only when the provider gave some."""

    id: str
    outputs: Properties
    inputs: Properties | None = None


class Provider(Protocol):
    """A configured provider."""

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        """The inputs to use, and what is wrong with them."""

    def diff(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Difference:
        """Whether `news` (inputs) differ from the old outputs; `ignored` inputs have their old values already."""

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        """The id and outputs of a new resource."""

    def update(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Properties:
        """The outputs after an update."""

    def read(self, old: Resource) -> Reading:
        """The resource as it is."""

    def delete(self, old: Resource) -> None:
        """Delete the resource."""

    def cancel(self) -> None:
        """The command ends or was interrupted."""

    def end_calls(self) -> None:
        """Fail the calls that run: nobody waits for their answers any more."""

    def close(self, grace: float) -> None:
        """End the provider's process, if it has one."""
