"""A whole line: from its text to an entry and back to the text that is sent, both without what the service adds.

The shape of the service's fields identifies them, not the name alone: `errors`, `warnings` and `cl-errors` only as
lists of code and message, `cl-metadata` only with `is_labeled`; so a label attribute called `errors` stays.

Sources: Custom Labels Developer Guide, "Understanding training and testing validation result manifests"; API Reference,
ListDatasetEntries. Only AWS's published examples show that listed lines carry `cl-metadata` and `cl-errors`, so both
spellings are read.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from reconciler.entries.meaning import (
    SOURCE_REF,
    Document,
    attributes,
    canonical,
    digest_of,
    encoded,
    hashed,
    meaning_of,
    origin_of,
    said_by,
)
from reconciler.model import Entry, Mark

# Where the service may write lists of {code, message}.
SERVICE_LISTS: Final = ("errors", "warnings", "cl-errors")
_ERROR_LISTS: Final = ("errors", "cl-errors")
_CL_METADATA: Final = "cl-metadata"


def without_service_fields(document: Document) -> dict[str, Any]:
    """The line without what the service adds, at line, attribute, metadata and annotation level."""
    return {
        name: _own_attribute(value) if isinstance(value, dict) else value
        for name, value in document.items()
        if not _is_service_field(name, value)
    }


def marks_of(document: Document) -> tuple[Mark, ...]:
    """The errors that the service wrote into a line, at any level, in the line's order."""
    return tuple(_marks(document))


def _is_service_field(name: str, value: object) -> bool:
    if name == _CL_METADATA:
        return isinstance(value, dict) and isinstance(value.get("is_labeled"), bool)
    return _is_service_list(name, value)


def _is_service_list(name: str, value: object) -> bool:
    return (
        name in SERVICE_LISTS
        and isinstance(value, list)
        and all(
            isinstance(item, dict) and isinstance(item.get("code"), str) and isinstance(item.get("message"), str)
            for item in value
        )
    )


def _own_attribute(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute's value or metadata without the service's lists, also inside its annotations."""
    own = _without_lists(value)
    annotations = own.get("annotations")
    if not isinstance(annotations, list):
        return own
    return {**own, "annotations": [_without_lists(item) if isinstance(item, dict) else item for item in annotations]}


def _without_lists(members: dict[str, Any]) -> dict[str, Any]:
    if members.keys().isdisjoint(SERVICE_LISTS):
        return members
    return {name: member for name, member in members.items() if not _is_service_list(name, member)}


def _marks(document: Document) -> Iterator[Mark]:
    for name, value in document.items():
        if name in _ERROR_LISTS:
            yield from _listed({name: value})
        elif isinstance(value, dict):
            yield from _listed(value)
            annotations = value.get("annotations")
            for annotation in annotations if isinstance(annotations, list) else ():
                if isinstance(annotation, dict) and not annotation.keys().isdisjoint(_ERROR_LISTS):
                    yield from _listed(annotation)


def _listed(members: Document) -> Iterator[Mark]:
    for name in _ERROR_LISTS:
        if _is_service_list(name, members.get(name)):
            yield from (Mark(item["code"], item["message"]) for item in members[name])


def parse_live(line: str) -> dict[str, Any]:
    """Parse a line that the service listed.

    Raises:
        ValueError: the line is not a JSON object with a text `source-ref`.
    """
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        document = json.loads(line)  # takes what the fast decoder refuses, such as lone surrogates
    if not isinstance(document, dict) or not isinstance(document.get(SOURCE_REF), str):
        raise ValueError("the service listed a line without a source-ref")  # noqa: TRY004 - wrong data, not a wrong call
    return document


def labelled_key(line: str) -> tuple[str, bool]:
    """The key of a line that the service listed, and whether its entry is labelled.

    Raises:
        ValueError: the line is not a JSON object with a text `source-ref`.
    """
    own = without_service_fields(parse_live(line))
    return str(own[SOURCE_REF]), meaning_of(own).labelled


def entry_of(document: Document) -> Entry:
    """The entry that a line gives; the line may still have the service's fields."""
    return own_entry(without_service_fields(document), marks_of(document))


def own_entry(own: Document, marks: tuple[Mark, ...] = ()) -> Entry:
    """The entry that a line without the service's fields gives."""
    meaning = meaning_of(own)
    labels, boxes = meaning.labels, Counter(box.label for box in meaning.boxes)
    return Entry(
        key=own[SOURCE_REF],
        meaning=digest_of(meaning),
        content=hashed(canonical(own)),
        labels=labels,
        boxes=len(meaning.boxes),
        labelled=meaning.labelled,
        marks=marks,
        declared=tuple(dict.fromkeys((*labels, *meaning.declared))),
        box_counts=tuple(boxes[label] for label in labels) if boxes else (),
        origin=origin_of(tuple(map(said_by, attributes(own)))),
    )


def compact(document: Document) -> bytes:
    """A line as it is sent: compact JSON in UTF-8, members in the given order, without the service's fields."""
    return encoded(without_service_fields(document))


def bare_line(key: str) -> bytes:
    """The line of an unlabelled image: nothing but its key. Sent to make training ignore the image."""
    return encoded({SOURCE_REF: key})
