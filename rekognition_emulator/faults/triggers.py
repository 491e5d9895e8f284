"""When a fault fires: on which calls of which operations, how often, by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


def _values(request: Any, path: list[str]) -> list[Any]:  # noqa: ANN401 - any JSON
    """What stands at a path of member names; a list stands for each of its items."""
    if isinstance(request, list):
        return [value for item in request for value in _values(item, path)]
    if not path:
        return [request]
    return _values(request[path[0]], path[1:]) if isinstance(request, dict) and path[0] in request else []


def _fits(value: object, wanted: object) -> bool:
    if isinstance(wanted, str):
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        return fnmatchcase(text.lower() if isinstance(value, bool) else text, wanted)
    return value == wanted


@dataclass
class Trigger:
    """`operations` (patterns) and `when` (member path -> value or pattern) say which calls count as matching.

    `on`: fire on these matching calls, counted from 1; `every`: on each nth; `chance`: with this probability; without
    any of them on each. `times`: at most so often. `chances` is the trigger's own stream of random numbers.
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
        """Whether this call sets it off; counts the call."""
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
        if not any(fnmatchcase(operation, pattern) for pattern in self.operations):
            return False
        return all(
            any(_fits(value, wanted) for value in _values(request, path.split(".")))
            for path, wanted in self.when.items()
        )
