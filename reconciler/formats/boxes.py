"""Boxes in a frame, and the manifest line that says them.

Knows AWS's form of a bounding-box line ("Object localization in manifest files", Custom Labels Developer Guide) and how
a box is clipped to its image. Refuses to know where boxes come from and which limits the service sets, save the one
that decides whether something is a box at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.entries import BOXES_TYPE, METADATA, SOURCE_REF, Box, compact
from reconciler.limits import BOX_SIDE_MIN_PX

__all__ = ["PER_PIXEL", "Frame", "big_enough", "box_line", "clipped", "pixels"]

# As in `reconciler.entries.Box`, coordinates are thousandths of a pixel, so that sums and differences are exact.
PER_PIXEL: Final = 1000
_ATTRIBUTE: Final = "bounding-box"


@dataclass(frozen=True, slots=True)
class Frame:
    """An image's size: width and height in pixels, and its channels (AWS wants the number and does not use it)."""

    width: int
    height: int
    depth: int = 3


def clipped(box: Box, frame: Frame) -> Box:
    """The part of the box that lies in the frame; a side of 0 or less when there is none."""
    left, top = max(box.left, 0), max(box.top, 0)
    right = min(box.left + box.width, frame.width * PER_PIXEL)
    bottom = min(box.top + box.height, frame.height * PER_PIXEL)
    return Box(box.label, left=left, top=top, width=right - left, height=bottom - top)


def big_enough(box: Box) -> bool:
    """Whether both sides are longer than the service's smallest."""
    return min(box.width, box.height) > BOX_SIDE_MIN_PX * PER_PIXEL


def pixels(thousandths: int) -> int | float:
    """A coordinate as it is written: whole pixels as integers."""
    whole, rest = divmod(thousandths, PER_PIXEL)
    return thousandths / PER_PIXEL if rest else whole


def box_line(key: str, frame: Frame, boxes: Sequence[Box], created: str) -> bytes:
    """One line of a manifest, as compact JSON: the image, its frame and its boxes, drawn by people and certain.

    Class ids count the labels in order of first use; without boxes the line says "looked at, nothing found".
    """
    class_ids = {label: number for number, label in enumerate(dict.fromkeys(box.label for box in boxes))}
    return compact(
        {
            SOURCE_REF: key,
            _ATTRIBUTE: {
                "image_size": [{"width": frame.width, "height": frame.height, "depth": frame.depth}],
                "annotations": [_annotation(box, class_ids[box.label]) for box in boxes],
            },
            _ATTRIBUTE + METADATA: {
                "objects": [{"confidence": 1} for _ in boxes],
                "class-map": {str(number): label for label, number in class_ids.items()},
                "type": BOXES_TYPE,
                "human-annotated": "yes",
                "creation-date": created,
                "job-name": f"labeling-job/{_ATTRIBUTE}",
            },
        }
    )


def _annotation(box: Box, class_id: int) -> dict[str, Any]:
    return {
        "class_id": class_id,
        "left": pixels(box.left),
        "top": pixels(box.top),
        "width": pixels(box.width),
        "height": pixels(box.height),
    }
