"""What moved since a review, by its document."""

from collections.abc import Callable

from reconciler.review.model import Review
from reconciler.review.moved_entries import moved_since
from tests.support.lines import labelled

Compare = Callable[..., Review]


def test_the_entries_that_moved_are_named(compared: Compare) -> None:
    """Changes that came, went, or are others now."""
    before = [labelled(f"s3://acme/{number}", "a") for number in range(3)]
    reviewed = compared(before, [labelled("s3://acme/0", "b"), labelled("s3://acme/1", "b"), before[2]])
    now = compared(before, [before[0], labelled("s3://acme/1", "c"), labelled("s3://acme/2", "b")])
    assert moved_since(reviewed, now) == (
        "cells train: 1 change more: s3://acme/2",
        "cells train: 1 change is no longer due: s3://acme/0",
        "cells train: 1 change is another: s3://acme/1",
    )


def test_nothing_moved_while_the_plan_is_the_same(compared: Compare) -> None:
    """Whatever the order of the manifest's lines."""
    before, after = [labelled("s3://acme/0", "a")], [labelled("s3://acme/0", "b"), labelled("s3://acme/1", "a")]
    assert moved_since(compared(before, after), compared(before, after[::-1])) == ()


def test_a_dataset_that_came_or_went_is_said(compared: Compare) -> None:
    """By its title."""
    one = compared([], [labelled("s3://acme/0", "a")])
    assert moved_since(one, Review()) == ("cells train: is not planned any more",)
    assert moved_since(Review(), one) == ("cells train: was not part of the review",)


def test_a_change_of_what_the_review_does_not_hold_is_said_too(compared: Compare) -> None:
    """A new entry's job-name is no part of what is shown, and part of what is sent."""
    line = labelled("s3://acme/0", "a")
    assert moved_since(compared([], [line]), compared([], [line | {"note": 1}])) == (
        "cells train: entries changed in fields that the review does not hold",
    )
