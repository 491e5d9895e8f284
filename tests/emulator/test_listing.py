"""Pages, tokens and filters of the listings."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from rekognition_emulator import Clock, Emulator, Switches, serve

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines


def keys(page: Any) -> list[str]:  # noqa: ANN401 - a reply
    """The last parts of the keys on a page."""
    return [json.loads(line)["source-ref"].rpartition("/")[2] for line in page["DatasetEntries"]]


@pytest.fixture
def full(emulator: Emulator, train: str, lines: Lines) -> str:
    """A dataset of 250 entries: every third labelled `cat`, every fifth `dog`, every 50th with an error."""
    sent = []
    for number in range(250):
        labels = [label for label, every in (("cat", 3), ("dog", 5)) if number % every == 0]
        line = lines.image(f"{number:03}.jpg", *labels)
        if number % 50 == 0:
            line["label0-metadata"]["confidence"] = 2
        sent.append(json.dumps(line))
    emulator.edit_entries(train, sent)
    return train


def test_pages_have_100_lines_unless_told_otherwise(client: RekognitionClient, full: str) -> None:
    """250 entries are pages of 100, 100 and 50 in order, and the last has no token."""
    pages = list(client.get_paginator("list_dataset_entries").paginate(DatasetArn=full))
    assert [len(page["DatasetEntries"]) for page in pages] == [100, 100, 50]
    assert [key for page in pages for key in keys(page)] == [f"{number:03}.jpg" for number in range(250)]
    assert ["NextToken" in page for page in pages] == [True, True, False]


def test_a_page_that_just_holds_everything_has_no_token(client: RekognitionClient, train: str, lines: Lines) -> None:
    """No empty page follows a page that is exactly full."""
    sent = lines.payload(*(lines.image(f"{number}.jpg") for number in range(100)))
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": sent})
    page = client.list_dataset_entries(DatasetArn=train, MaxResults=100)
    assert len(page["DatasetEntries"]) == 100
    assert "NextToken" not in page


def test_the_empty_token_is_the_first_page(client: RekognitionClient, full: str) -> None:
    """AWS's script sends an empty token first, and HasErrors=False for all entries."""
    page = client.list_dataset_entries(DatasetArn=full, NextToken="", HasErrors=False, MaxResults=2)
    assert keys(page) == ["000.jpg", "001.jpg"]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"ContainsLabels": ["cat"]}, 84),
        ({"ContainsLabels": ["cat", "dog"]}, 117),
        ({"ContainsLabels": ["Cat"]}, 0),
        ({"Labeled": True}, 117),
        ({"Labeled": False}, 133),
        ({"SourceRefContains": "bucket/00"}, 10),
        ({"SourceRefContains": "7.jpg"}, 25),
        ({"HasErrors": True}, 5),
        ({"HasErrors": False}, 250),
        ({"HasErrors": True, "ContainsLabels": ["cat"]}, 2),
        ({"Labeled": False, "ContainsLabels": ["cat"]}, 0),
    ],
    ids=str,
)
def test_filters(client: RekognitionClient, full: str, filters: dict[str, Any], count: int) -> None:
    """Filters find any of the labels, labelled or not, a part of the key, or errors; several must all match."""
    pages = client.get_paginator("list_dataset_entries").paginate(
        DatasetArn=full, PaginationConfig={"PageSize": 7}, **filters
    )
    found = [key for page in pages for key in keys(page)]
    assert len(found) == count
    assert found == sorted(found)


def test_a_token_belongs_to_one_listing(client: RekognitionClient, project: str, full: str) -> None:
    """A token for a different dataset, filter or operation is refused, and so is a changed or invented one."""
    token = client.list_dataset_entries(DatasetArn=full, MaxResults=10)["NextToken"]
    other = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    refused = client.exceptions.InvalidPaginationTokenException
    assert keys(client.list_dataset_entries(DatasetArn=full, MaxResults=1, NextToken=token)) == ["010.jpg"]
    changed = base64.b64encode(base64.b64decode(token).replace(b"10,", b"11,")).decode()
    for wrong in (
        {"DatasetArn": other, "NextToken": token},
        {"DatasetArn": full, "NextToken": token, "Labeled": True},
        {"DatasetArn": full, "NextToken": changed},
        {"DatasetArn": full, "NextToken": "AAAA"},
        {"DatasetArn": full, "NextToken": "not base64 at all"},
    ):
        with pytest.raises(refused):
            client.list_dataset_entries(**wrong)
    with pytest.raises(refused):
        client.list_dataset_labels(DatasetArn=full, NextToken=token)


def test_a_token_expires(client: RekognitionClient, full: str, clock: Clock) -> None:
    """A token is valid for an hour by default, or as long as the switch says."""
    token = client.list_dataset_entries(DatasetArn=full, MaxResults=10)["NextToken"]
    clock.advance(3600)
    client.list_dataset_entries(DatasetArn=full, NextToken=token)
    clock.advance(1)
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_dataset_entries(DatasetArn=full, NextToken=token)


def test_pages_go_on_while_entries_are_added(
    emulator: Emulator, client: RekognitionClient, full: str, lines: Lines
) -> None:
    """Somebody else's edit between two pages neither repeats nor hides an entry."""
    first = client.list_dataset_entries(DatasetArn=full, MaxResults=100)
    emulator.edit_entries(full, [json.dumps(lines.image("050.jpg", "bird")), json.dumps(lines.image("new.jpg"))])
    emulator.remove_entries(full, ["s3://bucket/010.jpg"])
    second = client.list_dataset_entries(DatasetArn=full, MaxResults=100, NextToken=first["NextToken"])
    assert keys(second) == [f"{number}.jpg" for number in range(100, 200)]
    third = client.list_dataset_entries(DatasetArn=full, MaxResults=100, NextToken=second["NextToken"])
    assert keys(third)[-1] == "new.jpg"


def test_labels_are_paged_in_order_of_appearance(client: RekognitionClient, train: str, lines: Lines) -> None:
    """boto3's paginator gets all labels in the order of their first appearance."""
    names = [f"label {number}" for number in (5, 3, 9, 1, 7)]
    sent = lines.payload(*(lines.image(f"{name}.jpg", name) for name in names))
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": sent})
    pages = client.get_paginator("list_dataset_labels").paginate(DatasetArn=train, PaginationConfig={"PageSize": 2})
    found = [[each["LabelName"] for each in page["DatasetLabelDescriptions"]] for page in pages]
    assert found == [names[:2], names[2:4], names[4:]]


def test_page_size_and_combination_are_switches(lines: Lines) -> None:
    """A limit in bytes shortens pages but leaves none empty, and an entry may need to match only one filter."""
    sent = [json.dumps(lines.image(f"{number}.jpg", "cat" if number else "dog")) for number in range(4)]
    with serve(switches=Switches(page_bytes=300, filters="any")) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.edit_entries(arn, sent)
        pages = list(client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn))
        assert [len(page["DatasetEntries"]) for page in pages] == [1, 1, 1, 1]
        either = client.get_paginator("list_dataset_entries").paginate(
            DatasetArn=arn, ContainsLabels=["dog"], SourceRefContains="3.jpg"
        )
        assert [key for page in either for key in keys(page)] == ["0.jpg", "3.jpg"]


def test_unknown_tokens_of_projects_are_refused(client: RekognitionClient) -> None:
    """DescribeProjects refuses a NextToken that it did not give."""
    with pytest.raises(ClientError, match="InvalidPaginationTokenException"):
        client.describe_projects(NextToken="AAAA")


ENTRY = st.tuples(st.integers(0, 30), st.sets(st.sampled_from(["cat", "dog", "bird"])))


@given(
    entries=st.lists(ENTRY, max_size=40),
    size=st.integers(1, 20),
    labels=st.none() | st.lists(st.sampled_from(["cat", "dog", "bird"]), min_size=1, max_size=2),
    labeled=st.none() | st.booleans(),
    part=st.none() | st.sampled_from(["1", "2.", "k/1"]),
)
@settings(max_examples=100, deadline=None)
def test_any_listing_equals_the_plain_definition(
    *, entries: list[tuple[int, set[str]]], size: int, labels: list[str] | None, labeled: bool | None, part: str | None
) -> None:
    """All pages together are the entries that match the filters, in the order of first appearance."""
    live: dict[str, set[str]] = {}
    for number, names in entries:
        live[f"s3://bucket/{number}."] = names
    expected = [
        key
        for key, names in live.items()
        if (labels is None or names & set(labels))
        and (labeled is None or bool(names) is labeled)
        and (part is None or part in key)
    ]
    assert listed(entries, size, ContainsLabels=labels, Labeled=labeled, SourceRefContains=part) == expected


def listed(entries: list[tuple[int, set[str]]], size: int, **filters: Any) -> list[str]:  # noqa: ANN401 - members
    """The keys of all pages, without HTTP."""
    from rekognition_emulator.operations.service import Service  # noqa: PLC0415 - the service alone, only here

    service = Service()
    project = service.call("CreateProject", {"ProjectName": "cells"})["ProjectArn"]
    arn = service.call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"]
    for number, names in entries:
        line: dict[str, Any] = {"source-ref": f"s3://bucket/{number}."}
        for name in sorted(names):
            metadata = {"class-name": name, "confidence": 1, "human-annotated": "yes", "creation-date": "x"}
            line |= {name: 1, f"{name}-metadata": metadata | {"type": "groundtruth/image-classification"}}
        service.edit_entries(arn, [json.dumps(line)])
    request = {"DatasetArn": arn, "MaxResults": size} | {
        name: each for name, each in filters.items() if each is not None
    }
    found: list[str] = []
    while True:
        page = service.call("ListDatasetEntries", request)
        assert len(page["DatasetEntries"]) <= size
        found += [json.loads(line)["source-ref"] for line in page["DatasetEntries"]]
        if "NextToken" not in page:
            return found
        request["NextToken"] = page["NextToken"]
