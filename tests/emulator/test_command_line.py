"""`python -m rekognition_emulator`: its output, its log, its end and its error messages."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import botocore
import pytest

from rekognition_emulator.__main__ import log_line, main, parser, settings_of
from rekognition_emulator.journal import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running emulator and the variables that it prints."""
    command = [sys.executable, "-W", "error", "-m", "rekognition_emulator", "--port", "0", *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            assert process.stdout
            printed = [process.stdout.readline() for _ in range(5)]
            yield process, dict(re.findall(r"^export (\w+)=(\S+)$", "".join(printed), re.MULTILINE))
        finally:
            process.kill()


def test_it_prints_the_variables_to_export() -> None:
    """The endpoint with the real port, dummy credentials and the Region are all that a client needs."""
    with started("--region", "eu-west-1") as (process, variables):
        assert set(variables) == {
            "AWS_ENDPOINT_URL_REKOGNITION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            arn = boto3.client("rekognition").create_project(ProjectName="cells")["ProjectArn"]
        assert arn.startswith("arn:aws:rekognition:eu-west-1:111122223333:project/cells/")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert re.search(r"^200 CreateProject cells [\d.]+ms [0-9a-f-]{36}$", log, re.MULTILINE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(number: signal.Signals) -> None:
    """It exits with 0 and without a traceback, although a client keeps its connection open."""
    with started() as (process, variables):
        port = int(variables["AWS_ENDPOINT_URL_REKOGNITION"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            process.send_signal(number)
            _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in log


def test_the_clock_survives_kill_9(tmp_path: Path) -> None:
    """A time that is set over HTTP is in the state file before the answer; the next start reports and uses it."""
    options = ["--state", str(tmp_path / "state.sqlite")]
    with started(*options) as (process, variables):
        url = f"{variables['AWS_ENDPOINT_URL_REKOGNITION']}/_emulator/clock"
        with urllib.request.urlopen(url, data=b'{"freeze": 2000000000, "advance": 60}', timeout=5):  # noqa: S310 - loopback
            process.kill()
        process.communicate(timeout=10)
    with started(*options) as (process, variables):
        with urllib.request.urlopen(f"{variables['AWS_ENDPOINT_URL_REKOGNITION']}/_emulator/clock", timeout=5) as reply:  # noqa: S310 - loopback
            assert json.load(reply) == {"now": 2000000060.0, "frozen": True}
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
    assert "The emulator's clock is frozen at 2033-05-18 03:34:20 UTC, as set in the state file.\n" in log


def test_it_serves_s3_too(tmp_path: Path) -> None:
    """`--with-s3` prints one more variable, a folder is a bucket there, and a strange Host is not answered."""
    pytest.importorskip("moto.server", reason="the extra `emulator` is not installed")
    (tmp_path / "a.manifest").write_bytes(b'{"source-ref":"s3://images/a.jpg"}')
    command = [sys.executable, "-m", "rekognition_emulator", "--port", "0", "--latency", "none", "--with-s3"]
    with subprocess.Popen(
        [*command, "--bucket", f"manifests={tmp_path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            assert process.stdout
            printed = dict(line.strip()[7:].split("=", 1) for line in (process.stdout.readline() for _ in range(6)))
            session = boto3.Session("a", "b", region_name="us-east-1")
            s3 = session.client("s3", endpoint_url=printed["AWS_ENDPOINT_URL_S3"])
            assert s3.list_objects_v2(Bucket="manifests")["KeyCount"] == 1
            strange = urllib.request.Request(printed["AWS_ENDPOINT_URL_S3"], headers={"Host": "evil.example"})  # noqa: S310 - loopback
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(strange, timeout=5)  # noqa: S310 - loopback
            client = session.client("rekognition", endpoint_url=printed["AWS_ENDPOINT_URL_REKOGNITION"])
            project = client.create_project(ProjectName="cells")["ProjectArn"]
            arn = client.create_dataset(
                ProjectArn=project,
                DatasetType="TRAIN",
                DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": "manifests", "Name": "a.manifest"}}},
            )["DatasetArn"]
            assert client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"] == "CREATE_COMPLETE"
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


def test_it_listens_on_loopback_only() -> None:
    """A connection to a different address of this machine is refused."""
    with started() as (_, variables):
        port = int(variables["AWS_ENDPOINT_URL_REKOGNITION"].rpartition(":")[2])
        with pytest.raises(OSError, match=r"refused|timed out|unreachable|assign"):
            socket.create_connection(("127.0.0.2", port), timeout=2)
        with urllib.request.urlopen(variables["AWS_ENDPOINT_URL_REKOGNITION"], timeout=5) as reply:  # noqa: S310 - loopback
            assert reply.status == 200


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--faults", "missing.yaml"], "Cannot open missing.yaml: No such file or directory"),
        (["--faults", "plan.yaml"], "plan.yaml:1: Fault 1: there is no kind `slwo`. Did you mean `slow`?"),
        (["--switch", "nonsense=1"], "There is no switch 'nonsense'"),
        (["--switch", "bare_line=maybe"], "The switch bare_line must be one of: accepted, marked."),
        (["--switch", "token_lifetime=long"], "The switch token_lifetime must be a number, 0 or greater."),
        (["--switch", "create-failed-keeps-slot=perhaps"], "must be true or false"),
        (["--faults", "binary"], "The fault plan binary is not UTF-8 text."),
        (
            ["--deny", "DescribeDatset"],
            "'DescribeDatset' is not an operation of the emulator. Did you mean",
        ),
        (["--with-s3", "--bucket", "A=."], "The bucket 'A' could not be created"),
        (["--state", "plan.yaml"], "plan.yaml cannot be used as a state file"),
        (["--state", "no/such/folder/state"], "cannot be used as a state file"),
    ],
)
def test_what_cannot_be_started_is_one_sentence(
    options: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It exits with 1 and one sentence on standard error, and prints nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    Path("plan.yaml").write_text("faults: [{fault: slwo}]\n")
    Path("binary").write_bytes(b"\xff\xfe\x00")
    assert main(["--port", "0", *options]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "99999"],
        ["--port", "-1"],
        ["--port", "9" * 5000],
        ["--bucket", "name-without-folder"],
        ["--bucket", "name="],
        ["--account", "1234"],
        ["--region", "US East"],
        ["--s3-endpoint", "localhost:9000"],
    ],
)
def test_an_invalid_option_is_a_usage_error(options: list[str]) -> None:
    """An invalid option exits with 2 and the usage before anything listens."""
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(options)
    assert stopped.value.code == 2


def test_the_service_outlives_the_reader_of_its_log() -> None:
    """When the reader of the log closes the pipe, calls are still answered."""
    with started("--latency", "none") as (process, variables):
        assert process.stderr
        process.stderr.close()
        session = boto3.Session("a", "b", region_name="us-east-1")
        client = session.client("rekognition", endpoint_url=variables["AWS_ENDPOINT_URL_REKOGNITION"])
        assert client.describe_projects()["ProjectDescriptions"] == []


def test_without_the_extra_it_says_what_to_install() -> None:
    """Without the extra, one sentence without a traceback says what to install."""
    code = "import sys; sys.modules['regex'] = None; from rekognition_emulator.__main__ import main; sys.exit(main([]))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.returncode == 1
    assert done.stderr == (
        "The emulator needs regex, which is not installed: pip install 'rekognition-labels-as-code[emulator]'\n"
    )


def test_a_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The message for a port in use says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use" in capsys.readouterr().err


def test_options_become_settings(tmp_path: Path) -> None:
    """Every option of the command line reaches its setting."""
    plan = tmp_path / "plan.yaml"
    plan.write_text("faults: []")
    line = ["--state", "s", "--latency", "none", "--quota", "aws", "--deny", "List*", "--deny", "Describe*:x"]
    line += ["--faults", str(plan), "--bucket", f"a={tmp_path}", "--seed", "5", "--account", "999999999999"]
    line += ["--account-of", "AKIDOTHER=444455556666"]
    line += ["--switch", "bare-line=marked", "--switch", "quota_burst=3", "--switch", "token_lifetime=5"]
    found = settings_of(parser().parse_args([*line, "--switch", "invalid_share_on_update=false"]))
    assert (found.state, found.latency.update, found.quota) == (Path("s"), 0.0, True)
    assert (found.deny, found.faults, found.buckets) == (("List*", "Describe*:x"), "faults: []", {"a": tmp_path})
    assert (found.seed, found.caller.account, found.accounts) == (5, "999999999999", {"AKIDOTHER": "444455556666"})
    switches = found.switches
    assert (switches.bare_line, switches.quota_burst, switches.token_lifetime) == ("marked", 3, 5.0)
    assert switches.invalid_share_on_update is False


def test_the_log_cannot_be_forged() -> None:
    """Control characters of a request do not reach the terminal, and each call is one line."""
    call = Call("CreateProject", {"ProjectName": "a\n200 Fake\x1b[31m"}, 400, "ValidationException", faults=["x\ry"])
    line = log_line(call)
    assert line.isprintable()
    assert line == "400 CreateProject a?200 Fake?[31m 0.0ms  ValidationException fault=x?y"


def test_the_version_says_whose_service_model_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the versions of this package and of botocore."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert re.fullmatch(rf"rekognition_emulator \S+, botocore {re.escape(botocore.__version__)}\n", shown)
