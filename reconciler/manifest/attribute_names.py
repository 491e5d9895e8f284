"""Names of the attributes that image-level labels become: legal, stable, never two alike in a line.

Knows which names mean something else to Ground Truth and Custom Labels. Refuses to know what the attributes hold.

Sources: SageMaker Developer Guide, CreateLabelingJob, LabelAttributeName (no `-metadata`, no ending in `-ref`, at most
127 characters); API Reference, ListDatasetEntries (`cl-metadata`); Custom Labels Developer Guide, "Understanding
training and testing validation result manifests" (`errors`, `warnings`, `cl-errors`).
"""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

__all__ = ["BOXES_ATTRIBUTE", "attribute_names"]

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
