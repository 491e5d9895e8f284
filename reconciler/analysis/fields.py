"""Fields in which two lines differ besides labels, boxes and image sizes: their path and both values.

Labels and boxes (class maps, class ids, coordinates) are removed from both lines first, attributes are compared by what
they label and not by their name, and deepdiff explains the members that differ. `all_fields` compares
all of both lines.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from reconciler.analysis.results import FieldChange
from reconciler.entries import IMAGE_TYPE, METADATA, SOURCE_REF, Attribute, attributes
from reconciler.entries.meaning import Document, canonical, confidences, encoded

# A field's value is shown, not kept: the line itself is in the manifest.
VALUE_CHARACTERS: Final = 200


def document_of(line: bytes | None) -> Document:
    """A line of the ledger, parsed; without a line an empty document."""
    if not line:
        return {}
    document: Document
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        document = json.loads(line)  # takes what the fast decoder refuses, such as lone surrogates
    return document


def value_text(value: object, limit: int = VALUE_CHARACTERS) -> str:
    """Any JSON value as compact JSON, its end cut off beyond `limit` characters."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


# Members that hold labels and boxes, in an attribute's value, its metadata and its annotations.
_GEOMETRY: Final = frozenset({"class_id", "left", "top", "width", "height"})
_LABELLING: Final = frozenset({"class-map", "class-name", "confidence", "type"})
_MISSING: Final = object()


def field_changes(before: Document, after: Document) -> tuple[FieldChange, ...]:
    """What differs, in the order of the lines; empty only for lines that are equal or differ in labels and boxes."""
    names_before, names_after = slots_of(before), slots_of(after)
    renamed = [
        FieldChange(path="attribute name", before=value_text(name), after=value_text(names_after[slot].name))
        for slot, name in ((slot, attribute.name) for slot, attribute in names_before.items())
        if slot in names_after and names_after[slot].name != name
    ]
    found = renamed + [
        change
        for slot, attribute in names_before.items()
        if slot in names_after
        for change in _attribute(attribute, names_after[slot])
    ]
    gone = [attribute for slot, attribute in names_before.items() if slot not in names_after]
    come = [attribute for slot, attribute in names_after.items() if slot not in names_before]
    for one, other in zip(gone, come, strict=False):  # another label: only its origin can be compared
        found += _origins(one, other)
    found += _members(_rest(before, names_before), _rest(after, names_after), "")
    return tuple(found)


def all_fields(before: Document, after: Document) -> tuple[FieldChange, ...]:
    """What differs between all of two lines."""
    return tuple(_members(before, after, ""))


def slots_of(document: Document) -> dict[tuple[str, str | int], Attribute]:
    """The known attributes by what they label: the image's label, or the number of the set of boxes."""
    slots: dict[tuple[str, str | int], Attribute] = {}
    for attribute in attributes(document):
        name = attribute.metadata.get("class-name") if attribute.kind == IMAGE_TYPE else None
        slots.setdefault((attribute.kind, name if isinstance(name, str) else len(slots)), attribute)
    return slots


def _rest(document: Document, slots: Mapping[Any, Attribute]) -> Document:
    """The members other than known attributes and the key."""
    known = {attribute.name for attribute in slots.values()}
    known |= {name + METADATA for name in known} | {SOURCE_REF}
    return {name: value for name, value in document.items() if name not in known}


def _attribute(before: Attribute, after: Attribute) -> Iterator[FieldChange]:
    yield from _origins(before, after)
    yield from _values(_value(before), _value(after), after.name)


def _origins(before: Attribute, after: Attribute) -> Iterator[FieldChange]:
    """What differs in two attributes' metadata besides labels."""
    if encoded(before.metadata) == encoded(after.metadata):  # nearly always, and quickly seen
        return
    stated = confidences(before), confidences(after)
    one, other = _range(stated[0]), _range(stated[1])
    # They differ, and neither the range nor the number of boxes shows it.
    objects = one == other and stated[0] != stated[1] and len(stated[0]) == len(stated[1])
    yield from _members(_metadata(before, objects=objects), _metadata(after, objects=objects), after.name + METADATA)
    if one != other:
        yield _change(f"{after.name}{METADATA}.confidence", one, other)


def _metadata(attribute: Attribute, *, objects: bool) -> Document:
    """An attribute's metadata without labels and confidences; with `objects` including those of the boxes."""
    left_out = _LABELLING if objects else _LABELLING | {"objects"}
    return {name: value for name, value in attribute.metadata.items() if name not in left_out}


def _range(stated: Sequence[float]) -> object:
    """Confidences as a value to show: one number, or the lowest and the highest."""
    if not stated:
        return _MISSING
    lowest, highest = min(stated), max(stated)
    return lowest if lowest == highest else [lowest, highest]


def _value(attribute: Attribute) -> object:
    """An attribute's value without boxes and the image's size."""
    value = attribute.value
    if not isinstance(value, dict):
        return value
    rest = {name: member for name, member in value.items() if name not in {"annotations", "image_size"}}
    sizes, annotations = value.get("image_size"), value.get("annotations")
    rest["image_size"] = _stripped(sizes, frozenset({"width", "height"}))
    rest["annotations"] = _stripped(annotations, _GEOMETRY)
    return rest


def _stripped(items: object, left_out: frozenset[str]) -> object:
    """A list of objects without some members, and without objects that are empty then."""
    if not isinstance(items, list):
        return items
    if set(map(type, items)) <= {dict} and all(map(left_out.issuperset, items)):
        return []
    rest = [
        {name: member for name, member in item.items() if name not in left_out} if isinstance(item, dict) else item
        for item in items
    ]
    return [item for item in rest if item != {}]


def _members(before: Document, after: Document, path: str) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        yield from _values(before.get(name, _MISSING), after.get(name, _MISSING), f"{path}.{name}" if path else name)


def _values(before: object, after: object, path: str) -> Iterator[FieldChange]:
    """What differs between two JSON values, numbers by value; nearly always nothing does, which is quickly seen."""
    if before is _MISSING or after is _MISSING:
        yield _change(path, before, after)
    elif (one := canonical([before])) != (other := canonical([after])):
        yield from _explained(one, other, path)


@lru_cache(maxsize=1024)  # the same values come in thousands of lines
def _explained(before: bytes, after: bytes, path: str) -> tuple[FieldChange, ...]:
    from deepdiff import DeepDiff  # noqa: PLC0415 - a tenth of a second, for lines that differ in more than labels

    (one,), (other,) = json.loads(before), json.loads(after)
    difference = DeepDiff(
        one,
        other,
        view="tree",
        ignore_private_variables=False,  # a member may be called `__x`
        threshold_to_diff_deeper=0,  # else two values with little in common differ "at the root"
    )
    found = tuple(
        _change(_path(path, item.path(output_format="list")), _present(item.t1), _present(item.t2))
        for items in difference.values()
        for item in items
    )
    return found or (_change(path, one, other),)  # true and 1 in a list are one value to Python


def _path(start: str, steps: Sequence[str | int]) -> str:
    """`start.member[3]`."""
    return start + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _present(value: object) -> object:
    """DeepDiff's word for "not present" is a type of its own."""
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else _MISSING


def _change(path: str, before: object, after: object) -> FieldChange:
    return FieldChange(
        path=path,
        before=None if before is _MISSING else value_text(before),
        after=None if after is _MISSING else value_text(after),
    )
