"""Handles the registrations of a program: plans the steps under one lock, executes them outside it, answers.

Used by `preview` and `up`. After a failure or an interrupt every registration raises TerminatedError.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from localengine.engine.deletion import delete_all
from localengine.engine.events import Op, Severity, StepEvent
from localengine.engine.step_execution import ExecutionContext, execute_step
from localengine.engine.step_planner import CheckFailedError, StepPlanner
from localengine.errors import EngineError, ProviderError, TerminatedError
from localengine.protocol import urn as urns

if TYPE_CHECKING:
    from localengine.engine.registration import Registration
    from localengine.protocol.properties import Properties
    from localengine.state.deployment import Resource


class RegistrationHandler:
    """Handles the registrations of one program run."""

    def __init__(self, context: ExecutionContext, parallel: int, targets: frozenset[str] = frozenset()) -> None:
        self._context = context
        self._parallel = parallel
        self._targets = targets
        report = self._report if context.dry_run else None
        self._planner = StepPlanner(context.working_state, context.providers, targets, report)
        self._deciding = threading.Lock()
        self._steps: dict[str, StepEvent] = {}
        self._stack: StepEvent | None = None
        self.finished = False

    def register(self, registration: Registration) -> Resource:
        """Execute the steps of one registration; the resource that the program receives."""
        steps = self._decide(registration)
        result: Resource | None = None
        for step in steps:
            done = execute_step(self._context, step)
            result = result if step.op is Op.REPLACE else done
        if result is None:
            raise AssertionError(f"no result for {registration.urn}")
        self._steps[registration.urn] = steps[-1]
        return result

    def _decide(self, registration: Registration) -> list[StepEvent]:
        try:
            self._planner.announce(registration)
        except EngineError as error:
            self._invalid(registration, [error.message])
        with self._deciding:
            self._context.stop_switch.check()
            try:
                if urns.is_provider(registration.type):
                    return self._provider_steps(registration)
                return self._planner.plan(registration)
            except CheckFailedError as error:
                self._invalid(registration, error.messages)
            except (ProviderError, EngineError) as error:
                if not self._context.working_state.abandoned:
                    self._invalid(registration, [error.message])
            raise TerminatedError

    def _invalid(self, registration: Registration, messages: list[str]) -> None:
        """A registration without steps: nothing new starts, and the row of the resource shows why."""
        self._context.stop_switch.fail()
        for message in messages:
            self._context.events.say(Severity.ERROR, message, registration.urn)

    def _report(self, message: str, urn: str) -> None:
        """Report what an update would refuse: the preview continues and fails at its end."""
        self._context.stop_switch.fail_later()
        self._context.events.say(Severity.ERROR, message, urn)

    def _provider_steps(self, registration: Registration) -> list[StepEvent]:
        old = self._context.working_state.old(registration.urn)
        new = self._context.providers.enter(registration)
        self._context.working_state.settle(new)
        if old is None:
            return [StepEvent(op=Op.CREATE, urn=registration.urn, new=new)]
        op = Op.SAME if old.inputs == new.inputs else Op.UPDATE
        return [StepEvent(op=op, urn=registration.urn, old=old, new=new)]

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Store the outputs of a component or of the stack."""
        self._context.stop_switch.check()
        state = self._context.working_state.settled(urn)
        step = self._steps.get(urn)
        if state is None or step is None:
            raise EngineError(f"outputs registered for {urn}, which was not registered")
        new = replace(state, outputs=outputs)
        if urns.type_of(urn) == urns.STACK_TYPE:
            self._stack = replace(step, new=new)
            outputs = {**(step.old.outputs if step.old else {}), **outputs}
        self._context.working_state.settle(replace(new, outputs=outputs))
        if self._stack is None or self._stack.urn != urn:
            self._context.events.outputs(replace(step, new=new))

    def finish(self) -> None:
        """Delete the resources that the program no longer has and the replaced ones; called when it has registered all.

        Stack outputs that are no longer registered are removed last: a command that fails earlier keeps them.
        """
        try:
            self._context.stop_switch.check()
            self._delete()
            self._context.stop_switch.end_preview()
        except TerminatedError:
            self._show_outputs()
            raise
        if self._stack is not None:
            self._context.working_state.settle(self._stack.resource)
        self._show_outputs()
        self.finished = True

    def _delete(self) -> None:
        working_state = self._context.working_state
        for resource in [resource for resource in working_state.unsettled() if resource.pending_replacement]:
            working_state.drop(resource)
        gone = [item for item in working_state.unsettled() if not self._targets or item.urn in self._targets]
        delete_all(self._context, [*gone, *working_state.replaced()], self._parallel)

    def _show_outputs(self) -> None:
        """Show the outputs of the stack as they are stored now."""
        if self._stack is not None:
            stored = self._context.working_state.settled(self._stack.urn)
            self._context.events.outputs(replace(self._stack, new=stored))

    def refuse(self, message: str) -> None:
        """Report an unsupported feature on the row of the stack, and start nothing new."""
        self._context.stop_switch.refused = True
        self._context.stop_switch.fail()
        self._context.events.say(Severity.ERROR, message)
