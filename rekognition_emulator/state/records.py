"""What the service remembers of projects and datasets, beside entries and tags.

Source of the ARN forms: botocore service-2.json (patterns), API Reference examples (suffix = creation in ms).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rekognition_emulator.lines.entries import Tally

if TYPE_CHECKING:
    from rekognition_emulator.state.statuses import Status, Work


@dataclass(frozen=True)
class Caller:
    """Who asks: taken from the signature's credential scope, never verified."""

    region: str = "us-east-1"
    account: str = "111122223333"
    user: str = "arn:aws:iam::111122223333:user/emulator"


@dataclass
class Project:
    """A Custom Labels project. `gone_at`: when its deletion ends (seconds since the epoch)."""

    arn: str
    name: str
    created: float
    feature: str = "CUSTOM_LABELS"
    auto_update: str | None = None
    gone_at: float | None = None


@dataclass
class Job:
    """Work that ends at `due`; `payload` is a manifest's bytes, `source` what a dataset is made from.

    `twist` holds what a fault plan does to this job (notes.py). Until `shown_from` the dataset shows `before` as its
    status.
    """

    work: Work
    due: float
    payload: bytes = b""
    source: dict[str, Any] = field(default_factory=dict)
    twist: dict[str, Any] = field(default_factory=dict)
    shown_from: float = 0.0
    before: dict[str, str] = field(default_factory=dict)


@dataclass
class Dataset:
    """A dataset with its status, its statistics and the job it is busy with."""

    arn: str
    project_arn: str
    kind: str
    created: float
    updated: float
    status: Status
    message: str
    message_code: str
    tally: Tally = field(default_factory=Tally)
    job: Job | None = None

    def shown_status(self, now: float) -> dict[str, str]:
        """Status, message and code as DescribeDataset and DescribeProjects show them; there may be no code."""
        if self.job and now < self.job.shown_from:
            return self.job.before
        code = {"StatusMessageCode": self.message_code} if self.message_code else {}
        return {"Status": str(self.status), "StatusMessage": self.message, **code}


def partition(region: str) -> str:
    """The ARN partition of a Region."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")


def project_arn(caller: Caller, name: str, milliseconds: int) -> str:
    """The ARN of a project created at `milliseconds` since the epoch."""
    return f"arn:{partition(caller.region)}:rekognition:{caller.region}:{caller.account}:project/{name}/{milliseconds}"


def dataset_arn(project: str, kind: str, milliseconds: int) -> str:
    """The ARN of a dataset of the project with ARN `project`; it carries the name but not the project's suffix."""
    return f"{project.rpartition('/')[0]}/dataset/{kind.lower()}/{milliseconds}"


def belongs_to(arn: str, caller: Caller) -> bool:
    """Whether an ARN is of the caller's Region and account."""
    return arn.split(":")[3:5] == [caller.region, caller.account]
