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

    def __init__(self, deed: Deed, parallel: int) -> None:
        self._deed = deed
        self._parallel = parallel
        self._decider = Decider(deed.snapshot, deed.providers)
        self._deciding = threading.Lock()
        self._steps: dict[str, Step] = {}
        self.finished = False

    def register(self, goal: Goal) -> Resource:
        """Bring one resource to its goal; the state the program is answered."""
        steps = self._decide(goal)
        result: Resource | None = None
        for step in steps:
            result = perform(self._deed, step)
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
                self._invalid(goal, [error.message])
            raise TerminatedError

    def _invalid(self, goal: Goal, messages: list[str]) -> None:
        """A registration that cannot even be decided: nothing new begins, the row of the resource says why."""
        self._deed.gate.fail()
        for message in messages:
            self._deed.events.say(Severity.ERROR, message, goal.urn)

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
        self._deed.snapshot.settle(new)
        self._deed.events.outputs(replace(step, new=new))

    def finish(self) -> None:
        """The program has registered everything: delete what left it."""
        self._deed.gate.check()
        gone = self._deed.snapshot.unsettled()
        for resource in [resource for resource in gone if resource.pending_replacement]:
            self._deed.snapshot.drop(resource.urn)
        delete_all(self._deed, self._deed.snapshot.unsettled(), self._parallel)
        self.finished = True

    def refuse(self, message: str) -> None:
        """The program asked for something the engine has not: report it on the stack's row, begin nothing new."""
        self._deed.gate.fail()
        self._deed.events.say(Severity.ERROR, message)
