"""What the service adds to the lines that it lists, and how a line is read without it.

Their shape identifies the fields, not the name alone: `errors`, `warnings` and `cl-errors` only as lists of code and
message, `cl-metadata` only with `is_labeled`; so a label attribute called `errors` stays.

Sources: Custom Labels Developer Guide, "Understanding training and testing validation result manifests"; API Reference,
ListDatasetEntries. Only AWS's published examples show that listed lines carry `cl-metadata` and `cl-errors`, so both
spellings are read.
"""

from collections.abc import Iterator
from typing import Any, Final

from reconciler.entries.attributes import Document
from reconciler.model import Mark

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
