"""One command from its flags to its exit code: which phases run, what the user confirms, when the stack is locked."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localengine.engine.phase import PARALLEL, Kind, Outcome, Phase, Scope, config_shown
from localengine.errors import EngineError, Exit
from localengine.processes.child_processes import ChildProcesses
from localengine.processes.program import ProgramRun
from localengine.state.stack import Config, Project, choose_stack, read_config, read_project
from localengine.state.store import Store, known_stacks, state_folder
from localengine.views.diff_view import DiffView
from localengine.views.json_view import EventJsonView, PreviewJsonView
from localengine.views.tree_view import TreeView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localengine.engine.events import View
    from localengine.engine.signals import Interrupts
    from localengine.engine.working_state import Save
    from localengine.options import Options
    from localengine.state.deployment import State
    from localengine.views.console import Console

_KINDS = {"preview": Kind.UPDATE, "up": Kind.UPDATE, "refresh": Kind.REFRESH, "destroy": Kind.DESTROY}
_TITLES = {Kind.UPDATE: "Updating", Kind.REFRESH: "Refreshing", Kind.DESTROY: "Destroying"}
_CONFIRM = "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode"


@dataclass(slots=True)
class Command:
    """One command while it runs."""

    options: Options
    console: Console
    interrupts: Interrupts
    project: Project
    stack: str
    config: Config
    store: Store
    child_processes: ChildProcesses = field(init=False)

    def execute(self) -> Exit:
        """Run the command."""
        if self.options.command == "export":
            self.console.out(json.dumps(self.store.document(), indent=4, ensure_ascii=False))
            return Exit.DONE
        with self._children():
            return self._phases()

    @contextmanager
    def _children(self) -> Iterator[None]:
        self.child_processes = ChildProcesses()
        try:
            yield
        finally:
            self.child_processes.close()

    def _phases(self) -> Exit:
        options = self.options
        only_preview = options.command == "preview" or options.preview_only
        if not only_preview and not (options.yes or options.skip_preview or self.console.interactive):
            raise EngineError(_CONFIRM, Exit.USAGE)
        if only_preview or not options.skip_preview:
            outcome = self._phase(self.store.load(), None)
            if only_preview or outcome.failed or self.interrupts.exit is not None:
                return self._verdict(outcome)
            if not self._confirmed():
                return Exit.FAILED
        with self.store.locked():
            outcome = self._phase(self.store.load(), self.store.save)
        if not outcome.failed and options.command == "destroy" and not options.json and not options.targets:
            self.console.out(_DESTROYED.format(path=self.store.path))
        return self._verdict(outcome)

    def _confirmed(self) -> bool:
        if self.options.yes:
            return True
        kind = _KINDS[self.options.command]
        if self.console.ask(f"Do you want to perform this {kind}?", ("yes", "no")) == "yes":
            return True
        self.console.out(f"confirmation declined, not proceeding with the {kind}")
        return False

    def _phase(self, state: State, save: Save | None) -> Outcome:
        kind, preview = _KINDS[self.options.command], save is None
        run = ProgramRun(self.project, self.stack, self.config, preview, PARALLEL)
        view = self._view(preview=preview)
        title = f"Previewing {kind}" if preview else _TITLES[kind]
        view.begin(f"{title} ({self.stack})", preview=preview, config=config_shown(self.config))
        phase = Phase(run, kind, self._scope(), state, save, view, self.child_processes)
        with self.interrupts.passed_to(phase):
            return phase.execute()

    def _scope(self) -> Scope:
        options = self.options
        return Scope(options.targets, options.target_dependents, options.refresh, options.clear_pending_creates)

    def _view(self, *, preview: bool) -> View:
        if self.options.json:
            return PreviewJsonView(self.console) if preview else EventJsonView(self.console)
        if self.options.diff:
            return DiffView(self.console)
        return TreeView(self.console, f"{self.project.name}-{self.stack}")

    def _verdict(self, outcome: Outcome) -> Exit:
        if (stopped := self.interrupts.exit) is not None:
            if stopped is Exit.TERMINATED:
                self.console.error(f"{_KINDS[self.options.command]} cancelled")
            return stopped
        if outcome.failed:
            return Exit.FAILED
        if self.options.expect_no_changes and outcome.has_changes:
            what = f" for {self.options.command}" if self.options.command in ("preview", "refresh") else ""
            raise EngineError(f"no changes were expected{what} but changes were proposed", Exit.CHANGES_NOT_EXPECTED)
        return Exit.DONE


def prepare(options: Options, console: Console, interrupts: Interrupts) -> Command:
    """Read the files a command needs; EngineError when one is missing or wrong."""
    project = read_project(options.cwd)
    folder = state_folder(project.program, options.state)
    interrupts.descriptor = 2 if options.json else 1
    stack = choose_stack(project, options.stack, known_stacks(folder))
    config, crypter = read_config(project, stack)
    return Command(options, console, interrupts, project, stack, config, Store(folder, stack, crypter))


_DESTROYED = (
    "The resources in the stack have been deleted, but the history and configuration associated with the stack are "
    "still maintained. \nIf you want to remove the stack completely, delete {path}."
)
