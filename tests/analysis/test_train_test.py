"""Train and test together, as live will be."""

from reconciler.analysis.labels import balance_of
from reconciler.analysis.results import Splits
from reconciler.analysis.train_test import Half, splits_of
from reconciler.ledger import Ledger
from reconciler.policy import Leftover
from tests.support.filling import filled
from tests.support.lines import Document, bare, boxes, labelled

Lines = list[Document]


def half(ledger: Ledger, leftover: Leftover) -> Half:
    """A dataset with its balance."""
    return Half(ledger, leftover, balance_of(ledger, leftover))


def splits(train: tuple[Lines, Lines], test: tuple[Lines, Lines], leftover: Leftover = Leftover.STAYS) -> Splits:
    """What is said of two datasets, each given as (live, desired)."""
    with filled(train[1], train[0]) as one, filled(test[1], test[0]) as other:
        return splits_of(half(one, leftover), half(other, leftover))


def image(number: int, *labels: str, prefix: str = "s3://b/") -> Document:
    """An image with labels."""
    return labelled(f"{prefix}{number}.jpg", *labels)


def test_an_image_in_both_is_found() -> None:
    """Also where one of the two is live only; not where it has no labels, because training ignores it."""
    in_both = splits(([], [image(1, "a"), image(2, "a")]), ([], [image(2, "a")]))
    assert (in_both.shared_count, in_both.shared) == (1, ("s3://b/2.jpg",))
    left = splits(([image(2, "a")], [image(1, "a")]), ([], [image(2, "a")]))
    assert left.shared_count == 1
    assert splits(([], [bare("s3://b/2.jpg")]), ([], [image(2, "a")])).shared_count == 0
    assert splits(([], [image(2, "a")]), ([], [bare("s3://b/2.jpg")])).shared_count == 0


def test_a_file_name_in_both_is_a_hint() -> None:
    """A file name in both train and test under different prefixes is a hint that names the pair."""
    told = splits(([], [image(1, "a", prefix="s3://b/x/")]), ([], [image(1, "a", prefix="s3://b/y/")]))
    assert (told.shared_count, told.same_name_count) == (0, 1)
    assert (told.same_name[0].train, told.same_name[0].test) == ("s3://b/x/1.jpg", "s3://b/y/1.jpg")


def test_an_image_that_changes_sides_is_a_danger_while_it_stays_labelled() -> None:
    """The service cannot delete the old entry: with `unlabel` it is harmless."""
    train, test = ([image(1, "a"), image(2, "a")], [image(1, "a")]), ([image(3, "a")], [image(3, "a"), image(2, "a")])
    (moved,) = splits(train, test).moved
    assert (moved.key, moved.source, moved.target, moved.danger) == ("s3://b/2.jpg", "train", "test", True)
    safe = splits(train, test, Leftover.UNLABELLED)
    assert (safe.moved_count, safe.moved_danger_count, safe.shared_count) == (1, 0, 0)


def test_labels_of_one_side_and_the_overlap_are_told() -> None:
    """The share of the training labels that the test set has; AWS asks for half."""
    told = splits(([], [image(1, "a", "b", "c")]), ([], [image(2, "a", "d")]))
    assert (told.train_only, told.test_only) == (("b", "c"), ("d",))
    assert (told.overlap, told.overlap_needed) == (0.3333, 0.5)
    assert splits(([], [image(1, "a")]), ([], [])).overlap is None


def test_counts_are_of_all_and_lists_of_some() -> None:
    """All images in both train and test are counted, and fifty of them are named."""
    lines = [image(number, "a") for number in range(60)]
    told = splits(([], lines), ([], lines))
    assert (told.shared_count, len(told.shared)) == (60, 50)


def test_boxes_of_each_side_are_its_own() -> None:
    """A line whose boxes differ on both sides is counted on each side with the boxes that it has there."""
    drawn = [[(label, 10.0 * number, 2.0, 3.0, 4.0) for number in range(many)] for label, many in (("a", 2), ("b", 3))]
    live, desired = (boxes("s3://b/1.jpg", *side) for side in drawn)
    with filled([desired], [live]) as ledger:
        found = balance_of(ledger, Leftover.STAYS)
    rows = {row.label: (row.boxes_before, row.boxes_after) for row in found.rows}
    assert rows == {"a": (2, 0), "b": (0, 3)}
