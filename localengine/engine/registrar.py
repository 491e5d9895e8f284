"""What happens when the program registers a resource: decide under one lock, do outside it, answer.

The middle of `preview` and `up`. After a failure or an interrupt every registration raises TerminatedError.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from localengine.engine.decide import CheckFailedError, Decider
from localengine.engine.events import Op, Severity, Step
from localengine.engine.perform import Deed, perform
from localengine.engine.removal import delete_all
from localengine.errors import EngineError, ProviderError, TerminatedError
from localengine.protocol import urn as urns

if TYPE_CHECKING:
    from localengine.engine.goal import Goal
    from localengine.protocol.properties import Properties
    from localengine.state.deployment import Resource


class Registrar:
    """Takes the registrations of one run of the program."""

    def __init__(self, deed: Deed, parallel: int, targets: frozenset[str] = frozenset()) -> None:
        self._deed = deed
        self._parallel = parallel
        self._targets = targets
        complain = self._complain if deed.dry_run else None
        self._decider = Decider(deed.snapshot, deed.providers, targets, complain)
        self._deciding = threading.Lock()
        self._steps: dict[str, Step] = {}
        self._stack: Step | None = None
        self.finished = False

    def register(self, goal: Goal) -> Resource:
        """Bring one resource to its goal; the state the program is answered."""
        steps = self._decide(goal)
        result: Resource | None = None
        for step in steps:
            done = perform(self._deed, step)
            result = result if step.op is Op.REPLACE else done
        if result is None:
            raise AssertionError(f"no result for {goal.urn}")
        self._steps[goal.urn] = steps[-1]
        return result

    def _decide(self, goal: Goal) -> list[Step]:
        try:
            self._decider.arrive(goal)
        except EngineError as error:
            self._invalid(goal, [error.message])
        with self._deciding:
            self._deed.gate.check()
            try:
                if urns.is_provider(goal.type):
                    return self._provider_steps(goal)
                return self._decider.decide(goal)
            except CheckFailedError as error:
                self._invalid(goal, error.messages)
            except (ProviderError, EngineError) as error:
                if not self._deed.snapshot.abandoned:
                    self._invalid(goal, [error.message])
            raise TerminatedError

    def _invalid(self, goal: Goal, messages: list[str]) -> None:
        """A registration that cannot even be decided: nothing new begins, the row of the resource says why."""
        self._deed.gate.fail()
        for message in messages:
            self._deed.events.say(Severity.ERROR, message, goal.urn)

    def _complain(self, message: str, urn: str) -> None:
        """Something that an update would refuse: the preview goes on and fails at its end."""
        self._deed.gate.fail_later()
        self._deed.events.say(Severity.ERROR, message, urn)

    def _provider_steps(self, goal: Goal) -> list[Step]:
        old = self._deed.snapshot.old(goal.urn)
        new = self._deed.providers.enter(goal)
        self._deed.snapshot.settle(new)
        if old is None:
            return [Step(op=Op.CREATE, urn=goal.urn, new=new)]
        op = Op.SAME if old.inputs == new.inputs else Op.UPDATE
        return [Step(op=op, urn=goal.urn, old=old, new=new)]

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """The outputs of a component or of the stack."""
        self._deed.gate.check()
        state = self._deed.snapshot.settled(urn)
        step = self._steps.get(urn)
        if state is None or step is None:
            raise EngineError(f"outputs registered for {urn}, which was not registered")
        new = replace(state, outputs=outputs)
        if urns.type_of(urn) == urns.STACK_TYPE:
            self._stack = replace(step, new=new)
            outputs = {**(step.old.outputs if step.old else {}), **outputs}
        self._deed.snapshot.settle(replace(new, outputs=outputs))
        if self._stack is None or self._stack.urn != urn:
            self._deed.events.outputs(replace(step, new=new))

    def finish(self) -> None:
        """The program has registered everything: delete what left it, and what was replaced.

        Outputs of the stack that are not registered any more go last: a command that fails before keeps them.
        """
        try:
            self._deed.gate.check()
            self._delete()
            self._deed.gate.end_preview()
        except TerminatedError:
            self._tell_outputs()
            raise
        if self._stack is not None:
            self._deed.snapshot.settle(self._stack.resource)
        self._tell_outputs()
        self.finished = True

    def _delete(self) -> None:
        snapshot = self._deed.snapshot
        for resource in [resource for resource in snapshot.unsettled() if resource.pending_replacement]:
            snapshot.drop(resource)
        gone = [item for item in snapshot.unsettled() if not self._targets or item.urn in self._targets]
        delete_all(self._deed, [*gone, *snapshot.replaced()], self._parallel)

    def _tell_outputs(self) -> None:
        """The outputs of the stack as they are stored now."""
        if self._stack is not None:
            stored = self._deed.snapshot.settled(self._stack.urn)
            self._deed.events.outputs(replace(self._stack, new=stored))

    def refuse(self, message: str) -> None:
        """The program asked for something the engine has not: report it on the stack's row, begin nothing new."""
        self._deed.gate.refused = True
        self._deed.gate.fail()
        self._deed.events.say(Severity.ERROR, message)
