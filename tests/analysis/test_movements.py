"""One movement for all boxes: shifted, scaled, mirrored."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.movements import transform_of
from reconciler.entries import Box

SIZE = ((640_000, 480_000),)
SOME = [Box("a", 10_000, 20_000, 30_000, 40_000), Box("b", 100_000, 90_000, 50_000, 50_000)]

Boxes = list[Box]


def boxes() -> st.SearchStrategy[Boxes]:
    """Some boxes inside 640 x 480."""
    whole = st.integers(1, 200).map(lambda pixels: pixels * 1000)
    return st.lists(st.builds(Box, st.sampled_from("ab"), whole, whole, whole, whole), min_size=1, max_size=6)


def moved(drawn: Boxes, right: int, down: int) -> Boxes:
    """The boxes elsewhere, in another order."""
    return [Box(box.label, box.left + right, box.top + down, box.width, box.height) for box in reversed(drawn)]


def flipped(drawn: Boxes, *, across: bool, down: bool) -> Boxes:
    """The boxes as a mirror shows them."""
    return [
        Box(
            box.label,
            640_000 - box.left - box.width if across else box.left,
            480_000 - box.top - box.height if down else box.top,
            box.width,
            box.height,
        )
        for box in drawn
    ]


def scaled(drawn: Boxes, across: float, down: float) -> Boxes:
    """The boxes on a picture of another size, rounded to whole pixels."""

    def pixels(value: float) -> int:
        return round(value / 1000) * 1000

    return [
        Box(
            box.label,
            pixels(box.left * across),
            pixels(box.top * down),
            pixels(box.width * across),
            pixels(box.height * down),
        )
        for box in drawn
    ]


@settings(max_examples=100, deadline=None)
@given(boxes(), st.integers(-9_000, 9_000), st.integers(-9_000, 9_000))
def test_a_shift_of_all_boxes_is_found_with_its_amount(drawn: Boxes, right: int, down: int) -> None:
    """In pixels, whatever the order; every box is paired with its own successor. Boxes that stay have not moved."""
    found = transform_of(drawn, moved(drawn, right, down))
    if right == down == 0:
        assert found is None
        return
    assert found is not None
    assert (found.kind, found.by) == ("shifted", (right / 1000, down / 1000))
    after = moved(drawn, right, down)
    assert all(drawn[row].left + right == after[column].left for row, column in found.pairs)
    assert len(found.pairs) == len(drawn)


@pytest.mark.parametrize(("across", "down"), [(False, True), (True, False), (True, True)])
def test_a_mirroring_is_found_with_its_axes(across: bool, down: bool) -> None:  # noqa: FBT001 - a table
    """Even where labels changed on the way, or a box came besides."""
    after = flipped(SOME, across=across, down=down)
    renamed = [Box("c", *_geometry(after[0])), *after[1:], Box("new", 1, 2, 3000, 4000)]
    for side in (after, renamed):
        found = transform_of(SOME, side, SIZE, SIZE)
        assert found is not None
        assert (found.kind, found.by) == ("mirrored", (across, down))
        assert sorted(found.pairs) == [(0, 0), (1, 1)]


def test_two_thirds_of_the_boxes_in_a_mirror_are_enough() -> None:
    """Boxes are mirrored if two thirds of them fit the mirror; fewer are chance."""
    before = [*SOME, Box("a", 500_000, 20_000, 40_000, 30_000)]
    after = [*flipped(SOME, across=True, down=False), Box("a", 470_000, 30_000, 41_000, 30_000)]
    found = transform_of(before, after, SIZE, SIZE)
    assert found is not None
    assert (found.kind, len(found.pairs)) == ("mirrored", 2)
    beside = [Box("b", 300_000 + 9_000 * number, 9_000 * number, 50_000, 60_000) for number in range(2)]
    assert transform_of([*before, beside[0]], [*after, beside[1]], SIZE, SIZE) is None


def _geometry(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.width, box.height


def test_boxes_that_a_mirror_does_not_move_are_not_mirrored() -> None:
    """A box in the middle looks the same in a mirror."""
    middle = [Box("a", 300_000, 200_000, 40_000, 80_000)]
    assert transform_of(middle, [*middle, Box("b", 0, 0, 9, 9)], SIZE, SIZE) is None


@settings(max_examples=60, deadline=None)
@given(boxes(), st.sampled_from([0.5, 2.0, 1.5]), st.sampled_from([0.5, 2.0, 0.75]))
def test_a_picture_of_another_size_scales_its_boxes(some: Boxes, across: float, down: float) -> None:
    """By the factors of the size, off by the rounding to whole pixels at most; boxes begin 3 pixels apart."""
    drawn = list({box.left // 1_000: box._replace(left=box.left * 3) for box in some}.values())
    size = ((round(640_000 * across), round(480_000 * down)),)
    found = transform_of(drawn, scaled(drawn, across, down), SIZE, size)
    assert found is not None
    if found.kind == "scaled":  # few boxes may fit a shift as well
        assert found.by == (across, down)


def test_factors_are_fitted_where_the_size_is_not_known() -> None:
    """Without the size of the image the factors are fitted to two boxes or more, never to one."""
    found = transform_of(SOME, scaled(SOME, 2, 0.5))
    assert found is not None
    assert (found.kind, found.by) == ("scaled", (2, 0.5))
    assert transform_of(SOME[:1], scaled(SOME[:1], 2, 0.5)) is None


@pytest.mark.parametrize(
    "after",
    [
        [],
        SOME,
        SOME[:1],
        [SOME[0], Box("b", 101_000, 90_000, 50_000, 50_000)],
        [Box("a", 11_000, 20_000, 30_000, 40_000), Box("b", 102_000, 90_000, 50_000, 50_000)],
    ],
)
def test_boxes_that_moved_apart_have_no_common_movement(after: Boxes) -> None:
    """Boxes that moved apart, stayed, came or went have no common movement."""
    assert transform_of(SOME, after, SIZE, SIZE) is None
