"""Faults that are changes by other people: their edits, updates, deletions and distributions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Clock, Emulator, Latency, serve
from tests.emulator.dataset_calls import listed, status, update

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines


def test_a_distribution_whose_test_dataset_is_gone_ends(clock: Clock, slow: Emulator, lines: Lines) -> None:
    """When somebody deletes TEST during a distribution, TRAIN does not stay busy."""
    client = slow.client()
    project = client.create_project(ProjectName="cells")["ProjectArn"]
    train, test = (
        client.create_dataset(ProjectArn=project, DatasetType=kind)["DatasetArn"] for kind in ("TRAIN", "TEST")
    )
    clock.advance(10)
    slow.edit_entries(train, [json.dumps(lines.image(f"{number}.jpg", "cat")) for number in range(10)])
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    slow.load_faults("faults: [{fault: recreate, operation: DescribeDataset, on: 1}]")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_dataset(DatasetArn=test)
    clock.advance(10)
    assert status(client, train)[0] == "UPDATE_FAILED"
    assert len(listed(client, train)) == 10


def test_an_edit_between_two_pages(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The second page of a listing shows an edit that happened after the first."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    emulator.load_faults(
        """faults: [{fault: edit, on: 2, lines: [{source-ref: s3://bucket/new.jpg}], remove: [s3://bucket/2.jpg]}]"""
    )
    pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=train, PaginationConfig={"PageSize": 2})
    found = [[json.loads(line)["source-ref"][-5:] for line in page["DatasetEntries"]] for page in pages]
    assert found == [["0.jpg", "1.jpg"], ["3.jpg", "w.jpg"]]


def test_an_edit_during_an_update(lines: Lines) -> None:
    """The edit is listed while the dataset is busy, and the running update ends as usual."""
    clock = Clock(1.7e9)
    plan = "faults: [{fault: edit, operation: DescribeDataset, on: 1, lines: [{source-ref: s3://bucket/new.jpg}]}]"
    with serve(clock=clock, latency=Latency(update=10)) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        update(client, arn, lines.payload(lines.image("a.jpg")))
        emulator.load_faults(plan)
        assert status(client, arn)[0] == "UPDATE_IN_PROGRESS"
        assert listed(client, arn) == ["new.jpg"]
        clock.advance(10)
        assert (status(client, arn)[0], listed(client, arn)) == ("UPDATE_COMPLETE", ["new.jpg", "a.jpg"])


def test_a_running_update_of_somebody_else(
    emulator: Emulator, client: RekognitionClient, train: str, clock: Clock, lines: Lines
) -> None:
    """The client's update gets ResourceInUseException until the other update ends."""
    emulator.load_faults(
        "faults: [{fault: colleague-update, on: 1, seconds: 30, lines: [{source-ref: s3://bucket/theirs.jpg}]}]"
    )
    for _ in range(2):
        with pytest.raises(client.exceptions.ResourceInUseException):
            update(client, train, lines.payload(lines.image("ours.jpg")))
    clock.advance(30)
    update(client, train, lines.payload(lines.image("ours.jpg")))
    assert listed(client, train) == ["theirs.jpg", "ours.jpg"]


def test_somebody_else_deletes_and_recreates(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """The old ARN is not found, and the project has an empty dataset of the same type with a new ARN."""
    emulator.load_faults("faults: [{fault: recreate, operation: UpdateDatasetEntries, on: 1}]")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        update(client, train, lines.payload(lines.image("a.jpg")))
    datasets = client.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    assert [(each["DatasetType"], each["Status"]) for each in datasets] == [("TRAIN", "CREATE_COMPLETE")]
    assert datasets[0]["DatasetArn"] != train


def test_somebody_else_distributes(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """A fifth of the entries is in TEST after somebody else's distribution."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(10))))
    emulator.load_faults("faults: [{fault: distribute, operation: ListDatasetEntries, on: 1}]")
    assert len(listed(client, train)) == 8
    datasets = client.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    test = next(each["DatasetArn"] for each in datasets if each["DatasetType"] == "TEST")
    assert len(listed(client, test)) == 2
