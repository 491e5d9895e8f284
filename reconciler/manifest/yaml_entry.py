"""A person's entry in YAML: its keys read and judged, with the defaults of the file's head.

Knows the keys of a head and of an entry, and what must stand together. Refuses to know AWS's lines: `expansion` writes
them.
"""

import re
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from typing import Final

from reconciler.manifest.expansion import DEFAULT_CREATED, Drawn, DrawnBox
from reconciler.manifest.fields import Fields
from reconciler.manifest.rules import yaml_rules as rules
from reconciler.manifest.source_ref import SCHEME, address_fault
from reconciler.manifest.yaml_nodes import Mapping, Node
from reconciler.manifest.yaml_shared import SHARED_KEYS, Shared, read_confidence, read_shared

__all__ = ["ENTRIES", "ENTRY_KEYS", "HEAD_KEYS", "PERSONS_KEYS", "Head", "drawn_of", "head_of"]

ENTRIES: Final = "entries"
HEAD_KEYS: Final = ("images", *SHARED_KEYS, ENTRIES)
PERSONS_KEYS: Final = ("labels", "boxes")
ENTRY_KEYS: Final = ("image", *PERSONS_KEYS, *SHARED_KEYS)
_SIDES: Final = ("left", "top", "width", "height")
_BOX_KEYS: Final = ("label", *_SIDES, "confidence")
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the entries. `given` names the keys that are written, usable or not."""

    prefix: str | None
    shared: Shared
    given: frozenset[str]


def head_of(members: ReadOnly[str, Node], fields: Fields) -> Head:
    """Read the head's values; what is wrong with them is reported here, once for all entries."""
    images = members.get("images")
    prefix = None if images is None else _prefix(images, fields)
    return Head(prefix, read_shared(members, fields), frozenset(members))


def _prefix(node: Node, fields: Fields) -> str | None:
    prefix = fields.text(node, "`images`")
    if prefix is None:
        return None
    if not prefix.startswith(SCHEME) or not prefix[len(SCHEME) :].strip("/"):
        fields.wrong(rules.PREFIX, node, prefix=prefix)
        return None
    fault = address_fault(_joined(prefix, "image"))
    if fault is not None:
        fields.wrong(fault.rule, node, **fault.details)
        return None
    return prefix


def _joined(prefix: str, image: str) -> str:
    """Prefix and name with exactly one slash between them; nothing else is normalised."""
    return f"{prefix.rstrip('/')}/{image.lstrip('/')}"


def drawn_of(entry: Mapping, head: Head, fields: Fields) -> Drawn[Node] | None:
    """The entry with the head's defaults; None when something is wrong, which was reported (perhaps in the head)."""
    members = entry.members
    key = _key(entry, head, fields)
    own = read_shared(members, fields)
    shared = own.over(head.shared)
    labels = _labels(members["labels"], fields) if "labels" in members else {}
    boxes = _boxes(members["boxes"], shared, fields) if "boxes" in members else None
    if "boxes" in members and "size" not in members and "size" not in head.given:
        fields.wrong(rules.NO_SIZE, members["boxes"])
    if key is None or labels is None or ("boxes" in members and (boxes is None or shared.size is None)):
        return None
    return Drawn(
        key=key,
        key_origin=members["image"],
        origin=entry,
        labels=labels,
        boxes=boxes,
        boxes_origin=members.get("boxes"),
        size=shared.size or (),
        size_origins=shared.size_nodes,
        confidence=1 if shared.confidence is None else shared.confidence,
        human_annotated=shared.human_annotated or "yes",
        job_name=shared.job_name,
        created=shared.created or DEFAULT_CREATED,
    )


def _key(entry: Mapping, head: Head, fields: Fields) -> str | None:
    """The image's whole address."""
    node = entry.members.get("image")
    if node is None:
        fields.wrong(rules.NO_IMAGE, entry)
        return None
    image = fields.text(node, "`image`")
    if image is None or _ADDRESS.match(image):
        return image
    if head.prefix is not None:
        return _joined(head.prefix, image)
    if "images" not in head.given:
        fields.wrong(rules.NO_PREFIX, node, image=image)
    return None


def _labels(node: Node, fields: Fields) -> dict[str, Node] | None:
    """The distinct labels with where each first stands."""
    items = fields.items(node, "`labels`")
    if items is None:
        return None
    labels: dict[str, Node] = {}
    complete = True
    for item in items:
        label = fields.text(item, "a label", rules.EMPTY_LABEL)
        if label is None:
            complete = False
        elif label in labels:
            fields.wrong(rules.REPEATED_LABEL, item, label=label)
        else:
            labels[label] = item
    return labels if complete else None


def _boxes(node: Node, shared: Shared, fields: Fields) -> tuple[DrawnBox[Node], ...] | None:
    items = fields.items(node, "`boxes`")
    if items is None:
        return None
    boxes = [_box(item, shared, fields) for item in items]
    drawn = tuple(box for box in boxes if box is not None)
    return drawn if len(drawn) == len(boxes) else None


def _box(node: Node, shared: Shared, fields: Fields) -> DrawnBox[Node] | None:
    box = fields.mapping(node, "a box", _BOX_KEYS, "write {label: ..., left: ..., top: ..., width: ..., height: ...}")
    if box is None:
        return None
    for name in ("label", *_SIDES):
        if name not in box.members:
            fields.wrong(rules.MISSING_KEY, box, where="a box", name=name)
    label = fields.text(box.members["label"], "a label", rules.EMPTY_LABEL) if "label" in box.members else None
    sides: dict[str, int | float | None] = {
        name: fields.number(box.members[name], f"`{name}`") for name in _SIDES if name in box.members
    }
    known = {name: side for name, side in sides.items() if side is not None}
    own = read_confidence(box.members["confidence"], fields) if "confidence" in box.members else shared.confidence
    if label is None or len(known) < len(_SIDES):
        return None
    return DrawnBox(label, known, 1 if own is None else own, box.members, box)
