"""The story of README.md, told with boto3: `story.py MANIFEST`."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

EMPTY = (0, 0, 0, 0)
FILLED = (120, 118, 4, 2)


def check(what: str, got: object, wanted: object) -> None:
    """End the program unless an answer is the one that is wanted."""
    if got != wanted:
        raise SystemExit(f"{what}: {got!r} instead of {wanted!r}")


def refused(client: RekognitionClient, error: str, operation: str, **request: Any) -> None:  # noqa: ANN401 - members of any type
    """Check that a call is refused with an error: its name, its HTTP status, and its class if it is modelled."""
    try:
        answer = getattr(client, operation)(**request)
    except ClientError as fault:
        status = fault.response["ResponseMetadata"]["HTTPStatusCode"]
        check(f"error of {operation}", (fault.response["Error"]["Code"], status), (error, 400))
        modelled = getattr(client.exceptions, error, ClientError)
        check(f"{operation} raises {modelled.__name__}", isinstance(fault, modelled), wanted=True)
    else:
        check(f"answer of {operation}", answer, error)


def described(client: RekognitionClient, arn: str) -> tuple[object, ...]:
    """Status, status message code, and the statistics: entries, labelled ones, labels, entries with errors."""
    found = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]
    stats = found["DatasetStats"]
    counts = (stats["TotalEntries"], stats["LabeledEntries"], stats["TotalLabels"], stats["ErrorEntries"])
    return (found["Status"], found["StatusMessageCode"], *counts)


def wait(client: RekognitionClient, arn: str, busy: str, *after: object) -> None:
    """Check the status of a dataset that is at work, let the work end, and check what `described` says after it."""
    check("status at work", described(client, arn)[0], busy)
    advance()
    check(f"dataset after {busy}", described(client, arn), after)


def advance() -> None:
    """Let the work of 10 seconds end."""
    url = os.environ["AWS_ENDPOINT_URL_REKOGNITION"] + "/_emulator/clock"
    with urllib.request.urlopen(url, data=b'{"advance": 10}') as answer:  # noqa: S310 - the emulator's own URL
        check("status of the clock", answer.status, 200)


def message(client: RekognitionClient, arn: str) -> str:
    """The message beside the status of a dataset."""
    return client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["StatusMessage"]


def update(client: RekognitionClient, arn: str, *lines: str) -> None:
    """Send lines to a dataset."""
    client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": "\n".join(lines).encode()})


def entries(client: RekognitionClient, arn: str, **filters: Any) -> list[str]:  # noqa: ANN401 - filters of any type
    """All lines of a dataset that the filters let through."""
    pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn, **filters)
    return [line for page in pages for line in page["DatasetEntries"]]


def keys(lines: list[str]) -> list[str]:
    """The `source-ref` of lines."""
    return [json.loads(line)["source-ref"] for line in lines]


def projects(client: RekognitionClient) -> tuple[str, str]:
    """Create the projects; their ARNs."""
    zoo, copies = (client.create_project(ProjectName=name)["ProjectArn"] for name in ("zoo", "copies"))
    refused(client, "ResourceInUseException", "create_project", ProjectName="zoo")
    refused(client, "ValidationException", "create_project", ProjectName="no blanks")
    image = {"S3Object": {"Bucket": "animals", "Name": "farm/000.jpg"}}
    refused(client, "UnknownOperationException", "detect_faces", Image=image)
    (project,) = client.describe_projects(ProjectNames=["zoo", "unknown"])["ProjectDescriptions"]
    shown = (project["ProjectArn"], project["Status"], project["Datasets"], project["Feature"])
    check("project", shown, (zoo, "CREATED", [], "CUSTOM_LABELS"))
    check("type of CreationTimestamp", isinstance(project["CreationTimestamp"], datetime), wanted=True)
    pages = client.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 1})
    found = [[each["ProjectArn"] for each in page["ProjectDescriptions"]] for page in pages]
    check("pages of projects", found, [[zoo], [copies]])
    return zoo, copies


def datasets(client: RekognitionClient, project: str) -> tuple[str, str]:
    """Create the datasets of a project; their ARNs."""
    train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN", Tags={"team": "zoo"})["DatasetArn"]
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    create = {"ProjectArn": project, "DatasetType": "TRAIN"}
    refused(client, "ResourceNotFoundException", "create_dataset", **create | {"ProjectArn": f"{project}1"})
    refused(client, "InvalidParameterException", "create_dataset", **create, DatasetSource={})
    refused(client, "ResourceAlreadyExistsException", "create_dataset", **create)
    refused(client, "ResourceNotReadyException", "list_dataset_entries", DatasetArn=train)
    wait(client, train, "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "SUCCESS", *EMPTY)
    check("TEST dataset", described(client, test), ("CREATE_COMPLETE", "SUCCESS", *EMPTY))
    found = client.describe_projects(ProjectNames=["zoo"])["ProjectDescriptions"][0]["Datasets"]
    shown = sorted((each["DatasetType"], each["DatasetArn"], each["Status"]) for each in found)
    check("datasets", shown, [("TEST", test, "CREATE_COMPLETE"), ("TRAIN", train, "CREATE_COMPLETE")])
    return train, test


def fill(client: RekognitionClient, train: str, lines: list[str]) -> None:
    """Send all lines, and then a batch that fails."""
    update(client, train, *lines)
    again = {"DatasetArn": train, "Changes": {"GroundTruth": lines[0].encode()}}
    refused(client, "ResourceInUseException", "update_dataset_entries", **again)
    refused(client, "ResourceInUseException", "delete_dataset", DatasetArn=train)
    wait(client, train, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "SUCCESS", *FILLED)
    found = client.describe_dataset(DatasetArn=train)["DatasetDescription"]
    check("updated after creation", found["LastUpdatedTimestamp"] > found["CreationTimestamp"], wanted=True)
    update(client, train, lines[0].replace("farm/000", "farm/100"), lines[1].replace("//animals", "//plants"))
    wait(client, train, "UPDATE_IN_PROGRESS", "UPDATE_FAILED", "CLIENT_ERROR", *FILLED)
    check("message", message(client, train), "The manifest file contains images from multiple S3 buckets.")


def pages_of_entries(client: RekognitionClient, train: str, lines: list[str]) -> None:
    """List all entries in pages, by hand and with the paginator."""
    first = client.list_dataset_entries(DatasetArn=train, NextToken="")
    check("entries of a first page", keys(first["DatasetEntries"]), keys(lines[:100]))
    second = client.list_dataset_entries(DatasetArn=train, NextToken=first["NextToken"])
    check("entries of the last page", keys(second["DatasetEntries"]), keys(lines[100:]))
    check("token of the last page", second.get("NextToken"), None)
    paginator = client.get_paginator("list_dataset_entries")
    pages = paginator.paginate(DatasetArn=train, PaginationConfig={"PageSize": 50})
    check("sizes of pages", [len(page["DatasetEntries"]) for page in pages], [50, 50, 20])
    refused(client, "ValidationException", "list_dataset_entries", DatasetArn=train, MaxResults=101)
    refused(client, "InvalidPaginationTokenException", "list_dataset_entries", DatasetArn=train, NextToken="x")


def content_of_entries(client: RekognitionClient, train: str, lines: list[str]) -> None:
    """What was sent is listed, with what the service adds."""
    for sent, listed in zip(lines, map(json.loads, entries(client, train)), strict=True):
        key = listed["source-ref"]
        check(f"cl-metadata of {key}", listed.pop("cl-metadata"), {"is_labeled": "/blank/" not in key})
        found = [each["code"] for each in listed.pop("cl-errors", [])]
        check(f"errors of {key}", found, ["ERROR_NO_VALID_LABEL_ATTRIBUTES"] if "/wrong/" in key else [])
        if "/wrong/" in key:
            (error,) = listed["animal-metadata"].pop("cl-errors")
            check(f"error in the metadata of {key}", error["code"], "ERROR_UNSUPPORTED_USE_CASE_TYPE")
        check(f"line of {key}", listed, json.loads(sent))


def filters(client: RekognitionClient, train: str) -> None:
    """Each filter alone, and two together."""

    def count(**filters: Any) -> int:  # noqa: ANN401 - filters of any type
        return len(entries(client, train, **filters))

    check("entries of a folder", count(SourceRefContains="/wild/"), 16)
    check("labelled entries", count(Labeled=True), 118)
    check("entries without labels", count(Labeled=False), 2)
    wrong = ["s3://animals/wrong/0.jpg", "s3://animals/wrong/1.jpg"]
    check("entries with errors", keys(entries(client, train, HasErrors=True)), wrong)
    check("entries without the filter for errors", count(HasErrors=False), 120)
    check("entries with one label", count(ContainsLabels=["cow"]), 50)
    check("entries with one of two labels", count(ContainsLabels=["cow", "fox"]), 66)
    check("entries with an unknown label", count(ContainsLabels=["Cow"]), 0)
    check("entries of two filters", count(ContainsLabels=["cow", "fox"], SourceRefContains="/farm/00"), 5)


def edit(client: RekognitionClient, train: str) -> None:
    """Send a listed line back with a new label."""
    (line,) = entries(client, train, SourceRefContains="farm/007.jpg")
    update(client, train, line.replace("cow", "goat"))
    wait(client, train, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "SUCCESS", 120, 118, 5, 2)
    check("the edited line", entries(client, train, ContainsLabels=["goat"]), [line.replace("cow", "goat")])
    check("entries that are left with cow", len(entries(client, train, ContainsLabels=["cow"])), 49)


def labels(client: RekognitionClient, train: str) -> None:
    """List the labels with their counts, two in a page."""
    paginator = client.get_paginator("list_dataset_labels")
    pages = list(paginator.paginate(DatasetArn=train, PaginationConfig={"PageSize": 2}))
    check("sizes of pages of labels", [len(page["DatasetLabelDescriptions"]) for page in pages], [2, 2, 1])
    found = [(each["LabelName"], each["LabelStats"]) for page in pages for each in page["DatasetLabelDescriptions"]]
    boxed = {"EntryCount": 16, "BoundingBoxCount": 16}
    plain = {"horse": {"EntryCount": 50}, "cow": {"EntryCount": 49}, "goat": {"EntryCount": 1}}
    check("labels", dict(found), plain | {"fox": boxed, "wolf": boxed})


def distribute(client: RekognitionClient, train: str, test: str) -> None:
    """Move a fifth of TRAIN to TEST."""
    before = entries(client, train)
    pair = [{"Arn": train}, {"Arn": test}]
    client.distribute_dataset_entries(Datasets=pair)  # type: ignore[arg-type] # a list of what it wants
    check("status of TEST", described(client, test)[0], "UPDATE_IN_PROGRESS")
    wait(client, train, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "SUCCESS", 96, 94, 5, 1)
    check("TEST dataset", described(client, test), ("UPDATE_COMPLETE", "SUCCESS", 24, 24, 4, 1))
    check("entries of both datasets", sorted(entries(client, train) + entries(client, test)), sorted(before))
    refused(client, "InvalidParameterException", "distribute_dataset_entries", Datasets=pair)


def copy(client: RekognitionClient, project: str, source: str) -> tuple[str, str]:
    """Fill a project from a manifest in S3 and from the dataset `source`; the ARNs of its datasets."""

    def create(kind: Any, dataset_source: Any) -> str:  # noqa: ANN401 - a type of dataset, a source
        answer = client.create_dataset(ProjectArn=project, DatasetType=kind, DatasetSource=dataset_source)
        return answer["DatasetArn"]

    def manifest(name: str) -> dict[str, Any]:
        return {"GroundTruthManifest": {"S3Object": {"Bucket": "animals", "Name": name}}}

    train = create("TRAIN", manifest("animals.manifest"))
    wait(client, train, "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "SUCCESS", *FILLED)
    created = "The dataset was successfully created from the manifest file."
    check("message of an import", message(client, train), created)
    failed = create("TEST", manifest("unknown.manifest"))
    wait(client, failed, "CREATE_IN_PROGRESS", "CREATE_FAILED", "CLIENT_ERROR", *EMPTY)
    unreadable = "The manifest file extension or contents are invalid."
    check("message of a failed import", message(client, failed), unreadable)
    delete(client, failed)
    test = create("TEST", {"DatasetArn": source})
    wait(client, test, "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "SUCCESS", 96, 94, 5, 1)
    check("entries of a copy", entries(client, test), entries(client, source))
    return train, test


def tags(client: RekognitionClient, train: str) -> None:
    """List, add and remove tags."""

    def listed() -> dict[str, str]:
        return client.list_tags_for_resource(ResourceArn=train)["Tags"]

    check("tags of creation", listed(), {"team": "zoo"})
    client.tag_resource(ResourceArn=train, Tags={"stage": "draft"})
    check("tags after TagResource", listed(), {"team": "zoo", "stage": "draft"})
    client.untag_resource(ResourceArn=train, TagKeys=["team", "unknown"])
    check("tags after UntagResource", listed(), {"stage": "draft"})
    refused(client, "ResourceNotFoundException", "list_tags_for_resource", ResourceArn=f"{train}1")


def delete(client: RekognitionClient, arn: str) -> None:
    """Delete a dataset and wait until it is gone."""
    client.delete_dataset(DatasetArn=arn)
    check("status of a dataset that is deleted", described(client, arn)[0], "DELETE_IN_PROGRESS")
    advance()
    refused(client, "ResourceNotFoundException", "describe_dataset", DatasetArn=arn)


def main(manifest: Path) -> None:
    """Tell the story."""
    client = boto3.client("rekognition")
    lines = manifest.read_text().splitlines()
    zoo, copies = projects(client)
    train, test = datasets(client, zoo)
    fill(client, train, lines)
    pages_of_entries(client, train, lines)
    content_of_entries(client, train, lines)
    filters(client, train)
    edit(client, train)
    labels(client, train)
    distribute(client, train, test)
    copied = copy(client, copies, train)
    tags(client, train)
    refused(client, "ResourceInUseException", "delete_project", ProjectArn=zoo)
    for arn in (train, test, *copied):
        delete(client, arn)
    for arn in (zoo, copies):
        check("status of a project", client.delete_project(ProjectArn=arn)["Status"], "DELETING")
    advance()
    check("projects that are left", client.describe_projects()["ProjectDescriptions"], [])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
