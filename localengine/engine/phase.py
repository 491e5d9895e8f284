"""One phase of a command from start to end: preview or update, refresh, destroy.

Starts the server, the program and the providers, waits for them, reports the outcome, and leaves no process running.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from localengine.engine.deletion import delete_all, with_dependents
from localengine.engine.events import Events, Op, Severity, StepEvent, Summary, View
from localengine.engine.monitor import EngineServicer, Listening, MonitorServicer, listen, serve_monitor
from localengine.engine.provider_registry import DYNAMIC_PACKAGE, ConfigurableProvider, ProviderRegistry
from localengine.engine.refresh import refresh
from localengine.engine.registration_handler import RegistrationHandler
from localengine.engine.running_program import RunningProgram
from localengine.engine.step_execution import ExecutionContext
from localengine.engine.step_planner import UntargetedError
from localengine.engine.stop_switch import StopSwitch
from localengine.engine.working_state import Save, WorkingState
from localengine.errors import EngineError, ProviderError, TerminatedError
from localengine.processes.child_processes import GRACE_SECONDS, ChildProcesses
from localengine.protocol.trace import Trace
from localengine.providers.dynamic_provider import DynamicProvider, ProviderHost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localengine.processes.program import ProgramRun
    from localengine.state.deployment import State
    from localengine.state.stack import Config

# Four times the processors, as Pulumi's default for --parallel.
PARALLEL = 4 * (os.cpu_count() or 1)


class Kind(StrEnum):
    """The kinds of phase."""

    UPDATE = "update"
    REFRESH = "refresh"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a phase ended."""

    failed: bool
    changes: Mapping[Op, int]

    @property
    def has_changes(self) -> bool:
        """Whether any resource changed."""
        return any(count for op, count in self.changes.items() if op is not Op.SAME)


@dataclass(frozen=True, slots=True)
class Scope:
    """The resources of a phase: all, or the `targets` (URNs). With `refreshes`, the phase reads them first.

    `dependents_too` lets a destroy of targets delete their dependents; `forgets_creations` drops pending creations.
    """

    targets: frozenset[str] = frozenset()
    dependents_too: bool = False
    refreshes: bool = False
    forgets_creations: bool = False


@dataclass(slots=True)
class Phase:
    """One phase while it runs."""

    run: ProgramRun
    kind: Kind
    scope: Scope
    state: State
    save: Save | None
    view: View
    child_processes: ChildProcesses
    stop_switch: StopSwitch = field(default_factory=StopSwitch)
    _providers: ProviderRegistry | None = None
    _working_state: WorkingState | None = None
    _program: RunningProgram | None = None

    def execute(self) -> Outcome:
        """Run the phase; failures are shown and do not raise."""
        events = Events(self.view)
        working_state = self._working_state = WorkingState(self.state, self.save)
        begun = time.monotonic()
        listening = listen(self.run.parallel, EngineServicer(events, self.stop_switch))
        trace = Trace.from_environment()
        host = ProviderHost(
            self.child_processes, self.run, listening.address, trace, events_reader(events, self.stop_switch)
        )
        factories: dict[str, Callable[[], ConfigurableProvider]] = {
            DYNAMIC_PACKAGE: lambda: DynamicProvider(host),
            "aws": _aws_provider,
        }
        providers = ProviderRegistry(factories, self.run.config, working_state, dry_run=self.run.dry_run)
        self._providers = providers
        context = ExecutionContext(working_state, providers, events, self.stop_switch, self.run.dry_run)
        try:
            self._guarded(context, lambda: self._work(context, listening, trace))
        finally:
            providers.cancel()
            providers.close(GRACE_SECONDS)
            listening.stop()
        self.view.end(Summary(changes=events.changes, seconds=time.monotonic() - begun, preview=self.run.dry_run))
        return Outcome(self.stop_switch.failed, events.changes)

    def interrupt(self) -> None:
        """Start nothing new, and cancel the providers; called in a signal handler."""
        self.stop_switch.interrupt()
        if self._providers is not None:
            threading.Thread(target=self._providers.cancel, daemon=True).start()

    def terminate(self) -> None:
        """End the running calls: the operations stay pending, because their result is unknown. For a signal handler."""
        self.stop_switch.interrupt()
        if self._working_state is not None:
            self._working_state.abandoned = True
        if self._providers is not None:
            threading.Thread(target=self._providers.end_calls, daemon=True).start()

    def _guarded(self, context: ExecutionContext, body: Callable[[], None]) -> None:
        try:
            body()
        except TerminatedError:
            pass
        except UntargetedError as error:
            self.stop_switch.fail(by_step=True)
            context.events.say(Severity.ERROR, error.message, error.urn)
        except (EngineError, ProviderError) as error:
            self.stop_switch.fail()
            context.events.say(Severity.ERROR, error.message)
        what = "preview" if self.run.dry_run else "update"
        if self.stop_switch.step_failed or context.working_state.abandoned:
            context.events.say(Severity.ERROR, f"{what} failed")
        elif self.stop_switch.interrupted:
            context.events.say(Severity.ERROR, f"{what} canceled")

    def _work(self, context: ExecutionContext, listening: Listening, trace: Trace) -> None:
        handler = RegistrationHandler(context, self.run.parallel, self.scope.targets)
        if self.kind is Kind.UPDATE:
            self._program = RunningProgram(self.run, self.child_processes, self.stop_switch, context.events)
            serve_monitor(listening, MonitorServicer(self.run, handler, self._program, trace))
        listening.server.start()
        self._warn_pending(context)
        if self.scope.forgets_creations and not self.run.dry_run:
            context.working_state.forget_creations()
        if self.scope.refreshes or self.kind is Kind.REFRESH:
            refresh(context, self.run.parallel, self.scope.targets, embedded=self.kind is not Kind.REFRESH)
        if self.kind is Kind.DESTROY:
            self._destroy(context)
        if self._program is not None:
            self._program.execute(listening.address, handler)

    def _warn_pending(self, context: ExecutionContext) -> None:
        """Warn of operations that an earlier command left pending; a preview and a refresh do not warn."""
        pending = context.working_state.pending_before
        if pending and not self.run.dry_run and self.kind is not Kind.REFRESH:
            listed = "".join(f"  * {item.resource.urn}, interrupted while {item.type}\n" for item in pending)
            context.events.say(Severity.WARNING, _PENDING.format(count=len(pending), listed=listed))

    def _destroy(self, context: ExecutionContext) -> None:
        scope, working_state = self.scope, context.working_state
        if scope.targets:
            to_delete = with_dependents(context, scope.targets, dependents_too=scope.dependents_too)
        else:
            to_delete = [*working_state.unsettled(), *working_state.replaced()]
        delete_all(context, to_delete, self.run.parallel)
        for left in working_state.unsettled():
            if not left.is_provider:
                context.events.finished(StepEvent(op=Op.SAME, urn=left.urn, old=left, new=left))


def _aws_provider() -> ConfigurableProvider:
    from localengine.providers.aws_project import AwsProvider  # noqa: PLC0415 - boto3 is slow to load and few programs need it

    return AwsProvider()


def events_reader(events: Events, stop_switch: StopSwitch) -> Callable[[str], None]:
    """Turns the lines that a process prints into messages; drops them once the phase has failed."""

    def read(line: str) -> None:
        if not stop_switch.stopped:
            events.say(Severity.INFO, line)

    return read


def config_shown(config: Config) -> dict[str, str]:
    """The configuration for a screen: secrets masked."""
    return {key: "[secret]" if key in config.secret_keys else value for key, value in config.values.items()}


# The first line and the list are Pulumi's.
_PENDING = """\
Attempting to deploy or update resources with {count} pending operations from previous deployment.
{listed}\
Their result is unknown: check the service. `refresh` reads the resources that exist; a creation stays listed until
`refresh --clear-pending-creates`."""
