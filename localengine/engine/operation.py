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

from localengine.engine.events import Events, Op, Severity, Summary, View
from localengine.engine.gate import Gate
from localengine.engine.monitor import EngineServicer, Listening, MonitorServicer, listen, serve_monitor
from localengine.engine.perform import Deed
from localengine.engine.providers import DYNAMIC_PACKAGE, ConfigurableProvider, Providers
from localengine.engine.refresh import refresh
from localengine.engine.registrar import Registrar
from localengine.engine.removal import delete_all
from localengine.engine.snapshot import Save, Snapshot
from localengine.errors import EngineError, ProviderError, TerminatedError
from localengine.processes.process import GRACE_SECONDS, Child, Nursery
from localengine.processes.program import Run, start_program
from localengine.protocol.trace import Trace
from localengine.providers.dynamic_provider import DynamicProvider, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localengine.state.deployment import Resource
    from localengine.state.stack import Config

# Four times the processors, as Pulumi's default for --parallel.
PARALLEL = 4 * (os.cpu_count() or 1)
# The program's exit status when its traceback was reported already (driver.py).
_REPORTED = 32


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


@dataclass(slots=True)
class Phase:
    """One phase while it runs."""

    run: Run
    kind: Kind
    resources: list[Resource]
    save: Save | None
    view: View
    nursery: Nursery
    gate: Gate = field(default_factory=Gate)
    _providers: Providers | None = None

    def execute(self, *, with_refresh: bool = False) -> Outcome:
        """Run the phase; failures are shown, not raised."""
        events = Events(self.view)
        snapshot = Snapshot(self.resources, self.save)
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
            self._guarded(deed, lambda: self._body(deed, listening, trace, with_refresh=with_refresh))
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
        """End the children now: their calls then fail, and the phase with them; called in a signal handler."""
        self.gate.interrupt()
        threading.Thread(target=self.nursery.end_all, daemon=True).start()

    def _guarded(self, deed: Deed, body: Callable[[], None]) -> None:
        try:
            body()
        except TerminatedError:
            pass
        except (EngineError, ProviderError) as error:
            self.gate.fail()
            deed.events.say(Severity.ERROR, error.message)
        what = "preview" if self.run.dry_run else "update"
        if self.gate.step_failed:
            deed.events.say(Severity.ERROR, f"{what} failed")
        elif self.gate.interrupted:
            deed.events.say(Severity.ERROR, f"{what} canceled")

    def _body(self, deed: Deed, listening: Listening, trace: Trace, *, with_refresh: bool) -> None:
        registrar = Registrar(deed, self.run.parallel)
        if self.kind is Kind.UPDATE:
            serve_monitor(listening, MonitorServicer(self.run, registrar, trace))
        listening.server.start()
        if with_refresh or self.kind is Kind.REFRESH:
            refresh(deed, self.run.parallel, embedded=self.kind is not Kind.REFRESH)
        if self.kind is Kind.DESTROY:
            delete_all(deed, deed.snapshot.unsettled(), self.run.parallel)
        if self.kind is Kind.UPDATE:
            self._run_program(deed, listening, registrar)

    def _run_program(self, deed: Deed, listening: Listening, registrar: Registrar) -> None:
        child = start_program(self.nursery, self.run, listening.address)
        read = events_reader(deed.events, self.gate)
        child.read_rest(read, read)
        status = self._wait(child)
        self.nursery.stop(child, 0.0)
        self.gate.check()
        if status == 0 and registrar.finished:
            return
        self.gate.fail()
        if status != _REPORTED:
            deed.events.say(Severity.ERROR, f"program exited with non-zero exit code: {status}")

    def _wait(self, child: Child) -> int:
        """Wait for the program; once the gate is closed and no step runs, it has two seconds to end."""
        patience = 2.0
        while (status := child.wait(0.1)) is None:
            if self.gate.closed and self.gate.wait_idle(0.1):
                patience -= 0.2
            if patience < 0:
                self.nursery.stop(child, 1.0)
                return -1
        return status


def _aws_provider() -> ConfigurableProvider:
    from localengine.providers.aws_project import AwsProvider  # noqa: PLC0415 - boto3 is slow to load, few programs need it

    return AwsProvider()


def events_reader(events: Events, gate: Gate) -> Callable[[str], None]:
    """Turns lines that a process prints into messages; silent once the phase is failing."""

    def read(line: str) -> None:
        if not gate.closed:
            events.say(Severity.INFO, line)

    return read


def config_shown(config: Config) -> dict[str, str]:
    """The configuration for a screen: secrets masked."""
    return {key: "[secret]" if key in config.secret_keys else value for key, value in config.values.items()}
