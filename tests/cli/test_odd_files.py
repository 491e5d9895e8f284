"""Pipes, devices, sparse and huge files in the arguments are a sentence: nothing waits, nothing fills the memory."""

from __future__ import annotations

import gzip
import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import World

TO_CELLS = ("--project", "cells", "--type", "train", "--yes")
COMMANDS = {
    "convert": ("convert", "coco", "FILE", "--images", "s3://acme-vision/cells/"),
    "report": ("report", "FILE"),
    "restore": ("restore", "FILE", *TO_CELLS),
    "--plan": ("apply", "--plan", "FILE", "--yes"),
}
EITHER = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    """A command that waits for a writer is ended."""

    def waited(_number: int, _frame: object) -> None:
        raise AssertionError("the command waits")

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def run(world: World, command: str, path: Path) -> str:
    """What a command says of a file that is bad input; the manifests of the run are good."""
    world.write("cells", world.many(1))
    ran = world.run(*(str(path) if word == "FILE" else word for word in COMMANDS[command]))
    assert ran.code == 3, ran
    assert "Traceback" not in ran.err
    return ran.err


@pytest.mark.usefixtures("account")
@EITHER
@pytest.mark.parametrize("kind", ["pipe", "device", "endless"])
def test_a_pipe_or_a_device_is_not_waited_for(world: World, command: str, kind: str) -> None:
    """The sentence says what it is."""
    path = world.folder / "pipe"
    os.mkfifo(path)
    named = {"pipe": path, "device": world.folder / "/dev/null", "endless": world.folder / "/dev/zero"}[kind]
    said = run(world, command, named)
    assert f"{named} cannot be read" in said
    assert "it is a device, pipe or socket" in said


@pytest.mark.usefixtures("account")
@EITHER
def test_a_sparse_file_of_a_terabyte_does_not_fill_the_memory(world: World, command: str) -> None:
    """It is refused by its first bytes, or by its size."""
    path = world.folder / "sparse"
    with path.open("wb") as file:
        file.truncate(10**12)
    assert f"{path} cannot be read" in run(world, command, path)


@pytest.mark.usefixtures("account")
def test_a_snapshot_with_an_endless_line_is_refused(world: World) -> None:
    """A hundred megabytes of zeros are a hundred kilobytes of gzip."""
    path = world.folder / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(bytes(10**8), mtime=0))
    assert "a line has more characters than the service takes" in run(world, "restore", path)


@pytest.mark.usefixtures("account")
@EITHER
@pytest.mark.parametrize("kind", ["folder", "nothing", "forbidden name"])
def test_what_is_no_file_at_all_is_a_sentence(world: World, command: str, kind: str) -> None:
    """A folder, a name that nobody has, a name that the system does not take."""
    path = world.folder / {"folder": "datasets", "nothing": "none", "forbidden name": "x" * 300}[kind]
    assert "cannot be read" in run(world, command, path)


def test_an_image_that_is_a_pipe_is_not_waited_for(world: World) -> None:
    """The size of an image is read from its first bytes."""
    folder = world.folder / "yolo"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    os.mkfifo(folder / "images" / "a.jpg")
    (folder / "labels" / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (folder / "data.yaml").write_text("path: .\ntrain: images\nnames: [RBC]\n")
    ran = world.run("convert", "yolo", str(folder), "--images", "s3://acme-vision/cells/")
    assert (ran.code, "it is a device, pipe or socket" in ran.err) == (3, True), ran


def test_a_pipe_for_records_is_a_warning(world: World) -> None:
    """An apply that is done does not wait for a reader of its record."""
    world.write("cells", world.many(1))
    os.mkfifo(world.folder / "records")
    ran = world.run("apply", "--yes", "--audit", "records", "--endpoint-url", "http://127.0.0.1:9")
    assert "warning: the record of this apply was not written: records" in ran.err
