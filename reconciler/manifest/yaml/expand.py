"""A person's entry written out as AWS's line. The same entry always gives the same line.

Sources: Custom Labels Developer Guide, "Image-level labels in manifest files", "Object localization in manifest files";
the console's own lines (API Reference, ListDatasetEntries) have `labeling-job/<attribute>` and confidence 1.

Names of the attributes that image-level labels become: legal, stable, never two alike in a line.

Sources: SageMaker Developer Guide, CreateLabelingJob, LabelAttributeName (no `-metadata`, no ending in `-ref`, at most
127 characters); API Reference, ListDatasetEntries (`cl-metadata`); Custom Labels Developer Guide, "Understanding
training and testing validation result manifests" (`errors`, `warnings`, `cl-errors`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF
from reconciler.manifest.line import Path

BOXES_ATTRIBUTE: Final = "bounding-box"
# `cl` would have the service's own `cl-metadata` as its metadata.
_TAKEN: Final = frozenset({"source-ref", BOXES_ATTRIBUTE, "cl", "cl-metadata", "cl-errors", "errors", "warnings"})
_ENDINGS: Final = ("-metadata", "-ref")
_OTHERS: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST: Final = 100


def attribute_names(labels: Iterable[str]) -> dict[str, str]:
    """An attribute's name for each label, in order.

    A label that is a legal name keeps it. Any other gives its legal characters and a digest of the whole label, so that
    the name depends on no neighbour; a number is added only where a label imitates another one's digest.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for label in labels:
        if label not in names:
            names[label] = _unused(_name(label), used)
            used.add(names[label])
    return names


def _name(label: str) -> str:
    plain = _OTHERS.sub("_", label)[:_LONGEST]
    folded = plain.casefold()
    if plain == label and label and folded not in _TAKEN and not folded.endswith(_ENDINGS):
        return label
    return f"{plain}-{blake2b(label.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def _unused(name: str, used: set[str]) -> str:
    candidate, number = name, 2
    while candidate in used:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


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
class WrittenEntry(Generic[Origin]):
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


def expand(drawn: WrittenEntry[Origin]) -> tuple[dict[str, Any], dict[Path, Origin]]:
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


def _image_metadata(drawn: WrittenEntry[Origin], name: str, label: str) -> dict[str, Any]:
    return {
        "confidence": drawn.confidence,
        "job-name": _job_name(drawn, name),
        "class-name": label,
        "human-annotated": drawn.human_annotated,
        "creation-date": drawn.created,
        "type": IMAGE_TYPE,
    }


def _job_name(drawn: WrittenEntry[Origin], attribute: str) -> str:
    return f"labeling-job/{attribute}" if drawn.job_name is None else drawn.job_name


def _class_ids(boxes: Iterable[DrawnBox[Origin]]) -> dict[str, int]:
    """Class ids in the order of first use; only labels that are used have one."""
    return {label: number for number, label in enumerate(dict.fromkeys(box.label for box in boxes))}


def _add_boxes(drawn: WrittenEntry[Origin], boxes: tuple[DrawnBox[Origin], ...], document: dict[str, Any]) -> None:
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


def _box_origins(drawn: WrittenEntry[Origin], boxes: tuple[DrawnBox[Origin], ...]) -> dict[Path, Origin]:
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
