"""Faults in the service's work: stale replies, lost and rewritten lines, failed jobs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.emulator.dataset_calls import listed, status, update

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

    from rekognition_emulator import Clock, Emulator
    from tests.emulator.conftest import Lines


def test_a_stale_status(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """After the update DescribeDataset shows the old description twice, and then the new one."""
    emulator.load_faults("faults: [{fault: stale-status, reads: 2}]")
    update(client, train, lines.payload(lines.image("a.jpg")))
    seen = [status(client, train)[0] for _ in range(3)]
    assert seen == ["CREATE_COMPLETE", "CREATE_COMPLETE", "UPDATE_COMPLETE"]


def test_a_stale_listing(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The status says complete, but so many pages show the old entries, filters included."""
    update(client, train, lines.payload(lines.image("a.jpg", "cat")))
    emulator.load_faults("faults: [{fault: stale-listing, reads: 2}]")
    update(client, train, lines.payload(lines.image("b.jpg", "cat")))
    assert status(client, train)[0] == "UPDATE_COMPLETE"
    assert listed(client, train) == ["a.jpg"]
    found = client.list_dataset_entries(DatasetArn=train, ContainsLabels=["cat"])["DatasetEntries"]
    assert len(found) == 1
    assert listed(client, train) == ["a.jpg", "b.jpg"]


def test_a_timestamp_that_does_not_move(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """The update completes, but LastUpdatedTimestamp stays."""
    before = client.describe_dataset(DatasetArn=train)["DatasetDescription"]["LastUpdatedTimestamp"]
    emulator.load_faults("faults: [{fault: still-timestamp}]")
    update(client, train, lines.payload(lines.image("a.jpg")))
    after = client.describe_dataset(DatasetArn=train)["DatasetDescription"]
    assert (after["Status"], after["LastUpdatedTimestamp"]) == ("UPDATE_COMPLETE", before)


@pytest.mark.parametrize(
    ("share", "kept"), [(0.0, []), (0.5, ["0.jpg", "1.jpg"]), (1.0, ["0.jpg", "1.jpg", "2.jpg", "3.jpg"])]
)
def test_an_update_that_fails_with_a_part_applied(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines, *, share: float, kept: list[str]
) -> None:
    """UPDATE_FAILED has any message and code, and none, half or all of the lines are applied."""
    emulator.load_faults(f"faults: [{{fault: fail, message: Broken pipe, code: SERVICE_ERROR, share: {share}, on: 1}}]")
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    assert status(client, train) == ("UPDATE_FAILED", "SERVICE_ERROR", "Broken pipe")
    assert listed(client, train) == kept


def test_a_creation_and_a_distribution_that_fail(
    emulator: Emulator, client: RekognitionClient, project: str, train: str, lines: Lines
) -> None:
    """The same kind of fault works for the other asynchronous operations."""
    emulator.load_faults("faults: [{fault: fail, operation: CreateDataset, message: No, code: CLIENT_ERROR}]")
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    assert status(client, test) == ("CREATE_FAILED", "CLIENT_ERROR", "No")
    client.delete_dataset(DatasetArn=test)
    emulator.load_faults("faults: [{fault: fail, operation: DistributeDatasetEntries}]")
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(9))))
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    assert [status(client, arn)[0] for arn in (train, test)] == ["UPDATE_FAILED", "UPDATE_FAILED"]
    assert (len(listed(client, train)), listed(client, test)) == (9, [])


def test_a_copy_that_fails_with_a_part_applied(
    emulator: Emulator, client: RekognitionClient, project: str, train: str, lines: Lines
) -> None:
    """The copy has and counts the first half of the source's entries."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(4))))
    emulator.load_faults("faults: [{fault: fail, operation: CreateDataset, share: 0.5}]")
    copied = client.create_dataset(ProjectArn=project, DatasetType="TEST", DatasetSource={"DatasetArn": train})
    copy = copied["DatasetArn"]
    assert status(client, copy)[0] == "CREATE_FAILED"
    assert client.describe_dataset(DatasetArn=copy)["DatasetDescription"]["DatasetStats"]["TotalEntries"] == 2
    assert [entry.key for entry in emulator.entries(copy)] == ["s3://bucket/0.jpg", "s3://bucket/1.jpg"]


def test_lines_lost_in_silence(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The status is UPDATE_COMPLETE, but the first two lines are not there."""
    emulator.load_faults("faults: [{fault: lose, count: 2}]")
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    assert status(client, train)[0] == "UPDATE_COMPLETE"
    assert listed(client, train) == ["2.jpg", "3.jpg"]


def test_lines_lost_by_chance(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """Some lines of many are lost, different ones each time, so lines that are sent again arrive in the end."""
    emulator.load_faults("faults: [{fault: lose, each_line: 0.3}]")
    payload = lines.payload(*(lines.image(f"{number}.jpg") for number in range(100)))
    update(client, train, payload)
    first = listed(client, train)
    assert 50 < len(first) < 90
    update(client, train, payload)
    assert len(listed(client, train)) > len(first)


def test_lines_merged_into_existing_entries(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """A label that the new line does not have stays."""
    update(client, train, lines.payload(lines.image("a.jpg", "cat", "dog")))
    emulator.load_faults("faults: [{fault: merge}]")
    update(client, train, lines.payload(lines.image("a.jpg", "bird")))
    labels = client.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    assert [each["LabelName"] for each in labels] == ["dog", "bird"]


def test_listed_lines_written_differently(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """Numbers are floats, keys are sorted and unknown attributes are absent, but labels mean the same."""
    sent = {"zoo": 5} | lines.image("a.jpg", "cat")
    update(client, train, lines.payload(sent))
    honest = client.list_dataset_entries(DatasetArn=train)["DatasetEntries"][0]
    emulator.load_faults("faults: [{fault: rewrite, what: [numbers, key-order, unknown]}]")
    written = client.list_dataset_entries(DatasetArn=train)["DatasetEntries"][0]
    assert "zoo" in honest
    assert "zoo" not in written
    assert '"label0":0.0' in written
    assert list(json.loads(written)) == sorted(json.loads(written))


def test_a_token_that_expires(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The first page is listed, and its token is refused."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    emulator.load_faults("faults: [{fault: expire-token}]")
    token = client.list_dataset_entries(DatasetArn=train, MaxResults=2)["NextToken"]
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_dataset_entries(DatasetArn=train, MaxResults=2, NextToken=token)


def test_only_calls_with_a_token_count_for_one_that_expires(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """`on: 2` is the second call with a token, and the log has only that call."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    emulator.load_faults("faults: [{fault: expire-token, operation: ListDatasetEntries, on: 2}]")
    page = {"DatasetArn": train, "MaxResults": 2}
    token = client.list_dataset_entries(DatasetArn=train, MaxResults=2)["NextToken"]
    client.list_dataset_entries(DatasetArn=train, MaxResults=2, NextToken=token)
    client.list_dataset_entries(DatasetArn=train, MaxResults=2, NextToken="")
    assert emulator.faults == []
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_dataset_entries(DatasetArn=train, MaxResults=2, NextToken=token)
    assert [fired.request for fired in emulator.faults] == [page | {"NextToken": token}]


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        ("edit, lines: [{source-ref: 's3://bucket/b.jpg'}]", "ListDatasetEntries"),
        ("colleague-update", "ListDatasetEntries"),
        ("distribute", "ListDatasetEntries"),
        ("recreate", "ListDatasetEntries"),
        ("stale-status", "UpdateDatasetEntries"),
        ("stale-listing", "UpdateDatasetEntries"),
    ],
)
def test_a_fault_waits_until_other_calls_have_done_their_work(
    clock: Clock, slow: Emulator, lines: Lines, *, fault: str, operation: str
) -> None:
    """Due work is never done twice by a fault and a call at the same time, so statistics stay right."""
    client = slow.client(config=Config(retries={"total_max_attempts": 1}))
    project = client.create_project(ProjectName="cells")["ProjectArn"]
    arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    clock.advance(10)
    changes: Any = {"DatasetArn": arn, "Changes": {"GroundTruth": lines.payload(lines.image("a.jpg"))}}
    client.update_dataset_entries(**changes)
    slow.load_faults(f"faults: [{{fault: {fault}}}]")
    clock.advance(10)
    asked: Any = client.update_dataset_entries if operation.startswith("U") else client.list_dataset_entries
    request = changes if operation.startswith("U") else {"DatasetArn": arn}
    with ThreadPoolExecutor() as pool:
        with slow.service.lock:
            answered = pool.submit(asked, **request)
            with pytest.raises(TimeoutError):
                answered.result(0.3)
            dataset = slow.service.context.store.dataset(arn)
            assert dataset
            assert (len(slow.faults), dataset.tally.total, dataset.job is None) == (1, 0, False)
        with suppress(ClientError):
            answered.result(5)
