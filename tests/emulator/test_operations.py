"""Every operation through boto3 over HTTP: the successes, and each exception that the model lists."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rekognition_emulator import Emulator, Limits, serve

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines


def test_a_projects_arn_ends_in_its_creation_time(client: RekognitionClient, project: str) -> None:
    """The suffix is CreationTimestamp in milliseconds, as in AWS's examples."""
    described = client.describe_projects()["ProjectDescriptions"][0]
    assert project == described["ProjectArn"]
    assert re.fullmatch(r"arn:aws:rekognition:us-east-1:111122223333:project/cells/\d{13}", project)
    assert round(described["CreationTimestamp"].timestamp() * 1000) == int(project.rpartition("/")[2])
    assert (described["Status"], described["Datasets"], described["Feature"]) == ("CREATED", [], "CUSTOM_LABELS")


def test_a_dataset_arn_carries_the_projects_name_and_the_type(client: RekognitionClient, project: str) -> None:
    """The type is in lower case, the project's suffix is absent, and no two datasets have the same ARN."""
    arns = [client.create_dataset(ProjectArn=project, DatasetType=kind)["DatasetArn"] for kind in ("TRAIN", "TEST")]
    for arn, kind in zip(arns, ("train", "test"), strict=True):
        assert re.fullmatch(rf"arn:aws:rekognition:us-east-1:111122223333:project/cells/dataset/{kind}/\d{{13}}", arn)
    datasets = client.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    assert [(each["DatasetArn"], each["DatasetType"]) for each in datasets] == list(
        zip(arns, ["TRAIN", "TEST"], strict=True)
    )


@pytest.mark.parametrize(
    ("region", "prefix"),
    [("eu-west-1", "arn:aws:rekognition:eu-west-1:"), ("us-gov-west-1", "arn:aws-us-gov:rekognition:us-gov-west-1:")],
)
def test_the_region_is_that_of_the_signature(emulator: Emulator, region: str, prefix: str) -> None:
    """Resources belong to the Region of the credential scope and are not found from a different one."""
    here, elsewhere = emulator.client(region), emulator.client("us-east-1")
    arn = here.create_project(ProjectName="cells")["ProjectArn"]
    assert arn.startswith(prefix)
    assert elsewhere.describe_projects()["ProjectDescriptions"] == []
    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        elsewhere.delete_project(ProjectArn=arn)


def test_what_is_listed_is_what_was_sent_and_is_labeled(client: RekognitionClient, train: str, lines: Lines) -> None:
    """The line is compact JSON with the attributes in the order sent, followed by `cl-metadata`."""
    sent = lines.image("a.jpg", "cat", "dog")
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": json.dumps(sent, indent=None).encode()})
    expected = json.dumps(sent | {"cl-metadata": {"is_labeled": True}}, separators=(",", ":"))
    assert client.list_dataset_entries(DatasetArn=train)["DatasetEntries"] == [expected]


def test_an_update_replaces_whole_lines_and_appends_new_ones(
    client: RekognitionClient, train: str, lines: Lines
) -> None:
    """A line replaces the entry with its source-ref, which keeps its position; labels without entries are removed."""
    first = [lines.image("a.jpg", "cat", "dog"), lines.image("b.jpg", "cat")]
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(*first)})
    second = [lines.image("c.jpg", "bird"), lines.image("a.jpg", "cat")]
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(*second)})
    listed = [json.loads(line) for line in client.list_dataset_entries(DatasetArn=train)["DatasetEntries"]]
    for line in listed:
        del line["cl-metadata"]
    assert listed == [second[1], first[1], second[0]]
    labels = client.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    assert [(each["LabelName"], each["LabelStats"]["EntryCount"]) for each in labels] == [("cat", 2), ("bird", 1)]


def test_a_listed_line_can_be_sent_back(client: RekognitionClient, train: str, lines: Lines) -> None:
    """What the service added is removed and made again, so a corrected line loses its errors."""
    broken = lines.boxes("a.jpg", ("RBC", 0, 0, 1, 1), ("RBC", 5, 5, 50, 50))
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(broken)})
    listed = json.loads(client.list_dataset_entries(DatasetArn=train, HasErrors=True)["DatasetEntries"][0])
    assert listed["bb"]["annotations"][0]["cl-errors"][0]["code"] == "ERROR_BOUNDING_BOX_TOO_SMALL"
    listed["bb"]["annotations"][0]["width"] = listed["bb"]["annotations"][0]["height"] = 9
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(listed)})
    repaired = client.list_dataset_entries(DatasetArn=train)["DatasetEntries"]
    assert "cl-errors" not in repaired[0]
    assert repaired[0].count("cl-metadata") == 1
    assert client.describe_dataset(DatasetArn=train)["DatasetDescription"]["DatasetStats"]["ErrorEntries"] == 0


def test_labels_count_images_not_boxes(client: RekognitionClient, train: str, lines: Lines) -> None:
    """EntryCount and BoundingBoxCount count entries, and image-level labels have no BoundingBoxCount."""
    sent = [
        lines.boxes("a.jpg", ("RBC", 0, 0, 9, 9), ("RBC", 20, 20, 9, 9), ("WBC", 40, 40, 9, 9)),
        lines.boxes("b.jpg", ("RBC", 0, 0, 9, 9)),
        lines.image("c.jpg", "smear"),
    ]
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(*sent)})
    labels = {
        each["LabelName"]: each["LabelStats"]
        for each in client.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    }
    assert labels == {
        "RBC": {"EntryCount": 2, "BoundingBoxCount": 2},
        "WBC": {"EntryCount": 1, "BoundingBoxCount": 1},
        "smear": {"EntryCount": 1},
    }


def test_statistics_follow_every_change(client: RekognitionClient, train: str, lines: Lines) -> None:
    """LabeledEntries, TotalEntries, TotalLabels and ErrorEntries are those of the current entries."""
    sent = [lines.image("a.jpg", "cat"), lines.image("b.jpg"), lines.boxes("c.jpg", ("RBC", 630, 0, 50, 50))]
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(*sent)})
    expected = {"LabeledEntries": 2, "TotalEntries": 3, "TotalLabels": 2, "ErrorEntries": 1}
    assert client.describe_dataset(DatasetArn=train)["DatasetDescription"]["DatasetStats"] == expected
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(lines.image("c.jpg"))})
    expected = {"LabeledEntries": 1, "TotalEntries": 3, "TotalLabels": 1, "ErrorEntries": 0}
    assert client.describe_dataset(DatasetArn=train)["DatasetDescription"]["DatasetStats"] == expected


def test_copying_takes_entries_and_labels_of_the_source(client: RekognitionClient, train: str, lines: Lines) -> None:
    """A TRAIN dataset of one project becomes the TEST dataset of a second project."""
    sent = lines.payload(lines.image("a.jpg", "cat"), lines.image("b.jpg", "dog"))
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": sent})
    other = client.create_project(ProjectName="other")["ProjectArn"]
    source: Any = {"DatasetArn": train}
    copy = client.create_dataset(ProjectArn=other, DatasetType="TEST", DatasetSource=source)["DatasetArn"]
    assert (
        client.list_dataset_entries(DatasetArn=copy)["DatasetEntries"]
        == client.list_dataset_entries(DatasetArn=train)["DatasetEntries"]
    )
    stats = client.describe_dataset(DatasetArn=copy)["DatasetDescription"]["DatasetStats"]
    assert stats == {"LabeledEntries": 2, "TotalEntries": 2, "TotalLabels": 2, "ErrorEntries": 0}


def test_distribution_moves_a_fifth(client: RekognitionClient, project: str, train: str, lines: Lines) -> None:
    """20 % of TRAIN are in TEST afterwards, and no longer in TRAIN."""
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    sent = lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(20)))
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": sent})
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    counts = [
        client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["DatasetStats"]["TotalEntries"]
        for arn in (train, test)
    ]
    assert counts == [16, 4]
    keys = [
        [json.loads(line)["source-ref"] for line in client.list_dataset_entries(DatasetArn=arn)["DatasetEntries"]]
        for arn in (train, test)
    ]
    assert sorted(keys[0] + keys[1]) == sorted(f"s3://bucket/{number}.jpg" for number in range(20))


def test_distribution_needs_a_train_and_an_empty_test_dataset(
    client: RekognitionClient, project: str, train: str, lines: Lines
) -> None:
    """The same dataset twice, an empty TRAIN and a TEST with entries give InvalidParameterException."""
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    for pair in ([train, train], [train, test]):
        with pytest.raises(client.exceptions.InvalidParameterException):
            client.distribute_dataset_entries(Datasets=[{"Arn": arn} for arn in pair])
    for arn in (train, test):
        client.update_dataset_entries(
            DatasetArn=arn, Changes={"GroundTruth": lines.payload(lines.image("a.jpg", "cat"))}
        )
    with pytest.raises(client.exceptions.InvalidParameterException, match="empty"):
        client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])


def test_too_few_labelled_images_fail_a_distribution(
    client: RekognitionClient, project: str, train: str, lines: Lines
) -> None:
    """Both datasets end in UPDATE_FAILED with AWS's message, and no entry is moved."""
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(lines.image("a.jpg", "cat"))})
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    for arn, total in ((train, 1), (test, 0)):
        described = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        assert (described["Status"], described["StatusMessageCode"]) == ("UPDATE_FAILED", "CLIENT_ERROR")
        assert described["StatusMessage"].startswith("The manifest file doesn't have enough labeled images")
        assert described["DatasetStats"]["TotalEntries"] == total


def test_tags_of_projects_and_datasets(client: RekognitionClient, project: str) -> None:
    """Tags are given at creation, added, overwritten, removed, and deleted with the resource."""
    dataset = client.create_dataset(ProjectArn=project, DatasetType="TRAIN", Tags={"Bühne": "prod"})["DatasetArn"]
    client.tag_resource(ResourceArn=dataset, Tags={"team": "vision", "Bühne": "test"})
    assert client.list_tags_for_resource(ResourceArn=dataset)["Tags"] == {"team": "vision", "Bühne": "test"}
    client.untag_resource(ResourceArn=dataset, TagKeys=["team", "never"])
    assert client.list_tags_for_resource(ResourceArn=dataset)["Tags"] == {"Bühne": "test"}
    assert client.list_tags_for_resource(ResourceArn=project)["Tags"] == {}
    client.delete_dataset(DatasetArn=dataset)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_tags_for_resource(ResourceArn=dataset)


def test_a_project_called_dataset_has_tags_too(client: RekognitionClient) -> None:
    """An ARN with `/dataset/` in it can be that of a project."""
    arn = client.create_project(ProjectName="dataset", Tags={"team": "vision"})["ProjectArn"]
    client.tag_resource(ResourceArn=arn, Tags={"cost": "1"})
    client.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"cost": "1"}


def test_more_than_200_tags_are_refused(client: RekognitionClient, project: str) -> None:
    """200 tags are accepted; one more gives ServiceQuotaExceededException and changes nothing."""
    client.tag_resource(ResourceArn=project, Tags={f"k{number}": "" for number in range(200)})
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        client.tag_resource(ResourceArn=project, Tags={"one more": ""})
    assert len(client.list_tags_for_resource(ResourceArn=project)["Tags"]) == 200


def test_refusals_have_the_exceptions_of_the_model(client: RekognitionClient, project: str, train: str) -> None:
    """A name in use, a second TRAIN, remaining datasets, an unknown ARN and an invalid source get their exceptions."""
    refused = client.exceptions
    with pytest.raises(refused.ResourceInUseException):
        client.create_project(ProjectName="cells")
    with pytest.raises(refused.ResourceAlreadyExistsException):
        client.create_dataset(ProjectArn=project, DatasetType="TRAIN")
    with pytest.raises(refused.ResourceInUseException):
        client.delete_project(ProjectArn=project)
    with pytest.raises(refused.ResourceNotFoundException):
        client.describe_dataset(DatasetArn=train[:-1] + "0")
    for source in ({}, {"DatasetArn": train, "GroundTruthManifest": {"S3Object": {"Bucket": "abc", "Name": "a"}}}):
        wrong: Any = source
        with pytest.raises(refused.InvalidParameterException):
            client.create_dataset(ProjectArn=project, DatasetType="TEST", DatasetSource=wrong)


def test_a_request_that_can_never_be_right_is_refused_before_anything_is_looked_up(
    client: RekognitionClient, project: str, train: str
) -> None:
    """The request is checked first, then the resources, and then their status."""
    nowhere = project.rpartition("/")[0] + "/1"
    wrong: Any = {"ProjectArn": nowhere, "DatasetType": "TRAIN", "DatasetSource": {}}
    refused = client.exceptions.InvalidParameterException
    with pytest.raises(refused):
        client.create_dataset(**wrong)
    with pytest.raises(refused):
        client.create_dataset(**wrong | {"ProjectArn": project})
    unknown = train.rpartition("/")[0] + "/1"
    with pytest.raises(refused):
        client.distribute_dataset_entries(Datasets=[{"Arn": unknown}, {"Arn": train}])
    with pytest.raises(refused):
        client.create_project(ProjectName="cells", AutoUpdate="ENABLED")


def test_distribution_looks_for_both_datasets_before_it_looks_at_one(slow: Emulator) -> None:
    """A missing TEST, or one of a different project, is reported even while TRAIN is being created."""
    client = slow.client()
    project, other = (client.create_project(ProjectName=name)["ProjectArn"] for name in ("cells", "other"))
    train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    test = client.create_dataset(ProjectArn=other, DatasetType="TEST")["DatasetArn"]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": train.replace("train", "test")}])
    with pytest.raises(client.exceptions.InvalidParameterException, match="same project"):
        client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])


def test_projects_are_limited() -> None:
    """One project more than the limit gives LimitExceededException."""
    with serve(limits=Limits(projects=2)) as emulator:
        client = emulator.client()
        for name in ("a", "b"):
            client.create_project(ProjectName=name)
        with pytest.raises(ClientError, match="LimitExceededException"):
            emulator.client(config=_no_retries()).create_project(ProjectName="c")


def _no_retries() -> Config:
    return Config(retries={"total_max_attempts": 1})


def test_describe_projects_filters_and_pages(client: RekognitionClient) -> None:
    """Projects are found by name and feature, boto3's paginator gets all, and unknown names are absent."""
    names = [f"p{number}" for number in range(7)]
    for name in names:
        client.create_project(ProjectName=name)
    client.create_project(ProjectName="adapter", Feature="CONTENT_MODERATION", AutoUpdate="ENABLED")
    pages = list(client.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["ProjectDescriptions"]) for page in pages] == [3, 3, 1]
    found = [each["ProjectArn"].split("/")[1] for page in pages for each in page["ProjectDescriptions"]]
    assert found == names
    chosen = client.describe_projects(ProjectNames=["p5", "nobody"])["ProjectDescriptions"]
    assert [each["ProjectArn"].split("/")[1] for each in chosen] == ["p5"]
    moderation = client.describe_projects(Features=["CONTENT_MODERATION"])["ProjectDescriptions"]
    assert [each["AutoUpdate"] for each in moderation] == ["ENABLED"]


def test_a_project_has_the_versions_that_a_test_gave_it(tmp_path: Path) -> None:
    """The latest is first, by page or by name, with its status; they are in the state file."""
    state = tmp_path / "state.db"
    with serve(state=state) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        assert client.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"] == []
        for name, status in (("v1", "TRAINING_IN_PROGRESS"), ("v2", "STOPPED"), ("v1", "TRAINING_COMPLETED")):
            emulator.service.save_version(project, name, status)
        with pytest.raises(KeyError):
            emulator.service.save_version(f"{project}0", "v1", "STOPPED")
    with serve(state=state) as emulator:
        client = emulator.client()
        first = client.describe_project_versions(ProjectArn=project, MaxResults=1)
        rest = client.describe_project_versions(ProjectArn=project, MaxResults=1, NextToken=first["NextToken"])
        named = client.describe_project_versions(ProjectArn=project, VersionNames=["v1", "v3"])
        shown = [one["ProjectVersionDescriptions"] for one in (first, rest, named)]
        statuses = [[one["Status"] for one in each] for each in shown]
        assert statuses == [["STOPPED"], ["TRAINING_COMPLETED"], ["TRAINING_COMPLETED"]]
        assert "NextToken" not in rest
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_project_versions(ProjectArn=f"{project}0")
