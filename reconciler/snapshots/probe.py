"""The probe: whether DescribeDataset proves that live still is what an earlier listing showed. Nothing here asks AWS.

`doubt` is the whole rule, and `Doubt` its table, which docs/probe.md shows. Where any row applies, live is listed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta, Struct

from reconciler.model import DatasetDescription, DatasetStatus
from reconciler.policy import Policy

# A listing that began this soon after LastUpdatedTimestamp may have been older than the last update, in seconds.
FRESH: Final = 15.0
# A clock that counts whole seconds gives two updates of one second the same timestamp.
_COARSE: Final = 2.0
_WHOLE: Final = frozenset({DatasetStatus.CREATE_COMPLETE, DatasetStatus.UPDATE_COMPLETE})
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"

_Count = Annotated[int, Meta(ge=0)]


class Counted(Struct, frozen=True):
    """DescribeDataset's statistics: TotalEntries, LabeledEntries, ErrorEntries."""

    entries: _Count
    labelled: _Count
    marked: _Count

    @classmethod
    def of(cls, described: DatasetDescription) -> "Counted":
        """Those of a description."""
        return cls(described.entries, described.labelled, described.errors)


class Sheet(Struct, frozen=True):
    """What a copy of a listing says of itself: of which dataset, when the listing began, and the dataset then.

    `updated` is LastUpdatedTimestamp before and after the listing, `statistics` what DescribeDataset counted (null:
    not known). `digests` are of the entries in each mode of comparing; `entries` and `marked` were listed. `proven`:
    the listing had the lines of the dataset's last update, which this program had sent.
    """

    dataset: str
    listed: Annotated[str, Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{6}Z\Z")]
    updated: tuple[float, float]
    digests: Mapping[str, str]
    entries: _Count
    labelled: _Count
    marked: _Count
    statistics: Counted | None
    proven: bool = False
    format: Literal[1] = 1

    @property
    def moment(self) -> datetime:
        """When the listing began.

        Raises:
            ValueError: there is no such moment.
        """
        return datetime.strptime(self.listed, _TIME).replace(tzinfo=UTC)


def written(moment: datetime) -> str:
    """A moment as a sheet has it."""
    return moment.astimezone(UTC).strftime(_TIME)


def sheet_of(line: bytes) -> Sheet | None:
    """The sheet of a copy, from its first line; None for anything else."""
    try:
        sheet = msgspec.json.decode(line, type=Sheet)
        sheet.moment  # noqa: B018 - there may be no such moment
    except (msgspec.DecodeError, ValueError):
        return None
    return sheet


class Doubt(StrEnum):
    """Why DescribeDataset does not prove that live is as it was listed; the order is that of asking."""

    says: str

    def __new__(cls, word: str, says: str) -> Self:
        """A word, and when it applies."""
        doubt = str.__new__(cls, word)
        doubt._value_, doubt.says = word, says
        return doubt

    OFF = "off", "`policy.probe: off`, `--full` of the command line, or `RECONCILER_FULL=1` under Pulumi"
    REPLACED = (
        "replaced",
        "the listing was of a dataset with a different ARN: it was deleted and created again",
    )
    BUSY = "busy", "an operation runs, or the last one failed: the status is not CREATE_COMPLETE or UPDATE_COMPLETE"
    UNDATED = "undated", "AWS gave no LastUpdatedTimestamp"
    MOVED = "moved", "LastUpdatedTimestamp is not what it was before and after the listing"
    STATISTICS = "statistics", "the statistics (entries, labelled, with errors) are not what they were"
    DISAGREED = "disagreed", "the listing did not have as many entries, or marked entries, as the statistics said"
    COARSE = "coarse", "the timestamp has no fraction of a second, and the listing began within 2 s of it"
    FRESH = "fresh", "the listing began within 15 s of the timestamp, unless it had the lines of that update of ours"
    OLD = "old", "the last full listing is older than `policy.full-read`, or is in the future"


def doubt(sheet: Sheet, dataset_arn: str, now: DatasetDescription, moment: datetime, policy: Policy) -> Doubt | None:
    """Why `now`, DescribeDataset's answer, does not prove that the dataset is as the sheet says; None: it does.

    `moment` is the time on this machine.
    """
    age = (moment - sheet.moment).total_seconds()
    began = sheet.moment.timestamp() - now.updated
    counted = sheet.statistics
    rows = (
        (Doubt.OFF, not policy.probe.probes),
        (Doubt.REPLACED, sheet.dataset != dataset_arn),
        (Doubt.BUSY, now.status not in _WHOLE),
        (Doubt.UNDATED, now.updated <= 0),
        (Doubt.MOVED, sheet.updated != (now.updated, now.updated)),
        (Doubt.STATISTICS, counted != Counted.of(now)),
        (Doubt.DISAGREED, (sheet.entries, sheet.marked) != (now.entries, now.errors)),
        (Doubt.COARSE, now.updated == int(now.updated) and began < _COARSE),
        (Doubt.FRESH, not sheet.proven and began < FRESH),
        (Doubt.OLD, not 0 <= age <= policy.full_read),
    )
    return next((row for row, applies in rows if applies), None)
