"""A small engine whose provider runs in this process: a story of many `pulumi up` takes milliseconds for each.

It keeps what `tests.support.provider_engine` keeps, for a whole program, in the order of Pulumi's engine: Check and
Diff of each resource, Create or Update, and at the end the Deletes of what was replaced or left the program. Every
command has a provider process of its own, here a `Runtime` of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from reconciler.aws.connection import Connection
from reconciler.provider import apply, check, diff, process
from reconciler.provider.sdk.failure import CallFailed
from reconciler.provider.stack_config import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.aws.gateway import Gateway

Bag = dict[str, Any]


class Quiet:
    """A console that writes messages down."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def log_once(self, message: str, *, warning: bool = False) -> None:
        """Write it down."""
        del warning
        self.said.append(message)

    def status(self, message: str, *, at_once: bool = False) -> None:
        """Nobody looks."""

    def at_rest(self, message: str) -> None:
        """Likewise."""


@dataclass
class Context:
    """What the server gives a handler: a failure attaches its status."""

    details: bytes = b""

    def set_trailing_metadata(self, trailers: tuple[tuple[str, bytes], ...]) -> None:
        """Keep the status."""
        self.details = trailers[0][1]

    def is_active(self) -> bool:
        """The engine waits."""
        return True


@dataclass(frozen=True)
class Request:
    """What a handler is called with."""

    urn: str


@dataclass(frozen=True)
class Stored:
    """A resource in the state; `is_due` after a failed create or update."""

    id: str
    inputs: Bag
    outputs: Bag
    is_due: bool = False


class UpFailed(Exception):
    """A step failed; the state is as after it."""


@dataclass
class Engine:
    """A stack: resources by name, and old objects whose deletion is pending, each with its name."""

    clock: Any
    resources: dict[str, Stored] = field(default_factory=dict)
    pending: list[tuple[str, Stored]] = field(default_factory=list)
    console: Quiet = field(default_factory=Quiet)

    def start(self, gateway: Gateway) -> None:
        """A new provider process, which calls AWS by this gateway."""
        self.console = Quiet()
        runtime = process.Runtime(Settings(Connection(region="us-east-1")), self.clock, self.console)  # type: ignore[arg-type]  # of the same shape
        runtime.account._gateways["us-east-1"] = gateway
        process._PROCESS[:] = [runtime]

    def up(self, program: Mapping[str, Bag], *, preview: bool = False) -> bool:
        """Run the program; whether there was anything to do.

        Raises:
            UpFailed: at the first step that failed.
        """
        changed = False
        for name, declared in program.items():
            changed |= self._resource(name, declared | ({"previewPlan": True} if preview else {}), preview=preview)
        gone = [name for name in self.resources if name not in program]
        if not preview:
            self._delete(gone)
        return changed or bool(gone)

    def destroy(self) -> None:
        """Delete everything; no part of the program runs.

        Raises:
            UpFailed: at the first delete that failed.
        """
        self._delete(list(self.resources))

    def refresh(self) -> bool:
        """Read everything and store it; whether anything has drifted, or is gone.

        Raises:
            UpFailed: at the first resource that could not be read.
        """
        drifted = False
        for name, old in list(self.resources.items()):
            read = self._call(name, diff.read, old.id, old.outputs)
            drifted |= not read.id or self._call(name, diff.diff, read.id, read.outs, old.inputs).changes
            self.resources[name] = replace(old, outputs=read.outs, is_due=False)
            if not read.id:
                del self.resources[name]
        return drifted

    def _delete(self, names: list[str]) -> None:
        for name, old in self.pending.copy():
            self._call(name, apply.delete, old.id, old.outputs)
            self.pending.remove((name, old))
        for name in names:
            self._call(name, apply.delete, self.resources[name].id, self.resources[name].outputs)
            del self.resources[name]

    def _resource(self, name: str, declared: Bag, *, preview: bool) -> bool:
        old = self.resources.get(name)
        checked = self._checked(name, old.inputs if old else {}, declared)
        if old is None:
            return preview or self._made(name, checked)
        answer = self._call(name, diff.diff, old.id, old.outputs, checked)
        if answer.replaces and not preview:
            assert not answer.delete_before_replace
            self._made(name, self._checked(name, {}, declared), old)
        elif answer.changes or old.is_due:
            return preview or self._updated(name, old, checked)
        elif not preview:
            self.resources[name] = replace(old, inputs=checked)
        return bool(answer.replaces)

    def _checked(self, name: str, olds: Bag, declared: Bag) -> Bag:
        answer = self._call(name, check.check, olds, declared)
        if answer.failures:
            raise UpFailed(answer.failures[0].reason)
        inputs: Bag = answer.inputs
        return inputs

    def _made(self, name: str, checked: Bag, old: Stored | None = None) -> bool:
        def keep(stored: Stored) -> None:
            self.resources[name] = stored
            if old:
                self.pending.append((name, old))

        made = self._call(name, apply.create, checked, kept=lambda one: keep(replace(one, inputs=checked)))
        keep(Stored(made.id, checked, made.outs))
        return True

    def _updated(self, name: str, old: Stored, checked: Bag) -> bool:
        def keep(kept: Stored) -> None:
            self.resources[name] = replace(kept, inputs=old.inputs)

        outs = self._call(name, apply.update, old.id, old.outputs, checked, kept=keep).outs
        self.resources[name] = Stored(old.id, checked, outs)
        return True

    def _call(
        self, name: str, method: Callable[..., Any], *arguments: object, kept: Callable[[Stored], object] = id
    ) -> Any:  # noqa: ANN401 - what the method returns
        """Call the provider as its server does, which has `request` and `context` in its frame."""
        request, context = Request(f"urn:pulumi:dev::p::t::{name}"), Context()
        try:
            return method(*arguments)
        except CallFailed:
            status, failed = status_pb2.Status.FromString(context.details), provider_pb2.ErrorResourceInitFailed()
            for detail in status.details:
                if detail.Unpack(failed):
                    kept(Stored(failed.id, {}, json_format.MessageToDict(failed.properties), is_due=True))
            del request
            raise UpFailed(status.message) from None
