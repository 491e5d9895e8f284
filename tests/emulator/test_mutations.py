"""Faults planted in the emulator are caught by the tests that promise the opposite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_every_planted_fault_is_caught() -> None:
    """Each test that mutations.py names fails when its fault is planted."""
    done = subprocess.run(
        [sys.executable, str(HERE / "mutations.py")],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, bool] = json.loads(done.stdout)
    assert len(outcome) >= 15
    assert [name for name, caught in outcome.items() if not caught] == []
