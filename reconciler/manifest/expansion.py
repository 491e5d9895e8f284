"""A person's entry written out as AWS's line. The same entry always gives the same line.

Knows AWS's two forms. Refuses to know YAML: it gets values that passed, and gives with each line where its parts came
from.

Sources: Custom Labels Developer Guide, "Image-level labels in manifest files", "Object localization in manifest files";
the console's own lines (API Reference, ListDatasetEntries) have `labeling-job/<attribute>` and confidence 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF
from reconciler.manifest.attribute_names import BOXES_ATTRIBUTE, attribute_names
from reconciler.manifest.json_positions import Path

__all__ = ["DEFAULT_CREATED", "Drawn", "DrawnBox", "expand"]

# A fixed date, because the moment of reading would make the line differ each time.
DEFAULT_CREATED: Final = "2000-01-01T00:00:00"
_DEPTH: Final = 3

Origin = TypeVar("Origin")  # whatever says where a part was written


@dataclass(frozen=True, slots=True)
class DrawnBox(Generic[Origin]):
    """A box as a person wrote it; `origins` says where its label and sides stand."""

    label: str
    sides: Mapping[str, int | float]  # left, top, width, height
    confidence: int | float
    origins: Mapping[str, Origin]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Drawn(Generic[Origin]):
    """An entry as a person wrote it, with the file's defaults filled in.

    `labels` with where each stands; `boxes` is None for an entry without that key; `size` is width, height and
    perhaps depth.
    """

    key: str
    key_origin: Origin
    origin: Origin
    labels: Mapping[str, Origin] = field(default_factory=dict)
    boxes: tuple[DrawnBox[Origin], ...] | None = None
    boxes_origin: Origin | None = None
    size: tuple[int, ...] = ()
    size_origins: tuple[Origin, ...] = ()
    confidence: int | float = 1
    human_annotated: str = "yes"
    job_name: str | None = None
    created: str = DEFAULT_CREATED


def expand(drawn: Drawn[Origin]) -> tuple[dict[str, Any], dict[Path, Origin]]:
    """The line, and for its members the origin of each that came from somewhere."""
    document: dict[str, Any] = {SOURCE_REF: drawn.key}
    origins: dict[Path, Origin] = {(): drawn.origin, (SOURCE_REF,): drawn.key_origin}
    for label, name in attribute_names(drawn.labels).items():
        document[name] = 1
        document[name + METADATA] = _image_metadata(drawn, name, label)
        origins[(name,)] = origins[(name + METADATA,)] = drawn.labels[label]
    if drawn.boxes is not None:
        _add_boxes(drawn, drawn.boxes, document)
        origins |= _box_origins(drawn, drawn.boxes)
    return document, origins


def _image_metadata(drawn: Drawn[Origin], name: str, label: str) -> dict[str, Any]:
    return {
        "confidence": drawn.confidence,
        "job-name": _job_name(drawn, name),
        "class-name": label,
        "human-annotated": drawn.human_annotated,
        "creation-date": drawn.created,
        "type": IMAGE_TYPE,
    }


def _job_name(drawn: Drawn[Origin], attribute: str) -> str:
    return f"labeling-job/{attribute}" if drawn.job_name is None else drawn.job_name


def _class_ids(boxes: Iterable[DrawnBox[Origin]]) -> dict[str, int]:
    """Class ids in the order of first use; only labels that are used have one."""
    return {label: number for number, label in enumerate(dict.fromkeys(box.label for box in boxes))}


def _add_boxes(drawn: Drawn[Origin], boxes: tuple[DrawnBox[Origin], ...], document: dict[str, Any]) -> None:
    ids = _class_ids(boxes)
    width, height, depth = (*drawn.size, _DEPTH)[:3]
    document[BOXES_ATTRIBUTE] = {
        "image_size": [{"width": width, "height": height, "depth": depth}],
        "annotations": [{"class_id": ids[box.label], **box.sides} for box in boxes],
    }
    document[BOXES_ATTRIBUTE + METADATA] = {
        "objects": [{"confidence": box.confidence} for box in boxes],
        "class-map": {str(number): label for label, number in ids.items()},
        "type": BOXES_TYPE,
        "human-annotated": drawn.human_annotated,
        "creation-date": drawn.created,
        "job-name": _job_name(drawn, BOXES_ATTRIBUTE),
    }


def _box_origins(drawn: Drawn[Origin], boxes: tuple[DrawnBox[Origin], ...]) -> dict[Path, Origin]:
    origins: dict[Path, Origin] = {}
    metadata = BOXES_ATTRIBUTE + METADATA
    if drawn.boxes_origin is not None:
        origins[(BOXES_ATTRIBUTE,)] = origins[(metadata,)] = drawn.boxes_origin
    for side, origin in zip(("width", "height", "depth"), drawn.size_origins, strict=False):
        origins[(BOXES_ATTRIBUTE, "image_size", 0, side)] = origin
    ids = _class_ids(boxes)
    for index, box in enumerate(boxes):
        path = (BOXES_ATTRIBUTE, "annotations", index)
        origins[path] = box.origin
        origins |= {(*path, side): origin for side, origin in box.origins.items()}
        origins.setdefault((metadata, "class-map", str(ids[box.label])), box.origins["label"])
    return origins
