"""Amazon Rekognition Custom Labels datasets over HTTP, for tests and for trying things out.

`python -m rekognition_emulator` serves on the command line; in tests: `with rekognition_emulator.serve() as endpoint`.
The names below are imported when they are first used, so that loading the pytest plugin costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rekognition_emulator.emulator import Emulator, serve
    from rekognition_emulator.lines.limits import Limits
    from rekognition_emulator.settings import Settings
    from rekognition_emulator.state.clock import Clock
    from rekognition_emulator.state.latency import Latency
    from rekognition_emulator.switches.table import Switches

__all__ = ["Clock", "Emulator", "Latency", "Limits", "Settings", "Switches", "serve"]

_HOMES = {
    "Clock": "state.clock",
    "Emulator": "emulator",
    "Latency": "state.latency",
    "Limits": "lines.limits",
    "Settings": "settings",
    "Switches": "switches.table",
    "serve": "emulator",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
