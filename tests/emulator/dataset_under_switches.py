"""A dataset in an emulator with some switches, for tests that compare both answers to an open question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Clock, Emulator, Latency, Limits, Switches, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition import RekognitionClient


class SwitchedDataset:
    """An emulator with some switches, a project and its TRAIN dataset."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.clock = emulator.clock
        self.client: RekognitionClient = emulator.client()
        self.project = self.client.create_project(ProjectName="cells")["ProjectArn"]
        self.train = self.client.create_dataset(ProjectArn=self.project, DatasetType="TRAIN")["DatasetArn"]
        self.clock.advance(10)

    def update(self, payload: bytes, arn: str = "") -> Any:  # noqa: ANN401 - a description
        """Update a dataset and wait; returns the description afterwards."""
        self.client.update_dataset_entries(DatasetArn=arn or self.train, Changes={"GroundTruth": payload})
        self.clock.advance(10)
        return self.describe(arn)

    def describe(self, arn: str = "") -> Any:  # noqa: ANN401 - a description
        """The description of a dataset."""
        return self.client.describe_dataset(DatasetArn=arn or self.train)["DatasetDescription"]

    def create(self, kind: str = "TEST", **source: Any) -> str:  # noqa: ANN401 - a DatasetSource
        """Start the creation of a dataset in the project; returns its ARN."""
        request: Any = {"ProjectArn": self.project, "DatasetType": kind}
        request |= {"DatasetSource": source} if source else {}
        return self.client.create_dataset(**request)["DatasetArn"]

    def listed(self, **filters: Any) -> list[str]:  # noqa: ANN401 - filters of a listing
        """The lines of one page of TRAIN."""
        return self.client.list_dataset_entries(DatasetArn=self.train, **filters)["DatasetEntries"]

    def refused(self, call: Callable[[], object]) -> str:
        """The code of the exception that a call gets."""
        with pytest.raises(ClientError) as error:
            call()
        return error.value.response["Error"]["Code"]


def under_switches(test: Callable[[SwitchedDataset], object], limits: Limits | None = None, **switches: Any) -> Any:  # noqa: ANN401 - values of Switches, any answer
    """The result of a test under some switches; work takes 10 seconds on a frozen clock."""
    latency = Latency(create=10, update=10, distribute=10, delete=10)
    chosen = Switches(**switches)
    with serve(clock=Clock(1.7e9), latency=latency, limits=limits or Limits(), switches=chosen) as emulator:
        return test(SwitchedDataset(emulator))
