"""What changed since a review, by its document."""

import json
from collections.abc import Callable

from reconciler.review.build import review_of
from reconciler.review.model import Review
from reconciler.review.moved_entries import moved_since
from reconciler.shell.reviewed import entries_that_moved
from reconciler.views.json_document import as_saved
from tests.support.filling import filled
from tests.support.lines import Document, labelled
from tests.support.plans import planned, run_of

Compare = Callable[..., Review]


def test_the_entries_that_moved_are_named(compared: Compare) -> None:
    """Changes that were added, removed, or are different now."""
    before = [labelled(f"s3://acme/{number}", "a") for number in range(3)]
    reviewed = compared(before, [labelled("s3://acme/0", "b"), labelled("s3://acme/1", "b"), before[2]])
    now = compared(before, [before[0], labelled("s3://acme/1", "c"), labelled("s3://acme/2", "b")])
    assert moved_since(reviewed, now) == (
        "cells train: 1 change more: s3://acme/2",
        "cells train: 1 change is no longer due: s3://acme/0",
        "cells train: 1 change differs from the reviewed plan: s3://acme/1",
    )


def test_nothing_moved_while_the_plan_is_the_same(compared: Compare) -> None:
    """The order of the manifest's lines does not make a plan differ from its review."""
    before, after = [labelled("s3://acme/0", "a")], [labelled("s3://acme/0", "b"), labelled("s3://acme/1", "a")]
    assert moved_since(compared(before, after), compared(before, after[::-1])) == ()


def test_a_dataset_that_was_added_or_removed_is_named(compared: Compare) -> None:
    """A dataset that only one of the two reviews has is named by its title."""
    one = compared([], [labelled("s3://acme/0", "a")])
    assert moved_since(one, Review()) == ("cells train: is no longer planned",)
    assert moved_since(Review(), one) == ("cells train: was not part of the review",)


def test_a_change_of_what_the_review_does_not_hold_is_said_too(compared: Compare) -> None:
    """A new entry's note is not shown, and it is sent."""
    line = labelled("s3://acme/0", "a")
    assert moved_since(compared([], [line]), compared([], [line | {"note": 1}])) == (
        "cells train: entries changed in fields that the review does not hold",
    )


def test_a_key_that_utf8_cannot_hold_is_the_same_in_a_saved_plan() -> None:
    """A document writes half a surrogate pair as text; only the entry that was really added since is named."""
    live = [json.dumps(labelled(key, "a")) for key in ("s3://b/1", "s3://b/\ud800")]

    def reviewed(*desired: Document) -> Review:
        with filled(desired, live) as ledger:
            return review_of([run_of(ledger, planned(ledger))])

    saved, now = as_saved(reviewed(labelled("s3://b/1", "b"))), [labelled("s3://b/1", "b"), labelled("s3://b/2", "a")]
    assert list(entries_that_moved(saved, reviewed(*now), ("p train",))) == ["p train: 1 change more: s3://b/2"]
