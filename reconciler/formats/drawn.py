"""Boxes as someone drew them, made into boxes that can be sent, with what there is to say about each.

Knows frames and places. Refuses to know the format in which they were drawn.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.codes import ENTRY_CODES
from reconciler.entries import Box
from reconciler.formats.boxes import Frame, big_enough, clipped, pixels
from reconciler.model import Finding, Place, Severity

__all__ = ["Drawn", "placed"]

_TOO_SMALL: Final = ENTRY_CODES["ERROR_BOUNDING_BOX_TOO_SMALL"]
_OFF_FRAME: Final = ENTRY_CODES["ERROR_INVALID_BOUNDING_BOX"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box and where its object stands."""

    box: Box
    place: Place


def placed(drawn: Sequence[Drawn], frame: Frame, image: Place) -> tuple[list[Box], list[Finding]]:
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


def _inside(drawn: Drawn, frame: Frame) -> tuple[Box | None, Finding | None]:
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


def _repeated(drawn: Iterable[Drawn]) -> Iterator[Finding]:
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
