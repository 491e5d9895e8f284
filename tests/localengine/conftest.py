"""Sandboxes for the local engine's tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.localengine.sandbox import DATA, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

LAB = Path(__file__).with_name("lab")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The recorded program, configured as it was."""
    program = tmp_path_factory.mktemp("recorded") / "program"
    shutil.copytree(DATA / "program", program)
    sandbox = Sandbox(program)
    sandbox.configure({"trace:note": "hello"}, {"trace:pw": "s3cret"})
    return sandbox


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Sandbox]:
    """A program whose resources do what a test tells them; no process of it may outlive the test."""
    program = tmp_path / "program"
    shutil.copytree(LAB, program, ignore=shutil.ignore_patterns("__pycache__"))
    sandbox = Sandbox(program)
    sandbox.configure({})
    yield sandbox
    assert sandbox.processes() == []
