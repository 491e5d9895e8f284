"""The engine's side of Pulumi's gRPC protocol: resource monitor and engine services on one server.

Turns requests into calls of the registrar and answers; refuses, by name, every method the engine does not have.
Protocol: pulumi/pulumi proto/pulumi/resource.proto and engine.proto; the SDK asks with GetDeploymentInfo.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from localengine.engine.events import Events, Severity
from localengine.engine.goal import read_goal
from localengine.errors import EngineError, RefusedError, TerminatedError
from localengine.processes.program import ORGANIZATION, Run
from localengine.protocol.properties import from_struct, to_struct
from localengine.providers.dynamic_provider import CHANNEL_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

    from localengine.engine.gate import Gate
    from localengine.engine.registrar import Registrar
    from localengine.engine.running_program import RunningProgram
    from localengine.protocol.trace import Trace
    from localengine.state.deployment import Resource

# What the SDK says when its own registration was turned away; the reason was shown already.
_ECHO = "Resource monitor has terminated, shutting down"
_SEVERITIES = {
    engine_pb2.INFO: Severity.INFO,
    engine_pb2.WARNING: Severity.WARNING,
    engine_pb2.ERROR: Severity.ERROR,
}
# Methods of the monitor that the engine does not have, as a user knows them.
_REFUSED: Mapping[str, str] = {
    "Invoke": "function calls (invoke)",
    "Call": "method calls on resources (call)",
    "ReadResource": "reading existing resources (get, or the option id)",
    "ExistsResource": "asking whether a resource exists",
    "RegisterStackTransform": "stack transforms",
    "RegisterStackInvokeTransform": "invoke transforms",
    "RegisterResourceHook": "resource hooks",
    "RegisterErrorHook": "error hooks",
    "RegisterPackage": "parameterized packages",
}
_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
)


class MonitorServicer(resource_pb2_grpc.ResourceMonitorServicer):
    """What the program calls."""

    def __init__(self, run: Run, registrar: Registrar, program: RunningProgram, trace: Trace) -> None:
        self._run = run
        self._registrar = registrar
        self._program = program
        self._trace = trace

    def GetDeploymentInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> resource_pb2.DeploymentInfo:  # noqa: N802 - a method of the protocol
        """Say what runs, and which features the SDK may use."""
        del context
        run = self._run
        answer = resource_pb2.DeploymentInfo(
            project=run.project.name,
            stack=run.stack,
            organization=ORGANIZATION,
            config=dict(run.config.values),
            configSecretKeys=sorted(run.config.secret_keys),
            dryRun=run.dry_run,
            parallel=run.parallel,
            supportedFeatures=list(_FEATURES),
        )
        self._trace.response("ResourceMonitor/GetDeploymentInfo", request, answer)
        return answer

    def RegisterResource(  # noqa: N802 - a method of the protocol
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring a resource to its goal; answers when that is done."""
        self._trace.request("ResourceMonitor/RegisterResource", request)
        try:
            goal = read_goal(self._run.stack, self._run.project.name, request)
            result = self._registrar.register(goal)
        except (TerminatedError, RefusedError) as error:
            self._turn_away(context, error)
        self._program.interrupt_before_answer()
        # A component's outputs are the program's own to register, so none are answered.
        outputs = result.outputs if result.custom else {}
        answer = resource_pb2.RegisterResourceResponse(
            urn=result.urn, id=result.id, object=to_struct(outputs), unknown=self._is_unknown(result)
        )
        self._trace.response("ResourceMonitor/RegisterResource", request, answer)
        return answer

    def RegisterResourceOutputs(  # noqa: N802 - a method of the protocol
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take the outputs of the stack or of a component."""
        try:
            self._registrar.register_outputs(request.urn, from_struct(request.outputs))
        except (TerminatedError, EngineError) as error:
            self._turn_away(context, error)
        self._trace.response("ResourceMonitor/RegisterResourceOutputs", request, empty_pb2.Empty())
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802 - a method of the protocol
        """The program has registered everything; answers when what left it is deleted."""
        try:
            self._registrar.finish()
        except TerminatedError as error:
            self._turn_away(context, error)
        self._trace.response("ResourceMonitor/SignalAndWaitForShutdown", request, empty_pb2.Empty())
        return empty_pb2.Empty()

    def _is_unknown(self, result: Resource) -> bool:
        """Whether the resource was not made although this is no preview: its outputs are then unknown (`--target`)."""
        return result.custom and not result.id and not self._run.dry_run

    def refuse(self, method: str, request: Message, context: grpc.ServicerContext) -> NoReturn:
        """Turn away a method the engine does not have."""
        token = getattr(request, "tok", "") or getattr(request, "type", "")
        what = _REFUSED[method] + (f" {token}" if token else "")
        self._turn_away(context, RefusedError(what))

    def _turn_away(self, context: grpc.ServicerContext, error: Exception) -> NoReturn:
        """Report the error, keep the call open until the program was interrupted, then end it."""
        if isinstance(error, EngineError):
            self._registrar.refuse(error.message)
        self._program.hold()
        context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
        raise AssertionError("abort raises")


def _refusing(method: str) -> object:
    def handler(servicer: MonitorServicer, request: Message, context: grpc.ServicerContext) -> NoReturn:
        servicer.refuse(method, request, context)

    return handler


for _method in _REFUSED:
    setattr(MonitorServicer, _method, _refusing(_method))


class EngineServicer(engine_pb2_grpc.EngineServicer):
    """What program and providers say."""

    def __init__(self, events: Events, gate: Gate) -> None:
        self._events = events
        self._gate = gate
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802 - a method of the protocol
        """Pass a message on; debug messages are dropped."""
        del context
        severity = _SEVERITIES.get(request.severity)
        echo = request.message == _ECHO and self._gate.closed
        if severity is not None and not echo:
            self._events.say(
                severity, request.message, request.urn, stream=request.streamId, ephemeral=request.ephemeral
            )
            if severity is Severity.ERROR:
                self._gate.fail()
        return empty_pb2.Empty()

    def GetRootResource(  # noqa: N802 - a method of the protocol
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        """The URN of the stack, as the program set it."""
        del request, context
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(  # noqa: N802 - a method of the protocol
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the URN of the stack."""
        del context
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that listens on loopback."""

    server: grpc.Server
    address: str

    def stop(self) -> None:
        """Stop listening; calls under way are cut off."""
        self.server.stop(0).wait()


def listen(parallel: int, engine: EngineServicer) -> Listening:
    """Start a server for the engine service; `serve_monitor` adds the monitor before the program starts.

    A registration keeps a thread until its step ends, so there are more threads than the program has.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=8 * parallel + 16), options=CHANNEL_OPTIONS)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    return Listening(server, f"127.0.0.1:{port}")


def serve_monitor(listening: Listening, monitor: MonitorServicer) -> None:
    """Add the monitor service."""
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, listening.server)
