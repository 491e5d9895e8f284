"""Figures of whole datasets: class balance and provenance, streamed from the ledger."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.labels import balance_of
from reconciler.analysis.provenance import provenance_of
from reconciler.analysis.results import Balance, Provenance
from reconciler.analysis.sides import keys_after
from reconciler.entries import entry_of, meaning_of, without_service_fields
from reconciler.policy import Leftover
from tests.support.filling import filled
from tests.support.lines import Document, Picture, Style, bare, boxes, documents, labelled, write

A, B = ("a", 1.0, 2.0, 3.0, 4.0), ("b", 1.0, 2.0, 3.0, 4.0)


def figures(
    live: list[Document], desired: list[Document], leftover: Leftover = Leftover.STAYS
) -> tuple[Balance, Provenance]:
    """What is counted of two sides."""
    with filled(desired, live) as ledger:
        return balance_of(ledger, leftover), provenance_of(ledger, leftover, strict=False)[0]


def unique(lines: list[Document]) -> list[Document]:
    """The lines with a key of their own each."""
    return [line | {"source-ref": f"s3://b/{number}"} for number, line in enumerate(lines)]


def counted(lines: list[Document]) -> tuple[Counter[str], Counter[str]]:
    """Images and boxes of each label, by the rules of the entries."""
    images, drawn = Counter[str](), Counter[str]()
    for line in lines:
        meaning = meaning_of(without_service_fields(line))
        images.update(meaning.labels)
        drawn.update(box.label for box in meaning.boxes)
    return images, drawn


@settings(max_examples=100, deadline=None)
@given(st.lists(documents(), max_size=4).map(unique), st.lists(documents(), max_size=4).map(unique))
def test_every_label_is_counted_on_both_sides(live: list[Document], desired: list[Document]) -> None:
    """Images and boxes, as the entries mean them: live-only entries are part of what will be."""
    balance, _provenance = figures(live, desired)
    after = {entry_of(line).key: line for line in (*live, *desired)}
    for lines, which in ((live, "before"), (list(after.values()), "after")):
        images, drawn = counted(lines)
        assert {
            row.label: getattr(row, f"images_{which}") for row in balance.rows if getattr(row, f"images_{which}")
        } == images
        assert {
            row.label: getattr(row, f"boxes_{which}") for row in balance.rows if getattr(row, f"boxes_{which}")
        } == drawn
        side = getattr(balance, which)
        assert (side.entries, side.boxes, side.labels) == (len(lines), drawn.total(), len(images))


def test_labels_that_come_go_and_are_smallest_are_named() -> None:
    """Most images first; the share is of labelled images."""
    live = [labelled("s3://b/1", "old", "x"), labelled("s3://b/2", "x"), bare("s3://b/3")]
    desired = [labelled("s3://b/1", "new", "x"), labelled("s3://b/2", "x"), labelled("s3://b/3", "x")]
    balance, _provenance = figures(live, desired)
    assert [row.label for row in balance.rows] == ["x", "new", "old"]
    assert (balance.appeared, balance.gone, balance.smallest) == (("new",), ("old",), "new")
    assert [(row.share_before, row.share_after) for row in balance.rows] == [(1, 1), (0, 0.3333), (0.5, 0)]


@pytest.mark.parametrize(
    ("leftover", "entries", "labelled_entries", "images"),
    [(Leftover.STAYS, 2, 2, 2), (Leftover.UNLABELLED, 2, 1, 1), (Leftover.GONE, 1, 1, 1)],
)
def test_live_only_entries_count_as_the_policy_leaves_them(
    leftover: Leftover, entries: int, labelled_entries: int, images: int
) -> None:
    """They stay, lose their labels, or go with the dataset; the keys of both datasets are judged likewise."""
    live, desired = [labelled("s3://b/1", "a"), labelled("s3://b/2", "a")], [labelled("s3://b/2", "a")]
    balance, _provenance = figures(live, desired, leftover)
    assert (balance.after.entries, balance.after.labelled) == (entries, labelled_entries)
    assert balance.rows[0].images_after == images
    with filled(desired, live) as ledger:
        assert len(list(keys_after(ledger, leftover))) == entries
        assert sum(one for _key, one in keys_after(ledger, leftover)) == labelled_entries


def test_zero_box_lines_are_counted_as_looked_at() -> None:
    """A line with zero boxes counts as labelled and as empty; a bare line counts as neither."""
    balance, _provenance = figures([], [boxes("s3://b/1"), boxes("s3://b/2", A), bare("s3://b/3")])
    assert (balance.after.labelled, balance.after.empty) == (2, 1)


def test_boxes_of_an_attribute_that_cannot_be_read_do_not_count() -> None:
    """In an entry of several labels only the boxes of attributes that can be read count."""
    good, bad = boxes("s3://b/1", A, B), boxes("s3://b/1", A, B, B)
    attribute = next(name for name in bad if name != "source-ref" and not name.endswith("-metadata"))
    del bad[attribute]["annotations"][0]["left"]
    line = good | {"broken": bad[attribute], "broken-metadata": bad[f"{attribute}-metadata"]}
    balance, _provenance = figures([], [line])
    assert [(row.label, row.boxes_after) for row in balance.rows] == [("a", 1), ("b", 1)]


def test_a_withheld_entry_counts_as_live_has_it() -> None:
    """After an apply that leaves somebody's edit alone, its labels and boxes are live's; a deleted one has none."""
    live, desired = [boxes("s3://b/1", A, A, B)], [boxes("s3://b/1", B), boxes("s3://b/2", B), boxes("s3://b/3", A)]
    with filled(desired, live) as ledger:
        ledger.base.withhold(["s3://b/1", "s3://b/2"])
        balance = balance_of(ledger, Leftover.STAYS)
    assert balance.after == balance.manifest
    assert (balance.after.entries, balance.after.boxes) == (2, 4)
    assert [(row.label, row.images_after, row.boxes_after) for row in balance.rows] == [("a", 2, 3), ("b", 1, 1)]


def test_jobs_people_and_confidence_are_counted_on_both_sides() -> None:
    """An entry counts once a job; machine-made labels are told from people's."""
    one, two = Picture("s3://b/1", ("a", "b")), Picture("s3://b/2", boxes=(A, B))
    live = [write(one, Style(job="first", confidence=0.5)), write(two, Style(job="first", human="no", confidence=0.9))]
    desired = [write(one, Style(job="first", confidence=0.5)), write(two, Style(job="second", confidence=0.7))]
    _balance, told = figures(live, desired)
    assert (told.before.human, told.before.machine, told.after.human, told.after.machine) == (1, 1, 2, 0)
    assert [(job.value, job.before, job.after) for job in told.jobs] == [("first", 2, 1), ("second", 0, 1)]
    assert (told.before.confidence_lowest, told.before.confidence_highest) == (0.5, 0.9)
    assert (told.after.confidence_lowest, told.after.confidence_highest) == (0.5, 0.7)


@pytest.mark.parametrize("odd", [["yes"], {"yes": 1}, None, 1])
def test_metadata_of_any_kind_is_counted(odd: object) -> None:
    """Who made a label may be said in a way that nobody reads; it is unsaid then."""
    line = labelled("s3://b/1", "a")
    for value in line.values():
        if isinstance(value, dict):
            value["human-annotated"] = odd
    _balance, told = figures([line], [line])
    assert (told.after.human, told.after.machine, told.after.unsaid) == (0, 0, 1)


def test_ignored_differences_are_counted_by_field() -> None:
    """Everything in which entries of one meaning differ."""
    pictures = [Picture(f"s3://b/{number}", boxes=(A,)) for number in range(3)]
    live = [write(picture, Style(job="one", confidence=0.5)) for picture in pictures]
    desired = [
        write(pictures[0], Style(job="two", confidence=0.5)),
        write(pictures[1], Style(job="one", confidence=1, first_id=7, prefix="other", others=(("n", 1),))),
        live[2],
    ]
    _balance, told = figures(live, desired)
    assert told.ignored_entries == 2
    assert {one.field: one.entries for one in told.ignored} == {
        "job-name": 1,
        "confidence": 1,
        "class ids": 1,
        "attribute name": 1,
        "other attributes": 1,
    }


def test_only_twenty_jobs_are_named() -> None:
    """Twenty labelling jobs are named, and the rest are counted."""
    lines = [write(Picture(f"s3://b/{number}", ("a",)), Style(job=f"job-{number}")) for number in range(25)]
    _balance, told = figures([], lines)
    assert (len(told.jobs), told.other_jobs) == (20, 5)
