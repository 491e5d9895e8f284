"""Boxes that are not what the format says: fractions for pixels, corners for sizes, boxes of a frame that is turned.

To clip such boxes to the image would spoil them, so their cause is named instead. One box that leaves the image a
little proves nothing: a cause is named where it explains all boxes. Fractions are known one by one, because a box of
less than a pixel means nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from reconciler.limits import BOX_SIDE_MIN_PX
from reconciler.rule import OURS, Rule, marked, note

# A box that loses no more of its area to the frame may be drawn carelessly; more has a cause.
CARELESS: Final = 0.1
_PERCENT: Final = 100

FRACTIONS: Final = marked(
    "boxes-as-fractions",
    "{which} fractions of the image from 0 to 1, not pixels; none of them can be used",
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


PERCENT: Final = note(
    "boxes-as-percent",
    "all boxes of the first {count:,} images with boxes are within 0 to 100, and the images are larger: these may be "
    "percent, as Label Studio writes them, and not pixels",
    "look at one image; if they are percent, convert the export (reconciler convert label-studio), or multiply left "
    "and width by the image's width / 100, top and height by its height / 100",
    OURS,
)
# From so many images on it is told.
PERCENT_IMAGES: Final = 20
# More are not looked at, so that a manifest of small boxes is read as fast as any.
PERCENT_SEEN: Final = 1_000
# The last edge of some box is beyond this where boxes are percent of images.
PERCENT_REACH: Final = 80


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

    @property
    def may_be_percent(self) -> bool:
        """Whether all of the box is within 0 to 100, and the image is larger."""
        least, most = min(self.left, self.top), max(self.left + self.width, self.top + self.height)
        return 0 <= least <= most <= _PERCENT < min(self.across, self.down)

    @property
    def is_fraction(self) -> bool:
        """Whether no side is longer than the image is if it counts as 1, careless drawing included."""
        sides = 0 < min(self.width, self.height) <= max(self.width, self.height) <= 1 + CARELESS
        return sides and -CARELESS <= min(self.left, self.top) <= max(self.left, self.top) <= 1 + CARELESS


class Cause(NamedTuple):
    """What explains boxes: the rule, what fills its sentence, and whether other boxes are left to be judged."""

    rule: Rule
    details: Mapping[str, object]
    partly: bool = False


def misread(boxes: Sequence[Drawn]) -> Cause | None:
    """What explains the boxes of an image, or of a file, where they are not what the format says."""
    fractions = [box for box in boxes if box.is_fraction]
    tiny = [box for box in fractions if min(box.width, box.height) <= BOX_SIDE_MIN_PX]
    if tiny and len(fractions) == len(boxes):
        return Cause(FRACTIONS, {"which": "the boxes are"})
    if any(box.width % 1 or box.height % 1 for box in tiny):
        some = f"{len(fractions):,} of {len(boxes):,} boxes {'is' if len(fractions) == 1 else 'are'}"
        return Cause(FRACTIONS, {"which": some}, partly=True)
    if not any(box.cut > CARELESS for box in boxes):
        return None
    turned = all(box._replace(across=box.down, down=box.across).fits for box in boxes)
    corners = all(box._replace(width=box.width - box.left, height=box.height - box.top).fits for box in boxes)
    rule = {(True, False): TURNED, (False, True): CORNERS, (True, True): UNCLEAR}.get((turned, corners))
    return Cause(rule, {"width": f"{boxes[0].across:g}", "height": f"{boxes[0].down:g}"}) if rule else None
