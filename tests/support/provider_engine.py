"""A small engine of one resource: the real `python -m pulumi.dynamic` process, driven over gRPC as Pulumi drives it.

It keeps what the engine keeps and in the way the engine does (pulumi/pulumi pkg/resource/deploy: step.go,
step_generator.go): Check gets old inputs, Diff and Update old outputs, a refresh compares fresh outputs with stored
inputs, a "same" step stores new inputs and keeps old outputs, ErrorResourceInitFailed keeps what failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from google.rpc import status_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from reconciler.provider.dynamic import DatasetProvider
from tests.support import prepared
from tests.support.quick_clock import in_a_hurry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Bag = dict[str, Any]

TYPE = "pulumi-python:dynamic/rekognition:Dataset"
UNKNOWN = rpc.UNKNOWN
PICKLE = str(serialize_provider(DatasetProvider()))
SECONDS = 60.0
# What the engine gives a plugin between SIGINT and SIGKILL.
_GRACE = 5.0
# A status travels in the trailers: grpc-go, which the engine uses, takes 16 MB of them, Python's own default is 16 kB.
_AS_GO = [("grpc.max_metadata_size", 16 << 20)]
_SECRET = {rpc._special_sig_key: rpc._special_secret_sig}


@dataclass(frozen=True)
class Message:
    """One message that the provider sent to the engine's log."""

    urn: str
    severity: int
    text: str
    ephemeral: bool

    @property
    def is_warning(self) -> bool:
        """Whether it was sent as a warning."""
        return self.severity == int(engine_pb2.WARNING)


class Log(engine_pb2_grpc.EngineServicer):
    """The engine's log service: it records."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.arrived: Callable[[Message], None] = lambda _message: None

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802 - gRPC's name
        """Record one message."""
        del context
        message = Message(request.urn, int(request.severity), request.message, request.ephemeral)
        self.messages.append(message)
        self.arrived(message)
        return empty_pb2.Empty()


class CallError(Exception):
    """A call that failed: the message as the engine takes it, and what it is asked to keep."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.details = str(error.details())
        trailers: dict[str, Any] = {item.key: item.value for item in error.trailing_metadata() or ()}
        status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
        self.code = status.code
        self.message = status.message or self.details
        self.kept: provider_pb2.ErrorResourceInitFailed | None = None
        for detail in status.details:
            kept = provider_pb2.ErrorResourceInitFailed()
            if detail.Unpack(kept):
                self.kept = kept
        super().__init__(self.message)


class Provider:
    """A running provider process."""

    def __init__(
        self,
        program: Path,
        config: Mapping[str, str],
        secrets: Mapping[str, str],
        env: Mapping[str, str],
        log: Log | None = None,
    ) -> None:
        self.log = log or Log()
        self._started_with = (program, config, secrets, env)
        self.program = program
        self.output: list[str] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
        engine_pb2_grpc.add_EngineServicer_to_server(self.log, self._server)
        address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        self.process = prepared.Popen(
            [sys.executable, "-u", "-m", "pulumi.dynamic", address],
            cwd=program,
            env=environment(program) | {"PULUMI_PROJECT": "reconciler", "PULUMI_CONFIG": "{}"} | dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        port = self.process.stdout.readline().strip()
        if not port.isdigit():  # it goes on running after it printed a warning: reading to the end would wait for ever
            self.process.kill()
        assert port.isdigit(), port + self.process.stdout.read()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_AS_GO)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        wrapped = {key: {**_SECRET, "value": value} for key, value in secrets.items()}
        self._call("Configure", provider_pb2.ConfigureRequest(args=_struct({**config, **wrapped}), acceptSecrets=True))

    def again(self) -> Provider:
        """A further process with the same settings and log: each command of Pulumi has its own."""
        return Provider(*self._started_with, log=self.log)

    def close_channel(self) -> None:
        """Hang up on every call."""
        self._channel.close()

    def cancel(self) -> None:
        """Ask the provider to stop, as the engine does at the first Ctrl-C."""
        self._call("Cancel", empty_pb2.Empty())

    def die(self) -> None:
        """Let go of the process's standard input, as the system does when the engine is killed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def stop_listening(self) -> None:
        """Let the engine's log answer no more."""
        self._server.stop(None).wait()

    def close(self) -> str:
        """End the process as the engine does, by SIGINT and after a while SIGKILL; gives what it printed."""
        self._channel.close()
        self.process.send_signal(signal.SIGINT)
        printed: str
        try:
            printed, _ = self.process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            printed, _ = self.process.communicate(timeout=SECONDS)
        self._server.stop(None)
        return printed

    def check(self, urn: str, olds: Bag, news: Bag) -> tuple[Bag, list[tuple[str, str]]]:
        """The checked inputs, and the failures as property and reason."""
        reply = self._call("Check", provider_pb2.CheckRequest(urn=urn, olds=_struct(olds), news=_struct(news)))
        return _bag(reply.inputs), [(one.property, one.reason) for one in reply.failures]

    def diff(self, urn: str, name: str, olds: Bag, news: Bag) -> provider_pb2.DiffResponse:
        """The engine's answer about a change, as it came."""
        request = provider_pb2.DiffRequest(id=name, urn=urn, olds=_struct(olds), news=_struct(news))
        reply: provider_pb2.DiffResponse = self._call("Diff", request)
        return reply

    def create(self, urn: str, inputs: Bag) -> tuple[str, Bag]:
        """The new resource's id and outputs."""
        reply = self._call("Create", provider_pb2.CreateRequest(urn=urn, properties=_struct(inputs)))
        return reply.id, _bag(reply.properties)

    def update(self, urn: str, name: str, olds: Bag, news: Bag) -> Bag:
        """The outputs after an update."""
        request = provider_pb2.UpdateRequest(id=name, urn=urn, olds=_struct(olds), news=_struct(news))
        return _bag(self._call("Update", request).properties)

    def read(self, urn: str, name: str, outputs: Bag) -> tuple[str, Bag]:
        """The id (empty: gone) and the fresh outputs."""
        reply = self._call("Read", provider_pb2.ReadRequest(id=name, urn=urn, properties=_struct(outputs)))
        return reply.id, _bag(reply.properties)

    def delete(self, urn: str, name: str, outputs: Bag) -> None:
        """Delete the resource."""
        self._call("Delete", provider_pb2.DeleteRequest(id=name, urn=urn, properties=_struct(outputs)))

    def _call(self, method: str, request: Any) -> Any:  # noqa: ANN401 - one of many messages
        try:
            return getattr(self.stub, method)(request, timeout=SECONDS)
        except grpc.RpcError as error:
            raise CallError(error) from None


@dataclass
class Resource:
    """One resource of a stack, with what the engine stores of it."""

    provider: Provider
    name: str
    declared: Bag
    id: str = ""
    inputs: Bag = field(default_factory=dict)
    outputs: Bag = field(default_factory=dict)
    init_errors: list[str] = field(default_factory=list)

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return f"urn:pulumi:dev::reconciler::{TYPE}::{self.name}"

    @property
    def messages(self) -> list[Message]:
        """The messages about this resource that stay, in order."""
        return [one for one in self.provider.log.messages if one.urn == self.urn and not one.ephemeral]

    @property
    def statuses(self) -> list[str]:
        """The status lines about this resource, in order."""
        return [one.text for one in self.provider.log.messages if one.urn == self.urn and one.ephemeral]

    def news(self, *, preview: bool = False) -> Bag:
        """What the program sends."""
        return {**self.declared, "__provider": PICKLE, **({"previewPlan": True} if preview else {})}

    def check(self, *, preview: bool = False, replacing: bool = False) -> Bag:
        """Check as a program run does; a failure is an AssertionError with its reason."""
        checked, failures = self.provider.check(self.urn, {} if replacing else self.inputs, self.news(preview=preview))
        assert not failures, failures
        return checked

    def failures(self, *, preview: bool = False) -> list[tuple[str, str]]:
        """The failures of a check."""
        return self.provider.check(self.urn, self.inputs, self.news(preview=preview))[1]

    def preview(self) -> tuple[bool, Bag]:
        """What a preview finds: whether the resource would change, and the checked inputs."""
        checked = self.check(preview=True)
        if not self.id:
            return True, checked
        answer = self.diff(checked)
        if answer.replaces:
            return True, self.check(preview=True, replacing=True)
        return bool(self.init_errors) or is_change(answer), checked

    def diff(self, news: Bag) -> provider_pb2.DiffResponse:
        """Diff against what is stored."""
        return self.provider.diff(self.urn, self.id, self.outputs, news)

    def up(self) -> bool:
        """Check, then create, update, replace or nothing; gives whether there was anything to do."""
        checked = self.check()
        if not self.id:
            self._created(checked)
            return True
        answer = self.diff(checked)
        if answer.replaces:
            self._replaced(deletes_first=answer.deleteBeforeReplace)
            return True
        if not self.init_errors and not is_change(answer):
            self.inputs = checked
            return False
        self._updated(checked)
        return True

    def drift(self, *, write: bool = False) -> bool:
        """A refresh: whether it finds changes. With `write` they are stored, as `pulumi refresh` does."""
        name, fresh = self.provider.read(self.urn, self.id, self.outputs)
        found = not name or is_change(self.provider.diff(self.urn, name, fresh, self.inputs))
        if write:
            self.id, self.outputs, self.init_errors = name, fresh if name else {}, []
            self.inputs = self.inputs if name else {}
        return found

    def destroy(self) -> None:
        """Delete it and forget it, in a process of its own."""
        command = self.provider.again()
        try:
            command.delete(self.urn, self.id, self.outputs)
        finally:
            self.provider.output.append(command.close())
        self.id, self.inputs, self.outputs, self.init_errors = "", {}, {}, []

    def _replaced(self, *, deletes_first: bool) -> None:
        """Replace it: the old object is deleted before the new one is created, or after it."""
        old, checked = (self.id, self.outputs), self.check(replacing=True)
        if deletes_first:
            self.provider.delete(self.urn, *old)
        self._created(checked)
        if not deletes_first:
            self.provider.delete(self.urn, *old)

    def _created(self, checked: Bag) -> None:
        try:
            self.id, self.outputs = self.provider.create(self.urn, checked)
        except CallError as error:
            if error.kept is not None:
                self.id, self.inputs = error.kept.id, checked
                self.outputs, self.init_errors = _bag(error.kept.properties), list(error.kept.reasons)
            raise
        self.inputs, self.init_errors = checked, []

    def _updated(self, checked: Bag) -> None:
        try:
            self.outputs = self.provider.update(self.urn, self.id, self.outputs, checked)
        except CallError as error:
            if error.kept is not None:
                self.outputs, self.init_errors = _bag(error.kept.properties), list(error.kept.reasons)
            raise
        self.inputs, self.init_errors = checked, []


def is_change(answer: provider_pb2.DiffResponse) -> bool:
    """Whether an answer of Diff means a change; one that leaves it to the engine is an AssertionError."""
    assert answer.changes in (provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME)
    return bool(answer.changes == provider_pb2.DiffResponse.DIFF_SOME)


def environment(home: Path) -> dict[str, str]:
    """The environment of a process that sees nobody's AWS configuration, and whose pauses take no time."""
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        **in_a_hurry(home / ".site"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "PULUMI_NON_INTERACTIVE": "1",
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
    }


@contextmanager
def running(
    program: Path,
    config: Mapping[str, str],
    secrets: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Provider]:
    """A provider process for a block."""
    provider = Provider(program, config, secrets or {}, env or {})
    try:
        yield provider
    finally:
        provider.output.append(provider.close())


def _struct(bag: Mapping[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(dict(bag))
    return message


def _bag(message: struct_pb2.Struct) -> Bag:
    """Properties as the engine holds them: every number is a float."""
    bag: Bag = json_format.MessageToDict(message)
    return bag
