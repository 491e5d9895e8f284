"""Boxes that are not what the format says: fractions for pixels, corners for sizes, boxes of a frame that is turned.

To clip such boxes to the image would spoil them, so their cause is named instead. One box that leaves the image a
little proves nothing: a cause is named where it explains all boxes.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from reconciler.rule import OURS, Rule, marked

# A box that loses no more of its area to the frame may be drawn carelessly; more has a cause.
CARELESS: Final = 0.1

FRACTIONS: Final = marked(
    "boxes-as-fractions",
    "the boxes are fractions of the image from 0 to 1, not pixels; none of them can be used",
    "multiply left and width by the image's width, top and height by the image's height",
    OURS,
)
TURNED: Final = marked(
    "width-and-height-swapped",
    "the image is given as {width} x {height} pixels and the boxes fit {height} x {width}: both are swapped",
    "swap the width and the height of the image; do not clip the boxes",
    OURS,
)
CORNERS: Final = marked(
    "boxes-as-corners",
    "the boxes leave the image, and fit it if width and height are the right and lower edge (xmin, ymin, xmax, ymax)",
    "write width as xmax - xmin and height as ymax - ymin; do not clip the boxes",
    OURS,
)
UNCLEAR: Final = marked(
    "boxes-misread",
    "the boxes leave the image of {width} x {height} pixels; they fit {height} x {width}, and they also fit if width "
    "and height are the right and lower edge",
    "look at the image: swap its width and height, or write width as xmax - xmin and height as ymax - ymin",
    OURS,
)


class Drawn(NamedTuple):
    """A box and the size of its image, all in pixels."""

    left: float
    top: float
    width: float
    height: float
    across: float
    down: float

    @property
    def cut(self) -> float:
        """The share of the box's area that is outside the image."""
        inside = (
            min(self.left + self.width, self.across) - max(self.left, 0),
            min(self.top + self.height, self.down) - max(self.top, 0),
        )
        area = max(self.width, 0) * max(self.height, 0)
        return 1 - max(0, inside[0]) * max(0, inside[1]) / area if area else 0

    @property
    def fits(self) -> bool:
        """Whether all of the box is inside the image."""
        right, bottom = self.left + self.width, self.top + self.height
        return 0 <= self.left <= right <= self.across and 0 <= self.top <= bottom <= self.down


def misread(boxes: Sequence[Drawn]) -> Rule | None:
    """What explains all the boxes of an image, or of a file, where they are not what the format says."""
    if boxes and all(0 <= min(box[:4]) <= max(box[:4]) <= 1 and box.width * box.height > 0 for box in boxes):
        return FRACTIONS
    if not any(box.cut > CARELESS for box in boxes):
        return None
    turned = all(box._replace(across=box.down, down=box.across).fits for box in boxes)
    corners = all(box._replace(width=box.width - box.left, height=box.height - box.top).fits for box in boxes)
    return {(True, False): TURNED, (False, True): CORNERS, (True, True): UNCLEAR}.get((turned, corners))
