"""The lines of a manifest that converters write: labels of whole images, and boxes that can be sent.

Boxes are clipped to the image's frame or left out, with a finding about each.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF, Box, compact
from reconciler.entries.codes import ENTRY_CODES
from reconciler.entries.misread import CARELESS, FRACTIONS, TURNED, UNCLEAR, Drawn, misread
from reconciler.formats.conversion import HALF, HALF_CHARACTER, SIZE, Unreadable
from reconciler.limits import BOX_SIDE_MIN_PX
from reconciler.manifest.yaml.expand import attribute_names
from reconciler.model import Finding, Place, Severity
from reconciler.rule import OURS, Rule, error, marked, note

_NONTERMINAL: Final = "Custom Labels Developer Guide, Non-terminal JSON line validation errors"
_TOO_SMALL: Final = ENTRY_CODES["ERROR_BOUNDING_BOX_TOO_SMALL"]
_OFF_FRAME: Final = ENTRY_CODES["ERROR_INVALID_BOUNDING_BOX"]

# Boxes.
NUMBER: Final = error("number", "{name} is '{text}', not a number of pixels", "write a number such as 12 or 12.5")
TOO_SMALL: Final = marked(
    _TOO_SMALL.code,
    f"the box '{{label}}', {{drawn}}, is left out: {_TOO_SMALL.meaning}",
    "draw the box again",
    _NONTERMINAL,
)
REVERSED: Final = marked(
    "box-reversed",
    "the box '{label}', {drawn}, is left out: a side is negative, so its corners are exchanged",
    "exchange the two corners: left with right, top with bottom",
    OURS,
)
OUTSIDE: Final = marked(
    _OFF_FRAME.code,
    f"the box '{{label}}', {{drawn}}, is left out: {_OFF_FRAME.meaning}",
    "draw the box again",
    _NONTERMINAL,
)
CLIPPED: Final = marked(
    _OFF_FRAME.code,
    f"the box '{{label}}', {{drawn}}, is clipped to {{inside}}: {_OFF_FRAME.meaning} ({{width}} x {{height}})",
    "look at the image, and draw the box again",
    _NONTERMINAL,
)
CUT: Final = marked(
    _OFF_FRAME.code,
    "the box '{label}', {drawn}, loses {share} of its area: it is clipped to {inside}, the part in the image "
    "({width} x {height})",
    "look at the image: its size or the box is wrong",
    _NONTERMINAL,
)
REPEATED_BOX: Final = note(
    "repeated-box", "the box '{label}', {drawn}, was already drawn at {first}; both are kept", "remove one of them"
)
NO_BOXES: Final = note(
    "no-boxes",
    "images without annotations: {count:,}; each becomes a line with zero boxes",
    "leave out images that nobody looked at",
)
NO_BOX_LEFT: Final = error(
    "no-box-left",
    "none of the image's boxes can be sent, and a line without boxes would mean that the image shows no object",
    "draw the boxes again, or leave the image out",
)

# As in `reconciler.entries.Box`, coordinates are thousandths of a pixel, so that sums and differences are exact.
PER_PIXEL: Final = 1000
# Plain decimal numbers of a size that an image can have; float() would also take 1_0, inf and other alphabets' digits.
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,7}(\.[0-9]{0,30})?")
_ATTRIBUTE: Final = "bounding-box"
_SIDES: Final = ("left", "top", "width", "height")


def thousandths_of(text: str, what: str, place: Place) -> int:
    """A number of pixels, written as a plain decimal number; `what` names it.

    Raises:
        Unreadable: it is something else.
    """
    if _NUMBER.fullmatch(text) is None:
        raise Unreadable(NUMBER, place, name=what, text=text)
    return round(float(text) * PER_PIXEL)


def side_of(text: str, name: str, what: str, place: Place) -> int:
    """A side of an image in whole pixels; `name` is how the file names it, `what` how a sentence does.

    Raises:
        Unreadable: it is not a positive whole number.
    """
    thousandths = thousandths_of(text, name, place)
    if thousandths <= 0 or thousandths % PER_PIXEL:
        raise Unreadable(SIZE, place, what=what, value=text)
    return thousandths // PER_PIXEL


class Frame(Struct, frozen=True):
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
                "annotations": [
                    {"class_id": class_ids[box.label]} | {side: pixels(getattr(box, side)) for side in _SIDES}
                    for box in boxes
                ],
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


def label_line(key: str, labels: Iterable[str], created: str) -> bytes:
    """One line of a manifest, as compact JSON: the image and its labels, given by people and certain.

    Each label is an attribute of its own, named as in manifests in YAML; a label that is given twice is one.
    """
    line: dict[str, object] = {SOURCE_REF: key}
    for label, name in attribute_names(labels).items():
        line[name] = 1
        line[name + METADATA] = {
            "confidence": 1,
            "job-name": f"labeling-job/{name}",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": created,
            "type": IMAGE_TYPE,
        }
    return compact(line)


class PlacedBox(Struct, frozen=True):
    """A box, and the place of its object in the file."""

    box: Box
    place: Place


def placed(drawn: Sequence[PlacedBox], frame: Frame, image: Place) -> tuple[list[Box], list[Finding]]:
    """The boxes that can be sent, and the findings about all of them; `image` is the place of their image.

    A box off the frame is clipped, one that is too small then is left out. If an image loses all its boxes, or all of
    them are of a frame that is turned or are fractions, the last finding is of class error.
    """
    broken = next((one for one in drawn if HALF.search(one.box.label)), None)
    if broken is not None:
        return [], [HALF_CHARACTER.finding(broken.place, None, what="label", text=broken.box.label)]
    cause = misread([in_pixels(one.box, frame) for one in drawn])
    if cause and cause.rule in {FRACTIONS, TURNED, UNCLEAR}:
        rule = FRACTIONS if cause.rule is FRACTIONS else TURNED
        return [], [rule.finding(image, Severity.ERROR, **cause.details)]
    boxes: list[Box] = []
    findings = list(_repeated(drawn))
    for one in drawn:
        inside = clipped(one.box, frame)
        sent = min(inside.width, inside.height) > BOX_SIDE_MIN_PX * PER_PIXEL
        if sent:
            boxes.append(inside)
        findings += _outside(one, inside, frame, sent=sent)
    if drawn and not boxes:
        findings.append(NO_BOX_LEFT.finding(image))
    return boxes, findings


def in_pixels(box: Box, frame: Frame) -> Drawn:
    """A box with the size of its image, in pixels."""
    left, top, width, height = (side / PER_PIXEL for side in box[1:])
    return Drawn(left, top, width, height, frame.width, frame.height)


def _outside(one: PlacedBox, inside: Box, frame: Frame, *, sent: bool) -> Iterator[Finding]:
    """The finding about a box that was clipped to what is inside, or left out."""
    if min(one.box.width, one.box.height) < 0:
        yield _about(one, REVERSED)
    elif inside != one.box:
        share = in_pixels(one.box, frame).cut
        rule = OUTSIDE if not sent else CUT if share > CARELESS else CLIPPED
        size = {"width": frame.width, "height": frame.height}
        yield _about(one, rule, inside=_sizes(inside), share=f"{share:.0%}", **size)
    elif not sent:
        yield _about(one, TOO_SMALL)


def _repeated(drawn: Iterable[PlacedBox]) -> Iterator[Finding]:
    seen: dict[Box, Place] = {}
    for one in drawn:
        if one.box in seen:
            yield _about(one, REPEATED_BOX, first=str(seen[one.box]))
        else:
            seen[one.box] = one.place


def _about(drawn: PlacedBox, rule: Rule, **details: object) -> Finding:
    return rule.finding(drawn.place, None, label=drawn.box.label, drawn=_sizes(drawn.box), **details)


def _sizes(box: Box) -> str:
    return f"{pixels(box.width)} x {pixels(box.height)} pixels at {pixels(box.left)}, {pixels(box.top)}"
