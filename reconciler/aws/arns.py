"""ARNs of projects and datasets, as AWS forms them (botocore service-2.json: ProjectArn, DatasetArn)."""

import re
from typing import Final

from msgspec import Struct

from reconciler.errors import BadInput
from reconciler.model import DatasetType
from reconciler.text import inert

_PROJECT: Final = re.compile(
    r"arn:([a-z\d-]+):rekognition:([a-z\d-]+):(\d{12}):project/([a-zA-Z0-9_.\-]{1,255})/[0-9]+"
)


class ProjectArn(Struct, frozen=True):
    """The parts of a project's ARN."""

    text: str
    partition: str
    region: str
    account: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "ProjectArn":
        """Parse an ARN.

        Raises:
            BadInput: it is not the ARN of a Rekognition project.
        """
        match = _PROJECT.fullmatch(text)
        if match is None:
            raise BadInput(
                f"{text!r} is not the ARN of a Rekognition project "
                "(arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER); copy it from the console or DescribeProjects"
            )
        return cls(text, *match.groups())


_DATASET: Final = re.compile(
    r"arn:[a-z\d-]+:rekognition:([a-z\d-]+):\d{12}:project/([a-zA-Z0-9_.\-]{1,255})/dataset/(train|test)/[0-9]+"
)


class DatasetArn(Struct, frozen=True):
    """The parts of a dataset's ARN; it has the project's name, not the project's number."""

    text: str
    region: str
    project: str
    dataset_type: DatasetType

    @classmethod
    def parse(cls, text: str) -> "DatasetArn":
        """Parse an ARN.

        Raises:
            BadInput: it is not the ARN of a Rekognition dataset.
        """
        match = _DATASET.fullmatch(text)
        if match is None:
            raise BadInput(
                f"{inert(text, 300)} is not the ARN of a Rekognition dataset "
                "(arn:aws:rekognition:REGION:ACCOUNT:project/NAME/dataset/train/NUMBER); copy it from the console or "
                "DescribeProjects"
            )
        region, project, kind = match.groups()
        return cls(text, region, project, DatasetType(kind.upper()))
