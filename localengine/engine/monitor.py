"""The engine's side of Pulumi's gRPC protocol: resource monitor and engine services on one server.

Passes requests to the registration handler and answers them; refuses other methods by name.
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
from localengine.engine.registration import read_registration
from localengine.errors import EngineError, RefusedError, TerminatedError
from localengine.processes.program import ORGANIZATION, ProgramRun
from localengine.protocol.properties import from_struct, to_struct
from localengine.providers.dynamic_provider import CHANNEL_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

    from localengine.engine.registration_handler import RegistrationHandler
    from localengine.engine.running_program import RunningProgram
    from localengine.engine.stop_switch import StopSwitch
    from localengine.protocol.trace import Trace
    from localengine.state.deployment import Resource

# The SDK logs this when its registration was refused; the reason was already shown.
_ECHO = "Resource monitor has terminated, shutting down"
_SEVERITIES = {engine_pb2.INFO: Severity.INFO, engine_pb2.WARNING: Severity.WARNING, engine_pb2.ERROR: Severity.ERROR}
# Methods of the monitor that the engine does not have, with the names of Pulumi's documentation.
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
    """The resource monitor, which the program calls."""

    def __init__(self, run: ProgramRun, handler: RegistrationHandler, program: RunningProgram, trace: Trace) -> None:
        self._run = run
        self._handler = handler
        self._program = program
        self._trace = trace

    def GetDeploymentInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> resource_pb2.DeploymentInfo:  # noqa: N802 - a method of the protocol
        """The project, the stack and the features that the SDK may use."""
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
        """Create, update or replace a resource as registered; answers when that is done."""
        self._trace.request("ResourceMonitor/RegisterResource", request)
        try:
            registration = read_registration(self._run.stack, self._run.project.name, request)
            result = self._handler.register(registration)
        except (TerminatedError, RefusedError) as error:
            self._abort(context, error)
        self._program.interrupt_before_answer()
        # The program registers the outputs of a component itself, so the answer has none.
        outputs = result.outputs if result.custom else {}
        answer = resource_pb2.RegisterResourceResponse(
            urn=result.urn, id=result.id, object=to_struct(outputs), unknown=self._is_unknown(result)
        )
        self._trace.response("ResourceMonitor/RegisterResource", request, answer)
        return answer

    def RegisterResourceOutputs(  # noqa: N802 - a method of the protocol
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Store the outputs of the stack or of a component."""
        try:
            self._handler.register_outputs(request.urn, from_struct(request.outputs))
        except (TerminatedError, EngineError) as error:
            self._abort(context, error)
        self._trace.response("ResourceMonitor/RegisterResourceOutputs", request, empty_pb2.Empty())
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802 - a method of the protocol
        """The program has registered everything; answers when the resources that it no longer has are deleted."""
        try:
            self._handler.finish()
        except TerminatedError as error:
            self._abort(context, error)
        self._trace.response("ResourceMonitor/SignalAndWaitForShutdown", request, empty_pb2.Empty())
        return empty_pb2.Empty()

    def _is_unknown(self, result: Resource) -> bool:
        """Whether an update skipped the resource because it is not a target: its outputs are unknown."""
        return result.custom and not result.id and not self._run.dry_run

    def refuse(self, method: str, request: Message, context: grpc.ServicerContext) -> NoReturn:
        """Refuse a method that the engine does not have."""
        token = getattr(request, "tok", "") or getattr(request, "type", "")
        what = _REFUSED[method] + (f" {token}" if token else "")
        self._abort(context, RefusedError(what))

    def _abort(self, context: grpc.ServicerContext, error: Exception) -> NoReturn:
        """Report the error, keep the call open until the program is interrupted, then end it."""
        if isinstance(error, EngineError):
            self._handler.refuse(error.message)
        self._program.wait_for_stop()
        context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
        raise AssertionError("abort raises")


def _refusing(method: str) -> object:
    def handler(servicer: MonitorServicer, request: Message, context: grpc.ServicerContext) -> NoReturn:
        servicer.refuse(method, request, context)

    return handler


for _method in _REFUSED:
    setattr(MonitorServicer, _method, _refusing(_method))


class EngineServicer(engine_pb2_grpc.EngineServicer):
    """The engine service: messages of the program and of providers."""

    def __init__(self, events: Events, stop_switch: StopSwitch) -> None:
        self._events = events
        self._stop_switch = stop_switch
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802 - a method of the protocol
        """Show a message; debug messages are dropped."""
        del context
        severity = _SEVERITIES.get(request.severity)
        echo = request.message == _ECHO and self._stop_switch.stopped
        if severity is not None and not echo:
            self._events.say(
                severity, request.message, request.urn, stream=request.streamId, ephemeral=request.ephemeral
            )
            if severity is Severity.ERROR:
                self._stop_switch.fail()
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
        """Stop listening; running calls are cancelled."""
        self.server.stop(0).wait()


def listen(parallel: int, engine: EngineServicer) -> Listening:
    """Start a server for the engine service; `serve_monitor` adds the monitor before the program starts.

    A registration holds a thread until its step ends, so the server has more threads than the program.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=8 * parallel + 16), options=CHANNEL_OPTIONS)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    return Listening(server, f"127.0.0.1:{port}")


def serve_monitor(listening: Listening, monitor: MonitorServicer) -> None:
    """Add the monitor service."""
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, listening.server)
