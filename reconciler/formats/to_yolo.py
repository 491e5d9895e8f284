"""YOLO, made of a manifest: data.yaml, and a label file for each image; the images themselves are copied by hand.

The images belong into `images/`, under the names that their label files in `labels/` have. A line with zero boxes
becomes an empty label file, a line without labels none. Fractions are written so that they give back the box to 0.001
pixels.

Source: Ultralytics, Object Detection Datasets Overview.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from reconciler.entries import Box
from reconciler.formats.conversion import Converted
from reconciler.formats.drawings import Drawing, drawings
from reconciler.formats.export import ExportedFile
from reconciler.formats.lines import PER_PIXEL
from reconciler.model import Finding, Place
from reconciler.rule import error, note

_UNSAFE: Final = re.compile(r"/\.{0,2}/|[\x00-\x1f\x7f]")

CLASH: Final = error(
    "yolo-name-clash",
    "the images {first} and {second} would have one label file",
    "give the images names that differ in more than their ending",
)
NO_CLASS: Final = error(
    "yolo-no-class", "no line has a box, so that the dataset would have no classes", "give a manifest with boxes"
)
UNSAFE: Final = error(
    "yolo-name-outside",
    "the image {name} cannot be a file in the folder",
    "give images names without `..`, empty parts and control characters",
)
COPY: Final = note(
    "yolo-copy-images",
    "the label files are for images in `images/` of the folder, which are not copied: {count:,}",
    "copy them: aws s3 sync {prefix} FOLDER/images",
)

SAME: Final = note(
    "yolo-val-is-train",
    "data.yaml names the same images for `train` and `val`, because YOLO needs both: validation sees what was learned",
    "export the test manifest to a second folder, and name its images under `val`",
)


def export(lines: Iterable[Converted], prefix: str) -> Iterator[ExportedFile | Finding]:
    """The files, and findings about what is lost; `prefix` is the address below which the names of images begin."""
    images: dict[str, Drawing] = {}
    for one in drawings(lines, prefix):
        if isinstance(one, Finding):
            yield one
            continue
        if _UNSAFE.search(f"/{one.name}/"):
            yield UNSAFE.finding(one.place, None, name=one.name)
            continue
        name = str(PurePosixPath("labels", one.name).with_suffix(".txt"))
        if name in images:
            yield CLASH.finding(one.place, None, first=images[name].name, second=one.name)
        images[name] = one
    labels = sorted({box.label for image in images.values() for box in image.boxes})
    for first in () if labels else list(images.values())[:1]:
        yield NO_CLASS.finding(Place(first.place.file))
    names = "".join(f"  {number}: {json.dumps(label)}\n" for number, label in enumerate(labels))
    yield ExportedFile("data.yaml", f"train: images\nval: images\nnames:\n{names}".encode())
    numbers = {label: number for number, label in enumerate(labels)}
    for name, image in images.items():
        yield ExportedFile(name, "".join(_line(box, image, numbers[box.label]) for box in image.boxes).encode())
    for first in list(images.values())[:1]:
        yield COPY.finding(Place(first.place.file), None, count=len(images), prefix=prefix)
        yield SAME.finding(Place(first.place.file))


def _line(box: Box, image: Drawing, number: int) -> str:
    width, height = image.width * PER_PIXEL, image.height * PER_PIXEL
    x, y = (box.left + box.width / 2) / width, (box.top + box.height / 2) / height
    return f"{number} {x:.10g} {y:.10g} {box.width / width:.10g} {box.height / height:.10g}\n"
