"""What formats for object detection can say of a manifest: images with their size and boxes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from reconciler.entries import BOXES_TYPE, Box, attributes, meaning_of
from reconciler.formats.conversion import Converted
from reconciler.formats.lines import PER_PIXEL
from reconciler.model import Finding, Place
from reconciler.rule import Rule, error, marked

OUTSIDE_PREFIX: Final = error(
    "export-outside-prefix",
    "the image {key} does not lie below {prefix}",
    "give the address that all images share with --image-prefix",
)
BROKEN: Final = error(
    "export-broken-boxes",
    "the boxes cannot be read",
    "correct what `reconciler validate` reports first",
)
NO_BOXES: Final = marked(
    "export-lost-images",
    "lines that the format cannot say, and are left out: {count:,}, the first here; they have labels of the whole "
    "image, or none",
    "ignore this if the boxes are what is needed",
    "this program",
)
LABELS: Final = marked(
    "export-lost-labels",
    "lines with boxes whose labels of the whole image are left out: {count:,}, the first here",
    "ignore this if the boxes are what is needed",
    "this program",
)
CONFIDENCE: Final = marked(
    "export-lost-confidence",
    "boxes whose confidence is left out: {count:,}, the first here; the format has no place for it",
    "give --min-confidence to leave out unsure boxes",
    "this program",
)


class Drawing(Struct, frozen=True):
    """An image below the prefix: its name, width and height in pixels, and its boxes."""

    name: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    place: Place


def drawings(lines: Iterable[Converted], prefix: str) -> Iterator[Drawing | Finding]:
    """The images of lines with boxes, in order; at the end what is lost, counted, each with the place of the first."""
    lost: Counter[Rule] = Counter()
    first: dict[Rule, Place] = {}
    for line in lines:
        document: dict[str, Any] = msgspec.json.decode(line.line)
        if not line.key.startswith(prefix):
            yield OUTSIDE_PREFIX.finding(line.place, None, key=line.key, prefix=prefix)
            continue
        meaning = meaning_of(document)
        boxed = [one for one in attributes(document) if one.kind == BOXES_TYPE]
        if not boxed:
            _count(NO_BOXES, 1, line.place, lost, first)
            continue
        if len(meaning.sizes) != 1 or meaning.malformed or any(side % PER_PIXEL for side in meaning.sizes[0]):
            yield BROKEN.finding(line.place)
            continue
        _count(LABELS, bool(meaning.image_labels), line.place, lost, first)
        seen = [one.get("confidence") for attribute in boxed for one in attribute.metadata.get("objects", ())]
        _count(CONFIDENCE, sum(one != 1 for one in seen), line.place, lost, first)
        width, height = (side // PER_PIXEL for side in meaning.sizes[0])
        yield Drawing(line.key.removeprefix(prefix), width, height, meaning.boxes, line.place)
    for rule, count in lost.items():
        yield rule.finding(first[rule], None, count=count)


def _count(rule: Rule, many: int, place: Place, lost: Counter[Rule], first: dict[Rule, Place]) -> None:
    if many:
        lost[rule] += many
        first.setdefault(rule, place)
