"""What is in everyone's state and may never change, and what is borrowed from the SDK without being asked."""

from __future__ import annotations

import base64
import importlib.util
import pickletools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.provider.sdk import failure
from tests.support.provider_engine import PICKLE, TYPE, CallError
from tests.support.provider_world import line

if TYPE_CHECKING:
    from tests.support.provider_world import World

PRINT_PICKLE = """
from pulumi.dynamic.dynamic import serialize_provider
from reconciler.provider.dynamic import DatasetProvider
print(serialize_provider(DatasetProvider()))
"""
PRINT_LOADED = """
import sys
import reconciler
print(sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "pulumi", "grpc", "msgspec"}))
from reconciler import Dataset
print("boto3" in sys.modules, "botocore" in sys.modules, Dataset.__module__)
from reconciler import datasets_from
print("boto3" in sys.modules, "botocore" in sys.modules)
"""


def run(code: str, cwd: Path, **env: str) -> list[str]:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env={"PATH": "", **env}, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_pickled_provider_is_the_path_of_its_class_and_nothing_else() -> None:
    """A provider without state is 66 bytes: two names, which refresh and destroy import years later."""
    raw = base64.b64decode(PICKLE)
    texts = [str(argument) for opcode, argument, _ in pickletools.genops(raw) if "UNICODE" in opcode.name]
    assert texts == ["reconciler.provider.dynamic", "DatasetProvider"]
    assert len(raw) < 70


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_pickled_provider_is_the_same_in_every_process(seed: str, tmp_path: Path) -> None:
    """Another process, folder and hash seed write the same bytes, so that no resource ever differs by them."""
    assert run(PRINT_PICKLE, tmp_path, PYTHONHASHSEED=seed) == [PICKLE]


def test_importing_the_package_loads_neither_pulumi_nor_boto3(tmp_path: Path) -> None:
    """`import reconciler` is free, and a program that declares a Dataset does not pay for boto3."""
    bare, dataset, folder = run(PRINT_LOADED, tmp_path)
    assert bare == "[]"
    assert dataset == "False False reconciler.provider.resource"
    assert folder == "False False"


def test_the_type_token_is_the_one_in_everyones_urns() -> None:
    """A changed type token would replace every dataset."""
    from reconciler import Dataset  # noqa: PLC0415 - imported late here, as programs do it

    assert TYPE == "pulumi-python:dynamic/rekognition:Dataset"
    assert f"pulumi-python:{Dataset._resource_type_name}" == TYPE


def test_the_server_still_has_request_and_context_under_those_names() -> None:
    """The SDK's handlers take `request` and `context`: that is how a call's URN and status are found."""
    spec = importlib.util.find_spec("pulumi.dynamic.__main__")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    for method in ("Check", "Diff", "Create", "Update", "Read", "Delete"):
        assert f"def {method}(self, request, context)" in source


def test_messages_carry_the_urn_of_the_resource_whose_call_is_running(world: World) -> None:
    """The frame of the real server is found: a message appears on its resource and not on the stack."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    assert [message.text for message in cells.messages] == ["1 added in 1 batch"]


def test_a_failed_call_ends_in_a_status_without_the_traceback(world: World) -> None:
    """The trailer of the real server holds the sentence, with the code that makes the engine prefer it."""
    cells = world.declare({"1.jpg": ["cat"]}, projectArn="arn:aws:rekognition:us-east-1:111122223333:project/none/1")
    with pytest.raises(CallError) as caught:
        cells.up()
    assert caught.value.code == 2
    assert caught.value.message.startswith("there is no project arn:aws:rekognition:us-east-1:111122223333:project/no")
    assert "Traceback" in caught.value.details


def test_without_a_call_there_is_no_urn_and_the_exception_says_it_itself() -> None:
    """Should the SDK change, messages lose their row and errors come out as plain exceptions; nothing else breaks."""
    assert failure.call_frame() is None
    assert failure.call_urn() == ""
    assert failure.call_is_open()
    with pytest.raises(failure.CallFailed, match=r"^no room\.$"):
        failure.fail("no room.")
    with pytest.raises(failure.CallFailed, match=r"^half done\.$"):
        failure.fail_keeping("half done.", ["half done."], "id", {"__provider": PICKLE})


def test_the_state_of_5000_entries_is_as_small_as_that_of_10(world: World) -> None:
    """Inputs and outputs hold digests and counts, never entries: they grow by a few digits."""
    small, large = (world.declare_lines([line(f"{n}.jpg", "cat") for n in range(many)]) for many in (10, 5000))
    small.up()
    large.up()
    assert len(world.live(large)) == 5000
    sizes = [len(str(one.inputs).encode()) + len(str(one.outputs).encode()) for one in (small, large)]
    assert abs(sizes[1] - sizes[0]) < 40
    assert sizes[1] < 2500
    assert not set(large.inputs) & {"pendingChanges", "previewPlan"}
