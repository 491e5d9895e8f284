"""What every converter reads and gives, and its boxes made into boxes that can be sent.

A finding of class error means: this file (or image) gives no line. Class marked: a box would be marked by the service
and was clipped or left out. A note changes nothing.

Boxes are clipped to the image's frame or left out, with a finding about each.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from reconciler.entries import BOXES_TYPE, METADATA, SOURCE_REF, Box, compact
from reconciler.errors import BadInput
from reconciler.formats import rules
from reconciler.limits import BOX_SIDE_MIN_PX
from reconciler.model import Finding, Place
from reconciler.rule import Rule

# A bucket and, optionally, the beginning of a key. Whether the bucket's name is legal is judged with the manifest.
_PREFIX: Final = re.compile(r"s3://[^/\s]+(/.*)?")


@dataclass(frozen=True, slots=True)
class Converted:
    """One line of a manifest: its key (`source-ref`), its text (compact JSON, no line end), where it came from."""

    key: str
    line: bytes
    place: Place


class Sources(Protocol):
    """The files and folders that the user named, the only things that a converter can read.

    Names are as the user wrote them, with `/` between folders. `reconciler convert` implements it on a disk.

    Raises:
        BadInput: a file or folder cannot be read.
    """

    names: Sequence[str]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each file that the user named, in order, one in memory at a time."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a file."""
        ...

    def below(self, folder: str) -> Sequence[str]:
        """Every file at any depth of a folder, relative to it and sorted; without hidden ones. None if it is a file."""
        ...

    def image_size(self, name: str) -> tuple[int, int] | None:
        """Width and height in pixels of a JPEG or PNG as viewers show it; None if its header cannot be read."""
        ...


class Convert(Protocol):
    """A converter: what the user named in, lines and findings out.

    `images` is the s3:// address under which the images lie, `created` the creation-date written into every line.
    It reads no clock and no network, and files only through `sources`. A file's findings come before its lines.

    Raises:
        BadInput: `images` is not an s3:// address.
    """

    def __call__(self, sources: Sources, /, *, images: str, created: str) -> Iterator[Converted | Finding]:
        """Convert the files, lazily and in order."""
        ...


class Unreadable(Exception):
    """Something in a file that cannot be turned into a line; carries the finding, and never leaves this package."""

    def __init__(self, rule: Rule, place: Place, **details: object) -> None:
        self.finding = rule.finding(place, None, **details)
        super().__init__(self.finding.message)


def checked_prefix(images: str) -> str:
    """The address under which the images lie, when it is one.

    Raises:
        BadInput: it does not begin with s3:// and a bucket.
    """
    if _PREFIX.fullmatch(images) is None:
        raise BadInput(f"{images!r} is not an S3 address; give an address such as s3://bucket/folder/")
    return images


def image_address(images: str, name: str) -> str:
    """An image's address: prefix and name with exactly one "/" between them, nothing else changed."""
    return f"{images.removesuffix('/')}/{name.removeprefix('/')}"


# As in `reconciler.entries.Box`, coordinates are thousandths of a pixel, so that sums and differences are exact.
PER_PIXEL: Final = 1000
_ATTRIBUTE: Final = "bounding-box"
_SIDES: Final = ("left", "top", "width", "height")


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


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box, and the place of its object in the file."""

    box: Box
    place: Place


def placed(drawn: Sequence[PlacedBox], frame: Frame, image: Place) -> tuple[list[Box], list[Finding]]:
    """The boxes that can be sent, and the findings about all of them; `image` is the place of their image.

    A box off the frame is clipped, one that is too small then is left out. If an image loses all its boxes, the last
    finding is of class error.
    """
    boxes: list[Box] = []
    findings = list(_repeated(drawn))
    for one in drawn:
        inside = clipped(one.box, frame)
        sent = min(inside.width, inside.height) > BOX_SIDE_MIN_PX * PER_PIXEL
        if sent:
            boxes.append(inside)
        if inside != one.box:
            rule = rules.CLIPPED if sent else rules.OUTSIDE
            size = {"width": frame.width, "height": frame.height}
            findings.append(_about(one, rule, inside=_sizes(inside), **size))
        elif not sent:
            findings.append(_about(one, rules.TOO_SMALL))
    if drawn and not boxes:
        findings.append(rules.NO_BOX_LEFT.finding(image))
    return boxes, findings


def _repeated(drawn: Iterable[PlacedBox]) -> Iterator[Finding]:
    seen: dict[Box, Place] = {}
    for one in drawn:
        if one.box in seen:
            yield _about(one, rules.REPEATED_BOX, first=str(seen[one.box]))
        else:
            seen[one.box] = one.place


def _about(drawn: PlacedBox, rule: Rule, **details: object) -> Finding:
    return rule.finding(drawn.place, None, label=drawn.box.label, drawn=_sizes(drawn.box), **details)


def _sizes(box: Box) -> str:
    return f"{pixels(box.width)} x {pixels(box.height)} pixels at {pixels(box.left)}, {pixels(box.top)}"
