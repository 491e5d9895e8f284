"""The review as a comment: order, the marker, the limit and what is cut."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from reconciler.model import Finding, Place, Severity
from reconciler.review.dangers import LEVELS
from reconciler.review.model import Danger, DatasetReview, FindingCounts, OriginCounts, Review
from reconciler.run import DangerLevel
from reconciler.views.html.view import view as page
from reconciler.views.markdown.budget import Block, length, piece, within
from reconciler.views.markdown.view import COMMENT_CHARACTERS, MARKER, view
from tests.views.real_review import real
from tests.views.reviews import box, change, dataset, many, removed, review


def test_the_first_line_is_always_the_marker() -> None:
    """The comment is found by it and updated in place."""
    assert all(view(one).startswith(f"{MARKER}\n") for one in (real(), many(3), Review()))
    assert view(real()).count(MARKER) == 1


def test_a_small_review_reads_as_written_here() -> None:
    """The whole comment of one moved box."""
    assert view(many(1)) == (
        "<!-- reconciler:plan -->\n"
        "## changes\n\n"
        "**`blood-cells train`: the riskiest first**\n\n"
        "|  | entry | what changes | where |\n|---|---|---|---|\n"
        "| `~` | `s3://blood-cells-images/scans/2024/BloodImage_00000.jpg` | 1 box moved: `WBC`"
        "<br><sub>`WBC`, moved by +3, -4 px, overlap 80 %</sub> | line 1 |\n\n"
        "| dataset | status | changes | unchanged | images | boxes | labels |\n"
        "|---|---|---|--:|--:|--:|--:|\n"
        "| `blood-cells train` | update | 1 to update | 280 |  |  |  |\n\n"
        "### `blood-cells train`\n\n"
        "`datasets/blood-cells/train.jsonl`: update\n\n"
        "Plan `9d4e2f71c0`: `reconciler apply --plan ID` applies this one and no other.\n"
    )


def test_dangers_come_first_then_the_unexplained_then_figures_groups_labels_and_the_rest() -> None:
    """A reader who stops early has seen what matters."""
    text = view(real())
    order = [
        "**danger**",
        "explained by no group",
        "| dataset |",
        "**Groups**",
        "**Labels**",
        "<details>",
        "train and test together",
    ]
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)


def test_ten_thousand_changes_fit_into_one_comment() -> None:
    """Ten thousand changes fit into one comment, and nearly all of its room is used."""
    assert COMMENT_CHARACTERS * 0.9 < len(view(many(10_000))) <= COMMENT_CHARACTERS


def test_what_is_cut_is_less_risky_than_what_is_shown() -> None:
    """Of changes with ten different risks only those with the highest are shown."""
    shown = [int(number) for number in re.findall(r"BloodImage_(\d{5})", view(many(10_000)).partition("<details>")[2])]
    kept = {number % 10 for number in shown}
    assert kept == {9}


def test_the_comment_says_how_much_was_cut() -> None:
    """Shown and cut together are all."""
    text = view(many(10_000))
    shown = text.count("\n| `~` |")
    cut = int((re.search(r"not shown: ([\d,]+) entries", text) or [""])[1].replace(",", ""))
    assert shown + cut == 10_000
    assert f"... and {cut:,} more entries" in text


def test_dangers_outlive_entries() -> None:
    """With hardly any room it is the dangers that are kept."""
    text = view(real(), limit=2_500)
    assert len(text) <= 2_500
    assert "**danger**" in text
    assert "not shown" in text
    assert "BloodImage_00002" not in text


def test_hundreds_of_datasets_fit_too() -> None:
    """Headings and tables are cut like anything else."""
    text = view(review(*[dataset([change(0)], title=f"project-{number} train") for number in range(600)]))
    assert len(text) <= COMMENT_CHARACTERS
    assert "not shown" in text


def test_every_dataset_has_a_row_however_many_dangers_there_are() -> None:
    """Characters are shared by risk; a dataset that has no room for its changes still has its figures."""
    some = [dataset([change(0)], title=f"project-{number} train") for number in range(300)]
    danger = Danger(level="danger", kind="drift", project="p", words=("x" * 300,))
    text = view(review(*some, dangers=(danger,) * 300))
    assert all(f"| `project-{number} train` | update | 1 to update |" in text for number in range(300))
    assert "more dangers" in text


def test_boxes_are_told_where_no_group_tells_them() -> None:
    """Which box, where to, by how much."""
    gone = change(0, boxes=(removed(box("RBC", 1, 2, 3, 4)),), words="1 box removed: RBC")
    assert "`RBC` 3x4 at 1, 2 removed" in view(review(dataset([gone])))


@pytest.mark.parametrize("by", ["live is as the last apply left it", "since the apply of 2026-01-31 09:00 UTC"])
def test_whose_change_it_is_reads_well_whatever_it_is_told_by(by: str) -> None:
    """The comment and the page name the subject, and what follows is a part of a sentence or a whole one."""
    one = review(dataset([change(0)], origins=OriginCounts(by=by, ours=1)))
    assert f"whose change: {by}: 1 ours\n" in view(one)
    assert f">Whose change: {by}: 1 ours<" in page(one)


@pytest.mark.parametrize("status", ["refused", "invalid", "failed"])
def test_a_dataset_that_will_not_be_applied_stands_out(status: str) -> None:
    """The table of datasets shows in bold the status of one that will not be applied."""
    one = dataset([change(0)], status=status)
    assert f"| `blood-cells train` | **{status}** |" in view(review(one))


@settings(max_examples=30, deadline=None)
@given(st.integers(900, 6_000), st.integers(0, 40), st.lists(st.sampled_from(LEVELS), max_size=20))
def test_no_limit_is_ever_passed(limit: int, changes: int, levels: list[DangerLevel]) -> None:
    """The comment is never longer than its limit, whatever there is to show."""
    dangers = tuple(
        Danger(level=level, kind="drift", project="p", words=("x" * 90,)) for level in sorted(levels, key=LEVELS.index)
    )
    some: DatasetReview = many(changes).datasets[0]
    assert length(view(review(some, dangers=dangers), limit=limit)) <= limit


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 300)), max_size=40), st.integers(0, 3_000))
def test_nothing_shown_is_less_risky_than_something_cut(pieces: list[tuple[int, int]], limit: int) -> None:
    """Pieces that are shown are at least as risky as those that are cut, and none is lost."""
    block = Block([piece(risk, "{:d}{:{}}\n".format, risk, "", long) for risk, long in pieces], "pieces")
    text, left = within([block], limit)
    shown = [int(line[0]) for line in text.splitlines()]
    assert len(text) <= limit
    assert len(shown) + left.get("pieces", 0) == len(pieces)
    cut = sorted(risk for risk, _long in pieces)[: left.get("pieces", 0)]
    assert not shown or not cut or min(shown) >= max(cut)


def test_length_counts_as_the_strictest_does() -> None:
    """Characters beyond the basic plane count twice, as in JavaScript and UTF-16."""
    assert [length("abc"), length("é"), length("\N{OCTAGONAL SIGN}")] == [3, 1, 2]


@pytest.mark.parametrize(("left", "words"), [(1, "1 more finding"), (2, "2 more findings")])
def test_what_a_comment_and_a_page_leave_out_is_counted_in_good_english(left: int, words: str) -> None:
    """One that is left out is a finding, two are findings, in both views."""
    one = Finding(Severity.MARKED, "odd", Place("train.jsonl", 1, 1), "it is odd", "make it even")
    found = FindingCounts(marked=left + 1, shown=(one,))
    what = review(structs.replace(dataset([change(0)]), findings=found))
    assert [words in text and f"{words}s" not in text for text in (view(what), page(what))] == [True, True]
