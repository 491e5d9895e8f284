"""What every converter reads and gives: keys of images, boxes that can be sent, and the rules that formats share.

A finding of class error means: this file (or image) gives no line. Class marked: a box would be marked by the service
and was clipped or left out. A note changes nothing.

Boxes are clipped to the image's frame or left out, with a finding about each.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final, Protocol

from reconciler.entries import BOXES_TYPE, METADATA, SOURCE_REF, Box, compact
from reconciler.entries.codes import ENTRY_CODES
from reconciler.entries.image_names import key_of_image, oddities, s3_address
from reconciler.entries.misread import CARELESS, FRACTIONS, TURNED, UNCLEAR, Drawn, misread
from reconciler.errors import BadInput
from reconciler.limits import BOX_SIDE_MIN_PX, NESTING
from reconciler.manifest.mistaken_files import HEAD, few, markers, mistaken_file
from reconciler.manifest.rules.files import MERGE_CONFLICT, NOT_UTF8
from reconciler.model import Finding, Place, Severity
from reconciler.rule import Rule, error, marked, note
from reconciler.text import PASTED_IN_A_CURE, for_shell

_NONTERMINAL: Final = "Custom Labels Developer Guide, Non-terminal JSON line validation errors"
_TOO_SMALL: Final = ENTRY_CODES["ERROR_BOUNDING_BOX_TOO_SMALL"]
_OFF_FRAME: Final = ENTRY_CODES["ERROR_INVALID_BOUNDING_BOX"]
_XML: Final = "XML 1.0"
SAVE_AGAIN: Final = "save the file again with the tool that wrote it"

ENCODING: Final = error("encoding", "the file is not UTF-8 (byte {byte})", SAVE_AGAIN)

# Images.
REPEATED_IMAGE: Final = error(
    "repeated-image", "the image {key} was already annotated at {first}", "keep one of the two annotations"
)
HALF_CHARACTER: Final = error(
    "half-character",
    "the {what} '{text}' holds half of a surrogate pair, which is not a character",
    "write the character itself, or both halves of its escape",
    "RFC 8259",
)
NOT_S3: Final = error(
    "image-not-in-s3",
    "the name of the image is the address {name}, and Custom Labels reads images from S3 alone",
    "{cure}",
)
SIZE: Final = error(
    "size", "{what} is {value}, not a positive whole number of pixels", "write the image's size in pixels"
)

# Boxes.
TOO_SMALL: Final = marked(
    _TOO_SMALL.code,
    f"the box '{{label}}', {{drawn}}, is left out: {_TOO_SMALL.meaning}",
    "draw the box again",
    _NONTERMINAL,
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

# XML.
XML: Final = error("xml", "not well-formed XML: {reason}", SAVE_AGAIN, _XML)
XML_ENCODING: Final = error("xml-encoding", "the encoding is not supported: {reason}", SAVE_AGAIN, _XML)
XML_UNDECLARED: Final = error(
    "xml-encoding-undeclared",
    "the file is not UTF-8 (byte {byte}) and declares no encoding",
    'declare it in the first line, such as <?xml version="1.0" encoding="ISO-8859-1"?>, or save the file as UTF-8',
    _XML,
)
XML_DOCTYPE: Final = error(
    "xml-doctype",
    "a document type declaration (<!DOCTYPE ...>) is not read, because it can declare entities",
    "remove the declaration",
)
XML_NESTING: Final = error("xml-nesting", f"elements are nested deeper than {NESTING} levels", SAVE_AGAIN)

# A bucket and, optionally, the beginning of a key. Whether the bucket's name is legal is judged with the manifest.
_HALF: Final = re.compile("[\ud800-\udfff]")
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


class Unreadable(Exception):
    """Something in a file that cannot be turned into a line; carries the finding, and never leaves this package."""

    def __init__(self, rule: Rule, place: Place, **details: object) -> None:
        self.finding = rule.finding(place, None, **details)
        super().__init__(self.finding.message)


def refuse_mistaken(file: str, content: bytes, *, wide: bool = False) -> None:
    """Do nothing for the content of a file of annotations; `wide`: it may be UTF-16.

    Raises:
        Unreadable: it is something else, such as a pointer of Git LFS.
    """
    mistake = mistaken_file(content[:HEAD], manifest=False)
    if mistake is not None and not (wide and mistake[0] is NOT_UTF8):
        rule, details = mistake
        raise Unreadable(rule, Place(file, 1, 1), file=for_shell(file, "FILE", PASTED_IN_A_CURE), **details)
    if b"<<<<<<<" in content or b">>>>>>>" in content:
        lines = markers(BytesIO(content), 1)
        if lines:
            raise Unreadable(MERGE_CONFLICT, Place(file, lines[0], 1), lines=few(lines))


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of all images so far, and where each was annotated; `prefix` is the address under which images lie.

    `odd` has for each oddity of a name where it was seen first, the name, and how often.
    """

    prefix: str
    places: dict[str, Place] = field(default_factory=dict)
    odd: dict[Rule, tuple[Place, str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _PREFIX.fullmatch(self.prefix) is None:
            raise BadInput(f"{self.prefix!r} is not an S3 address; give an address such as s3://bucket/folder/")

    def of(self, name: str, place: Place) -> str:
        """The key of an image.

        Raises:
            Unreadable: the image was annotated before, or its name is an address that is not S3's.
        """
        if _HALF.search(name):
            raise Unreadable(HALF_CHARACTER, place, what="image's name", text=name)
        key = key_of_image(self.prefix, name)
        if not key.startswith("s3://"):
            address = s3_address(key)
            cure = f"write {address}" if address else "write the image's name below the prefix, or its s3:// address"
            raise Unreadable(NOT_S3, place, name=name, cure=cure)
        if key in self.places:
            raise Unreadable(REPEATED_IMAGE, place, key=key, first=str(self.places[key]))
        self.places[key] = place
        for rule in oddities(key):
            first, named, count = self.odd.get(rule, (place, name, 0))
            self.odd[rule] = first, named, count + 1
        return key

    def findings(self) -> Iterator[Finding]:
        """What is odd in the names of the images, each oddity once with its count."""
        for rule, (place, name, count) in self.odd.items():
            yield rule.finding(place, None, count=count, s="s" if count > 1 else "", name=name)


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

    A box off the frame is clipped, one that is too small then is left out. If an image loses all its boxes, or all of
    them are of a frame that is turned or are fractions, the last finding is of class error.
    """
    broken = next((one for one in drawn if _HALF.search(one.box.label)), None)
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
    if inside != one.box:
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
