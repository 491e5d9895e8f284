"""Pauses that take no time: `SystemClock` of this process, or of one that is started, goes on by itself when it sleeps.

What is waited for must not need time: the emulators of these tests end an operation at the next look.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.aws.clock import SystemClock

if TYPE_CHECKING:
    import pytest  # each process that is started would take longer to load it than to do its work


ROOT: Final = Path(__file__).resolve().parents[2]
_SOURCE: Final = '''\
"""This process's pauses take no time."""
from tests.support.quick_clock import hurry
hurry()
'''
_slept = [0.0]


def _now(_clock: SystemClock) -> float:
    return time.monotonic() + _slept[0]


def _sleep(_clock: SystemClock, seconds: float) -> None:
    _slept[0] += seconds


def hurry(patch: pytest.MonkeyPatch | None = None) -> None:
    """Make this process's clock a quick one, for good or until the patch is undone."""
    for name, quick in (("now", _now), ("sleep", _sleep)):
        if patch:
            patch.setattr(SystemClock, name, quick)
        else:
            setattr(SystemClock, name, quick)


def in_a_hurry(folder: Path) -> dict[str, str]:
    """Variables for a process that is to be in a hurry; `folder` is for a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SOURCE, encoding="utf-8")
    paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
