"""Boxes in a frame, and the manifest line that says them.

Boxes as someone drew them, made into boxes that can be sent, with what there is to say about each.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.entries import BOXES_TYPE, METADATA, SOURCE_REF, Box, compact
from reconciler.entry_codes import ENTRY_CODES
from reconciler.limits import BOX_SIDE_MIN_PX
from reconciler.model import Finding, Place, Severity

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


_TOO_SMALL: Final = ENTRY_CODES["ERROR_BOUNDING_BOX_TOO_SMALL"]
_OFF_FRAME: Final = ENTRY_CODES["ERROR_INVALID_BOUNDING_BOX"]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box, and the place of its object in the file."""

    box: Box
    place: Place


def placed(drawn: Sequence[PlacedBox], frame: Frame, image: Place) -> tuple[list[Box], list[Finding]]:
    """The boxes that can be sent, and what there is to say about all of them; `image` is the place of their image.

    A box off the frame is clipped, one that is too small then is left out; of an image that loses all its boxes so, the
    last finding is of class error.
    """
    boxes: list[Box] = []
    findings = list(_repeated(drawn))
    for one in drawn:
        inside, finding = _inside(one, frame)
        boxes.extend([] if inside is None else [inside])
        findings.extend([] if finding is None else [finding])
    if drawn and not boxes:
        findings.append(_nothing_left(image))
    return boxes, findings


def _inside(drawn: PlacedBox, frame: Frame) -> tuple[Box | None, Finding | None]:
    """The box as it can be sent (None: not at all), and the finding that says what was done to it."""
    box = drawn.box
    inside = clipped(box, frame)
    row = _TOO_SMALL if inside == box else _OFF_FRAME
    if not big_enough(inside):
        message = f"{_shown(box)} is left out: {row.meaning}"
        return None, Finding(Severity.MARKED, row.code, drawn.place, message, "draw the box again")
    if inside == box:
        return box, None
    message = f"{_shown(box)} is clipped to {_sizes(inside)}: {row.meaning} ({frame.width} x {frame.height})"
    return inside, Finding(Severity.MARKED, row.code, drawn.place, message, "look at the image, and draw the box again")


def _repeated(drawn: Iterable[PlacedBox]) -> Iterator[Finding]:
    seen: dict[Box, Place] = {}
    for one in drawn:
        if one.box not in seen:
            seen[one.box] = one.place
        else:
            message = f"{_shown(one.box)} was already drawn at {seen[one.box]}; both are kept"
            yield Finding(Severity.NOTE, "repeated-box", one.place, message, "remove one of them")


def _nothing_left(place: Place) -> Finding:
    message = "none of the image's boxes can be sent, and a line without boxes would say that nothing is there"
    return Finding(Severity.ERROR, "no-box-left", place, message, "draw the boxes again, or leave the file out")


def _shown(box: Box) -> str:
    return f"the box {box.label!r}, {_sizes(box)},"


def _sizes(box: Box) -> str:
    return f"{pixels(box.width)} x {pixels(box.height)} pixels at {pixels(box.left)}, {pixels(box.top)}"
