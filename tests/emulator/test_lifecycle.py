"""The statuses of projects and datasets over time, on a frozen clock that the tests advance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Clock, Emulator, Latency, Switches, serve

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines


@pytest.fixture
def patient(slow: Emulator) -> RekognitionClient:
    """A client of the slow emulator."""
    return slow.client()


@pytest.fixture
def busy(patient: RekognitionClient) -> str:
    """The ARN of a TRAIN dataset that is being created."""
    project = patient.create_project(ProjectName="cells")["ProjectArn"]
    return patient.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]


def described(client: RekognitionClient, arn: str) -> Any:  # noqa: ANN401 - a TypedDict of the stubs
    """The description of a dataset."""
    return client.describe_dataset(DatasetArn=arn)["DatasetDescription"]


def test_creation_ends_when_its_time_has_come(patient: RekognitionClient, busy: str, clock: Clock) -> None:
    """The status is CREATE_IN_PROGRESS until the moment the work is due, and CREATE_COMPLETE from then on."""
    assert described(patient, busy)["Status"] == "CREATE_IN_PROGRESS"
    clock.advance(9.9)
    assert described(patient, busy)["Status"] == "CREATE_IN_PROGRESS"
    clock.advance(0.1)
    after = described(patient, busy)
    assert (after["Status"], after["StatusMessageCode"]) == ("CREATE_COMPLETE", "SUCCESS")


def test_an_update_shows_at_once_and_ends_later(
    patient: RekognitionClient, busy: str, clock: Clock, lines: Lines
) -> None:
    """UPDATE_IN_PROGRESS appears when the call returns; the old entries are listed until the end, then the new."""
    clock.advance(10)
    before = described(patient, busy)["LastUpdatedTimestamp"]
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": lines.payload(lines.image("a.jpg", "x"))})
    during = described(patient, busy)
    assert (during["Status"], during["LastUpdatedTimestamp"]) == ("UPDATE_IN_PROGRESS", before)
    assert during["StatusMessage"]
    assert patient.list_dataset_entries(DatasetArn=busy)["DatasetEntries"] == []
    clock.advance(60)
    after = described(patient, busy)
    assert after["Status"] == "UPDATE_COMPLETE"
    assert (after["LastUpdatedTimestamp"] - before).total_seconds() == pytest.approx(10, abs=0.01)
    assert len(patient.list_dataset_entries(DatasetArn=busy)["DatasetEntries"]) == 1


def test_a_failed_update_moves_the_timestamp_and_nothing_else(
    patient: RekognitionClient, busy: str, clock: Clock, lines: Lines
) -> None:
    """The status is UPDATE_FAILED and CLIENT_ERROR with AWS's message, without a code, until the next success."""
    clock.advance(10)
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": lines.payload(lines.image("a.jpg", "x"))})
    clock.advance(10)
    before = described(patient, busy)
    bad = lines.image("b.jpg", "x") | {"source-ref": "s3://other-bucket/b.jpg"}
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": lines.payload(bad)})
    clock.advance(10)
    failed = described(patient, busy)
    assert failed["Status"] == "UPDATE_FAILED"
    assert failed["StatusMessage"] == "The manifest file contains images from multiple S3 buckets."
    assert failed["StatusMessageCode"] == "CLIENT_ERROR"
    assert failed["LastUpdatedTimestamp"] > before["LastUpdatedTimestamp"]
    assert failed["DatasetStats"] == before["DatasetStats"]
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": lines.payload(lines.image("c.jpg", "x"))})
    clock.advance(10)
    assert described(patient, busy)["Status"] == "UPDATE_COMPLETE"


def test_the_timestamp_moves_even_when_no_time_passes(client: RekognitionClient, train: str, lines: Lines) -> None:
    """Two updates in the same millisecond have two LastUpdatedTimestamps."""
    stamps = [described(client, train)["LastUpdatedTimestamp"]]
    for _ in range(2):
        client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(lines.image("a.jpg"))})
        stamps.append(described(client, train)["LastUpdatedTimestamp"])
    assert stamps == sorted(set(stamps))


def test_a_busy_dataset_refuses_updates_and_deletion(
    patient: RekognitionClient, busy: str, clock: Clock, lines: Lines
) -> None:
    """Both get ResourceInUseException during a creation, update or deletion; DescribeDataset works in every status."""
    changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
    in_use = patient.exceptions.ResourceInUseException
    for begin in (
        lambda: None,
        lambda: patient.update_dataset_entries(DatasetArn=busy, Changes=changes),
        lambda: patient.delete_dataset(DatasetArn=busy),
    ):
        begin()
        assert described(patient, busy)["Status"].endswith("IN_PROGRESS")
        with pytest.raises(in_use):
            patient.update_dataset_entries(DatasetArn=busy, Changes=changes)
        with pytest.raises(in_use):
            patient.delete_dataset(DatasetArn=busy)
        clock.advance(10)


def test_listing_a_dataset_that_is_not_there_yet(patient: RekognitionClient, busy: str) -> None:
    """The listings get ResourceNotReadyException during the creation."""
    with pytest.raises(patient.exceptions.ResourceNotReadyException):
        patient.list_dataset_entries(DatasetArn=busy)
    with pytest.raises(patient.exceptions.ResourceNotReadyException):
        patient.list_dataset_labels(DatasetArn=busy)


def test_deletion_is_in_progress_before_it_is_done(patient: RekognitionClient, busy: str, clock: Clock) -> None:
    """DELETE_IN_PROGRESS keeps the slot until the dataset is deleted; a new dataset then gets a new ARN."""
    clock.advance(10)
    project = patient.describe_projects()["ProjectDescriptions"][0]["ProjectArn"]
    patient.delete_dataset(DatasetArn=busy)
    assert described(patient, busy)["Status"] == "DELETE_IN_PROGRESS"
    with pytest.raises(patient.exceptions.ResourceAlreadyExistsException):
        patient.create_dataset(ProjectArn=project, DatasetType="TRAIN")
    clock.advance(10)
    with pytest.raises(patient.exceptions.ResourceNotFoundException):
        described(patient, busy)
    assert patient.describe_projects()["ProjectDescriptions"][0]["Datasets"] == []
    assert patient.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"] != busy


def test_a_deleted_dataset_is_recreated_under_a_new_arn_even_at_once(client: RekognitionClient, project: str) -> None:
    """No ARN is used twice, even when no time passes."""
    arns = []
    for _ in range(3):
        arns.append(client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"])
        client.delete_dataset(DatasetArn=arns[-1])
    assert len(set(arns)) == 3


def test_a_project_is_deleting_before_it_is_gone(patient: RekognitionClient, clock: Clock) -> None:
    """DELETING is in the reply and in the listing, no dataset can be created in it, and later it is absent."""
    project = patient.create_project(ProjectName="cells")["ProjectArn"]
    assert patient.delete_project(ProjectArn=project)["Status"] == "DELETING"
    assert patient.describe_projects()["ProjectDescriptions"][0]["Status"] == "DELETING"
    with pytest.raises(patient.exceptions.ResourceNotFoundException):
        patient.create_dataset(ProjectArn=project, DatasetType="TRAIN")
    with pytest.raises(patient.exceptions.ResourceInUseException):
        patient.delete_project(ProjectArn=project)
    clock.advance(10)
    assert patient.describe_projects()["ProjectDescriptions"] == []


def test_a_distribution_keeps_both_datasets_busy(
    patient: RekognitionClient, busy: str, clock: Clock, lines: Lines
) -> None:
    """Both are UPDATE_IN_PROGRESS, refuse a second distribution, and end together, whichever is read first."""
    project = patient.describe_projects()["ProjectDescriptions"][0]["ProjectArn"]
    test = patient.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    clock.advance(10)
    sent = lines.payload(*(lines.image(f"{number}.jpg", "x") for number in range(10)))
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": sent})
    clock.advance(10)
    pair: Any = [{"Arn": busy}, {"Arn": test}]
    patient.distribute_dataset_entries(Datasets=pair)
    assert {described(patient, arn)["Status"] for arn in (busy, test)} == {"UPDATE_IN_PROGRESS"}
    with pytest.raises(patient.exceptions.ResourceNotReadyException):
        patient.distribute_dataset_entries(Datasets=pair)
    clock.advance(10)
    assert described(patient, test)["DatasetStats"]["TotalEntries"] == 2
    assert described(patient, busy)["DatasetStats"]["TotalEntries"] == 8
    assert {described(patient, arn)["Status"] for arn in (busy, test)} == {"UPDATE_COMPLETE"}


def test_a_copy_has_what_the_source_had_when_it_was_asked_for(
    patient: RekognitionClient, busy: str, clock: Clock, lines: Lines
) -> None:
    """Later changes of the source do not matter, and the statistics count the entries when the copy is done."""
    clock.advance(10)
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": lines.payload(lines.image("a.jpg", "x"))})
    clock.advance(10)
    project = patient.describe_projects()["ProjectDescriptions"][0]["ProjectArn"]
    source: Any = {"DatasetArn": busy}
    copy = patient.create_dataset(ProjectArn=project, DatasetType="TEST", DatasetSource=source)["DatasetArn"]
    patient.update_dataset_entries(DatasetArn=busy, Changes={"GroundTruth": lines.payload(lines.image("b.jpg", "y"))})
    assert described(patient, copy)["DatasetStats"]["TotalEntries"] == 0
    clock.advance(100)
    assert described(patient, copy)["DatasetStats"] == {
        "TotalEntries": 1,
        "LabeledEntries": 1,
        "TotalLabels": 1,
        "ErrorEntries": 0,
    }
    assert len(patient.list_dataset_entries(DatasetArn=copy)["DatasetEntries"]) == 1


def test_a_failed_creation_can_only_be_deleted(clock: Clock) -> None:
    """CREATE_FAILED keeps the slot, refuses updates and listings, and can be deleted."""
    with serve(clock=clock) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        source: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": "nowhere", "Name": "a.manifest"}}}
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)["DatasetArn"]
        failed = described(client, arn)
        assert (failed["Status"], failed["StatusMessageCode"]) == ("CREATE_FAILED", "CLIENT_ERROR")
        assert failed["StatusMessage"] == "The manifest file extension or contents are invalid."
        with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
            client.create_dataset(ProjectArn=project, DatasetType="TRAIN")
        with pytest.raises(client.exceptions.ResourceInUseException):
            client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": b"{}"})
        with pytest.raises(client.exceptions.ResourceNotReadyException):
            client.list_dataset_entries(DatasetArn=arn)
        client.delete_dataset(DatasetArn=arn)
        assert client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]


def test_listings_of_a_busy_dataset_can_be_refused(clock: Clock, lines: Lines) -> None:
    """With the switch `list_while_updating` they get ResourceInUseException."""
    switches = Switches(list_while_updating="ResourceInUseException")
    with serve(clock=clock, latency=Latency(update=5), switches=switches) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": lines.payload(lines.image("a.jpg"))})
        with pytest.raises(client.exceptions.ResourceInUseException):
            client.list_dataset_entries(DatasetArn=arn)
        clock.advance(5)
        assert len(client.list_dataset_entries(DatasetArn=arn)["DatasetEntries"]) == 1
