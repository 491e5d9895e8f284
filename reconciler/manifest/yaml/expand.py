"""An entry as people write it in YAML, and the line in AWS's form that it becomes: always the same line.

The attributes that image-level labels become have names that are legal and stable, and no two in a line are alike.

Sources: Custom Labels Developer Guide, "Image-level labels in manifest files", "Object localization in manifest files",
"Understanding training and testing validation result manifests" (`errors`, `warnings`, `cl-errors`); API Reference,
ListDatasetEntries (`cl-metadata`; the console's lines have `labeling-job/<attribute>` and confidence 1); SageMaker
Developer Guide, CreateLabelingJob, LabelAttributeName (no `-metadata`, no ending in `-ref`, at most 127 characters).
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from msgspec import Struct

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF
from reconciler.manifest.findings import MemberPath
from reconciler.manifest.yaml.nodes import MappingNode, Node

BOXES_ATTRIBUTE: Final = "bounding-box"
# `cl` would have the service's own `cl-metadata` as its metadata.
_TAKEN: Final = frozenset({"source-ref", BOXES_ATTRIBUTE, "cl", "cl-metadata", "cl-errors", "errors", "warnings"})
_ENDINGS: Final = ("-metadata", "-ref")
_OTHERS: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST: Final = 100


def attribute_names(labels: Iterable[str]) -> dict[str, str]:
    """An attribute's name for each label, in order.

    A label that is a legal name keeps it. Any other gives its legal characters and a digest of the whole label, so that
    the name does not depend on the other labels; a number is added only where a label imitates the digest of one.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for label in labels:
        if label not in names:
            names[label] = _unused(_usual_name(label) if len(label) <= _LONGEST else _name(label), used)
            used.add(names[label])
    return names


def _name(label: str) -> str:
    plain = _OTHERS.sub("_", label)[:_LONGEST]
    folded = plain.casefold()
    if plain == label and label and folded not in _TAKEN and not folded.endswith(_ENDINGS):
        return label
    return f"{plain}-{blake2b(label.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


_usual_name: Final = lru_cache(maxsize=1024)(_name)  # few labels, many entries


def _unused(name: str, used: set[str]) -> str:
    candidate, number = name, 2
    while candidate in used:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


_DEPTH: Final = 3


class Shared(NamedTuple):
    """Values that the head may give for all entries, each None where nothing usable is written.

    `size` is width, height and perhaps depth, each with the node where it is written.
    """

    size: tuple[tuple[int, Node], ...] | None = None
    created: str | None = None
    human_annotated: str | None = None
    job_name: str | None = None
    confidence: float | None = None

    def over(self, head: "Shared") -> "Shared":
        """An entry's values, and those of the head where the entry has none."""
        return Shared._make(theirs if own is None else own for own, theirs in zip(self, head, strict=True))


# The date is fixed, because the moment of reading would make the line differ each time.
DEFAULTS: Final = Shared(created="2000-01-01T00:00:00", human_annotated="yes", confidence=1)


class WrittenBox(Struct, frozen=True):
    """A box as a person wrote it, with the confidence that it has of its own; `node` has its members."""

    label: str
    sides: Mapping[str, int | float]  # left, top, width, height
    confidence: float | None
    node: MappingNode


class WrittenEntry(Struct, frozen=True):
    """An entry as a person wrote it, with the file's defaults filled in; `node` has its members.

    `labels` with where each is written; `boxes` is None for an entry without that key.
    """

    key: str
    labels: Mapping[str, Node]
    boxes: tuple[WrittenBox, ...] | None
    shared: Shared
    node: MappingNode

    def job_name(self, attribute: str) -> str:
        """The job-name of an attribute."""
        return f"labeling-job/{attribute}" if self.shared.job_name is None else self.shared.job_name


def expand(entry: WrittenEntry) -> tuple[dict[str, Any], dict[MemberPath, Node]]:
    """The line, and the node of each of its members that was written."""
    nodes: dict[MemberPath, Node] = {(): entry.node, (SOURCE_REF,): entry.node.members["image"]}
    for label, name in attribute_names(entry.labels).items():
        nodes[(name,)] = nodes[(name + METADATA,)] = entry.labels[label]
    if entry.boxes is not None:
        nodes |= _box_nodes(entry, entry.boxes, _class_ids(entry.boxes))
    return line_of(entry), nodes


def line_of(entry: WrittenEntry) -> dict[str, Any]:
    """The line alone."""
    document: dict[str, Any] = {SOURCE_REF: entry.key}
    for label, name in attribute_names(entry.labels).items():
        document[name] = 1
        document[name + METADATA] = {
            "confidence": entry.shared.confidence,
            "job-name": entry.job_name(name),
            "class-name": label,
            "human-annotated": entry.shared.human_annotated,
            "creation-date": entry.shared.created,
            "type": IMAGE_TYPE,
        }
    if entry.boxes is not None:
        document |= _box_attribute(entry, entry.boxes, _class_ids(entry.boxes))
    return document


def _class_ids(boxes: tuple[WrittenBox, ...]) -> dict[str, int]:
    """Class ids in the order of first use; only labels that are used have one."""
    return {label: number for number, label in enumerate(dict.fromkeys(box.label for box in boxes))}


def _box_attribute(entry: WrittenEntry, boxes: tuple[WrittenBox, ...], ids: Mapping[str, int]) -> dict[str, Any]:
    usual = entry.shared.confidence
    width, height, depth = (*(side for side, _ in entry.shared.size or ()), _DEPTH)[:3]
    return {
        BOXES_ATTRIBUTE: {
            "image_size": [{"width": width, "height": height, "depth": depth}],
            "annotations": [{"class_id": ids[box.label], **box.sides} for box in boxes],
        },
        BOXES_ATTRIBUTE + METADATA: {
            "objects": [{"confidence": usual if box.confidence is None else box.confidence} for box in boxes],
            "class-map": {str(number): label for label, number in ids.items()},
            "type": BOXES_TYPE,
            "human-annotated": entry.shared.human_annotated,
            "creation-date": entry.shared.created,
            "job-name": entry.job_name(BOXES_ATTRIBUTE),
        },
    }


def _box_nodes(entry: WrittenEntry, boxes: tuple[WrittenBox, ...], ids: Mapping[str, int]) -> dict[MemberPath, Node]:
    metadata = BOXES_ATTRIBUTE + METADATA
    nodes: dict[MemberPath, Node] = dict.fromkeys([(BOXES_ATTRIBUTE,), (metadata,)], entry.node.members["boxes"])
    for name, (_, node) in zip(("width", "height", "depth"), entry.shared.size or (), strict=False):
        nodes[BOXES_ATTRIBUTE, "image_size", 0, name] = node
    for index, box in enumerate(boxes):
        path = (BOXES_ATTRIBUTE, "annotations", index)
        nodes[path] = box.node
        nodes |= {(*path, name): node for name, node in box.node.members.items()}
        nodes.setdefault((metadata, "class-map", str(ids[box.label])), box.node.members["label"])
    return nodes
