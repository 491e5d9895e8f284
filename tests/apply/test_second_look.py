"""Where a listing may be stale, a few entries are looked at again, by their keys or their marks, if that is cheaper."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.lines import boxes, labelled

if TYPE_CHECKING:
    from reconciler.plan import Plan
    from rekognition_emulator.journal import Call
    from tests.support.desk import Desk
    from tests.support.lines import Document

KEY = "s3://bucket/{}.jpg"
LINES = [labelled(KEY.format(number), "a") for number in range(10, 30)]
PAGES = 5


@pytest.fixture
def paged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A dataset whose listing takes five calls."""
    monkeypatch.setattr("reconciler.aws.gateway._PAGE", len(LINES) // PAGES)
    desk.create(*LINES)
    return desk


def read_back(desk: Desk) -> tuple[list[Call], list[Call]]:
    """The calls after the last update: those that list all, and those that look a key up."""
    calls = desk.emulator.calls
    last = max(number for number, call in enumerate(calls) if call.operation == "UpdateDatasetEntries")
    reads = [call for call in calls[last:] if call.operation == "ListDatasetEntries"]
    return [one for one in reads if not _looked_up(one.request)], [one for one in reads if _looked_up(one.request)]


def _looked_up(request: dict[str, Any]) -> str:
    return str(request.get("SourceRefContains", ""))


def test_a_line_that_the_service_dropped_is_looked_up_and_live_is_listed_once(paged: Desk) -> None:
    """Three pauses, one call after each: the line stays away, and the four other pages are not read again."""
    paged.fault("fault: lose, operation: UpdateDatasetEntries, count: 1, on: 1")
    outcome = paged.run(*LINES[:-1], labelled(LINES[-1]["source-ref"], "b")).outcome
    assert [one.key for one in outcome.rejected] == [LINES[-1]["source-ref"]]
    listings, looks = read_back(paged)
    assert (len(listings), [_looked_up(one.request) for one in looks]) == (PAGES, [LINES[-1]["source-ref"]] * 3)


def test_a_listing_that_was_stale_is_made_again(paged: Desk) -> None:
    """The looked-up entry is as sent, so the listing was not the truth: a new one is."""
    paged.fault(f"fault: stale-listing, reads: {PAGES}")
    outcome = paged.run(*LINES[:-1], labelled(LINES[-1]["source-ref"], "b")).outcome
    assert (outcome.error, outcome.update, outcome.rejected_total) == (None, 1, 0)
    listings, looks = read_back(paged)
    assert (len(listings), len(looks)) == (2 * PAGES, 1)


def test_many_missing_lines_are_listed_again(paged: Desk) -> None:
    """As many lookups as pages cost no less than the listing, which shows all of them."""
    paged.fault(f"fault: lose, operation: UpdateDatasetEntries, count: {PAGES}, on: 1")
    outcome = paged.run(*(labelled(line["source-ref"], "b") for line in LINES)).outcome
    assert outcome.rejected_total == PAGES
    listings, looks = read_back(paged)
    assert (len(listings), looks) == (4 * PAGES, [])


def test_a_key_that_many_others_contain_is_not_searched_page_by_page(paged: Desk) -> None:
    """Where the entries that contain the key fill more than a page, live is listed again."""
    paged.fault("fault: lose, operation: UpdateDatasetEntries, count: 1, on: 1")
    outcome = paged.run(*LINES, labelled("s3://bucket/1", "b")).outcome
    assert [one.key for one in outcome.rejected] == ["s3://bucket/1"]
    listings, looks = read_back(paged)
    assert (len(listings), len(looks)) == (4 * PAGES, 3)


def listings(desk: Desk, *desired: Document) -> tuple[Plan, list[str]]:
    """A plan, and of each page that it read whether marked entries alone were asked for."""
    before = len(desk.emulator.calls)
    plan = desk.preview(*desired)
    reads = [call for call in desk.emulator.calls[before:] if call.operation == "ListDatasetEntries"]
    return plan, ["marked" if call.request.get("HasErrors") else "all" for call in reads]


def test_marks_that_only_the_statistics_count_take_one_call(paged: Desk) -> None:
    """The marked entries alone are as they were listed, so all are not listed again."""
    dataset = paged.emulator.service.context.store.dataset(paged.arn)
    assert dataset is not None
    dataset.tally.errors += 1
    assert listings(paged, *LINES)[1] == ["all"] * PAGES + ["marked"]


def test_a_listing_that_lacks_marks_is_made_again(paged: Desk) -> None:
    """A colleague's line is marked, and a listing just after it is stale: the marked entries tell."""
    paged.fault(f"fault: stale-listing, reads: {PAGES}")
    off = json.dumps(boxes(LINES[3]["source-ref"], ("a", 600, 0, 100, 10)))  # beyond the right edge
    paged.gateway.update_entries(paged.arn, off.encode())
    plan, reads = listings(paged, *LINES)
    assert (plan.update, plan.marked) == (1, 1)
    assert reads == ["all"] * PAGES + ["marked"] + ["all"] * PAGES


def test_more_marks_than_a_listing_has_pages_for_are_listed_again(paged: Desk) -> None:
    """To look at them would cost no less than the listing, which is made again once."""
    dataset = paged.emulator.service.context.store.dataset(paged.arn)
    assert dataset is not None
    dataset.tally.errors += len(LINES)
    assert listings(paged, *LINES)[1] == ["all"] * PAGES * 2
