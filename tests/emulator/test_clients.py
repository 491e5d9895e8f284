"""The story of clients/README.md, told by four clients of the emulator: each program checks every answer itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Clock, Emulator, Latency, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.conftest import Line, Lines

CLIENTS = Path(__file__).parent / "clients"
JAVA = CLIENTS / "java"
JAVASCRIPT = CLIENTS / "javascript"


def aws_cli() -> Path | None:
    """The first `aws` on the path that is an AWS CLI of version 2."""
    found = [shutil.which("aws", path=folder) for folder in os.get_exec_path()]
    for aws in filter(None, found):
        shown = subprocess.run([aws, "--version"], capture_output=True, text=True, check=False).stdout
        if shown.startswith("aws-cli/2"):
            return Path(aws)
    return None


def need(part: object, sentence: str) -> None:
    """Skip a test whose client is not installed."""
    if not part:
        pytest.skip(f"{sentence}; see tests/emulator/clients/README.md")


def manifest(lines: Lines) -> list[Line]:
    """The 120 lines that README.md tells of."""
    farm = [lines.image(f"farm/{number:03}.jpg", ("horse", "cow")[number % 2]) for number in range(100)]
    boxes = (("fox", 10, 20, 100, 80), ("wolf", 200, 150, 120, 90))
    wild = [lines.boxes(f"wild/{number:02}.jpg", *boxes) for number in range(16)]
    blank = [lines.image(f"blank/{number}.jpg") for number in range(2)]
    metadata = {"type": "groundtruth/wrongtype", "human-annotated": "yes", "creation-date": "2026-01-31T00:00:00"}
    wrong = [lines.image(f"wrong/{number}.jpg") | {"animal": 0, "animal-metadata": metadata} for number in range(2)]
    found = [*farm, *wild, *blank, *wrong]
    return [line | {"source-ref": line["source-ref"].replace("//bucket/", "//animals/")} for line in found]


@pytest.fixture
def bucket(tmp_path: Path, lines: Lines) -> Path:
    """The folder of the bucket `animals`, with `animals.manifest`."""
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in manifest(lines))
    (tmp_path / "animals.manifest").write_text(f"{text}\n")
    return tmp_path


@pytest.fixture
def story(bucket: Path, clock: Clock) -> Iterator[Emulator]:
    """An emulator whose work takes 10 seconds of a stopped clock."""
    latency = Latency(create=10, update=10, distribute=10, delete=10, delete_project=10)
    with serve(clock=clock, latency=latency, buckets={"animals": bucket}) as emulator:
        yield emulator


def done(*command: str | Path, **environment: str) -> None:
    """Run a command that has to succeed, without the user's AWS settings and with some of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    ran = subprocess.run(
        [str(each) for each in command],
        env=kept | nobody | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_boto3_gets_every_answer_of_the_story(story: Emulator, bucket: Path) -> None:
    """boto3 reads answers, pages, dates and typed errors as the API reference promises."""
    done(sys.executable, CLIENTS / "story.py", bucket / "animals.manifest", **story.environment)


@pytest.mark.parametrize("last", ["fill", pytest.param("delete", marks=pytest.mark.slow)])
def test_aws_cli_2_gets_every_answer_of_the_story(story: Emulator, bucket: Path, last: str) -> None:
    """AWS CLI 2 prints the answers, pages and errors that the API reference promises, up to the last chapter told."""
    aws = aws_cli()
    need(aws, "no `aws` on the path is an AWS CLI 2")
    need(shutil.which("curl"), "curl is not installed")
    path = f"{Path(str(aws)).parent}{os.pathsep}{os.environ['PATH']}"
    done("bash", CLIENTS / "story.sh", bucket / "animals.manifest", last, **story.environment, PATH=path)


def test_the_javascript_sdk_gets_every_answer_of_the_story(story: Emulator, bucket: Path) -> None:
    """The AWS SDK for JavaScript reads answers, pages, dates and typed errors as the API reference promises."""
    need(shutil.which("node"), "node is not installed")
    need((JAVASCRIPT / "node_modules").is_dir(), "the AWS SDK for JavaScript is not installed")
    done("node", JAVASCRIPT / "story.mjs", bucket / "animals.manifest", **story.environment)


def test_the_java_sdk_gets_every_answer_of_the_story(story: Emulator, bucket: Path) -> None:
    """The AWS SDK for Java reads answers, pages, dates and typed errors as the API reference promises."""
    need(shutil.which("mvn") and shutil.which("java"), "Maven or Java is not installed")
    need((JAVA / "target" / "lib").is_dir(), "the AWS SDK for Java is not installed")
    done("mvn", "--batch-mode", "--offline", "--quiet", "--file", JAVA / "pom.xml", "package")
    path = f"{JAVA}/target/classes{os.pathsep}{JAVA}/target/lib/*"
    done("java", "-cp", path, "Story", bucket / "animals.manifest", **story.environment)
