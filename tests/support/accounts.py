"""A second account at an emulator, reached through a role."""

from typing import Any

import boto3

from rekognition_emulator import Emulator

OTHER = "444455556666"
ROLE = f"arn:aws:iam::{OTHER}:role/labels"


def client_of(emulator: Emulator, role: str = ROLE) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
    """A Rekognition client with the credentials of a role, in the role's account."""
    keys = boto3.Session("AKIDEXAMPLE", "not-a-secret", region_name="us-east-1")
    given = keys.client("sts", endpoint_url=emulator.url).assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    other = boto3.Session(given["AccessKeyId"], "not-a-secret", given["SessionToken"], region_name="us-east-1")
    client: Any = other.client("rekognition", endpoint_url=emulator.url)
    return client


def entries_of(client: Any, project_arn: str) -> list[int]:  # noqa: ANN401 - likewise
    """How many entries the datasets of a project have."""
    projects = client.describe_projects()["ProjectDescriptions"]
    [project] = [one for one in projects if one["ProjectArn"] == project_arn]
    described = [client.describe_dataset(DatasetArn=one["DatasetArn"]) for one in project["Datasets"]]
    return [int(one["DatasetDescription"]["DatasetStats"]["TotalEntries"]) for one in described]
