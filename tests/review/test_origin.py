"""Whose change it is: the branch's, pending on the base, or drift."""

from collections.abc import Collection

import pytest

from reconciler.policy import Compare, Extra, Policy
from reconciler.review.build import review_of
from reconciler.review.changes import origin_of
from reconciler.review.model import OriginCounts
from reconciler.review.offline import earlier_in
from reconciler.run import Base
from tests.support.filling import filled
from tests.support.lines import Document, labelled
from tests.support.plans import planned, run_of


@pytest.mark.parametrize(
    ("desired", "base", "live", "earlier", "origin"),
    [
        (b"new", b"old", b"old", None, "branch"),
        (b"new", None, None, None, "branch"),
        (None, b"old", b"old", None, "branch"),
        (b"new", b"old", b"other", None, "branch"),
        (b"same", b"same", None, None, "base"),
        (b"same", b"same", b"old", (b"older", b"old"), "base"),
        (b"same", b"same", b"strange", (b"older", b"old"), "drift"),
        (b"same", b"same", b"other", None, "base-or-drift"),
        (None, None, b"left", (b"left",), "base"),
        (None, None, b"strange", (), "drift"),
        (None, None, b"strange", None, "base-or-drift"),
    ],
)
def test_the_rule(
    desired: bytes | None, base: bytes | None, live: bytes | None, earlier: Collection[bytes] | None, origin: str
) -> None:
    """What differs from the base is the branch's; the rest was never applied, or came behind everybody's back."""
    assert origin_of(desired, base, live, earlier) == origin


def image(number: int, label: str) -> Document:
    """An image with a label."""
    return labelled(f"s3://b/{number}", label)


@pytest.mark.parametrize("extra", [Extra.REPORT, Extra.UNLABEL])
def test_changes_are_marked_and_counted(extra: Extra) -> None:
    """Changes of the branch, pending on the base, and drift, which an apply undoes and which is a danger of its own."""
    live = [image(1, "a"), image(2, "a"), image(3, "strange"), image(4, "a"), image(9, "a")]
    base = [image(1, "a"), image(2, "b"), image(3, "b"), image(4, "a")]
    desired = [image(1, "c"), image(2, "b"), image(3, "b"), image(4, "a"), image(5, "a")]
    with filled(desired, live) as ledger, filled(base) as there, filled([image(2, "a"), image(3, "a")]) as before:
        known = Base("main", there, earlier_in([before], Compare.LABELS))
        plan = planned(ledger, Policy(extra=extra), exists=True, bucket=None)
        review = review_of([run_of(ledger, plan, base=known)])
    (dataset,) = review.datasets
    unlabels = extra is Extra.UNLABEL
    assert {change.key[-1]: change.origin for change in dataset.changes} == {
        "1": "branch",
        "2": "base",
        "3": "drift",
        "5": "branch",
        "9": "drift" if unlabels else "",
    }
    undone = ("s3://b/3", "s3://b/9") if unlabels else ("s3://b/3",)
    assert dataset.origins == OriginCounts(revision="main", branch=2, base=1, drift=len(undone))
    dangers = [(danger.count, set(danger.examples)) for danger in review.dangers if danger.kind == "drift"]
    assert dangers == [(len(undone), set(undone))]
