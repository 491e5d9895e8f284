"""COCO: one JSON file for many images, with a box `[x, y, width, height]` for each annotation.

Taken: of `images` the `id`, `file_name`, `width`, `height`; of `annotations` the `image_id`, `category_id`, `bbox`,
`iscrowd`; of `categories` the `id` and `name`. Without effect: segmentations, keypoints, areas, supercategories,
licences (Custom Labels has no place for them). Images and annotations keep the file's order. `file_name` may hold
folders; it is joined to the prefix. Coordinates begin at 0 in the image's top left corner ("box coordinates are
measured from the top left image corner and are 0-indexed", COCO, data format) and keep their fractions to 0.001 px.

An image without annotations becomes a line with zero boxes: looked at, nothing found. A crowd (`iscrowd` 1) is one box
around many objects and would teach that they are one: it is left out with a finding, and an image that has nothing else
gives no line.

A file is one JSON value, so places name the file, and messages the image or annotation by its id.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.entries import Box
from reconciler.entries.misread import CORNERS, FRACTIONS, UNCLEAR, Drawn, misread
from reconciler.formats import conversion, lines
from reconciler.formats.conversion import Converted, Keys, Unreadable
from reconciler.formats.json_file import json_of
from reconciler.formats.lines import PER_PIXEL, Frame, PlacedBox, box_line, in_pixels, placed
from reconciler.model import Finding, Place, Severity
from reconciler.rule import OURS, error, marked, note
from reconciler.text import inert

# Farther than any image reaches.
_FARTHEST_PIXEL: Final = 10**7
# Flags that are not set.
_UNSET: Final[tuple[object, ...]] = (None, 0, [], {})
_UNSET_TEXT: Final = frozenset({"", "0", "0.0", "false", "no"})
_COCO: Final = "COCO, data format"
# Text that is the same id as a number; "007" is not.
_NUMBER: Final = re.compile(r"-?[1-9][0-9]{0,18}|0")

# The file.
NOT_COCO: Final = error(
    "not-coco",
    "the file is not COCO for object detection: `{name}` is missing or not a list",
    "give a file with the lists `images`, `annotations` and `categories`, such as instances_*.json",
    _COCO,
)
CATEGORY: Final = error(
    "category", "the category {category} has no id or no name", "give every category an `id` and a `name`", _COCO
)
REPEATED_CATEGORY: Final = error(
    "repeated-category",
    "the category {number} is called '{first}' and '{second}'",
    "give every category an id that no other has",
    _COCO,
)

# Images.
NO_ID: Final = error("no-id", "the image {image} has no id", "give every image an `id`", _COCO)
REPEATED_ID: Final = error(
    "repeated-id", "the image id {number} appears twice", "give every image an id that no other has", _COCO
)
NO_FILE_NAME: Final = error("no-file-name", "the image {number} has no `file_name`", "add `file_name`", _COCO)

# Annotations.
NO_IMAGE_ID: Final = error(
    "no-image-id", "the annotation {annotation} has no `image_id`", "give every annotation an `image_id`", _COCO
)
BBOX: Final = error(
    "bbox", "the bbox of annotation {number} is {bbox}", "write four numbers: left, top, width, height", _COCO
)
UNKNOWN_CATEGORY: Final = error(
    "unknown-category",
    "annotation {number} has the category {category}, which is not declared",
    "add it to `categories`",
    _COCO,
)
ANNOTATIONS_WITHOUT_IMAGE: Final = marked(
    "no-image",
    "annotations of images that the file does not have: {count:,}, the first of image {number}",
    "add the images, or ignore this if it is intended",
    OURS,
)
LOST: Final = error(
    "annotations-lost",
    "annotations of images that the file does not have: {count:,}, the first of image {number}; {empty:,} images have "
    "no annotations, the first with id {first}, and would become lines that say that nothing is there",
    "give each annotation the `id` of its image as `image_id`, or remove the annotations",
)
CROWD: Final = marked(
    "crowd",
    "crowds that are left out: {count:,}; a box around many objects is not the box of one object{rest}",
    "draw a box for each object, or ignore this if it is intended",
    OURS,
)
SUBPIXELS: Final = note(
    "fractions", "boxes with fractions of pixels: {count:,}; they are kept to 0.001", "nothing needs to be done"
)

Object = Mapping[str, Any]


def convert(files: Iterable[tuple[str, bytes]], keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of COCO files, file by file; equal boxes in one image are kept, with a note."""
    for file, content in files:
        try:
            coco = _read(file, content)
        except Unreadable as fault:
            yield fault.finding
            continue
        cause = misread(list(_all_boxes(coco)))
        if cause and not cause.partly and cause.rule in {FRACTIONS, CORNERS, UNCLEAR}:
            yield cause.rule.finding(coco.place, Severity.ERROR, **cause.details)
            continue
        found = [one for image in coco.images for one in _image(image, coco, keys, created)]
        yield from (one for one in found if isinstance(one, Finding))
        yield from _notes(coco)
        yield from (one for one in found if isinstance(one, Converted))


class _Coco(Struct):
    """A file taken apart.

    `boxes` are annotations by image id, `used` the image ids that were asked for, `empty` those without annotations.
    """

    place: Place
    images: Sequence[Any]
    names: Mapping[Any, str]
    boxes: defaultdict[Any, list[Object]]
    used: set[Any] = field(default_factory=set)
    empty: list[object] = field(default_factory=list)
    subpixels: int = 0


def _read(file: str, content: bytes) -> _Coco:
    place = Place(file)
    value = json_of(content, place)
    parts: dict[str, Any] = {"categories": []} | value if isinstance(value, dict) else {}
    for name in ("images", "annotations", "categories"):
        if not isinstance(parts.get(name), list):
            raise Unreadable(NOT_COCO, place, name=name)
    boxes: defaultdict[Any, list[Object]] = defaultdict(list)
    for annotation in parts["annotations"]:
        number = _id(annotation.get("image_id")) if isinstance(annotation, dict) else None
        if number is None:
            raise Unreadable(NO_IMAGE_ID, place, annotation=json.dumps(annotation))
        boxes[number].append(annotation)
    return _Coco(place, parts["images"], _names(parts["categories"], place), boxes)


def _all_boxes(coco: _Coco) -> Iterator[Drawn]:
    """Every box of the file that can be read, with the size of its image."""
    for image in coco.images:
        for annotation in coco.boxes.get(_id(image.get("id")), ()) if isinstance(image, dict) else ():
            with suppress(Unreadable):
                yield in_pixels(_drawn(annotation, coco).box, _frame(image, coco))


def _names(categories: Sequence[Any], place: Place) -> dict[Any, str]:
    names: dict[Any, str] = {}
    for category in categories:
        number, name = (_id(category.get("id")), category.get("name")) if isinstance(category, dict) else (None, None)
        if number is None or not isinstance(name, str) or not name:
            raise Unreadable(CATEGORY, place, category=json.dumps(category))
        if names.setdefault(number, name) != name:
            raise Unreadable(REPEATED_CATEGORY, place, number=number, first=names[number], second=name)
    return names


def _image(image: object, coco: _Coco, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """The line of one image, if it gives one, and the findings about it."""
    try:
        number, key, frame = _taken(image, coco, keys)
    except Unreadable as fault:
        yield fault.finding
        return
    drawn: list[PlacedBox] = []
    good = True
    crowds = 0
    for annotation in coco.boxes.get(number, ()):
        if _is_set(annotation.get("iscrowd")):
            crowds += 1
            continue
        try:
            drawn.append(_drawn(annotation, coco))
        except Unreadable as fault:
            good = False
            yield fault.finding
    coco.subpixels += sum(any(side % PER_PIXEL for side in one.box[1:]) for one in drawn)
    boxes, findings = placed(drawn, frame, coco.place)
    if crowds:
        rest = "" if drawn else "; the image has nothing else and gives no line"
        findings.append(CROWD.finding(coco.place, count=crowds, rest=rest))
    for finding in findings:  # their place is the whole file
        yield replace(finding, message=f"{inert(key)}: {finding.message}")
    if good and (boxes or not (drawn or crowds)):
        coco.empty += [] if boxes else [number]
        yield Converted(key, box_line(key, frame, boxes, created), coco.place)


def _taken(image: object, coco: _Coco, keys: Keys) -> tuple[object, str, Frame]:
    """Id, key and frame of an image; the id and the key belong to it from now on."""
    if not isinstance(image, dict) or (number := _id(image.get("id"))) is None:
        raise Unreadable(NO_ID, coco.place, image=json.dumps(image))
    name = image.get("file_name")
    if number in coco.used:
        raise Unreadable(REPEATED_ID, coco.place, number=number)
    coco.used.add(number)
    if not isinstance(name, str) or not name:
        raise Unreadable(NO_FILE_NAME, coco.place, number=number)
    key = keys.of(name, coco.place)
    size = None if image.get("width") and image.get("height") else keys.size_of(key, coco.place)
    return number, key, Frame(*size) if size else _frame(image, coco)


def _frame(image: Object, coco: _Coco) -> Frame:
    sides = []
    for name in ("width", "height"):
        side = image.get(name)
        if not _is_coordinate(side) or not isinstance(side, int | float) or side <= 0 or side != int(side):
            what = f"the {name} of image {image['id']}"
            raise Unreadable(conversion.SIZE, coco.place, what=what, value=json.dumps(side))
        sides.append(int(side))
    return Frame(*sides)


def _drawn(annotation: Object, coco: _Coco) -> PlacedBox:
    box = annotation.get("bbox")
    shown = json.dumps(annotation.get("id"))
    if not isinstance(box, list) or len(box) != 4 or not all(_is_coordinate(one) for one in box):
        raise Unreadable(BBOX, coco.place, number=shown, bbox=json.dumps(box))
    label = coco.names.get(_id(annotation.get("category_id")))
    if label is None:
        category = json.dumps(annotation.get("category_id"))
        raise Unreadable(UNKNOWN_CATEGORY, coco.place, number=shown, category=category)
    left, top, width, height = (round(one * PER_PIXEL) for one in box)
    return PlacedBox(Box(label, left, top, width, height), coco.place)


def _notes(coco: _Coco) -> Iterator[Finding]:
    """What concerns many images: annotations of images that the file does not have, images without any."""
    lost = [number for number in coco.boxes if number not in coco.used]
    count, empty = sum(len(coco.boxes[number]) for number in lost), len(coco.empty)
    if lost and empty:
        yield LOST.finding(coco.place, None, count=count, number=lost[0], empty=empty, first=coco.empty[0])
    elif lost:
        yield ANNOTATIONS_WITHOUT_IMAGE.finding(coco.place, count=count, number=lost[0])
    elif empty:
        yield lines.NO_BOXES.finding(coco.place, count=empty)
    if coco.subpixels:
        yield SUBPIXELS.finding(coco.place, count=coco.subpixels)


def _id(value: object) -> int | str | None:
    """An id by what it means, so that 7, 7.0, "7" and " 7" are one; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if _NUMBER.fullmatch(text) else text or value


def _is_set(flag: object) -> bool:
    """Whether a flag is set: 1, true, or text that says so; what is not understood counts as set."""
    return flag not in _UNSET and not (isinstance(flag, str) and flag.strip().casefold() in _UNSET_TEXT)


def _is_coordinate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FARTHEST_PIXEL
