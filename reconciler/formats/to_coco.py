"""COCO for object detection, made of a manifest: one JSON file.

Images and boxes keep the manifest's order; ids count from 1, categories in the order of their labels. A line with zero
boxes becomes an image without annotations. Lines without boxes (labels of the whole image, no labels) cannot be told
from such an image in COCO, and are left out; so is the confidence of a box.

Source: COCO, data format.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from reconciler.formats.conversion import Converted
from reconciler.formats.drawings import Drawing, drawings
from reconciler.formats.export import ExportedFile
from reconciler.formats.lines import PER_PIXEL, pixels
from reconciler.model import Finding, Place
from reconciler.rule import error

NOTHING: Final = error(
    "coco-no-images", "no line has boxes, so that the file would have no images", "give a manifest with boxes"
)


def export(lines: Iterable[Converted], prefix: str) -> Iterator[ExportedFile | Finding]:
    """The file, and findings about what is lost; `prefix` is the address below which the names of images begin."""
    images: list[Drawing] = []
    for one in drawings(lines, prefix):
        if isinstance(one, Finding):
            yield one
        else:
            images.append(one)
    if not images:
        yield NOTHING.finding(Place(""))
    labels = sorted({box.label for image in images for box in image.boxes})
    numbers = {label: number for number, label in enumerate(labels, 1)}
    document = {
        "images": [
            {"id": number, "file_name": image.name, "width": image.width, "height": image.height}
            for number, image in enumerate(images, 1)
        ],
        "annotations": list(_annotations(images, numbers)),
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
    }
    yield ExportedFile("", (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode())


def _annotations(images: Iterable[Drawing], numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    count = 0
    for number, image in enumerate(images, 1):
        for box in image.boxes:
            count += 1
            yield {
                "id": count,
                "image_id": number,
                "category_id": numbers[box.label],
                "bbox": [pixels(side) for side in box[1:]],
                "area": box.width * box.height / PER_PIXEL**2,
                "iscrowd": 0,
            }
