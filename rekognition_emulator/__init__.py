"""An emulator of the dataset operations of Amazon Rekognition Custom Labels, over HTTP, for tests and experiments.

Start it with `python -m rekognition_emulator`, or in tests: `with rekognition_emulator.serve() as endpoint`. The names
below are imported when they are first used, so the pytest plugin does not slow down tests without an emulator.
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
    from rekognition_emulator.switches.all_switches import Switches

__all__ = ["Clock", "Emulator", "Latency", "Limits", "Settings", "Switches", "serve"]

_MODULES = {
    "Clock": "state.clock",
    "Emulator": "emulator",
    "Latency": "state.latency",
    "Limits": "lines.limits",
    "Settings": "settings",
    "Switches": "switches.all_switches",
    "serve": "emulator",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
