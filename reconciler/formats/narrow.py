"""Labels that are left out of converted lines: those of a low confidence, and those that no person gave."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from reconciler.entries import BOXES_TYPE, METADATA, attributes, compact
from reconciler.formats.conversion import Converted
from reconciler.model import Finding, Place
from reconciler.rule import note

LEFT_OUT: Final = note(
    "labels-left-out",
    "labels and boxes that were left out: {low:,} below the confidence {least}, {machine:,} that no person gave; "
    "images that had no other, and are left out too: {images:,}",
    "nothing needs to be done; give a lower --min-confidence, or no --human-only, to keep more",
)


def narrowed(
    converted: Iterable[Converted | Finding], *, least: float = 0, human_only: bool = False
) -> Iterator[Converted | Finding]:
    """Lines without labels whose confidence is below `least` (0 to 1) and, with `human_only`, without machines' labels.

    An image that loses all its labels gives no line, since its line would say that it shows nothing. What was left out
    is counted in one finding at the end.
    """
    low = machine = images = 0
    file = ""
    for one in converted:
        if isinstance(one, Finding) or not (least or human_only):
            yield one
            continue
        line: dict[str, Any] = json.loads(one.line)
        had, fewer, by_machine = _narrow(line, least, human_only=human_only)
        low, machine, file = low + fewer, machine + by_machine, file or one.place.file
        if not (fewer or by_machine):
            yield one
        elif had and not any(True for _ in attributes(line)):
            images += 1
        else:
            yield replace(one, line=compact(line))
    if low or machine:
        yield LEFT_OUT.finding(Place(file), None, low=low, machine=machine, images=images, least=least)


def _narrow(line: dict[str, Any], least: float, *, human_only: bool) -> tuple[bool, int, int]:
    """Leave labels out of a line; whether it had any, how many had a low confidence, how many were machines'."""
    low = machine = 0
    labels = list(attributes(line))
    for label in labels:
        boxes = label.kind == BOXES_TYPE
        if human_only and label.metadata.get("human-annotated") != "yes":
            machine += len(label.value.get("annotations", ())) if boxes else 1
            _remove(line, label.name)
        elif not boxes:
            if _confidence(label.metadata) < least:
                low += 1
                _remove(line, label.name)
        else:
            objects = label.metadata.get("objects", [])
            keep = [number for number, one in enumerate(objects) if _confidence(one) >= least]
            low += len(objects) - len(keep)
            if objects and not keep:
                _remove(line, label.name)
            elif len(keep) < len(objects):
                label.value["annotations"] = [label.value["annotations"][number] for number in keep]
                line[label.name + METADATA]["objects"] = [objects[number] for number in keep]
    return bool(labels), low, machine


def _remove(line: dict[str, Any], name: str) -> None:
    del line[name], line[name + METADATA]


def _confidence(member: object) -> float:
    value = member.get("confidence") if isinstance(member, dict) else None
    return value if isinstance(value, int | float) else 1
