"""The emulator in other people's tests: `serve`, the pytest plugin, a fast start, lazy imports."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config

import rekognition_emulator
from rekognition_emulator import Latency, serve

if TYPE_CHECKING:
    from tests.emulator.conftest import Lines

REQUEST = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
    b"X-Amz-Target: RekognitionService.DescribeProjects\r\nContent-Length: 2\r\n\r\n{}"
)
ROOT = Path(__file__).parents[2]


def python(code: str, *options: str) -> str:
    """What a new Python process prints."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_serve_yields_the_endpoint() -> None:
    """The object is a string for any client, equal to `endpoint` and `url`."""
    with serve() as endpoint:
        assert isinstance(endpoint, str)
        assert endpoint.startswith("http://127.0.0.1:")
        assert endpoint == endpoint.endpoint == endpoint.url
        assert endpoint.environment["AWS_ENDPOINT_URL_REKOGNITION"] == endpoint


def test_a_start_has_nothing_left_to_load() -> None:
    """After the import, a start imports nothing and compiles nothing."""
    code = (
        "import sys, threading, rekognition_emulator as e\n"
        "from rekognition_emulator.aws_json import requests\n"
        "serve = e.serve\n"
        "modules, compiled = set(sys.modules), requests.shape_judge.cache_info().misses\n"
        "with serve() as emulator:\n"
        "    new = sorted(set(sys.modules) - modules), requests.shape_judge.cache_info().misses - compiled\n"
        "    print(*new, compiled > 13, threading.active_count())"
    )
    assert python(code).strip() == "[] 0 True 2"


def test_many_emulators_live_side_by_side() -> None:
    """Each emulator has its own port and state, and its threads end with it."""
    before = threading.active_count()
    with serve() as one, serve() as two:
        one.client().create_project(ProjectName="cells")
        assert one != two
        assert two.client().describe_projects()["ProjectDescriptions"] == []
    assert threading.active_count() == before


def test_many_threads_are_served_one_call_at_a_time(lines: Lines) -> None:
    """Eight clients that update and list their own datasets at once lose and mix nothing."""
    with serve() as emulator:
        arns = []
        for number in range(8):
            project = emulator.client().create_project(ProjectName=f"p{number}")["ProjectArn"]
            arns.append(emulator.client().create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"])

        def work(arn: str) -> int:
            client = emulator.client()
            for number in range(10):
                payload = lines.payload(lines.image(f"{number}.jpg", arn[-20:]))
                client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": payload})
                assert client.describe_projects()["ProjectDescriptions"]
            return len(client.list_dataset_entries(DatasetArn=arn, ContainsLabels=[arn[-20:]])["DatasetEntries"])

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(work, arns)) == [10] * 8


def test_serve_stops_when_the_block_fails() -> None:
    """The port is free again, and the exception is raised."""
    with pytest.raises(RuntimeError, match="inside"), serve() as emulator:
        raise RuntimeError("inside")
    with serve(port=emulator.port) as again:
        assert again.port == emulator.port


def test_a_slow_reply_does_not_delay_the_stop() -> None:
    """A fault that waits for minutes ends with the emulator."""
    began = time.monotonic()
    with serve(faults="faults: [{fault: slow, seconds: 300}]") as emulator, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(
            lambda: emulator.client(config=Config(retries={"total_max_attempts": 1})).describe_projects()
        )
        while not emulator.faults:
            time.sleep(0.01)
        with emulator.clock.interrupted():
            assert waiting.result(timeout=30)["ProjectDescriptions"] == []
    with serve(faults="faults: [{fault: slow, seconds: 300}]") as emulator:
        connection = socket.create_connection(("127.0.0.1", emulator.port))
        connection.sendall(REQUEST)
        while not emulator.faults:
            time.sleep(0.01)
    connection.close()
    assert time.monotonic() - began < 30


def test_a_running_clock_is_the_systems() -> None:
    """Without a clock the real time passes, and `latency` may be a name."""
    with serve(latency="real") as emulator:
        assert abs(emulator.clock.now() - time.time()) < 5
        assert emulator.service.context.latency.update > 0.5
    with serve(latency=Latency(update=3)) as emulator:
        assert emulator.service.context.latency.update == 3


def test_the_public_names_are_there() -> None:
    """The package has the names of `__all__`, and any other is an AttributeError."""
    assert all(getattr(rekognition_emulator, name) for name in rekognition_emulator.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = rekognition_emulator.nonsense


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    """The plugin imports neither botocore nor boto3 nor the emulator."""
    code = "import rekognition_emulator.pytest_plugin, sys; print([m for m in sys.modules if m.startswith(%r)])"
    loaded = python(code % (("boto", "yaml", "regex", "rekognition_emulator", "http.server"),)).strip()
    assert loaded == "['rekognition_emulator', 'rekognition_emulator.pytest_plugin']"


def test_the_emulator_never_imports_the_reconciler() -> None:
    """It imports neither the reconciler nor the local engine, nor the packages that only they need."""
    code = (
        "import pkgutil, importlib, sys, rekognition_emulator as e\n"
        "for m in pkgutil.walk_packages(e.__path__, 'rekognition_emulator.'):\n"
        "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
        "import rekognition_emulator.__main__\n"
        "print([m for m in sys.modules if m.split('.')[0] in\n"
        "    ('reconciler', 'localengine', 'moto', 'pulumi', 'pulumi_aws', 'grpc', 'jinja2', 'deepdiff')])"
    )
    assert python(code).strip() == "[]"


def test_the_plugin_gives_every_test_an_emulator(tmp_path: Path) -> None:
    """In a different project each test gets a new emulator, with settings by indirect parametrisation."""
    (tmp_path / "test_theirs.py").write_text(
        """
import pytest
from botocore.config import Config

def test_one(rekognition_emulator):
    rekognition_emulator.client().create_project(ProjectName="cells")

def test_two(rekognition_emulator):
    assert rekognition_emulator.client().describe_projects()["ProjectDescriptions"] == []

@pytest.mark.parametrize("rekognition_emulator", [{"account": "999999999999"}], indirect=True)
def test_three(rekognition_emulator):
    arn = rekognition_emulator.client().create_project(ProjectName="cells")["ProjectArn"]
    assert ":999999999999:" in arn
"""
    )
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "rekognition_emulator.pytest_plugin"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
