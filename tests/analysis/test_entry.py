"""One entry told apart: what is described, done to the old entry, gives the new one."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest
from deepdiff import DeepDiff
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.boxes import overlap
from reconciler.analysis.entry import Detail, detail_of
from reconciler.analysis.fields import all_fields
from reconciler.analysis.results import PixelBox as Told
from reconciler.entries import Box, Meaning, compact, digest_of, meaning_of, without_service_fields
from reconciler.model import Change, Verb
from tests.support.lines import (
    Document,
    Drawn,
    Picture,
    Style,
    bare,
    boxes,
    documents,
    labelled,
    pictures,
    styles,
    write,
)

KEY = "s3://acme/1.jpg"
NAMES = st.sampled_from(["a", "b", "other"])


def detail(live: Document | None, desired: Document | None, verb: Verb = Verb.UPDATE) -> Detail:
    """The detail of the change from one line to another."""
    new, old = (None if line is None else compact(line) for line in (desired, live))
    return detail_of(Change(verb, KEY, 1, new, old))


def thousandths(box: Told) -> Box:
    """A described box as lines are compared."""
    return Box(box.label, *(round(one * 1000) for one in (box.left, box.top, box.width, box.height)))


def applied(before: Meaning, told: Detail) -> Meaning:
    """The old meaning after everything that is described has been done to it."""
    labels = [*(label for label in before.image_labels if label not in told.labels_removed), *told.labels_added]
    counted = Counter(before.boxes)
    for change in told.boxes:
        if change.before is not None:
            assert counted[thousandths(change.before)], "a box is described that is not there"
            counted[thousandths(change.before)] -= 1
    drawn = [thousandths(change.after) for change in told.boxes if change.after is not None]
    malformed = Counter(before.malformed)
    malformed.subtract(told.malformed_removed)
    malformed.update(told.malformed_added)
    return Meaning(
        tuple(labels),
        (*counted.elements(), *drawn),
        tuple((round(size.width * 1000), round(size.height * 1000)) for size in told.sizes_after),
        tuple(malformed.elements()),
        labelled=bool(told.labelled_after),
    )


@st.composite
def edits(draw: st.DrawFn) -> tuple[Document, Document]:
    """A line and what people make of it: boxes moved, resized, relabelled, drawn, wiped, all of them moved at once."""
    old = draw(pictures())
    drawn: tuple[Drawn, ...] | None = None
    if old.boxes is not None:
        kept = [edited(draw, box) for box in old.boxes if draw(st.integers(0, 5))]
        kept += draw(st.lists(st.tuples(NAMES, *[st.integers(0, 4000)] * 4), max_size=2))
        together = draw(st.sampled_from(TOGETHER))
        drawn = tuple(together(old.size[0], box) for box in kept)
    labels = (*(label for label in old.image_labels if draw(st.booleans())), *draw(st.lists(NAMES, max_size=2)))
    size = draw(st.sampled_from([old.size, old.size, (640, 480)]))
    new = Picture(old.key, tuple(dict.fromkeys(labels)), drawn, size)
    return write(old, draw(styles())), write(new, draw(styles()))


def edited(draw: st.DrawFn, box: Drawn) -> Drawn:
    """A box, perhaps with other edges or another label; mostly near where it was."""
    label, *edges = box
    left, top, width, height = (max(0, edge + draw(st.sampled_from([0, 0, 0, 1, -3, 0.5, 200]))) for edge in edges)
    return draw(st.sampled_from([label, label, "other"])), left, top, width, height


# What may become of all boxes of an image, which is so wide.
TOGETHER: Final[tuple[Callable[[int, Drawn], Drawn], ...]] = (
    lambda _wide, box: box,
    lambda _wide, box: (box[0], box[1] + 7, *box[2:]),
    lambda wide, box: (box[0], wide - box[1] - box[3], *box[2:]),
    lambda _wide, box: (box[0], box[1] / 2, box[2] / 2, box[3] / 2, box[4] / 2),
)


@settings(max_examples=300, deadline=None)
@given(edits() | st.tuples(documents(), documents()))
def test_what_is_described_done_to_the_old_entry_gives_the_new_one(lines: tuple[Document, Document]) -> None:
    """Labels, boxes, sizes, malformed attributes: the meaning is that of the new line, to the last digit."""
    live, desired = lines
    told = detail(live, desired)
    old, new = (meaning_of(without_service_fields(line)) for line in (live, desired))
    assert digest_of(applied(old, told)) == digest_of(new)


@settings(max_examples=200, deadline=None)
@given(edits())
def test_what_is_said_of_a_box_is_so(lines: tuple[Document, Document]) -> None:
    """Its words, the pixels between its two places, its overlap."""
    told = detail(*lines)
    for change in told.boxes:
        if change.before is None or change.after is None:
            assert change.what == (("added",) if change.before is None else ("removed",))
            continue
        one, other = thousandths(change.before), thousandths(change.after)
        by = (other.left - one.left, other.top - one.top, other.width - one.width, other.height - one.height)
        expected = ["resized" if any(by[2:]) else "moved"] if any(by) else []
        expected += ["relabelled"] if one.label != other.label else []
        assert list(change.what) == (expected or ["same"])
        if expected:
            assert tuple(round(1000 * pixels) for pixels in change.by or ()) == by
            assert change.iou == pytest.approx(overlap(one, other), abs=1e-4)
    assert told.changed_boxes == tuple(change for change in told.boxes if change.what != ("same",))


@settings(max_examples=100, deadline=None)
@given(pictures(), styles(), styles())
def test_lines_that_mean_the_same_have_equal_labels_and_boxes(picture: Picture, one: Style, other: Style) -> None:
    """However they are written: only fields are left to tell."""
    told = detail(write(picture, one), write(picture, other))
    assert all(change.what == ("same",) for change in told.boxes)
    assert (told.labels_added, told.labels_removed) == ((), ())
    assert told.sizes_before == told.sizes_after


@settings(max_examples=100, deadline=None)
@given(documents(), documents())
def test_fields_are_those_that_deepdiff_sees(one: Document, other: Document) -> None:
    """Lines differ in a field exactly when deepdiff says that they differ."""
    same = not DeepDiff(one, other, ignore_numeric_type_changes=True, threshold_to_diff_deeper=0)
    assert (all_fields(one, other) == ()) is same


@pytest.mark.parametrize(
    ("before", "after", "what", "by"),
    [
        (("a", 0, 0, 100, 100), ("a", 3, 4, 100, 100), ("moved",), (3, 4, 0, 0)),
        (("a", 0, 0, 100, 100), ("a", 0, 0, 90, 100), ("resized",), (0, 0, -10, 0)),
        (("a", 0, 0, 100, 100), ("b", 0, 0, 100, 100), ("relabelled",), (0, 0, 0, 0)),
        (("a", 0, 0, 100, 100), ("b", 5, 0, 100, 100), ("moved", "relabelled"), (5, 0, 0, 0)),
        (("a", 0.5, 0, 100, 100), ("a", 0.25, 0, 100, 100), ("moved",), (-0.25, 0, 0, 0)),
    ],
)
def test_a_changed_box_is_told_with_pixels_and_overlap(
    before: tuple[str, float, float, float, float],
    after: tuple[str, float, float, float, float],
    what: tuple[str, ...],
    by: tuple[float, ...],
) -> None:
    """Moved, resized, relabelled; after minus before."""
    (change,) = detail(boxes(KEY, before), boxes(KEY, after)).boxes
    assert (change.what, change.by) == (what, by)
    assert change.iou is not None
    assert 0.5 < change.iou <= 1


def test_sides_that_are_not_there_are_told_as_such() -> None:
    """An add has no before; a live-only entry stays as it is, or goes with its dataset; unlabelling removes."""
    entry = boxes(KEY, ("a", 1, 2, 3, 4))
    new = detail(None, entry, Verb.ADD)
    assert (new.labelled_before, new.labelled_after, new.boxes[0].what) == (None, True, ("added",))
    stays = detail(entry, None, Verb.LIVE_ONLY)
    assert (stays.labelled_after, stays.boxes[0].what) == (True, ("same",))
    goes = detail_of(Change(Verb.LIVE_ONLY, KEY, 1, None, compact(entry)), goes=True)
    assert (goes.labelled_after, goes.boxes[0].what) == (None, ("removed",))
    unlabelled = detail(entry, bare(KEY), Verb.UNLABEL)
    assert (unlabelled.labelled_before, unlabelled.labelled_after) == (True, False)


def fields(live: Document, desired: Document) -> set[tuple[str, str | None, str | None]]:
    """The field changes as triples."""
    return {(change.path, change.before, change.after) for change in detail(live, desired).fields}


def test_other_fields_are_told_by_path_and_value() -> None:
    """Job, date, confidence, an attribute's name, and what Custom Labels does not know."""
    picture = Picture(KEY, boxes=(("a", 1, 2, 3, 4),))
    live = write(picture, Style(job="labeling-job/one", confidence=0.5))
    desired = write(picture, Style(prefix="other", job="labeling-job/two", others=(("note", {"by": [1, 2]}),)))
    assert fields(live, desired) == {
        ("attribute name", '"attribute-boxes"', '"other-boxes"'),
        ("other-boxes-metadata.job-name", '"labeling-job/one"', '"labeling-job/two"'),
        ("other-boxes-metadata.confidence", "0.5", "1"),
        ("note", None, '{"by":[1,2]}'),
    }


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"a": 1}, {"a": 1.0}, set()),
        ({"a": [1, 2]}, {"a": [1.0, 2, 3]}, {("a[2]", None, "3")}),
        ({"a": 1}, {"a": True}, {("a", "1", "true")}),
        ({"a": [True, 2]}, {"a": [1, 2]}, {("a", "[true,2]", "[1,2]")}),
        ({"a": {"b": [{"c": None}]}}, {"a": {"b": [{"c": 0}]}}, {("a.b[0].c", "null", "0")}),
        ({"a": {"__b": "x", "c d": 1}}, {"a": {"__b": "y"}}, {("a.__b", '"x"', '"y"'), ("a.c d", "1", None)}),
        ({"a": {"b": 1}}, {"a": [1]}, {("a", '{"b":1}', "[1]")}),
        ({"[bold]a": 1}, {"[bold]a": 2}, {("[bold]a", "1", "2")}),
    ],
)
def test_a_field_is_named_by_its_path_and_compared_by_value(
    before: Document, after: Document, told: set[tuple[str, str | None, str | None]]
) -> None:
    """A number is the same however it is written, true is not 1, and the path leads to the innermost difference."""
    assert {(change.path, change.before, change.after) for change in all_fields(before, after)} == told


def test_class_ids_are_told_only_where_nothing_else_differs() -> None:
    """They spell the same labels differently, which matters in strict mode only."""
    picture = Picture(KEY, boxes=(("a", 1, 2, 3, 4),))
    told = fields(write(picture, Style(first_id=0)), write(picture, Style(first_id=5)))
    assert any("class_id" in path for path, _before, _after in told)
    moved = Picture(KEY, boxes=(("a", 9, 2, 3, 4),))
    assert fields(write(picture, Style(first_id=0)), write(moved, Style(first_id=5))) == set()


def test_long_values_are_cut_and_many_fields_counted_out() -> None:
    """A change stays small whatever a line holds."""
    told = detail(labelled(KEY, "a"), labelled(KEY, "a") | {f"n{number}": "x" * 500 for number in range(50)}).fields
    assert len(told) == 20
    assert all(len(change.after or "") <= 200 for change in told)


def test_what_no_json_in_utf_8_can_hold_is_told_apart_too() -> None:
    """Half a character in a live line, in a label or a field, is kept as it is: the document writes it out."""
    line = json.dumps(labelled(KEY, "a") | {"n": 1}).replace('"a"', '"\\ud800"').replace('"n"', '"\\udc00"')
    live = line.encode()
    told = detail_of(Change(Verb.UPDATE, KEY, 1, compact(labelled(KEY, "b")), live))
    assert told.labels_removed == ("\ud800",)
    assert [change.path for change in told.fields] == ["\udc00"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from("ab"), max_size=3), st.lists(st.sampled_from("ab"), max_size=3))
def test_image_labels_are_kept_added_or_removed(old: list[str], new: list[str]) -> None:
    """Each image label of either side is told once: as kept, as added or as removed."""
    told = detail(labelled(KEY, *dict.fromkeys(old)), labelled(KEY, *dict.fromkeys(new)))
    assert set(told.labels_kept) == set(old) & set(new)
    assert set(told.labels_added) == set(new) - set(old)
    assert set(told.labels_removed) == set(old) - set(new)
