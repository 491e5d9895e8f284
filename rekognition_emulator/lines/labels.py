"""The labels of a line: those of a line with errors are found too.

Source: API Reference, DatasetLabelStats (images that use the label; images that have it on a bounding box).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rekognition_emulator.lines.attributes import (
    DETECTION,
    Document,
    is_classification,
    is_number,
    label_attributes,
)

if TYPE_CHECKING:
    from rekognition_emulator.switches.all_switches import Switches


class Labels(NamedTuple):
    """Names of labels in the order of the line, each once; Entry has the meaning of the three tuples."""

    declared: tuple[str, ...]
    used: tuple[str, ...]
    boxed: tuple[str, ...]


@lru_cache(maxsize=65_536)
def shared_tuple(names: tuple[str, ...]) -> tuple[str, ...]:
    """One object for equal tuples: 250,000 entries have few different label sets."""
    return names


def labels_of(document: Document, switches: Switches) -> Labels:
    """The labels of a parsed line. Names longer than `label_name_most` are left out: a listing cannot show them."""
    longest = switches.label_name_most
    declared: dict[str, None] = {}
    used: dict[str, None] = {}
    boxed: dict[str, None] = {}
    for name in label_attributes(document):
        metadata = document[f"{name}-metadata"]
        kind = metadata.get("type") if isinstance(metadata, dict) else None
        if is_classification(kind, switches):
            _add_names([metadata.get("class-name")], longest, declared, used)
        elif kind == DETECTION:
            class_map = metadata.get("class-map")
            _add_names(list(class_map.values()) if isinstance(class_map, dict) else [], longest, declared)
            _add_names(_on_boxes(document[name], class_map), longest, declared, used, boxed)
    return Labels(*(shared_tuple(tuple(names)) for names in (declared, used, boxed)))


def _add_names(names: list[object], longest: int, *kinds: dict[str, None]) -> None:
    for name in names:
        if isinstance(name, str) and 0 < len(name) <= longest:
            for kind in kinds:
                kind[name] = None


def _on_boxes(value: object, class_map: object) -> list[object]:
    boxes = value.get("annotations") if isinstance(value, dict) else None
    if not isinstance(boxes, list) or not isinstance(class_map, dict):
        return []
    ids = dict.fromkeys(box["class_id"] for box in boxes if isinstance(box, dict) and is_number(box.get("class_id")))
    return [class_map[name] for name in (str(int(each)) for each in ids) if name in class_map]
