"""Switches from the texts of a command line.

Knows how a text becomes a switch's value. Refuses to know what switches mean (switches.py).
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from rekognition_emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable


class SwitchError(ValueError):
    """An unknown switch, or a value it does not have; the text names what there is."""


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - the switch's own type
    hint = get_type_hints(Switches)[name]
    if get_args(hint):
        if text not in get_args(hint):
            raise SwitchError(f"The switch {name} is one of: {', '.join(get_args(hint))}.")
        return text
    if hint is bool:
        if text.lower() not in {"true", "false"}:
            raise SwitchError(f"The switch {name} is true or false.")
        return text.lower() == "true"
    try:
        return hint(text)
    except ValueError as error:
        raise SwitchError(f"The switch {name} is a number.") from error


def parse(settings: Iterable[str]) -> Switches:
    """Switches from `NAME=VALUE` texts.

    Raises:
        SwitchError: for an unknown name or value.
    """
    known = {part.name for part in fields(Switches)}
    chosen = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known:
            raise SwitchError(f"There is no switch {name!r}; there are: {', '.join(sorted(known))}.")
        chosen[name] = _value(name, text.strip())
    return Switches(**chosen)
