"""How a switch is declared, and which values it accepts; also the hint "Did you mean ...?" of all messages."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Self, get_args, get_type_hints


class SwitchError(ValueError):
    """An unknown switch, or an invalid value of one; the text has the valid ones."""


def switch(default: Any, question: str, basis: str) -> Any:  # noqa: ANN401 - dataclasses.field is typed by its default
    """A dataclass field with a default, its question, and the reason for the default (`basis`)."""
    return field(default=default, metadata={"question": question, "basis": basis})


@cache
def switch_types(switches: type) -> dict[str, Any]:
    """The type of every switch of a class, by name; a Literal type lists the valid answers."""
    return get_type_hints(switches)


def did_you_mean(word: str, known: list[str]) -> str:
    """The sentence " Did you mean `...`?" with the most similar known word; empty when none is similar."""
    found = difflib.get_close_matches(word, known, 1)
    return f" Did you mean `{found[0]}`?" if found else ""


def known_switch(switches: type, name: str) -> str:
    """The name, if it is that of a switch.

    Raises:
        SwitchError: when it is not.
    """
    names = sorted(switch_types(switches))
    if name not in names:
        hint = did_you_mean(name, names) or f" Known switches: {', '.join(names)}."
        raise SwitchError(f"There is no switch {name!r}.{hint}")
    return name


def expected_instead(value: object, hint: Any) -> str | None:  # noqa: ANN401 - a type as typing has it
    """What a switch of type `hint` accepts, when `value` is not valid; None when it is valid."""
    if get_args(hint):
        named = ", ".join(get_args(hint))
        return None if value in get_args(hint) else f"one of: {named}.{did_you_mean(str(value), list(get_args(hint)))}"
    if hint is bool:
        return None if isinstance(value, bool) else "true or false."
    if hint is str:
        return None if isinstance(value, str) else "text."
    allowed = (int, float) if hint is float else int
    if isinstance(value, allowed) and not isinstance(value, bool) and 0 <= value < math.inf:
        return None
    return "a whole number, 0 or greater." if hint is int else "a number, 0 or greater."


@dataclass(frozen=True, kw_only=True)
class CheckedSwitches:
    """The base of the switch classes: it checks every value, because Python does not check type hints.

    Raises:
        SwitchError: for an unknown name or value.
    """

    def __new__(cls, *unnamed: object, **named: object) -> Self:
        """Refuse unknown names with the same message as the command line."""
        if unnamed:
            raise SwitchError(f"Pass switches by name, as in {cls.__name__}(quota_burst=3).")
        for name in named:
            known_switch(cls, name)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        switches: type = type(self)
        hints = switch_types(switches)
        for part in fields(self):
            wrong = expected_instead(getattr(self, part.name), hints[part.name])
            if wrong:
                raise SwitchError(f"The switch {part.name} must be {wrong}")
