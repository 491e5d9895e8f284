"""An emulator, this repository's program and its wheel for a test."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Emulator, serve
from tests.program.workspace import REPOSITORY, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session")
def installed_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[Path, Path]]:
    """Makes an environment that has the wheel and nothing else; gives its interpreter and its folder of packages."""

    def make() -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp("installed")
        venv.create(folder / "venv", with_pip=False)
        python = folder / "venv" / "bin" / "python"
        install = ["-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
        subprocess.run([sys.executable, *install], check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
        return python, packages

    return make
