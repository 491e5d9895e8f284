"""The provider of dynamic resources: the real `python -m pulumi.dynamic` process, called over gRPC."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from localengine.errors import EngineError, InitFailedError, ProviderError
from localengine.processes.program import ProgramRun, interpreter
from localengine.protocol import urn as urns
from localengine.protocol.properties import Properties, from_struct, plain_bag, to_struct
from localengine.providers.provider import Difference, Failure, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localengine.processes.child_processes import ChildProcess, ChildProcesses, Reader
    from localengine.protocol.trace import Trace
    from localengine.state.deployment import Resource

# The SDK's own limit (pulumi/sdk python runtime/_grpc_settings.py), both ways.
MESSAGE_BYTES = 400 * 1024 * 1024
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    # A failed call has its reasons and the resource's outputs in a trailer; gRPC's default limit is 16 kB.
    ("grpc.max_metadata_size", 16 << 20),
]
_STATUS_TRAILER = "grpc-status-details-bin"
_CHANGES = {provider_pb2.DiffResponse.DIFF_NONE: False, provider_pb2.DiffResponse.DIFF_SOME: True}

_Answer = TypeVar("_Answer", bound=Message)


@dataclass(frozen=True, slots=True)
class ProviderHost:
    """What a provider process is started with."""

    child_processes: ChildProcesses
    run: ProgramRun
    address: str
    trace: Trace
    out: Reader


class DynamicProvider:
    """One running provider process."""

    def __init__(self, host: ProviderHost) -> None:
        self._host = host
        self._child = self._start()
        port = self._child.first_line()
        if not port.isdigit():
            self._child.read_rest(host.out, host.out)
            self._child.wait(5.0)
            raise EngineError("the provider process `python -m pulumi.dynamic` did not start; its output is above")
        self._child.read_rest(host.out, host.out)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._handshake()

    def _start(self) -> ChildProcess:
        run = self._host.run
        env = dict(os.environ) | {"PULUMI_PROJECT": run.project.name, "PULUMI_CONFIG": "{}"}
        command = [interpreter(run.project), "-u", "-m", "pulumi.dynamic", self._host.address]
        return self._host.child_processes.start(command, run.project.program, env, stdin=True)

    def _handshake(self) -> None:
        """The engine's first calls: Handshake, which this provider does not implement, and GetPluginInfo."""
        self._optional(
            "Handshake",
            self._stub.Handshake,
            provider_pb2.ProviderHandshakeRequest(
                engine_address=self._host.address, configure_with_urn=True, invoke_with_preview=True
            ),
        )
        self._call("GetPluginInfo", self._stub.GetPluginInfo, empty_pb2.Empty())

    def check_config(self, urn: str, olds: Properties, news: Properties) -> None:
        """Call CheckConfig, which this provider does not implement."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            olds=to_struct(plain_bag(olds)),
            news=to_struct(plain_bag(news)),
            name=urns.name_of(urn),
            type=urns.type_of(urn),
        )
        self._optional("CheckConfig", self._stub.CheckConfig, request)

    def diff_config(self, urn: str, olds: Properties, news: Properties) -> None:
        """Call DiffConfig, which this provider does not implement."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            olds=to_struct(plain_bag(olds)),
            news=to_struct(plain_bag(news)),
            old_inputs=to_struct(plain_bag(olds)),
            name=urns.name_of(urn),
            type=urns.type_of(urn),
        )
        self._optional("DiffConfig", self._stub.DiffConfig, request)

    def configure(self, urn: str, provider_id: str, inputs: Properties) -> None:
        """Pass the whole configuration; secrets keep their signature."""
        package = urns.package_of(urns.type_of(urn))
        variables = {f"{package}:config:{key}": str(value) for key, value in plain_bag(inputs).items()}
        request = provider_pb2.ConfigureRequest(
            variables=variables,
            args=to_struct(inputs),
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            id=provider_id,
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
        )
        self._call("Configure", self._stub.Configure, request)

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        """The checked inputs, and the failures."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            olds=to_struct(olds),
            news=to_struct(news),
            randomSeed=secrets.token_bytes(32),
            name=urns.name_of(urn),
            type=urns.type_of(urn),
        )
        answer = self._call("Check", self._stub.Check, request)
        failures = [Failure(failure.property, failure.reason) for failure in answer.failures]
        return from_struct(answer.inputs), failures

    def diff(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Difference:
        """Whether `news` differ from the old outputs; `ignored` names inputs that were set back to their old values."""
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            olds=to_struct(plain_bag(old.outputs)),
            news=to_struct(news),
            ignoreChanges=ignored,
            old_inputs=to_struct(plain_bag(old.inputs)),
            name=old.name,
            type=old.type,
        )
        answer = self._call("Diff", self._stub.Diff, request)
        return Difference(
            _CHANGES.get(answer.changes), tuple(answer.replaces), tuple(answer.diffs), answer.deleteBeforeReplace
        )

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        """The id and outputs of a new resource."""
        request = provider_pb2.CreateRequest(
            urn=urn, properties=to_struct(inputs), name=urns.name_of(urn), type=urns.type_of(urn)
        )
        answer = self._call("Create", self._stub.Create, request)
        return answer.id, from_struct(answer.properties)

    def update(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Properties:
        """The outputs after an update."""
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            olds=to_struct(plain_bag(old.outputs)),
            news=to_struct(news),
            ignoreChanges=ignored,
            old_inputs=to_struct(plain_bag(old.inputs)),
            name=old.name,
            type=old.type,
        )
        return from_struct(self._call("Update", self._stub.Update, request).properties)

    def read(self, old: Resource) -> Reading:
        """The resource as it exists."""
        request = provider_pb2.ReadRequest(
            id=old.id,
            urn=old.urn,
            properties=to_struct(plain_bag(old.outputs)),
            inputs=to_struct(plain_bag(old.inputs)),
            name=old.name,
            type=old.type,
        )
        answer = self._call("Read", self._stub.Read, request)
        inputs = from_struct(answer.inputs) if answer.HasField("inputs") else None
        return Reading(answer.id, from_struct(answer.properties), inputs)

    def delete(self, old: Resource) -> None:
        """Delete the resource."""
        request = provider_pb2.DeleteRequest(
            id=old.id,
            urn=old.urn,
            properties=to_struct(plain_bag(old.outputs)),
            old_inputs=to_struct(plain_bag(old.inputs)),
            name=old.name,
            type=old.type,
        )
        self._call("Delete", self._stub.Delete, request)

    def cancel(self) -> None:
        """Cancel the provider: the command ends. A provider that does not answer is not an error."""
        try:
            self._host.trace.request("ResourceProvider/Cancel", empty_pb2.Empty())
            self._stub.Cancel(empty_pb2.Empty(), timeout=1.0)
        except (grpc.RpcError, ValueError):  # a ValueError when the calls were ended before
            return

    def end_calls(self) -> None:
        """End the running calls and every later one with an error; the process continues."""
        self._channel.close()

    def close(self, grace: float) -> None:
        """End the process."""
        self._channel.close()
        self._host.child_processes.stop(self._child, grace)

    def _optional(self, name: str, call: Callable[..., Message], request: Message) -> None:
        try:
            self._call(name, call, request)
        except _UnimplementedError:
            return

    def _call(self, name: str, call: Callable[..., _Answer], request: Message) -> _Answer:
        full = f"ResourceProvider/{name}"
        self._host.trace.request(full, request)
        try:
            answer = call(request)
        except grpc.RpcError as error:
            self._host.trace.response(full, request, None, str(error.details()))
            raise _failure(name, error) from None
        self._host.trace.response(full, request, answer)
        return answer


class _UnimplementedError(ProviderError):
    """The provider does not have this method."""


def _failure(name: str, error: grpc.RpcError) -> ProviderError:
    if error.code() == grpc.StatusCode.UNIMPLEMENTED:
        return _UnimplementedError(f"the provider does not implement {name}")
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
        return ProviderError(f"the provider process ended during {name}; the result is unknown")
    details = _details(error)
    if details is None:
        return ProviderError(str(error.details()))
    for packed in details.details:
        found = provider_pb2.ErrorResourceInitFailed()
        if packed.Is(found.DESCRIPTOR):
            packed.Unpack(found)
            inputs = from_struct(found.inputs) if found.HasField("inputs") else None
            return InitFailedError(found.id, from_struct(found.properties), inputs, list(found.reasons))
    return ProviderError(details.message)


def _details(error: grpc.RpcError) -> status_pb2.Status | None:
    """The google.rpc.Status in the trailers of an error; None if there is none with the error's code."""
    trailers = cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ())
    packed = dict(trailers).get(_STATUS_TRAILER)
    if not isinstance(packed, bytes):
        return None
    status: status_pb2.Status = status_pb2.Status.FromString(packed)
    return status if status.code == error.code().value[0] else None
