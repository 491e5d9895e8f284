"""Requests checked by the service model: a generated suite over every constraint of the fourteen operations.

The suite reads botocore's model itself, so it does not share a mistake with the code that it tests.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import botocore
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from rekognition_emulator.aws_json.model import OPERATIONS
from rekognition_emulator.aws_json.requests import decode_request
from rekognition_emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL: dict[str, Any] = json.loads(
    gzip.decompress(
        (Path(botocore.__file__).parent / "data/rekognition/2016-06-27/service-2.json.gz").read_bytes(),
    ),
)
SHAPES: dict[str, Any] = MODEL["shapes"]
PROJECT = "arn:aws:rekognition:us-east-1:111122223333:project/cells/1690405809285"
DATASET = "arn:aws:rekognition:us-east-1:111122223333:project/cells/dataset/train/1690476084535"
SAMPLES = {
    "ProjectArn": PROJECT,
    "DatasetArn": DATASET,
    "ResourceArn": PROJECT,
    "ProjectName": "cells",
    "S3Bucket": "bucket",
    "GroundTruthBlob": base64.b64encode(b"{}").decode(),
}


class Case(NamedTuple):
    """A request, and a part of the message it must get; None if it must be accepted."""

    name: str
    operation: str
    request: dict[str, Any]
    complaint: str | None


def sample(name: str) -> Any:  # noqa: ANN401 - any JSON
    """A valid value of a shape, with every optional member."""
    shape = SHAPES[name]
    if name in SAMPLES:
        return SAMPLES[name]
    if "enum" in shape:
        return shape["enum"][0]
    if shape["type"] == "structure":
        return {member: sample(part["shape"]) for member, part in shape["members"].items()}
    if shape["type"] == "list":
        return [sample(shape["member"]["shape"]) for _ in range(max(1, shape.get("min", 1)))]
    if shape["type"] == "map":
        return {"key": "value"}
    return {"integer": 5, "boolean": True, "string": "a" * max(1, shape.get("min", 1))}[shape["type"]]


def put(request: dict[str, Any], path: list[str | int], value: object) -> dict[str, Any]:
    """A copy of a request with one value replaced (or removed, for the value `...`)."""
    copy: dict[str, Any] = json.loads(json.dumps(request))
    holder: Any = copy
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copy


def sized(name: str, length: int) -> Any:  # noqa: ANN401 - any JSON
    """A value of a shape with exactly this length, valid in every other way."""
    shape = SHAPES[name]
    if shape["type"] == "blob":
        return base64.b64encode(b"x" * length).decode()
    if shape["type"] == "list":
        return [sample(shape["member"]["shape"])] * length
    if shape["type"] == "map":
        return {f"k{number}": "v" for number in range(length)}
    if name == "ProjectArn":
        return PROJECT + "1" * (length - len(PROJECT))
    return DATASET + "1" * (length - len(DATASET)) if name == "DatasetArn" else "a" * length


def around(name: str) -> Iterator[tuple[str, Any, str | None]]:
    """Values at and next to every bound of a shape."""
    shape = SHAPES[name]
    low, high = shape.get("min"), shape.get("max")
    number = shape["type"] == "integer"
    word = "value" if number else "length"

    def make(size: int) -> Any:  # noqa: ANN401 - any JSON
        return size if number else sized(name, size)

    if high is not None:
        yield "max", make(high), None
        yield "max+1", make(high + 1), f"Member must have {word} less than or equal to {high}"
    if low and name not in ("ProjectArn", "DatasetArn"):
        yield "min", make(low), None
        yield "min-1", make(low - 1), f"Member must have {word} greater than or equal to {low}"
    if "enum" in shape:
        yield "enum", "NOPE", f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]"
    if shape.get("pattern") and shape["pattern"] not in (".{1,}", r".*\S.*"):
        bad = {"map": None}.get(shape["type"], "\x01" * max(20, low or 1))
        yield "pattern", bad, "Member must satisfy regular expression pattern: "


def walk(name: str, path: list[str | int]) -> Iterator[tuple[str, list[str | int], bool]]:
    """Every place of a shape that can be made invalid: shape, path, and whether it is in a list of scalars."""
    shape = SHAPES[name]
    yield name, path, False
    for member, part in shape.get("members", {}).items():
        yield from walk(part["shape"], [*path, member])
    if shape["type"] == "list":
        inner = shape["member"]["shape"]
        if SHAPES[inner]["type"] == "structure":
            yield from walk(inner, [*path, 0])
        else:
            yield inner, [*path, 0], True


def cases() -> Iterator[Case]:
    """The whole suite."""
    for operation in OPERATIONS:
        root = MODEL["operations"][operation]["input"]["shape"]
        good = sample(root)
        yield Case(f"{operation}-good", operation, good, None)
        for name, path, _ in walk(root, []):
            where = ".".join(map(str, path))
            for required in SHAPES[name].get("required", []):
                missing = put(good, [*path, required], ...)
                yield Case(f"{operation}-{where}-no-{required}", operation, missing, "Member must not be null")
            for bound, value, complaint in around(name) if path else ():
                yield Case(f"{operation}-{where}-{bound}", operation, put(good, path, value), complaint)


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_constraint_is_judged(case: Case) -> None:
    """At a bound a request is accepted; beyond it AWS's message names the constraint."""
    if case.complaint is None:
        decode_request(case.operation, case.request)
        return
    with pytest.raises(ServiceError) as refused:
        decode_request(case.operation, case.request)
    assert refused.value.code == "ValidationException"
    assert refused.value.message.startswith(("1 validation error detected: ", "2 validation errors detected: "))
    assert case.complaint in refused.value.message


def test_the_suite_covers_every_kind_of_constraint() -> None:
    """The generator found bounds, enums, patterns and required members."""
    kinds = Counter(case.name.rpartition("-")[2] if "-no-" not in case.name else "missing" for case in CASES)
    assert all(kinds[kind] >= 3 for kind in ("max", "1", "min", "enum", "pattern", "missing", "good")), kinds


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        (
            "ListDatasetEntries",
            {"DatasetArn": DATASET, "MaxResults": 101},
            (
                "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
                "Member must have value less than or equal to 100"
            ),
        ),
        (
            "CreateDataset",
            {"DatasetType": "NOPE"},
            (
                "2 validation errors detected: Value null at 'projectArn' failed to satisfy constraint: "
                "Member must not be null; Value 'NOPE' at 'datasetType' failed to satisfy constraint: "
                "Member must satisfy enum value set: [TRAIN, TEST]"
            ),
        ),
        (
            "UpdateDatasetEntries",
            {"DatasetArn": DATASET, "Changes": {"GroundTruth": ""}},
            (
                "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at "
                "'changes.groundTruth' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ),
        ),
        (
            "DistributeDatasetEntries",
            {"Datasets": [{"Arn": DATASET}, {}]},
            (
                "1 validation error detected: Value null at 'datasets.2.member.arn' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
    ],
)
def test_violations_read_like_awss(operation: str, request_: dict[str, Any], text: str) -> None:
    """Messages are whole, as AWS's are, with lower camel paths and list positions counted from one."""
    with pytest.raises(ServiceError) as refused:
        decode_request(operation, request_)
    violations = set(refused.value.message.partition(": ")[2].split("; "))
    assert violations == set(text.partition(": ")[2].split("; "))
    assert refused.value.message.partition(": ")[0] == text.partition(": ")[0]


@pytest.mark.parametrize(
    "request_",
    [
        {"DatasetArn": 5},
        {"DatasetArn": [DATASET]},
        {"DatasetArn": DATASET, "MaxResults": "5"},
        {"DatasetArn": DATASET, "MaxResults": True},
        {"DatasetArn": DATASET, "MaxResults": 1.5},
        {"DatasetArn": DATASET, "Labeled": "true"},
        {"DatasetArn": DATASET, "ContainsLabels": "cat"},
        {"DatasetArn": DATASET, "ContainsLabels": [5]},
        [],
        "text",
        None,
    ],
)
def test_values_of_the_wrong_kind_cannot_be_read(request_: object) -> None:
    """A value of the wrong type is a SerializationException before any constraint is checked."""
    with pytest.raises(ServiceError) as refused:
        decode_request("ListDatasetEntries", request_)
    assert refused.value.code == "SerializationException"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1.5", "true"])
def test_a_number_without_a_whole_value_is_not_an_integer(text: str) -> None:
    """NaN and 1e999, which JSON readers accept, are refused like any number that is not whole."""
    with pytest.raises(ServiceError) as refused:
        decode_request("DescribeProjects", json.loads(f'{{"MaxResults": {text}}}'))
    assert refused.value.code == "SerializationException"
    assert decode_request("DescribeProjects", {"MaxResults": 5.0}) == {"MaxResults": 5}


def test_a_blob_that_is_not_base64_cannot_be_read() -> None:
    """A blob that is not base64 is refused with SerializationException."""
    with pytest.raises(ServiceError) as refused:
        decode_request("UpdateDatasetEntries", {"DatasetArn": DATASET, "Changes": {"GroundTruth": "*"}})
    assert refused.value.code == "SerializationException"


def test_nulls_and_unknown_members_are_as_if_absent() -> None:
    """A request with them is decoded like the request without them."""
    noisy = {"DatasetArn": DATASET, "NextToken": None, "Novelty": {"a": 1}}
    assert decode_request("ListDatasetEntries", noisy) == {"DatasetArn": DATASET}


@pytest.mark.parametrize(
    ("tag", "fits"), [("Bühne_1.2:/=+-@ x", True), ("日本", True), ("a*b", False), ("aws:x", False)]
)
def test_tag_keys_take_letters_of_every_script(tag: str, *, fits: bool) -> None:
    r"""The model's pattern has `\p{L}\p{Z}\p{N}`, which Python's `re` does not support."""
    request = {"ResourceArn": PROJECT, "Tags": {tag: "v"}}
    if fits:
        assert decode_request("TagResource", request)["Tags"] == {tag: "v"}
    else:
        with pytest.raises(ServiceError, match="Map keys must satisfy constraint"):
            decode_request("TagResource", request)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), operation=st.sampled_from(OPERATIONS))
@settings(max_examples=300, deadline=None)
def test_any_json_is_either_read_or_refused(data: st.DataObject, operation: str) -> None:
    """Random values give a decoded request or a ServiceError, and nothing else."""
    members = list(SHAPES[MODEL["operations"][operation]["input"]["shape"]]["members"])
    request = data.draw(st.dictionaries(st.sampled_from(members), JSON, max_size=len(members)))
    try:
        read = set(decode_request(operation, request))
    except ServiceError as refused:
        event(refused.code)
        read = set()
    assert read <= set(members)
