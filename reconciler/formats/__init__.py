"""Other annotation formats, turned into lines of a manifest: one module a format, one protocol for all.

    coco    COCO object detection: one JSON file for many images, boxes
    voc     Pascal VOC: one XML file an image, boxes

A converter is pure: file contents in, lines and findings out, in the files' order; the same input gives the same bytes.
`reconciler convert` is the edge that reads and writes files.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reconciler.formats import coco, voc
from reconciler.formats.conversion import Convert, Converted

__all__ = ["FORMATS", "Convert", "Converted"]

FORMATS: Final[Mapping[str, Convert]] = MappingProxyType({"coco": coco.convert, "voc": voc.convert})
