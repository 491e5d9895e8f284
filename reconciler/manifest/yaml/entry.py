"""An entry of a YAML manifest: one as people write it, judged, or AWS's own line (with `source-ref`) in YAML.

Source of the fields: Custom Labels Developer Guide, "Creating a manifest file".
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from reconciler.entries import METADATA, SOURCE_REF
from reconciler.entries.image_names import is_address, key_of_image, s3_address
from reconciler.manifest.findings import MemberPath
from reconciler.manifest.judge.label_attributes import is_share, other_members
from reconciler.manifest.judge.line import SCHEME, address_fault
from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.manifest.yaml.expand import DEFAULTS, Shared, WrittenBox, WrittenEntry
from reconciler.manifest.yaml.nodes import Fields, MappingNode, Node, Report, Scalar, SequenceNode
from reconciler.manifest.yaml.text import NUMBER, json_number
from reconciler.model import NO_DEFAULTS, Defaults

TEXT_FIELDS: Final = frozenset({"class-name", "job-name", "creation-date", "human-annotated", "type"})
CLASS_MAP: Final = "class-map"
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def raw_document(entry: MappingNode, report: Report) -> dict[str, Any]:
    """The entry as a JSON object; what has no JSON value is reported and becomes null."""
    return {name: _member(value, name, (name,), report) for name, value in entry.members.items()}


def _member(node: Node, name: str, path: MemberPath, report: Report) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value; `path` decides whether it is one of AWS's text fields, `name` is the nearest name above it."""
    if isinstance(node, MappingNode):
        return {key: _member(value, key, (*path, key), report) for key, value in node.members.items()}
    if isinstance(node, SequenceNode):
        return [_member(item, name, (*path, index), report) for index, item in enumerate(node.items)]
    if not node.plain or _is_text_field(path):
        return node.text
    if not node.text:
        report(yaml_rules.EMPTY_VALUE, node.line, node.column, name=name)
        return None
    if not NUMBER.fullmatch(node.text):
        return _CONSTANTS.get(node.text, node.text)
    number = json_number(node.text)
    if number is None:
        report(line_rules.OVERFLOW, node.line, node.column, text=node.text)
    return number


def _is_text_field(path: MemberPath) -> bool:
    if not str(path[0]).endswith(METADATA):
        return path == (SOURCE_REF,)
    return (len(path) == 2 and path[1] in TEXT_FIELDS) or (len(path) == 3 and path[1] == CLASS_MAP)


def node_at(entry: Node, path: MemberPath) -> Node:
    """The node of the member at `path`, or the innermost one around it when that member is missing."""
    node = entry
    for step in path:
        if isinstance(node, MappingNode) and step in node.members:
            node = node.members[str(step)]
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


# Y-M-DTH:M:S, and fractions and Z as in AWS's examples.
# Source: Custom Labels Developer Guide, "Transforming COCO datasets".
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?Z?", re.ASCII)


def read_confidence(node: Node, fields: Fields) -> float | None:
    """A number from 0 to 1."""
    number = fields.number(node, "`confidence`")
    if number is not None and not is_share(number):
        fields.wrong(yaml_rules.SHARE, node, number=number)
        return None
    return number


def _size(node: Node, fields: Fields) -> tuple[tuple[int, Node], ...] | None:
    items = fields.items(node, "`size`")
    if items is None or len(items) not in (2, 3):
        if items is not None:
            fields.wrong(yaml_rules.SIZE_FORM, node, count=len(items))
        return None
    sides = [(fields.whole(item, "a side in `size`"), item) for item in items]
    known = tuple((side, item) for side, item in sides if side is not None)
    return known if len(known) == len(items) else None


def _created(node: Node, fields: Fields) -> str | None:
    text = fields.text(node, "`created`")
    if text is not None and not is_date(text):
        fields.wrong(yaml_rules.DATE, node, what="`created`", text=text)
        return None
    return text


def is_date(text: str) -> bool:
    """Whether text is a date as `created` takes it."""
    match = _DATE.fullmatch(text)
    try:
        return match is not None and bool(datetime.fromisoformat(match[1]))
    except ValueError:
        return False


def _human_annotated(node: Node, fields: Fields) -> str | None:
    text = fields.text(node, "`human-annotated`")
    if text is not None and text not in ("yes", "no"):
        fields.wrong(yaml_rules.HUMAN, node, text=text)
        return None
    return text


# How each value of `Shared` is read, in its order.
_SHARED: Final[Mapping[str, Callable[[Node, Fields], object]]] = {
    "size": _size,
    "created": _created,
    "human-annotated": _human_annotated,
    "job-name": lambda node, fields: fields.text(node, "`job-name`"),
    "confidence": read_confidence,
}


def read_shared(members: Mapping[str, Node], fields: Fields) -> Shared:
    """Read the values that are there; what is wrong with them is reported."""
    return Shared._make(read(members[name], fields) if name in members else None for name, read in _SHARED.items())


# The node of a value that is not in the file.
_ELSEWHERE: Final = Scalar("", plain=True, line=0, column=0)
ENTRIES: Final = "entries"
HEAD_KEYS: Final = ("images", *_SHARED, ENTRIES)
LABEL_KEYS: Final = ("labels", "boxes")
ENTRY_KEYS: Final = ("image", *LABEL_KEYS, *_SHARED)
_SIDES: Final = ("left", "top", "width", "height")
BOX_KEYS: Final = ("label", *_SIDES, "confidence")


class Head(Struct, frozen=True):
    """What is written above the entries, with defaults. `given` names the keys that are written, usable or not."""

    prefix: str | None
    shared: Shared
    given: frozenset[str]


def head_of(members: Mapping[str, Node], fields: Fields, defaults: Defaults = NO_DEFAULTS) -> Head:
    """Read the head's values; what is wrong with them is reported once for all entries.

    `defaults` are for what it does not say.
    """
    images = members.get("images")
    prefix = defaults.images or None if images is None else _prefix(images, fields)
    size = tuple((side, _ELSEWHERE) for side in defaults.size)
    given = frozenset(name for name, value in defaults._asdict().items() if value)
    shared = Shared(size=size or None, created=defaults.created or None).over(DEFAULTS)
    return Head(prefix, read_shared(members, fields).over(shared), frozenset(members) | given)


def defaults_of(members: Mapping[str, Node], fields: Fields) -> Defaults:
    """Read the defaults of project.yaml."""
    given = {name: members[name] for name in Defaults._fields if name in members}
    head = head_of(given, fields)
    created = head.shared.created or "" if "created" in given else ""
    return Defaults(head.prefix or "", tuple(side for side, _node in head.shared.size or ()), created)


def _prefix(node: Node, fields: Fields) -> str | None:
    prefix = fields.text(node, "`images`")
    if prefix is None:
        return None
    if not prefix.startswith(SCHEME) or not prefix[len(SCHEME) :].strip("/"):
        address = s3_address(f"{prefix}/image")
        cure = f"write {address.removesuffix('image')}" if address else "write it as s3://bucket/folder/"
        fields.wrong(yaml_rules.PREFIX, node, prefix=prefix, cure=cure)
        return None
    fault = address_fault(key_of_image(prefix, "image"))
    if fault is not None:
        fields.wrong(fault.rule, node, **fault.details)
        return None
    return prefix


def written_entry(entry: MappingNode, head: Head, fields: Fields) -> WrittenEntry | None:
    """The entry with the head's defaults; None when something is wrong, which was reported (perhaps in the head)."""
    members = entry.members
    key = _key(entry, head, fields)
    shared = read_shared(members, fields).over(head.shared)
    labels = _labels(members["labels"], fields) if "labels" in members else {}
    boxes = _boxes(members["boxes"], fields) if "boxes" in members else None
    if "boxes" in members and "size" not in members and "size" not in head.given:
        fields.wrong(yaml_rules.NO_SIZE, members["boxes"])
    if key is None or labels is None or ("boxes" in members and (boxes is None or shared.size is None)):
        return None
    return WrittenEntry(key, labels, boxes, shared, entry)


def _key(entry: MappingNode, head: Head, fields: Fields) -> str | None:
    """The image's whole address."""
    node = entry.members.get("image")
    if node is None:
        fields.wrong(yaml_rules.NO_IMAGE, entry)
        return None
    image = fields.text(node, "`image`")
    if image is None or is_address(image):
        return image
    if head.prefix is not None:
        return key_of_image(head.prefix, image)
    if "images" not in head.given:
        fields.wrong(yaml_rules.NO_PREFIX, node, image=image)
    return None


def _labels(node: Node, fields: Fields) -> dict[str, Node] | None:
    """The distinct labels with where each is written first."""
    items = fields.items(node, "`labels`")
    if items is None:
        return None
    names = [fields.text(item, "a label", yaml_rules.EMPTY_LABEL) for item in items]
    labels: dict[str, Node] = {}
    for label, item in zip(names, items, strict=True):
        if label is not None and labels.setdefault(label, item) is not item:
            fields.wrong(yaml_rules.REPEATED_LABEL, item, label=label)
    return None if None in names else labels


def _boxes(node: Node, fields: Fields) -> tuple[WrittenBox, ...] | None:
    items = fields.items(node, "`boxes`")
    if items is None:
        return None
    for item in items:
        if isinstance(item, MappingNode) and (cure := other_members(item.members)):
            fields.wrong(yaml_rules.BOX_MEMBERS, item, cure=cure)
            return None  # the boxes of an entry are written alike
    boxes = tuple(box for item in items if (box := _box(item, fields)))
    return boxes if len(boxes) == len(items) else None


def _box(node: Node, fields: Fields) -> WrittenBox | None:
    box = fields.mapping(node, "a box", BOX_KEYS, "write {label: ..., left: ..., top: ..., width: ..., height: ...}")
    if box is None:
        return None
    members = box.members
    for name in ("label", *_SIDES):
        if name not in members:
            fields.wrong(yaml_rules.MISSING_KEY, box, where="a box", name=name)
    label = fields.text(members["label"], "a label", yaml_rules.EMPTY_LABEL) if "label" in members else None
    read = ((name, fields.number(members[name], f"`{name}`")) for name in _SIDES if name in members)
    sides: dict[str, int | float] = {name: side for name, side in read if side is not None}
    own = read_confidence(members["confidence"], fields) if "confidence" in members else None
    if label is None or len(sides) < len(_SIDES):
        return None
    return WrittenBox(label, sides, own, box)
