"""COCO: one JSON file for many images, with a box `[x, y, width, height]` for each annotation.

Taken: of `images` the `id`, `file_name`, `width`, `height`; of `annotations` the `image_id`, `category_id`, `bbox`,
`iscrowd`; of `categories` the `id` and `name`. Without effect: segmentations, keypoints, areas, supercategories,
licences (Custom Labels has no place for them). Images and annotations keep the file's order. `file_name` may hold
folders; it is joined to the prefix. Coordinates begin at 0 in the image's top left corner ("box coordinates are
measured from the top left image corner and are 0-indexed", COCO, data format) and keep their fractions to 0.001 px.

An image without annotations becomes a line with zero boxes: looked at, nothing found. A crowd (`iscrowd` 1) is one box
around many objects and would teach that they are one: it is left out and said, and an image that has nothing else gives
no line.

A file is one JSON value, so places name the file, and messages the image or annotation by its id.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from reconciler.entries import Box
from reconciler.formats.boxes import PER_PIXEL, Frame, PlacedBox, box_line, placed
from reconciler.formats.conversion import Converted, Unreadable, checked_prefix, joined
from reconciler.model import Finding, Place, Severity

# Farther than any image reaches.
_FARTHEST_PIXEL: Final = 10**7
_SAVE: Final = "save it again with the tool that wrote it"

Object = Mapping[str, Any]


def convert(files: Iterable[tuple[str, bytes]], *, images: str, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of COCO files, as `Convert` promises; of the same boxes in one image each is kept and said."""
    prefix = checked_prefix(images)
    return _convert(files, prefix, created)


def _convert(files: Iterable[tuple[str, bytes]], prefix: str, created: str) -> Iterator[Converted | Finding]:
    seen: dict[str, str] = {}
    for file, content in files:
        try:
            coco = _read(file, content)
        except Unreadable as fault:
            yield fault.finding
            continue
        lines: list[Converted] = []
        for image in coco.images:
            for one in _image(image, coco, prefix, created, seen):
                if isinstance(one, Converted):
                    lines.append(one)
                else:
                    yield one
        yield from _unclaimed(coco)
        yield from _counts(coco)
        yield from lines


@dataclass(slots=True)
class _Coco:
    """A file taken apart; `boxes` are annotations by image id, `used` the image ids that were asked for."""

    place: Place
    images: Sequence[Any]
    names: Mapping[Any, str]
    boxes: defaultdict[Any, list[Object]]
    used: set[Any] = field(default_factory=set)
    empty: int = 0
    fractions: int = 0


def _read(file: str, content: bytes) -> _Coco:
    place = Place(file)
    value = _parsed(content, place)
    if not isinstance(value, dict) or not isinstance(value.get("images"), list):
        message = "the file is not COCO: it has no list `images`"
        raise Unreadable("not-coco", place, message, "give a file with `images`, `annotations` and `categories`")
    annotations, categories = value.get("annotations", []), value.get("categories", [])
    if not isinstance(annotations, list) or not isinstance(categories, list):
        message = "`annotations` and `categories` are no lists"
        raise Unreadable("not-coco", place, message, "give a file for object detection, such as instances_*.json")
    boxes: defaultdict[Any, list[Object]] = defaultdict(list)
    for annotation in annotations:
        if not isinstance(annotation, dict) or not _is_id(annotation.get("image_id")):
            message = f"the annotation {_shown(annotation)} names no image"
            raise Unreadable("no-image-id", place, message, "give every annotation an `image_id`")
        boxes[annotation["image_id"]].append(annotation)
    return _Coco(place, value["images"], _names(categories, place), boxes)


def _parsed(content: bytes, place: Place) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_constant)
    except UnicodeDecodeError as fault:
        raise Unreadable("encoding", place, f"the file is not UTF-8 (byte {fault.start})", _SAVE) from fault
    except json.JSONDecodeError as fault:
        where = Place(place.file, fault.lineno, fault.colno)
        raise Unreadable("json", where, f"this is no well-formed JSON: {fault.msg}", _SAVE) from fault
    except (ValueError, RecursionError) as fault:  # NaN, a number without end, or nesting without end
        raise Unreadable("json", place, f"the file cannot be read: {fault}", _SAVE) from fault


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _names(categories: Sequence[Any], place: Place) -> dict[Any, str]:
    names: dict[Any, str] = {}
    for category in categories:
        number, name = (category.get("id"), category.get("name")) if isinstance(category, dict) else (None, None)
        if not _is_id(number) or not isinstance(name, str) or not name:
            message = f"the category {_shown(category)} has no id or no name"
            raise Unreadable("category", place, message, "give every category an `id` and a `name`")
        if names.setdefault(number, name) != name:
            message = f"the category {number} is called {names[number]!r} and {name!r}"
            raise Unreadable("category", place, message, "give every category an id of its own")
    return names


def _image(
    image: object, coco: _Coco, prefix: str, created: str, seen: dict[str, str]
) -> Iterator[Converted | Finding]:
    """The line of one image, if it gives one, and what there is to say about it."""
    try:
        number, key, frame = _taken(image, coco, prefix, seen)
    except Unreadable as fault:
        yield fault.finding
        return
    drawn: list[PlacedBox] = []
    good = True
    crowds = 0
    for annotation in coco.boxes.get(number, ()):
        if annotation.get("iscrowd"):
            crowds += 1
            continue
        try:
            drawn.append(_drawn(annotation, coco))
        except Unreadable as fault:
            good = False
            yield fault.finding
    boxes, findings = placed(drawn, frame, coco.place)
    yield from (_named(finding, key) for finding in findings)
    if crowds:
        yield _crowds(coco.place, key, crowds, alone=not drawn)
    if good and (boxes or not (drawn or crowds)):
        coco.empty += not boxes
        yield Converted(key, box_line(key, frame, boxes, created), coco.place)


def _taken(image: object, coco: _Coco, prefix: str, seen: dict[str, str]) -> tuple[object, str, Frame]:
    """Id, key and frame of an image; the id and the key belong to it from now on."""
    if not isinstance(image, dict) or not _is_id(image.get("id")):
        raise Unreadable("no-id", coco.place, f"the image {_shown(image)} has no id", "give every image an `id`")
    number, name = image["id"], image.get("file_name")
    if number in coco.used:
        message = f"the image id {number} is there twice"
        raise Unreadable("repeated-image", coco.place, message, "give every image an id of its own")
    coco.used.add(number)
    if not isinstance(name, str) or not name:
        raise Unreadable("no-file-name", coco.place, f"the image {number} has no `file_name`", "add it")
    key = joined(prefix, name)
    if key in seen:
        message = f"the image {key} was already annotated in {seen[key]}"
        raise Unreadable("repeated-image", coco.place, message, "keep one of the two")
    seen[key] = coco.place.file
    return number, key, Frame(_side(image, "width", coco), _side(image, "height", coco))


def _side(image: Object, name: str, coco: _Coco) -> int:
    side = image.get(name)
    if not _is_coordinate(side) or not isinstance(side, int | float) or side <= 0 or side != int(side):
        message = f"the {name} of image {image['id']} is {_shown(side)}, not a positive whole number"
        raise Unreadable("size", coco.place, message, "write the image's size in pixels")
    return int(side)


def _drawn(annotation: Object, coco: _Coco) -> PlacedBox:
    box = annotation.get("bbox")
    good = isinstance(box, list) and len(box) == 4 and all(_is_coordinate(one) for one in box)
    if not good or not isinstance(box, list):
        message = f"the bbox of annotation {_shown(annotation.get('id'))} is {_shown(box)}"
        raise Unreadable("bbox", coco.place, message, "write four numbers: left, top, width, height")
    number = annotation.get("category_id")
    label = coco.names.get(number) if _is_id(number) else None
    if label is None:
        message = f"annotation {_shown(annotation.get('id'))} has the category {_shown(number)}, which is not declared"
        raise Unreadable("category", coco.place, message, "add it to `categories`")
    left, top, width, height = (round(one * PER_PIXEL) for one in box)
    coco.fractions += any(one % PER_PIXEL for one in (left, top, width, height))
    return PlacedBox(Box(label, left, top, width, height), coco.place)


def _named(finding: Finding, key: str) -> Finding:
    """The finding with the image in its words: the place is the whole file."""
    return Finding(finding.severity, finding.code, finding.place, f"{key}: {finding.message}", finding.cure)


def _crowds(place: Place, key: str, many: int, *, alone: bool) -> Finding:
    crowds = "1 crowd is" if many == 1 else f"{many:,} crowds are"
    rest = "; the image has nothing else and gives no line" if alone else ""
    message = f"{key}: {crowds} left out, because a box around many objects is no box of one{rest}"
    return Finding(Severity.MARKED, "crowd", place, message, "draw a box for each object, or leave it so")


def _unclaimed(coco: _Coco) -> Iterator[Finding]:
    """Annotations of images that the file does not have."""
    lost = [number for number in coco.boxes if number not in coco.used]
    if lost:
        many = sum(len(coco.boxes[number]) for number in lost)
        which = "annotation is of an image" if many == 1 else "annotations are of images"
        message = f"{many:,} {which} that the file does not have, the first of image {lost[0]}"
        yield Finding(Severity.MARKED, "no-image", coco.place, message, "add the images, or leave it so")


def _counts(coco: _Coco) -> Iterator[Finding]:
    """What holds for many images and is no fault."""
    if coco.empty:
        message = f"images without annotations: {coco.empty:,}; each becomes a line with zero boxes"
        yield Finding(Severity.NOTE, "no-boxes", coco.place, message, "leave out images that nobody looked at")
    if coco.fractions:
        message = f"boxes with fractions of pixels: {coco.fractions:,}; they are kept to 0.001"
        yield Finding(Severity.NOTE, "fractions", coco.place, message, "nothing needs to be done")


def _is_id(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _is_coordinate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FARTHEST_PIXEL


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
