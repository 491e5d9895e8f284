"""Other annotation formats, turned into lines of a manifest: one module and one row per format.

A converter is pure: file contents in, lines and findings out, in the files' order; the same input gives the same bytes.
`reconciler convert` is the edge that reads and writes files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from reconciler.formats.conversion import Convert, Converted, Sources

__all__ = ["FORMATS", "Convert", "Converted", "Importer", "Sources"]


@dataclass(frozen=True, slots=True)
class Importer:
    """A row: the module of this package that converts, what it reads, and an example."""

    module: str
    reads: str
    example: str

    @property
    def convert(self) -> Convert:
        """The converter, loaded when it is asked for."""
        made: Convert = import_module(f"{__name__}.{self.module}").convert
        return made


FORMATS: Final[Mapping[str, Importer]] = {
    "coco": Importer(
        "coco",
        "COCO object detection: one JSON file for many images, with boxes",
        "coco instances.json --images s3://my-bucket/photos/ -o train.jsonl",
    ),
    "voc": Importer(
        "voc",
        "Pascal VOC: one XML file for each image, with boxes",
        "voc Annotations/*.xml --images s3://my-bucket/cells/ --created 2024-01-31T12:00:00 -o train.jsonl",
    ),
    "yolo": Importer(
        "yolo",
        "YOLO: a folder with data.yaml, images and label files, or the folder of one of its splits",
        "yolo helmets/images/train --images s3://my-bucket/helmets/ -o train.jsonl",
    ),
}
