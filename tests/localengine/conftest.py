"""Sandboxes for the local engine's tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Clock, Emulator, Latency, serve
from tests.localengine.sandbox import DATA, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.register_assert_rewrite("tests.localengine.second_recording")

LAB = Path(__file__).with_name("lab")
AWS_PROGRAM = Path(__file__).with_name("aws_program")


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
    """A program whose resources behave as a test declares them; fails if a process is left."""
    program = tmp_path / "program"
    shutil.copytree(LAB, program, ignore=shutil.ignore_patterns("__pycache__"))
    sandbox = Sandbox(program)
    sandbox.configure({})
    yield sandbox
    assert sandbox.processes() == []


@pytest.fixture
def clock() -> Clock:
    """The emulator's clock, which does not advance by itself."""
    return Clock(1_700_000_000.0)


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    """The service over HTTP; a project takes ten seconds of its clock to be deleted."""
    with serve(clock=clock, latency=Latency(delete_project=10)) as running:
        yield running


@pytest.fixture
def cells(tmp_path: Path, emulator: Emulator) -> Iterator[Sandbox]:
    """A program with Rekognition projects, configured for the emulator."""
    program = tmp_path / "program"
    shutil.copytree(AWS_PROGRAM, program, ignore=shutil.ignore_patterns("__pycache__"))
    sandbox = Sandbox(program)
    sandbox.configure(
        {
            "aws:region": "us-east-1",
            "aws:accessKey": "dummy",
            "aws:secretKey": "very dummy",
            "aws:skipCredentialsValidation": "true",
            "aws:endpoints": json.dumps([{"rekognition": emulator.url}]),
        }
    )
    yield sandbox
    assert sandbox.processes() == []
