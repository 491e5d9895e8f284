"""Calls on a dataset that many tests make, and what they need of the replies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest
    from botocore.exceptions import ClientError
    from mypy_boto3_rekognition import RekognitionClient


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """AWS's code and the HTTP status of an error."""
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def status(client: RekognitionClient, arn: str) -> tuple[str, str, str]:
    """Status, message code and message of a dataset."""
    found = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]
    return found["Status"], found["StatusMessageCode"], found["StatusMessage"]


def update(client: RekognitionClient, arn: str, payload: bytes) -> None:
    """Call UpdateDatasetEntries with a payload."""
    client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": payload})


def listed(client: RekognitionClient, arn: str) -> list[str]:
    """The last parts of the keys of all entries."""
    pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn)
    return [json.loads(line)["source-ref"].rpartition("/")[2] for page in pages for line in page["DatasetEntries"]]
