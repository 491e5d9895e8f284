"""When DescribeDataset proves that live is as it was listed: the rule alone, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model import DatasetDescription, DatasetStatus
from reconciler.policy import Policy, Probe
from reconciler.snapshots.listings import Listings
from reconciler.snapshots.live_copies import LiveCopies
from reconciler.snapshots.probe import Counted, Doubt, Sheet, doubt, sheet_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.aws.objects import Objects

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/cells/dataset/train/1690405809285"
LISTED = datetime(2026, 11, 30, 1, 2, 3, 4, tzinfo=UTC)
NOW = LISTED + timedelta(hours=1)
UPDATED = LISTED.timestamp() - 100.25
DESCRIBED = DatasetDescription(
    status=DatasetStatus.UPDATE_COMPLETE, updated=UPDATED, entries=3, labelled=2, errors=1, message="", message_code=""
)
SHEET = Sheet(ARN, written(LISTED), (UPDATED, UPDATED), {"labels": "0" * 32}, 3, 2, 1, Counted(3, 2, 1))


def sheet(**changes: object) -> Sheet:
    """The sheet with other values."""
    return msgspec.structs.replace(SHEET, **changes)


def test_nothing_moved_is_proven() -> None:
    """The same dataset, idle, with the same timestamp and statistics, listed not long ago."""
    assert doubt(SHEET, ARN, DESCRIBED, NOW, Policy()) is None


@pytest.mark.parametrize(
    ("expected", "kept", "described", "moment", "policy"),
    [
        (Doubt.OFF, SHEET, DESCRIBED, NOW, Policy(probe=Probe.OFF)),
        (Doubt.REPLACED, sheet(dataset=ARN[:-1] + "6"), DESCRIBED, NOW, Policy()),
        (Doubt.BUSY, SHEET, replace(DESCRIBED, status=DatasetStatus.UPDATE_IN_PROGRESS), NOW, Policy()),
        (Doubt.BUSY, SHEET, replace(DESCRIBED, status=DatasetStatus.UPDATE_FAILED), NOW, Policy()),
        (Doubt.UNDATED, sheet(updated=(0.0, 0.0)), replace(DESCRIBED, updated=0.0), NOW, Policy()),
        (Doubt.MOVED, SHEET, replace(DESCRIBED, updated=UPDATED + 0.001), NOW, Policy()),
        (Doubt.MOVED, sheet(updated=(UPDATED - 1, UPDATED)), DESCRIBED, NOW, Policy()),
        (Doubt.STATISTICS, SHEET, replace(DESCRIBED, labelled=3), NOW, Policy()),
        (Doubt.STATISTICS, sheet(statistics=None), DESCRIBED, NOW, Policy()),
        (Doubt.DISAGREED, sheet(entries=2), DESCRIBED, NOW, Policy()),
        (
            Doubt.COARSE,
            sheet(updated=(float(int(UPDATED)),) * 2, listed=written(LISTED - timedelta(seconds=100)), proven=True),
            replace(DESCRIBED, updated=float(int(UPDATED))),
            NOW,
            Policy(),
        ),
        (Doubt.FRESH, sheet(listed=written(LISTED - timedelta(seconds=90))), DESCRIBED, NOW, Policy()),
        (Doubt.OLD, SHEET, DESCRIBED, LISTED + timedelta(days=7, seconds=1), Policy()),
        (Doubt.OLD, SHEET, DESCRIBED, LISTED - timedelta(seconds=1), Policy()),
    ],
)
def test_each_doubt_asks_for_a_listing(
    expected: Doubt, kept: Sheet, described: DatasetDescription, moment: datetime, policy: Policy
) -> None:
    """Each row of the table applies by itself."""
    assert doubt(kept, ARN, described, moment, policy) is expected


def test_a_listing_with_the_lines_of_our_last_update_is_never_too_fresh() -> None:
    """It cannot be older than the update whose lines it had."""
    fresh = sheet(listed=written(LISTED - timedelta(seconds=95)), proven=True)
    assert doubt(fresh, ARN, DESCRIBED, NOW, Policy()) is None


@pytest.mark.parametrize(("runner", "days", "warnings"), [("true", 8, 1), ("true", 6, 0), ("", 8, 0)])
def test_a_runner_that_keeps_nothing_says_once_what_was_read_back_is_too_old(
    runner: str, days: int, warnings: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a folder survives, the listing that is due leaves a copy, and nothing is to be said."""
    monkeypatch.setenv("CI", runner)
    said: list[str] = []
    copies = LiveCopies(tmp_path, None, no_objects, said.append)
    left = Listings(copies, now=lambda: LISTED + timedelta(days=days), left=lambda: SHEET).left_as(ARN, DESCRIBED)
    assert (left is SHEET, ["name a place in S3" in text for text in said]) == (days == 6, [True] * warnings)


def no_objects() -> Objects:
    """No copy is in S3."""
    raise AssertionError


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from([DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.UPDATE_FAILED]),
            "updated": st.floats(1, 2e9),
            "entries": st.integers(0, 9),
            "labelled": st.integers(0, 9),
            "errors": st.integers(0, 9),
        },
    )
)
def test_only_the_same_description_is_a_proof(changes: dict[str, object]) -> None:
    """Whatever else DescribeDataset answers, live is listed."""
    described = replace(DESCRIBED, **changes)
    assert (doubt(SHEET, ARN, described, NOW, Policy()) is None) == (described == DESCRIBED)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        msgspec.json.encode(sheet(listed="2026-13-01T00:00:00.000000Z")),
        msgspec.json.encode(sheet(format=2)),
        msgspec.json.encode({**msgspec.to_builtins(SHEET), "entries": -1}),
        msgspec.json.encode({**msgspec.to_builtins(SHEET), "updated": [1.0, "now"]}),
    ],
)
def test_what_is_no_sheet_is_none(line: bytes) -> None:
    """A first line of any other form costs a listing."""
    assert sheet_of(line) is None
    assert sheet_of(msgspec.json.encode(SHEET)) == SHEET
