"""One open question with its answers: how a switch is written down, and what values it takes."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Self, get_args, get_type_hints


class SwitchError(ValueError):
    """An unknown switch, or a value it does not have; the text names what there is."""


def switch(default: Any, question: str, basis: str) -> Any:  # noqa: ANN401 - dataclasses.field is typed by its default
    """A field with its question and the reason for its default."""
    return field(default=default, metadata={"question": question, "basis": basis})


@cache
def answers(switches: type) -> dict[str, Any]:
    """The type of every switch of a class, by name."""
    return get_type_hints(switches)


def near(word: str, known: list[str]) -> str:
    """A hint at the word that was meant, or nothing."""
    found = difflib.get_close_matches(word, known, 1)
    return f" Did you mean {found[0]}?" if found else ""


def known(switches: type, name: str) -> str:
    """The name itself.

    Raises:
        SwitchError: when there is no such switch.
    """
    names = sorted(answers(switches))
    if name not in names:
        hint = near(name, names) or f" There are: {', '.join(names)}."
        raise SwitchError(f"There is no switch {name!r}.{hint}")
    return name


def problem(value: object, hint: Any) -> str | None:  # noqa: ANN401 - a type as typing has it
    """What a switch of type `hint` takes instead of `value`; None when the value is one it takes."""
    if get_args(hint):
        named = ", ".join(get_args(hint))
        return None if value in get_args(hint) else f"one of: {named}.{near(str(value), list(get_args(hint)))}"
    if hint is bool:
        return None if isinstance(value, bool) else "true or false."
    if hint is str:
        return None if isinstance(value, str) else "text."
    allowed = (int, float) if hint is float else int
    if isinstance(value, allowed) and not isinstance(value, bool) and 0 <= value < math.inf:
        return None
    return "a whole number from 0 on." if hint is int else "a number from 0 on."


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers to open questions, each checked: Python's type hints alone would let a misspelt one pass unseen.

    Raises:
        SwitchError: for an unknown name or value.
    """

    def __new__(cls, *unnamed: object, **named: object) -> Self:
        """Refuse unknown names with the same sentence as the command line."""
        if unnamed:
            raise SwitchError(f"Switches are given by name, as in {cls.__name__}(quota_burst=3).")
        for name in named:
            known(cls, name)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        switches: type = type(self)
        hints = answers(switches)
        for part in fields(self):
            wrong = problem(getattr(self, part.name), hints[part.name])
            if wrong:
                raise SwitchError(f"The switch {part.name} is {wrong}")
