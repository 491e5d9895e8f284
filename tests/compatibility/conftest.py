"""Stacks of version 0.1.0 for a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Switches, serve
from tests.compatibility.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """The service that 0.1.0 worked with: no delays, and it keeps no attributes other than labels."""
    with serve(switches=Switches(listed_form="label attributes only")) as running:
        yield running


@pytest.fixture
def left(emulator: Emulator, tmp_path: Path) -> Callable[[str], Stack]:
    """Makes the stack of a name as 0.1.0 left it."""
    return lambda name: Stack(name, tmp_path, emulator)
