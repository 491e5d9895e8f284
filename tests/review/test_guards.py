"""What guards said, in the review and its views: every guard with its figures, and what stops an apply as a danger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.guards import GUARDS, THEIRS
from reconciler.review.build import review_of
from reconciler.review.offline import offline_review
from reconciler.text import plain
from reconciler.views.html import view as html
from reconciler.views.markdown import view as markdown
from reconciler.views.terminal import view as terminal
from tests.support.filling import as_text, filled
from tests.support.lines import labelled
from tests.support.plans import planned, run_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.review.model import Review

REASON = "relabelled <b>by</b> the new team"
VIEWS: dict[str, Callable[[Review], str]] = {"text": terminal.view, "markdown": markdown.view, "html": html.view}


def _lines(*labels: str) -> list[dict[str, object]]:
    return [labelled(f"s3://bucket/{number:03}.jpg", labels[number % len(labels)]) for number in range(40)]


def _review(allow: dict[str, str] | None = None) -> Review:
    """All 40 labels change from a to b or c; `shrink` is switched off."""
    with filled(_lines("b", "c"), _lines("a")) as ledger:
        plan = planned(ledger, bucket="bucket", guards={"shrink": False}, allow=allow)
        one = run_of(ledger, plan, project="cells")
        return review_of([one])


def test_every_guard_is_in_the_review_with_its_figures() -> None:
    """Name, state, sentence, figure, threshold and reason, in the order of their names."""
    (dataset,) = _review({"label-removed": REASON}).datasets
    assert [guard.name for guard in dataset.guards] == [*GUARDS, THEIRS]
    states = {guard.name: guard.state for guard in dataset.guards}
    assert states["updates"] == "tripped"
    assert states["label-removed"] == "overridden"
    assert states["shrink"] == "off"
    assert states["test-set"] == states["label-share"] == "passed"
    updates = dataset.guards[0]
    assert (updates.count, updates.of, updates.share, updates.threshold) == (40, 40, 1.0, 0.3)
    assert dataset.guards[1].reason == REASON


def test_a_guard_that_trips_is_a_danger_once_and_one_that_is_overridden_too() -> None:
    """The first stops an apply, the second must be seen by whoever reviews it."""
    review = _review({"label-removed": REASON})
    found = [(danger.kind, danger.level) for danger in review.dangers if danger.kind in {"guard", "refusal"}]
    assert found == [("guard", "danger"), ("guard", "check")]
    assert (
        plain(review.dangers[0].words)
        == "blocked by guard updates: 40 of 40 entries (100%) would be updated; more than 30%"
    )


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_what_trips_and_why_it_was_overridden(view: str) -> None:
    """And how the rest is overridden, ready to be pasted; nothing in a reason acts on a page."""
    review = _review({"label-removed": REASON})
    text = " ".join(VIEWS[view](review).split())
    assert "would be updated; more than 30" in text
    assert "overridden" in text
    assert "the new team" in text
    assert "RECONCILER" in text
    assert "manifest" in text
    assert view != "html" or "<b>by" not in text


def test_passed_guards_are_shown_on_request_only() -> None:
    """A reader of a plan looks for what is wrong."""
    review = _review()
    assert "test-set passed" not in terminal.view(review)
    assert "test-set passed: this is not a test set (up to 10%)" in terminal.view(review, verbose=True)
    assert "guard shrink off" in terminal.view(review, verbose=True)


def test_two_manifests_show_what_guards_would_say(tmp_path: Path) -> None:
    """Before a service is asked each guard is a danger, and there is no refusal."""
    for name, labels in (("before.jsonl", "a"), ("after.jsonl", "bc")):
        (tmp_path / name).write_text("".join(f"{as_text(line)}\n" for line in _lines(*labels)), encoding="utf-8")
    review = offline_review(tmp_path / "before.jsonl", tmp_path / "after.jsonl")
    (dataset,) = review.datasets
    said = [plain(danger.words) for danger in review.dangers if danger.kind == "guard"]
    assert said[0].startswith("would be blocked by guard updates: 40 of 40 entries")
    assert (dataset.refusals, dataset.status, dataset.override) == ((), "planned", None)
    assert {guard.name for guard in dataset.guards} == set(GUARDS)
