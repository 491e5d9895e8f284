"""An emulator, this repository's program and its wheel for a test."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Emulator, serve
from tests.program.workspace import REPOSITORY, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator without delays."""
    with serve() as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path, emulator: Emulator) -> Iterator[Workspace]:
    """This repository's program; whatever happens, nothing that it prints is a traceback."""
    made = Workspace(tmp_path, emulator)
    made.copy_program()
    made.configure()
    yield made
    assert not [text for text in made.printed if "Traceback" in text or "KeyboardInterrupt" in text]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("built")
    run = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(run, cwd=REPOSITORY, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built
