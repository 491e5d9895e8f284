"""Entries as the text of a manifest: JSON Lines, or YAML in the short form where nothing is lost by it.

The short form has no names of attributes, class ids or values of image-level attributes: they carry nothing. A line
with anything else that the form cannot say (a date for each label, members that Custom Labels does not know) is written
whole. What was written is read again, and an entry that does not mean what its line means is written whole too.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import Any, Final

from msgspec import Struct, field

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF, parse_live
from reconciler.entries.line import own_entry, without_service_fields
from reconciler.entries.meaning import encoded
from reconciler.manifest.findings import Collector, ParsedLine
from reconciler.manifest.forms import expanded
from reconciler.manifest.yaml.entry import head_of
from reconciler.manifest.yaml.nodes import Fields
from reconciler.manifest.yaml.read import yaml_lines
from reconciler.model import NO_DEFAULTS, Defaults, Place

# Entries that are written, read again and compared at a time.
_BATCH: Final = 500
# Distinct values that are counted to find the most common one.
_COUNTED: Final = 1000
_SIDES: Final = ("left", "top", "width", "height")
_SHARED_FIELDS: Final = {"creation-date": "created", "human-annotated": "human-annotated", "job-name": "job-name"}
_IMAGE_FIELDS: Final = {"confidence", "class-name", "type", *_SHARED_FIELDS}
_BOX_FIELDS: Final = {"objects", "class-map", "type", *_SHARED_FIELDS}
_DEPTH: Final = 3
# What an entry says where neither it nor the head says otherwise, as in `yaml.expand`.
_DEFAULTS: Final[Mapping[str, Any]] = {"created": "2000-01-01T00:00:00", "human-annotated": "yes", "confidence": 1}
# Text that means itself without quotes, in lists and braces too.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_/](?:[A-Za-z0-9_./+()-]*[A-Za-z0-9_/+()-])?(?: [A-Za-z0-9_/+()]+)*")
_ALONE: Final = re.compile(r"s3://[A-Za-z0-9_./+()-]+|labeling-job/[A-Za-z0-9_-]+|\d{4}-\d\d-\d\dT[0-9:.]+Z?", re.ASCII)
# What no YAML stream may hold, or what its readers take for the end of a line.
_ESCAPED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class _Unsayable(Exception):
    """A line has something that the short form cannot say."""


class Head(Struct, frozen=True):
    """What a YAML manifest says once for all its entries: the prefix of their images, and values they share by key."""

    images: str = ""
    shared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The lines above the entries."""
        images = f"images: {alone(self.images)}\n" if self.images else ""
        return images + "".join(f"{name}: {alone(value)}\n" for name, value in self.shared.items())


def json_line_of(line: str) -> bytes:
    """A listed line as a line of JSON Lines, without what the service adds."""
    return encoded(without_service_fields(parse_live(line))) + b"\n"


def yaml_manifest(lines: Callable[[], Iterable[str]], whole: Collection[str] = ()) -> Iterator[str]:
    """A whole YAML manifest of listed lines, piece by piece; `lines` gives them, in order, each time it is called.

    `whole` are the keys whose lines are written whole: marked entries are compared by all their content.
    """
    head = head_for(lines())
    rest = iter(lines())
    batch = list(islice(rest, _BATCH))
    yield f"{head.text}entries:{'' if batch else ' []'}\n"
    while batch:
        yield from yaml_entries(batch, head, whole=whole)
        batch = list(islice(rest, _BATCH))


def head_for(lines: Iterable[str]) -> Head:
    """The head that makes the entries of these lines shortest: the folder that all images share, the usual values."""
    folder: str | None = None
    counts: dict[str, Counter[str]] = {}
    labelled = 0
    for line in lines:
        own = without_service_fields(parse_live(line))
        key = str(own[SOURCE_REF])
        folder = key[: key.rfind("/") + 1] if folder is None else folder
        while not key.startswith(folder):
            folder = folder[: folder[:-1].rfind("/") + 1]
        labelled += len(own) > 1
        for name, value in _usual(own).items():
            many = counts.setdefault(name, Counter())
            if len(many) < _COUNTED or json.dumps(value) in many:
                many[json.dumps(value)] += 1
    best = {name: many.most_common(1)[0] for name, many in counts.items()}
    # A job's name follows the attribute's where nothing is written, which an entry below a head with one cannot say.
    usual = {name: json.loads(text) for name, (text, many) in best.items() if name != "job-name" or many == labelled}
    shared = {name: value for name, value in usual.items() if _DEFAULTS.get(name) != value}
    return Head(folder if folder and folder.count("/") > 2 else "", shared)


def _usual(own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values of an entry that its head may say."""
    try:
        members = _members(own)
    except _Unsayable:
        return {}
    return {name: value for name, value in members.items() if name not in {"image", "labels", "boxes"}}


def yaml_entries(lines: Iterable[str], head: Head, indent: str = "  ", whole: Collection[str] = ()) -> Iterator[str]:
    """The entries of listed lines, each its text with the line's end; whole lines where the short form would lose."""
    owns = [without_service_fields(parse_live(line)) for line in lines]
    short = [None if own[SOURCE_REF] in whole else _short(own, head, indent) for own in owns]
    text = f"{head.text}entries:\n" + "".join(one for one in short if one)
    written = {}
    for line in yaml_lines(BytesIO(text.encode("utf-8", "surrogatepass")), Collector("entry")):
        entry = own_entry(line.document)
        written[entry.key] = entry.meaning
    for own, one in zip(owns, short, strict=True):
        entry = own_entry(own)
        yield one if one and written.get(entry.key) == entry.meaning else f"{indent}- {as_json(own)}\n"


def _short(own: Mapping[str, Any], head: Head, indent: str) -> str | None:
    """The entry in the short form; None where it cannot say the line."""
    said = _said(own, head)
    if said is None:
        return None
    boxes = said.pop("boxes", None)
    marks = ["- ", *["  "] * (len(said) - 1)]
    parts = [f"{indent}{mark}{name}: {alone(value)}\n" for mark, (name, value) in zip(marks, said.items(), strict=True)]
    if boxes is not None:
        parts.append(f"{indent}  boxes:{' []' if not boxes else ''}\n")
        parts += [f"{indent}    - {in_flow(box)}\n" for box in boxes]
    return "".join(parts)


def _said(own: Mapping[str, Any], head: Head) -> dict[str, Any] | None:
    """What an entry says beyond the head, `image` first and `boxes` last; None where the short form cannot say it."""
    try:
        members = _members(own)
    except _Unsayable:
        return None
    if "job-name" in head.shared and "job-name" not in members and len(own) > 1:
        jobs = [value["job-name"] for name, value in own.items() if name.endswith(METADATA)]
        if len(jobs) > 1:  # each of them follows its own attribute
            return None
        members["job-name"] = jobs[0]
    key, boxes = str(members.pop("image")), members.pop("boxes", None)
    inside = head.images and key.startswith(head.images)
    image = key.removeprefix(head.images) if inside else ""
    usual = {**_DEFAULTS, **head.shared}
    confidence = members.get("confidence", usual["confidence"])
    said = {"image": image or key, **{name: value for name, value in members.items() if usual.get(name) != value}}
    return said if boxes is None else said | {"boxes": [_box(box, confidence) for box in boxes]}


def short_line_of(line: str, defaults: Defaults = NO_DEFAULTS) -> bytes:
    """A listed line in the short form of JSON Lines; AWS's own line where the short form would lose something."""
    own = without_service_fields(parse_live(line))
    said = _said(own, head_by(defaults))
    if said is not None:
        place = Place("", 1, 1)
        head = head_of({}, Fields(lambda *_args, **_details: None), defaults)
        whole = expanded(ParsedLine(said, place, lambda _path: place), head, lambda *_args, **_details: None)
        if whole and own_entry(whole.document).meaning == own_entry(own).meaning:
            return encoded(said) + b"\n"
    return json_line_of(line)


def head_by(defaults: Defaults) -> Head:
    """What project.yaml says for all entries, as the head of a file."""
    shared = {"size": list(defaults.size), "created": defaults.created}
    images = f"{defaults.images.rstrip('/')}/" if defaults.images else ""
    return Head(images, {name: value for name, value in shared.items() if value})


def _box(box: Mapping[str, Any], confidence: object) -> Mapping[str, Any]:
    return {name: value for name, value in box.items() if name != "confidence" or value != confidence}


def _members(own: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the entry in the short form, the shared ones included.

    Raises:
        _Unsayable: the line says more.
    """
    members: dict[str, Any] = {"image": own[SOURCE_REF]}
    shared: list[Mapping[str, Any]] = []
    labels: list[str] = []
    for name, metadata in own.items():
        if name == SOURCE_REF or (not name.endswith(METADATA) and name + METADATA in own):
            continue
        value = own.get(name.removesuffix(METADATA))
        if not isinstance(metadata, dict) or value is None or name.removesuffix(METADATA) == name:
            raise _Unsayable
        if metadata.get("type") == IMAGE_TYPE and metadata.keys() == _IMAGE_FIELDS:
            labels.append(metadata["class-name"])
            shared.append(_shared(metadata, name) | {"confidence": metadata["confidence"]})
        elif metadata.get("type") == BOXES_TYPE and metadata.keys() == _BOX_FIELDS and "boxes" not in members:
            members["boxes"], size = _boxes(value, metadata)
            shared.append(_shared(metadata, name) | {"size": size})
        else:
            raise _Unsayable
    if labels:
        members["labels"] = labels
    return members | _agreed(shared)


def _shared(metadata: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The values that all attributes of an entry share; a job's name that follows the attribute's is none."""
    values = {ours: metadata[theirs] for theirs, ours in _SHARED_FIELDS.items()}
    if not all(isinstance(value, str) for value in values.values()):
        raise _Unsayable
    if values["job-name"] == f"labeling-job/{name.removesuffix(METADATA)}":
        del values["job-name"]
    return values


def _agreed(shared: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of all attributes, which must be the same."""
    agreed: dict[str, Any] = {}
    for values in shared:
        for name, value in values.items():
            if agreed.setdefault(name, value) != value:
                raise _Unsayable
        if "job-name" in agreed and "job-name" not in values:
            raise _Unsayable
    return agreed


def _boxes(value: object, metadata: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[Any]]:
    """The boxes and the size of the image."""
    objects, labels = metadata["objects"], metadata["class-map"]
    if not isinstance(value, dict) or value.keys() != {"image_size", "annotations"} or not isinstance(labels, dict):
        raise _Unsayable
    annotations, sizes = value["annotations"], value["image_size"]
    if not (isinstance(annotations, list) and isinstance(objects, list) and len(objects) == len(annotations)):
        raise _Unsayable
    boxes = [_one_box(drawn, seen, labels) for drawn, seen in zip(annotations, objects, strict=True)]
    if {box["label"] for box in boxes} != set(labels.values()) or len(labels) != len(set(labels.values())):
        raise _Unsayable  # the class-map declares labels that no box has
    return boxes, _size(sizes)


def _one_box(drawn: object, seen: object, labels: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(drawn, dict) or drawn.keys() != {"class_id", *_SIDES}:
        raise _Unsayable
    if not isinstance(seen, dict) or seen.keys() != {"confidence"}:
        raise _Unsayable
    label = labels.get(str(drawn["class_id"]))
    if not isinstance(label, str):
        raise _Unsayable
    return {"label": label, **{side: drawn[side] for side in _SIDES}, "confidence": seen["confidence"]}


def _size(sizes: object) -> list[Any]:
    """Width and height, and a depth that is not the usual one."""
    if not isinstance(sizes, list) or len(sizes) != 1 or not isinstance(sizes[0], dict):
        raise _Unsayable
    if sizes[0].keys() != {"width", "height", "depth"}:
        raise _Unsayable
    width, height, depth = (sizes[0][name] for name in ("width", "height", "depth"))
    return [width, height] if depth == _DEPTH else [width, height, depth]


def in_flow(value: object) -> str:
    """A value on one line, as people write it: text without quotes where it means itself."""
    if isinstance(value, list):
        return f"[{', '.join(map(in_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{in_flow(name)}: {in_flow(member)}' for name, member in value.items())}}}"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in {"null", "true", "false"}:
        return value
    return as_json(value)


def alone(value: object) -> str:
    """A value that is alone on its line: there the colons of an address or a date need no quotes either."""
    return value if isinstance(value, str) and _ALONE.fullmatch(value) else in_flow(value)


def as_json(value: object) -> str:
    """A value as JSON that is YAML too."""
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
