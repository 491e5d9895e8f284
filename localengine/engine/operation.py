"""One phase of a command from start to end: preview or update, refresh, destroy.

Starts the server, the program and the providers, waits, says how it ended, and leaves no process behind.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from localengine.engine.decide import UntargetedError
from localengine.engine.events import Events, Op, Severity, Step, Summary, View
from localengine.engine.gate import Gate
from localengine.engine.monitor import EngineServicer, Listening, MonitorServicer, listen, serve_monitor
from localengine.engine.perform import Deed
from localengine.engine.providers import DYNAMIC_PACKAGE, ConfigurableProvider, Providers
from localengine.engine.refresh import refresh
from localengine.engine.registrar import Registrar
from localengine.engine.removal import delete_all, with_dependents
from localengine.engine.running_program import RunningProgram
from localengine.engine.snapshot import Save, Snapshot
from localengine.errors import EngineError, ProviderError, TerminatedError
from localengine.processes.process import GRACE_SECONDS, Nursery
from localengine.protocol.trace import Trace
from localengine.providers.dynamic_provider import DynamicProvider, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from localengine.processes.program import Run
    from localengine.state.deployment import Operation, State
    from localengine.state.stack import Config

# Four times the processors, as Pulumi's default for --parallel.
PARALLEL = 4 * (os.cpu_count() or 1)


class Kind(StrEnum):
    """What a phase does."""

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
        """Whether anything but "same" happened."""
        return any(count for op, count in self.changes.items() if op is not Op.SAME)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a phase is about: all resources, or the `targets` (URNs); and whether everything is read first.

    `dependents_too` lets a destroy of targets delete what depends on them; `forgets_creations` drops pending creations.
    """

    targets: frozenset[str] = frozenset()
    dependents_too: bool = False
    refreshes: bool = False
    forgets_creations: bool = False


@dataclass(slots=True)
class Phase:
    """One phase while it runs."""

    run: Run
    kind: Kind
    scope: Scope
    state: State
    save: Save | None
    view: View
    nursery: Nursery
    gate: Gate = field(default_factory=Gate)
    _providers: Providers | None = None
    _snapshot: Snapshot | None = None
    _program: RunningProgram | None = None

    def execute(self) -> Outcome:
        """Run the phase; failures are shown, not raised."""
        events = Events(self.view)
        snapshot = self._snapshot = Snapshot(self.state, self.save)
        begun = time.monotonic()
        listening = listen(self.run.parallel, EngineServicer(events, self.gate))
        trace = Trace.from_environment()
        host = Host(self.nursery, self.run, listening.address, trace, events_reader(events, self.gate))
        factories: dict[str, Callable[[], ConfigurableProvider]] = {
            DYNAMIC_PACKAGE: lambda: DynamicProvider(host),
            "aws": _aws_provider,
        }
        providers = Providers(factories, self.run.config, snapshot, dry_run=self.run.dry_run)
        self._providers = providers
        deed = Deed(snapshot, providers, events, self.gate, self.run.dry_run)
        try:
            self._guarded(deed, lambda: self._body(deed, listening, trace))
        finally:
            providers.cancel()
            providers.close(GRACE_SECONDS)
            listening.stop()
        self.view.end(Summary(changes=events.changes, seconds=time.monotonic() - begun, preview=self.run.dry_run))
        return Outcome(self.gate.failed, events.changes)

    def interrupt(self) -> None:
        """Begin nothing new, and tell the providers; called in a signal handler."""
        self.gate.interrupt()
        if self._providers is not None:
            threading.Thread(target=self._providers.cancel, daemon=True).start()

    def terminate(self) -> None:
        """End the calls now: what they did is unknown and stays pending; called in a signal handler."""
        self.gate.interrupt()
        if self._snapshot is not None:
            self._snapshot.abandoned = True
        if self._providers is not None:
            threading.Thread(target=self._providers.end_calls, daemon=True).start()

    def _guarded(self, deed: Deed, body: Callable[[], None]) -> None:
        try:
            body()
        except TerminatedError:
            pass
        except UntargetedError as error:
            self.gate.fail(by_step=True)
            deed.events.say(Severity.ERROR, error.message, error.urn)
        except (EngineError, ProviderError) as error:
            self.gate.fail()
            deed.events.say(Severity.ERROR, error.message)
        what = "preview" if self.run.dry_run else "update"
        if self.gate.step_failed or deed.snapshot.abandoned:
            deed.events.say(Severity.ERROR, f"{what} failed")
        elif self.gate.interrupted:
            deed.events.say(Severity.ERROR, f"{what} canceled")

    def _body(self, deed: Deed, listening: Listening, trace: Trace) -> None:
        registrar = Registrar(deed, self.run.parallel, self.scope.targets)
        if self.kind is Kind.UPDATE:
            self._program = RunningProgram(self.run, self.nursery, self.gate, deed.events)
            serve_monitor(listening, MonitorServicer(self.run, registrar, self._program, trace))
        listening.server.start()
        self._tell_pending(deed)
        if self.scope.forgets_creations and not self.run.dry_run:
            deed.snapshot.forget_creations()
        if self.scope.refreshes or self.kind is Kind.REFRESH:
            refresh(deed, self.run.parallel, self.scope.targets, embedded=self.kind is not Kind.REFRESH)
        if self.kind is Kind.DESTROY:
            self._destroy(deed)
        if self._program is not None:
            self._program.execute(listening.address, registrar)

    def _tell_pending(self, deed: Deed) -> None:
        """Warn of operations that an earlier command did not see end; a preview and a refresh say nothing of them."""
        pending = deed.snapshot.pending_before
        if pending and not self.run.dry_run and self.kind is not Kind.REFRESH:
            deed.events.say(Severity.WARNING, pending_text(pending))

    def _destroy(self, deed: Deed) -> None:
        scope, snapshot = self.scope, deed.snapshot
        if scope.targets:
            doomed = with_dependents(deed, scope.targets, dependents_too=scope.dependents_too)
        else:
            doomed = [*snapshot.unsettled(), *snapshot.replaced()]
        delete_all(deed, doomed, self.run.parallel)
        for left in snapshot.unsettled():
            if not left.is_provider:
                deed.events.finished(Step(op=Op.SAME, urn=left.urn, old=left, new=left))


def _aws_provider() -> ConfigurableProvider:
    from localengine.providers.aws_project import AwsProvider  # noqa: PLC0415 - boto3 is slow to load, few programs need it

    return AwsProvider()


def pending_text(pending: Sequence[Operation]) -> str:
    """Pulumi's warning about operations whose end nobody saw."""
    listed = "".join(f"  * {item.resource.urn}, interrupted while {item.type}\n" for item in pending)
    return _PENDING.format(count=len(pending), listed=listed)


def events_reader(events: Events, gate: Gate) -> Callable[[str], None]:
    """Turns lines that a process prints into messages; silent once the phase is failing."""

    def read(line: str) -> None:
        if not gate.closed:
            events.say(Severity.INFO, line)

    return read


def config_shown(config: Config) -> dict[str, str]:
    """The configuration for a screen: secrets masked."""
    return {key: "[secret]" if key in config.secret_keys else value for key, value in config.values.items()}


# The first line and the list are Pulumi's.
_PENDING = """\
Attempting to deploy or update resources with {count} pending operations from previous deployment.
{listed}\
Nobody knows whether they were done: look at the service. `refresh` reads what exists; a creation stays listed until
`refresh --clear-pending-creates`."""
