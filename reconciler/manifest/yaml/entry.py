"""A person's entry in YAML: its keys read and judged, with the defaults of the file's head.

An entry with `source-ref`: AWS's own line, written in YAML.

Source of the fields: Custom Labels Developer Guide, "Creating a manifest file".

The values that may stand in the head of a YAML manifest for all entries, or in an entry.
"""

import re
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reconciler.entries import METADATA, SOURCE_REF
from reconciler.manifest.judge.label_attributes import is_share
from reconciler.manifest.judge.source_ref import SCHEME, address_fault
from reconciler.manifest.line import Path
from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.manifest.yaml.expand import DEFAULT_CREATED, DrawnBox, WrittenEntry
from reconciler.manifest.yaml.nodes import Mapping, Node, Report, Scalar, Sequence
from reconciler.manifest.yaml.values import NUMBER, Fields, json_number

_TEXT_FIELDS: Final = frozenset({"class-name", "job-name", "creation-date", "human-annotated", "type"})
_CLASS_MAP: Final = "class-map"
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def raw_document(entry: Mapping, report: Report) -> dict[str, Any]:
    """The entry as a JSON object; what has no JSON value is reported and becomes null."""
    return {
        name: _member(value, name, (name,), report) if name != SOURCE_REF else _value(value, name, report, text=True)
        for name, value in entry.members.items()
    }


def _member(node: Node, name: str, path: Path, report: Report) -> Any:  # noqa: ANN401 - any JSON value
    """A value inside an attribute; `path` decides whether it is one of AWS's text fields."""
    if isinstance(node, Mapping):
        return {key: _member(value, key, (*path, key), report) for key, value in node.members.items()}
    if isinstance(node, Sequence):
        return [_member(item, name, (*path, index), report) for index, item in enumerate(node.items)]
    return _value(node, name, report, text=_is_text_field(path))


def _is_text_field(path: Path) -> bool:
    if not str(path[0]).endswith(METADATA):
        return False
    return (len(path) == 2 and path[1] in _TEXT_FIELDS) or (len(path) == 3 and path[1] == _CLASS_MAP)


def _value(node: Node, name: str, report: Report, *, text: bool) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(node, Scalar):
        return _member(node, name, (name,), report)
    if text or not node.plain:
        return node.text
    if node.text in _CONSTANTS:
        return _CONSTANTS[node.text]
    if not node.text:
        report(yaml_rules.EMPTY_VALUE, node.line, node.column, name=name)
        return None
    if not NUMBER.fullmatch(node.text):
        return node.text
    number = json_number(node.text)
    if number is None:
        report(line_rules.OVERFLOW, node.line, node.column, text=node.text)
    return number


def node_at(entry: Node, path: Path) -> Node:
    """The node of the member at `path`, or the innermost one around it when that member is missing."""
    node = entry
    for step in path:
        if isinstance(node, Mapping) and step in node.members:
            node = node.members[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


SHARED_KEYS: Final = ("size", "created", "human-annotated", "job-name", "confidence")
# Y-M-DTH:M:S, and fractions and Z as in AWS's examples.
# Source: Custom Labels Developer Guide, "Transforming COCO datasets".
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?Z?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shared:
    """Values, each None where nothing usable is written; `size` is width, height and perhaps depth, with its nodes."""

    size: tuple[int, ...] | None = None
    size_nodes: tuple[Node, ...] = ()
    created: str | None = None
    human_annotated: str | None = None
    job_name: str | None = None
    confidence: float | None = None

    def over(self, head: "Shared") -> "Shared":
        """An entry's values, and those of the head where the entry says nothing."""
        return Shared(
            size=head.size if self.size is None else self.size,
            size_nodes=head.size_nodes if self.size is None else self.size_nodes,
            created=head.created if self.created is None else self.created,
            human_annotated=head.human_annotated if self.human_annotated is None else self.human_annotated,
            job_name=head.job_name if self.job_name is None else self.job_name,
            confidence=head.confidence if self.confidence is None else self.confidence,
        )


def read_shared(members: ReadOnly[str, Node], fields: Fields) -> Shared:
    """Read the values that are there; what is wrong with them is reported."""
    size = members.get("size")
    numbers, nodes = (None, ()) if size is None else _size(size, fields)
    created, human = members.get("created"), members.get("human-annotated")
    job_name, share = members.get("job-name"), members.get("confidence")
    return Shared(
        size=numbers,
        size_nodes=nodes,
        created=None if created is None else _created(created, fields),
        human_annotated=None if human is None else _human_annotated(human, fields),
        job_name=None if job_name is None else fields.text(job_name, "`job-name`"),
        confidence=None if share is None else read_confidence(share, fields),
    )


def read_confidence(node: Node, fields: Fields) -> float | None:
    """A number from 0 to 1."""
    number = fields.number(node, "`confidence`")
    if number is not None and not is_share(number):
        fields.wrong(yaml_rules.SHARE, node, number=number)
        return None
    return number


def _size(node: Node, fields: Fields) -> tuple[tuple[int, ...] | None, tuple[Node, ...]]:
    items = fields.items(node, "`size`")
    if items is None:
        return None, ()
    if len(items) not in (2, 3):
        fields.wrong(yaml_rules.SIZE_FORM, node, count=len(items))
        return None, ()
    numbers = [fields.whole(item, "a side in `size`") for item in items]
    known = tuple(number for number in numbers if number is not None)
    return (known, items) if len(known) == len(numbers) else (None, ())


def _created(node: Node, fields: Fields) -> str | None:
    text = fields.text(node, "`created`")
    match = None if text is None else _DATE.fullmatch(text)
    if text is not None and (match is None or not _is_date(match[1])):
        fields.wrong(yaml_rules.DATE, node, what="`created`", text=text)
        return None
    return text


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _human_annotated(node: Node, fields: Fields) -> str | None:
    text = fields.text(node, "`human-annotated`")
    if text is not None and text not in ("yes", "no"):
        fields.wrong(yaml_rules.HUMAN, node, text=text)
        return None
    return text


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
        fields.wrong(yaml_rules.PREFIX, node, prefix=prefix)
        return None
    fault = address_fault(_joined(prefix, "image"))
    if fault is not None:
        fields.wrong(fault.rule, node, **fault.details)
        return None
    return prefix


def _joined(prefix: str, image: str) -> str:
    """Prefix and name with exactly one slash between them; nothing else is normalised."""
    return f"{prefix.rstrip('/')}/{image.lstrip('/')}"


def drawn_of(entry: Mapping, head: Head, fields: Fields) -> WrittenEntry[Node] | None:
    """The entry with the head's defaults; None when something is wrong, which was reported (perhaps in the head)."""
    members = entry.members
    key = _key(entry, head, fields)
    own = read_shared(members, fields)
    shared = own.over(head.shared)
    labels = _labels(members["labels"], fields) if "labels" in members else {}
    boxes = _boxes(members["boxes"], shared, fields) if "boxes" in members else None
    if "boxes" in members and "size" not in members and "size" not in head.given:
        fields.wrong(yaml_rules.NO_SIZE, members["boxes"])
    if key is None or labels is None or ("boxes" in members and (boxes is None or shared.size is None)):
        return None
    return WrittenEntry(
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
        fields.wrong(yaml_rules.NO_IMAGE, entry)
        return None
    image = fields.text(node, "`image`")
    if image is None or _ADDRESS.match(image):
        return image
    if head.prefix is not None:
        return _joined(head.prefix, image)
    if "images" not in head.given:
        fields.wrong(yaml_rules.NO_PREFIX, node, image=image)
    return None


def _labels(node: Node, fields: Fields) -> dict[str, Node] | None:
    """The distinct labels with where each first stands."""
    items = fields.items(node, "`labels`")
    if items is None:
        return None
    labels: dict[str, Node] = {}
    complete = True
    for item in items:
        label = fields.text(item, "a label", yaml_rules.EMPTY_LABEL)
        if label is None:
            complete = False
        elif label in labels:
            fields.wrong(yaml_rules.REPEATED_LABEL, item, label=label)
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
            fields.wrong(yaml_rules.MISSING_KEY, box, where="a box", name=name)
    label = fields.text(box.members["label"], "a label", yaml_rules.EMPTY_LABEL) if "label" in box.members else None
    sides: dict[str, int | float | None] = {
        name: fields.number(box.members[name], f"`{name}`") for name in _SIDES if name in box.members
    }
    known = {name: side for name, side in sides.items() if side is not None}
    own = read_confidence(box.members["confidence"], fields) if "confidence" in box.members else shared.confidence
    if label is None or len(known) < len(_SIDES):
        return None
    return DrawnBox(label, known, 1 if own is None else own, box.members, box)
