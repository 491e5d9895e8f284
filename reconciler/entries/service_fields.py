"""What the service adds to the lines that it lists, and how a line is read without it.

The fields are known by their shape, not by name alone: `errors`, `warnings` and `cl-errors` only as lists of code and
message, `cl-metadata` only with `is_labeled`; so a label attribute called `errors` stays.

Sources: Custom Labels Developer Guide, "Understanding training and testing validation result manifests"; API Reference,
ListDatasetEntries. That listed lines carry `cl-metadata` and `cl-errors` is seen in AWS's published examples only, so
both spellings are read.
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
    if name in SERVICE_LISTS:
        return _is_list_of_findings(value)
    return name == _CL_METADATA and isinstance(value, dict) and isinstance(value.get("is_labeled"), bool)


def _is_list_of_findings(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("code"), str) and isinstance(item.get("message"), str)
        for item in value
    )


def _own_attribute(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute's value or metadata without the service's lists, also inside its annotations."""
    own = {name: member for name, member in value.items() if not _is_service_list(name, member)}
    annotations = own.get("annotations")
    if isinstance(annotations, list):
        own["annotations"] = [_own_annotation(item) if isinstance(item, dict) else item for item in annotations]
    return own


def _own_annotation(annotation: dict[str, Any]) -> dict[str, Any]:
    if annotation.keys().isdisjoint(SERVICE_LISTS):
        return annotation
    return {name: member for name, member in annotation.items() if not _is_service_list(name, member)}


def _is_service_list(name: str, value: object) -> bool:
    return name in SERVICE_LISTS and _is_list_of_findings(value)


def _marks(document: Document) -> Iterator[Mark]:
    for name, value in document.items():
        if name in _ERROR_LISTS:
            yield from _listed(name, value)
        elif isinstance(value, dict):
            yield from _attribute_marks(value)


def _attribute_marks(value: dict[str, Any]) -> Iterator[Mark]:
    for name in _ERROR_LISTS:
        yield from _listed(name, value.get(name))
    annotations = value.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, dict) and not annotation.keys().isdisjoint(_ERROR_LISTS):
            for name in _ERROR_LISTS:
                yield from _listed(name, annotation.get(name))


def _listed(name: str, value: object) -> Iterator[Mark]:
    if isinstance(value, list) and _is_service_list(name, value):
        for item in value:
            yield Mark(item["code"], item["message"])
