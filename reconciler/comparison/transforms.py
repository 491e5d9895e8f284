"""One movement for all boxes of an image: a shift by the same amount, or a scaling by the same factors.

A shift must be exact. A scaling may be off by half a pixel at every edge, because tools round to whole pixels; its
factors are those of the image's size where that changed, else they are fitted and rounded to thousandths.

A shift holds for a single box too, however far: same label, same width, same height.

Knows geometry. Refuses to know images and entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from reconciler.comparison.boxes import in_order
from reconciler.entries import Box

__all__ = ["Transform", "transform_of"]

Sizes = Sequence[tuple[int, int]]
Factors = tuple[float, float]

# Half a pixel, and the thousandth to which coordinates are compared.
_ROUNDING: Final = 501
# Two boxes at least: a single one can be explained by almost any factors.
_SCALED_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Transform:
    """What happened to all boxes: "shifted" by pixels (x, y), or "scaled" by factors (x, y).

    `pairs` are positions (before, after) of the boxes that are one.
    """

    kind: Literal["shifted", "scaled"]
    by: Factors
    pairs: tuple[tuple[int, int], ...]


def transform_of(
    before: Sequence[Box], after: Sequence[Box], sizes_before: Sizes = (), sizes_after: Sizes = ()
) -> Transform | None:
    """The movement that takes all boxes before to all boxes after under their labels; None when there is none.

    Sizes and coordinates are in thousandths of a pixel. Boxes that did not move are no movement.
    """
    if not before or len(before) != len(after):
        return None
    rows = sorted(range(len(before)), key=lambda number: in_order(before[number]))
    columns = sorted(range(len(after)), key=lambda number: in_order(after[number]))
    pairs = tuple(zip(rows, columns, strict=True))
    boxes = [(before[row], after[column]) for row, column in pairs]
    if any(one.label != other.label for one, other in boxes):
        return None
    shift = _shift(boxes)
    if shift is not None:
        return Transform("shifted", shift, pairs)
    factors = _factors(boxes, sizes_before, sizes_after)
    if factors is not None and _scales(boxes, factors):
        return Transform("scaled", factors, pairs)
    return None


def _shift(boxes: Sequence[tuple[Box, Box]]) -> Factors | None:
    one, other = boxes[0]
    right, down = other.left - one.left, other.top - one.top
    if not right and not down:
        return None
    for one, other in boxes:
        moved = (one.left + right, one.top + down, one.width, one.height)
        if moved != (other.left, other.top, other.width, other.height):
            return None
    return right / 1000, down / 1000


def _factors(boxes: Sequence[tuple[Box, Box]], sizes_before: Sizes, sizes_after: Sizes) -> Factors | None:
    if len(sizes_before) == len(sizes_after) == 1 and sizes_before != sizes_after:
        (width, height), (new_width, new_height) = sizes_before[0], sizes_after[0]
        return (new_width / width, new_height / height) if width > 0 and height > 0 else None
    if len(boxes) < _SCALED_LEAST:
        return None
    across = _fitted([(one.left, other.left) for one, other in boxes] + [(a.width, b.width) for a, b in boxes])
    down = _fitted([(one.top, other.top) for one, other in boxes] + [(a.height, b.height) for a, b in boxes])
    return None if (across, down) == (1, 1) else (across, down)


def _fitted(pairs: Sequence[tuple[int, int]]) -> float:
    """The factor with the least squares, in thousandths."""
    weight = sum(one * one for one, _other in pairs)
    return round(sum(one * other for one, other in pairs) / weight, 3) if weight else 1


def _scales(boxes: Sequence[tuple[Box, Box]], factors: Factors) -> bool:
    across, down = factors
    return all(
        abs(one.left * across - other.left) <= _ROUNDING
        and abs((one.left + one.width) * across - other.left - other.width) <= 2 * _ROUNDING
        and abs(one.top * down - other.top) <= _ROUNDING
        and abs((one.top + one.height) * down - other.top - other.height) <= 2 * _ROUNDING
        for one, other in boxes
    )
