"""The records of projects and datasets, without entries and tags, and the ARNs that name them.

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
    """Who calls: the Region is that of the signature's credential scope, which is never verified."""

    region: str = "us-east-1"
    account: str = "111122223333"
    user: str = "arn:aws:iam::111122223333:user/emulator"


@dataclass
class Project:
    """A Custom Labels project. `created`, `gone_at` (the end of its deletion): seconds since the epoch.

    `versions`: the names of its model versions with their status.
    """

    arn: str
    name: str
    created: float
    feature: str = "CUSTOM_LABELS"
    auto_update: str | None = None
    gone_at: float | None = None
    versions: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """Work that ends at `due` (seconds since the epoch).

    `payload`: the lines of an update. `source`: the S3 object (`manifest`) or dataset ARN (`dataset`) of a creation;
    the two ARNs (`train`, `test`) of a distribution. `faults`: what a fault plan changes at the end of this job, by
    name (faults/job_faults.py). Until `shown_from` the dataset shows `before` as its status.
    """

    work: Work
    due: float
    payload: bytes = b""
    source: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    shown_from: float = 0.0
    before: dict[str, str] = field(default_factory=dict)


@dataclass
class Dataset:
    """A dataset with its status, its statistics, and its job while it is busy.

    `kind`: TRAIN or TEST; `created`, `updated`: seconds since the epoch.
    """

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
        """The members Status, StatusMessage and, if there is a code, StatusMessageCode, as shown at the time `now`."""
        if self.job and now < self.job.shown_from:
            return self.job.before
        code = {"StatusMessageCode": self.message_code} if self.message_code else {}
        return {"Status": str(self.status), "StatusMessage": self.message, **code}


def partition(region: str) -> str:
    """The ARN partition of a Region: aws, aws-cn or aws-us-gov."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")


def project_arn(caller: Caller, name: str, milliseconds: int) -> str:
    """The ARN of a project created at `milliseconds` since the epoch."""
    return f"arn:{partition(caller.region)}:rekognition:{caller.region}:{caller.account}:project/{name}/{milliseconds}"


def dataset_arn(project: str, kind: str, milliseconds: int) -> str:
    """The ARN of a dataset of the project with ARN `project`: it has the project's name, but not its suffix."""
    return f"{project.rpartition('/')[0]}/dataset/{kind.lower()}/{milliseconds}"


def belongs_to(arn: str, caller: Caller) -> bool:
    """Whether an ARN is of the caller's Region and account."""
    return arn.split(":")[3:5] == [caller.region, caller.account]
