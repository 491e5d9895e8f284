"""What the service will make of one line: the codes it will mark it with, and what is worth a note.

Sources: Custom Labels Developer Guide, "Non-terminal JSON line validation errors" and "Fixing training errors" (the
codes after which a line is judged no further); "Creating a manifest file" (attribute and metadata pairs).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF, Attribute
from reconciler.manifest.judge.label_attributes import bounding_box_faults, image_label_faults
from reconciler.manifest.line import BrokenRule, Path
from reconciler.manifest.rules import lines as rules

# "expects Y-M-DTH:M:S"; AWS's examples also show fractions, a Z, and a blank for the T. Time zones are let pass.
# Source: Custom Labels Developer Guide, "Transforming COCO datasets".
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_KINDS: Final = {IMAGE_TYPE: image_label_faults, BOXES_TYPE: bounding_box_faults}


@dataclass(slots=True)
class Judgement:
    """What a line is: its faults of class marked in AWS's order, and the facts that notes are made of.

    `images` and `boxed` count the attributes of either kind. The paths lead to attributes that Custom Labels does not
    know, to image-level labels with text as value, and to bounding-box attributes without boxes.
    """

    faults: list[BrokenRule] = field(default_factory=list)
    images: int = 0
    boxed: int = 0
    unknown: list[Path] = field(default_factory=list)
    text_values: list[Path] = field(default_factory=list)
    zero_boxes: list[Path] = field(default_factory=list)


def judge(own: Mapping[str, Any]) -> Judgement:
    """Judge a line that is free of the service's fields; its key is judged elsewhere."""
    judgement = Judgement()
    for fault in _faults(own, judgement):
        judgement.faults.append(fault)
        if fault.rule in rules.STOPS:
            break
    return judgement


def _faults(own: Mapping[str, Any], judgement: Judgement) -> Iterator[BrokenRule]:
    pairs = _sorted_out(own, judgement)
    if not pairs and len(own) > 1:
        first = next(name for name in own if name != SOURCE_REF)
        yield BrokenRule(rules.NO_ATTRIBUTES, (first,), {"detail": _partner(first)})
    valid = 0
    for attribute in pairs:
        fault_free = True
        for fault in _attribute_faults(attribute):
            fault_free = fault_free and fault.rule is not rules.USE_CASE
            yield fault
        valid += fault_free
    if pairs and not valid:
        yield BrokenRule(rules.NO_VALID_ATTRIBUTES, (), {"detail": ""})


def _partner(name: str) -> str:
    missing = name.removesuffix(METADATA) if name.endswith(METADATA) else name + METADATA
    return f" (`{name}` has no `{missing}` beside it)"


def _sorted_out(own: Mapping[str, Any], judgement: Judgement) -> list[Attribute]:
    """The pairs of attribute and metadata in the line's order; notes facts about them, and names all others unknown."""
    pairs = []
    for name, value in own.items():
        if name == SOURCE_REF or (name.endswith(METADATA) and _is_attribute(name.removesuffix(METADATA), own)):
            continue
        if name.endswith(METADATA) or name + METADATA not in own:
            judgement.unknown.append((name,))
            continue
        metadata = own[name + METADATA]
        kind = metadata.get("type") if isinstance(metadata, dict) else None
        attribute = Attribute(name, value, metadata, kind if isinstance(kind, str) else "")
        _note_facts(attribute, judgement)
        pairs.append(attribute)
    return pairs


def _is_attribute(name: str, own: Mapping[str, Any]) -> bool:
    return name in own and name != SOURCE_REF and not name.endswith(METADATA)


def _note_facts(attribute: Attribute, judgement: Judgement) -> None:
    path = (attribute.name,)
    if attribute.kind == IMAGE_TYPE:
        judgement.images += 1
        if isinstance(attribute.value, str):
            judgement.text_values.append(path)
    elif attribute.kind == BOXES_TYPE:
        judgement.boxed += 1
        if isinstance(attribute.value, dict) and attribute.value.get("annotations") == []:
            judgement.zero_boxes.append((*path, "annotations"))


def _attribute_faults(attribute: Attribute) -> Iterator[BrokenRule]:
    """What is wrong with one pair, in AWS's order."""
    path = (attribute.name + METADATA,)
    metadata = attribute.metadata
    if not isinstance(metadata, dict):
        yield _bad_metadata(path, f"`{path[0]}` is not an object")
        return
    if not attribute.kind:
        yield _bad_metadata((*path, "type"), "`type` is missing or not text")
        return
    rules_of_kind = _KINDS.get(attribute.kind)
    if rules_of_kind is None:
        yield BrokenRule(rules.USE_CASE, (*path, "type"), {"detail": f" ({attribute.kind})"})
        return
    if metadata.get("human-annotated") not in ("yes", "no"):
        yield _bad_metadata((*path, "human-annotated"), "`human-annotated` is not yes or no")
    date = metadata.get("creation-date")
    if not isinstance(date, str) or not _DATE.fullmatch(date):
        yield _bad_metadata((*path, "creation-date"), "`creation-date` is missing or not of the form Y-M-DTH:M:S")
    yield from rules_of_kind(attribute)


def _bad_metadata(path: Path, detail: str) -> BrokenRule:
    return BrokenRule(rules.METADATA_FORM, path, {"detail": f" ({detail})"})
