"""Switches from the texts of a command line.

Knows how a text becomes a switch's value. Refuses to know what switches mean (switches.py) and take (switch.py).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rekognition_emulator.switch import answers, known
from rekognition_emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = {"true": True, "false": False}


def _value(text: str, hint: Any) -> object:  # noqa: ANN401 - a type as typing has it
    """The value a text stands for; a text that stands for none is left to be refused."""
    if hint is bool:
        return _WORDS.get(text.lower(), text)
    if hint in (int, float):
        with suppress(ValueError):
            return hint(text)
    return text


def parse(settings: Iterable[str]) -> Switches:
    """Switches from `NAME=VALUE` texts.

    Raises:
        SwitchError: for an unknown name or value.
    """
    chosen: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        name = known(Switches, name.strip().replace("-", "_"))
        chosen[name] = _value(text.strip(), answers(Switches)[name])
    return Switches(**chosen)
