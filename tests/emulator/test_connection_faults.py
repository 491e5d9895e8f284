"""Faults of calls and replies: errors, connections, slow and truncated replies, a killed process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from rekognition_emulator import Clock, Emulator, serve
from rekognition_emulator.errors import MESSAGES
from tests.emulator.dataset_calls import code

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=5)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_exception_can_be_answered(emulator: Emulator, single: RekognitionClient, name: str) -> None:
    """Every exception comes before any work, with its HTTP status, and only as often as planned."""
    emulator.load_faults(f"faults: [{{fault: error, operation: CreateProject, on: 1, error: {name}}}]")
    with pytest.raises(ClientError) as refused:
        single.create_project(ProjectName="cells")
    expected = 500 if name in {"InternalServerError", "ThrottlingException"} else 400
    assert code(refused) == (name, expected)
    assert single.create_project(ProjectName="cells")["ProjectArn"]
    assert [(fired.fault, fired.operation) for fired in emulator.faults] == [("error", "CreateProject")]


def test_a_denial_by_plan_reads_like_awss(emulator: Emulator, single: RekognitionClient, train: str) -> None:
    """The message has the caller, the action and the resource."""
    emulator.load_faults("faults: [{fault: error, error: AccessDeniedException}]")
    with pytest.raises(ClientError) as refused:
        single.describe_dataset(DatasetArn=train)
    assert refused.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::111122223333:user/emulator is not authorized to perform: rekognition:DescribeDataset "
        f"on resource: {train}."
    )


def test_an_error_after_the_work(emulator: Emulator, single: RekognitionClient) -> None:
    """The client gets a 500 but the project exists, so a retry gets ResourceInUseException."""
    emulator.load_faults("faults: [{fault: error, at: after, operation: CreateProject, on: 1}]")
    with pytest.raises(ClientError) as refused:
        single.create_project(ProjectName="cells")
    assert code(refused) == ("InternalServerError", 500)
    with pytest.raises(single.exceptions.ResourceInUseException):
        single.create_project(ProjectName="cells")


@pytest.mark.parametrize(("at", "created"), [("before", 0), ("after", 1)])
def test_a_reset_connection(emulator: Emulator, single: RekognitionClient, at: str, created: int) -> None:
    """A reset before the work leaves nothing done, a reset after it everything; neither has a reply."""
    emulator.load_faults(f"faults: [{{fault: reset, at: {at}, operation: CreateProject, on: 1}}]")
    with pytest.raises(ConnectionClosedError):
        single.create_project(ProjectName="cells")
    assert len(single.describe_projects()["ProjectDescriptions"]) == created


def _until_reset(connection: socket.socket) -> bytes:
    """What a connection sends before it is reset."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        return received
    return pytest.fail("the connection was closed politely")


def test_a_connection_reset_after_the_reply(emulator: Emulator) -> None:
    """The reply is complete, and the next request on the same connection finds it reset."""
    emulator.load_faults("faults: [{fault: reset, at: after reply, on: 1}]")
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
    request = f"{head}X-Amz-Target: RekognitionService.DescribeProjects\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as connection:
        connection.sendall(request)
        reply = _until_reset(connection)
    assert reply.endswith(b'{"ProjectDescriptions":[]}')
    assert emulator.client().describe_projects()["ProjectDescriptions"] == []


def test_a_truncated_body(emulator: Emulator, single: RekognitionClient) -> None:
    """The work is done and the body ends after five bytes; boto3's last attempt then has no members."""
    emulator.load_faults("faults: [{fault: truncate, bytes: 5, operation: CreateProject}]")
    assert "ProjectArn" not in single.create_project(ProjectName="cells")
    assert len(single.describe_projects()["ProjectDescriptions"]) == 1


def test_a_slow_reply_takes_its_time_on_the_emulators_clock(
    emulator: Emulator, single: RekognitionClient, clock: Clock
) -> None:
    """A frozen clock is advanced, and a running one really waits."""
    before = clock.now()
    emulator.load_faults("faults: [{fault: slow, seconds: 60}]")
    single.describe_projects()
    assert clock.now() - before == 60


def test_clock_skew(emulator: Emulator, single: RekognitionClient) -> None:
    """InvalidSignatureException has AWS's message about the time."""
    emulator.load_faults("faults: [{fault: clock-skew, minutes: 20, on: 1}]")
    with pytest.raises(ClientError, match=r"Signature expired: 20231114T215320Z is now earlier than 20231114T221320Z"):
        single.describe_projects()


@pytest.mark.parametrize(("at", "created"), [("before", 0), ("after", 1)])
def test_the_process_is_killed(tmp_path: Path, at: str, created: int) -> None:
    """SIGKILL comes before or after the work, and the state file has what was done."""
    state, plan = tmp_path / "state.sqlite", tmp_path / "plan.yaml"
    plan.write_text(f"faults: [{{fault: kill, at: {at}, operation: CreateProject}}]")
    command = [
        sys.executable,
        "-m",
        "rekognition_emulator",
        "--port",
        "0",
        "--state",
        str(state),
        "--faults",
        str(plan),
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip().partition("=")[2]
            session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
            with pytest.raises(ConnectionClosedError):
                session.client("rekognition", endpoint_url=url, config=ONCE).create_project(ProjectName="cells")
            assert process.wait(timeout=10) == -signal.SIGKILL
        finally:
            process.kill()
    with serve(state=state) as emulator:
        assert len(emulator.client().describe_projects()["ProjectDescriptions"]) == created
