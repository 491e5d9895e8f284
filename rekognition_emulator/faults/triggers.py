"""When a fault fires: on which calls, how often, and with which probability."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from rekognition_emulator.faults import conditions


@dataclass
class Trigger:
    """`operations` (patterns) and `when` (member path -> value or pattern) say which calls count as matching.

    `on`: fire on these matching calls, counted from 1; `every`: on each nth; `chance`: with this probability. Without
    any of them the fault fires on each matching call. `times`: fire at most so often. `chances` is the trigger's own
    stream of random numbers, so that other faults of the plan do not change when this one fires.
    """

    operations: list[str]
    when: dict[str, Any] = field(default_factory=dict)
    on: frozenset[int] = frozenset()
    every: int = 0
    chance: float | None = None
    times: int | None = None
    chances: random.Random = field(default_factory=random.Random)
    met: int = 0
    fired: int = 0

    def fires(self, operation: str, request: dict[str, Any]) -> bool:
        """Whether the fault fires on this call. Counts the call if it matches."""
        if not self._matches(operation, request):
            return False
        self.met += 1
        drawn = self.chances.random() if self.chance is not None else 0.0
        due = (
            (not self.on or self.met in self.on)
            and (not self.every or self.met % self.every == 0)
            and (self.chance is None or drawn < self.chance)
            and (self.times is None or self.fired < self.times)
        )
        self.fired += due
        return due

    def _matches(self, operation: str, request: dict[str, Any]) -> bool:
        known = any(fnmatchcase(operation, pattern) for pattern in self.operations)
        return known and all(conditions.is_met(request, path, wanted) for path, wanted in self.when.items())
