"""Emulators, clients and manifest lines for the emulator's tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from botocore.config import Config

from rekognition_emulator import Clock, Emulator, Latency, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_rekognition import RekognitionClient

Line = dict[str, Any]
START = 1_700_000_000.0
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=5)


class Lines(Protocol):
    """Functions that make manifest lines."""

    def image(self, key: str, *labels: str) -> Line:
        """A line with image-level labels."""

    def boxes(self, key: str, *boxes: tuple[str, float, float, float, float]) -> Line:
        """A line with boxes: label, left, top, width, height, on an image of 640 x 480."""

    def payload(self, *lines: Line | str) -> bytes:
        """Lines as JSON Lines."""


class _Lines:
    def image(self, key: str, *labels: str) -> Line:
        line: Line = {"source-ref": f"s3://bucket/{key}"}
        for number, label in enumerate(labels):
            line[f"label{number}"] = number
            line[f"label{number}-metadata"] = {
                "confidence": 1,
                "class-name": label,
                "human-annotated": "yes",
                "creation-date": "2026-01-31T00:00:00",
                "type": "groundtruth/image-classification",
            }
        return line

    def boxes(self, key: str, *boxes: tuple[str, float, float, float, float]) -> Line:
        labels = list(dict.fromkeys(box[0] for box in boxes))
        annotations = [
            {"class_id": labels.index(label), "left": left, "top": top, "width": width, "height": height}
            for label, left, top, width, height in boxes
        ]
        return {
            "source-ref": f"s3://bucket/{key}",
            "bb": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": annotations},
            "bb-metadata": {
                "objects": [{"confidence": 1} for _ in boxes],
                "class-map": {str(number): label for number, label in enumerate(labels)},
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-01-31T00:00:00",
            },
        }

    def payload(self, *lines: Line | str) -> bytes:
        return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()


@pytest.fixture(autouse=True)
def _no_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hides the user's AWS configuration from every test."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REKOGNITION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def lines() -> Lines:
    """Functions that make manifest lines."""
    return _Lines()


@pytest.fixture
def clock() -> Clock:
    """A frozen clock."""
    return Clock(START)


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    """An emulator without delays, on a frozen clock."""
    with serve(clock=clock) as running:
        yield running


@pytest.fixture
def slow(clock: Clock) -> Iterator[Emulator]:
    """An emulator on a frozen clock, whose work takes 10 seconds."""
    latency = Latency(create=10, update=10, distribute=10, delete=10, delete_project=10)
    with serve(clock=clock, latency=latency) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> RekognitionClient:
    """A boto3 client of `emulator`."""
    return emulator.client()


@pytest.fixture
def single(emulator: Emulator) -> RekognitionClient:
    """A boto3 client of `emulator` that does not retry."""
    return emulator.client(config=ONCE)


@pytest.fixture
def project(client: RekognitionClient) -> str:
    """The ARN of a project."""
    return client.create_project(ProjectName="cells")["ProjectArn"]


@pytest.fixture
def train(client: RekognitionClient, project: str) -> str:
    """The ARN of an empty TRAIN dataset."""
    return client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
