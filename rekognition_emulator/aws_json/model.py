"""The fourteen operations in botocore's service model of Rekognition.

Source: botocore `data/rekognition/2016-06-27/service-2.json`, as installed.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from botocore.loaders import create_loader

Shape = dict[str, Any]
"""One shape of the service model, as in its JSON file."""

OPERATIONS = (
    "CreateProject",
    "DescribeProjects",
    "DeleteProject",
    "DescribeProjectVersions",
    "CreateDataset",
    "DescribeDataset",
    "DeleteDataset",
    "ListDatasetEntries",
    "ListDatasetLabels",
    "UpdateDatasetEntries",
    "DistributeDatasetEntries",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
)
"""All operations on projects, datasets and their tags. Nothing is trained: tests say which versions a project has."""


@cache
def service_model() -> dict[str, Any]:
    """The whole Rekognition model of the installed botocore."""
    model: dict[str, Any] = create_loader().load_service_model("rekognition", "service-2")
    return model


def shape(name: str) -> Shape:
    """The shape with this name."""
    found: Shape = service_model()["shapes"][name]
    return found


def known_operations() -> frozenset[str]:
    """The names of all operations of Rekognition, emulated or not."""
    return frozenset(service_model()["operations"])


def modelled_errors(operation: str) -> frozenset[str]:
    """The names of the exceptions that the model lists for an operation."""
    return frozenset(error["shape"] for error in service_model()["operations"][operation]["errors"])


def input_shape(operation: str) -> str:
    """The name of the operation's input shape."""
    name: str = service_model()["operations"][operation]["input"]["shape"]
    return name


def output_shape(operation: str) -> str:
    """The name of the operation's output shape."""
    name: str = service_model()["operations"][operation]["output"]["shape"]
    return name


def _references(found: Shape) -> list[str]:
    names = [member["shape"] for member in found.get("members", {}).values()]
    return names + [found[part]["shape"] for part in ("member", "key", "value") if part in found]


def _used_shapes() -> dict[str, Shape]:
    """Every shape that the fourteen operations use, by name."""
    waiting = [name for operation in OPERATIONS for name in (input_shape(operation), output_shape(operation))]
    waiting += [name for operation in OPERATIONS for name in modelled_errors(operation)]
    seen: dict[str, Shape] = {}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = shape(name)
            waiting += _references(seen[name])
    return seen


def _without_documentation(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_documentation(part) for key, part in value.items() if key != "documentation"}
    return [_without_documentation(part) for part in value] if isinstance(value, list) else value


def fingerprint() -> str:
    """SHA-256 of the fourteen operations and their shapes, without documentation: it tells whether AWS changed them."""
    operations = {name: service_model()["operations"][name] for name in OPERATIONS}
    text = json.dumps(_without_documentation({"operations": operations, "shapes": _used_shapes()}), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
