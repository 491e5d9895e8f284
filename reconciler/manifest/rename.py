"""A label renamed in a manifest by position: its text changes where it is written, and no other byte does."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from reconciler.entries import BOXES_TYPE, METADATA, attributes, without_service_fields
from reconciler.entries.line import own_entry
from reconciler.errors import BadInput
from reconciler.manifest.findings import ParsedLine
from reconciler.manifest.write import in_flow
from reconciler.model import Place
from reconciler.text import inert

_BOM: Final = b"\xef\xbb\xbf"
# A tag or an anchor before a value in YAML.
_BEFORE: Final = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")
_DOUBLE: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_SINGLE: Final = re.compile(r"'(?:[^']|'')*'")


def renamed(document: Mapping[str, Any], old: str, new: str) -> dict[str, Any] | None:
    """The line with the label renamed; None where it does not have it. Its class-map may then have a name twice."""
    own = json.loads(json.dumps(without_service_fields(document)))
    found = False
    for attribute in list(attributes(own)):
        about = own[attribute.name + METADATA]
        if attribute.kind != BOXES_TYPE and about.get("class-name") == old:
            about["class-name"], found = new, True
        names = about.get("class-map")
        if attribute.kind == BOXES_TYPE and isinstance(names, dict) and old in names.values():
            about["class-map"] = {number: new if name == old else name for number, name in names.items()}
            found = True
    return own if found else None


def has_twice(document: Mapping[str, Any], label: str) -> bool:
    """Whether a line has a label of the whole image more than once, as a merge of two labels can leave it."""
    names = (one.metadata.get("class-name") for one in attributes(document) if one.kind != BOXES_TYPE)
    return len([name for name in names if name == label]) > 1


def places_of(line: ParsedLine, label: str) -> Iterator[Place]:
    """Where a label may be written in a line or entry: what is there decides."""
    for attribute in attributes(line.document):
        metadata = attribute.name + METADATA
        if attribute.kind != BOXES_TYPE:
            yield from [line.locate((metadata, "class-name"))] if attribute.metadata.get("class-name") == label else []
            continue
        names = attribute.metadata.get("class-map")
        ids = {number for number, name in names.items() if name == label} if isinstance(names, dict) else set()
        yield from (line.locate((metadata, "class-map", number)) for number in ids)
        boxes = attribute.value.get("annotations", ()) if isinstance(attribute.value, dict) else ()
        for index, box in enumerate(boxes):
            if isinstance(box, dict) and str(box.get("class_id")) in ids:
                yield line.locate((attribute.name, "annotations", index, "label"))


def with_label(handle: BinaryIO, places: Iterable[Place], old: str, new: str, *, is_yaml: bool) -> Iterator[bytes]:
    """The file with the label's text replaced at those of the places that have it, line by line.

    Raises:
        BadInput: the label is written there in a way that cannot be replaced.
    """
    by_line: defaultdict[int, set[Place]] = defaultdict(set)
    for place in places:
        by_line[place.line].add(place)
    for number, raw in enumerate(handle, start=1):
        if number not in by_line:
            yield raw
            continue
        bom = _BOM if number == 1 and raw.startswith(_BOM) else b""
        text = raw[len(bom) :].decode("utf-8", "surrogatepass")
        for place in sorted(by_line[number], reverse=True):
            text = _replaced(text, place, old, new, is_yaml=is_yaml)
        yield bom + text.encode("utf-8", "surrogatepass")


def _replaced(text: str, place: Place, old: str, new: str, *, is_yaml: bool) -> str:
    begin = place.column - 1
    if is_yaml and (before := _BEFORE.match(text, begin)):
        begin = before.end()
    if match := _DOUBLE.match(text, begin):
        written = _unquoted(match[0], text, place)
        return text if written != old else text[:begin] + json.dumps(new, ensure_ascii=False) + text[match.end() :]
    if is_yaml and (match := _SINGLE.match(text, begin)):
        if match[0][1:-1].replace("''", "'") != old:
            return text
        return f"{text[:begin]}{in_flow(new)}{text[match.end() :]}"
    if is_yaml and text.startswith(old, begin):
        return f"{text[:begin]}{in_flow(new)}{text[begin + len(old) :]}"
    if text[begin : begin + 1] in {"{", "[", "*"}:
        return text  # a box in AWS's form, whose label is in the class-map; an alias, whose text is elsewhere
    raise _by_hand(place)


def _unquoted(written: str, text: str, place: Place) -> str:
    try:
        value = json.loads(written)
    except ValueError:
        raise _by_hand(place) from None
    return value if isinstance(value, str) else text


def _by_hand(place: Place) -> BadInput:
    return BadInput(
        f"{inert(str(place))}: the label is written in a way that cannot be replaced; edit the file by hand; "
        "nothing was written"
    )


def meaning_after(line: bytes, old: str, new: str) -> bytes | None:
    """The digest of all content of a line after the rename; None where it does not have the label."""
    document = renamed(json.loads(line), old, new)
    return None if document is None else own_entry(document).meaning
