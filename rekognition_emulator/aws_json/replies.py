"""Replies checked against the service model: the emulator sends nothing that AWS's model does not have."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from rekognition_emulator.aws_json import model
from rekognition_emulator.lines.entries import line_text

ReplyCheck = Callable[[object, str], None]
"""Takes a part of a reply and its path; raises ReplyError."""

_SCALAR_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, msgspec.Raw),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
}


class ReplyError(Exception):
    """A reply that the service model does not allow: a defect of the emulator, which the client sees as HTTP 500."""


@cache
def _shape_check(name: str) -> ReplyCheck:
    found = model.shape(name)
    makers = {"structure": _structure_check, "list": _list_check, "map": _map_check}
    return makers[found["type"]](found) if found["type"] in makers else _scalar_check(found)


def _scalar_check(found: model.Shape) -> ReplyCheck:
    allowed, names = _SCALAR_TYPES[found["type"]], found.get("enum")

    def check(value: object, path: str) -> None:
        if not isinstance(value, allowed) or (names and value not in names):
            raise ReplyError(f"{path}: {value!r} is not a {found['type']} of the service model")

    return check


def _structure_check(found: model.Shape) -> ReplyCheck:
    members = {name: _shape_check(member["shape"]) for name, member in found["members"].items()}

    def check(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ReplyError(f"{path}: a structure was expected")
        for name, part in value.items():
            if name not in members:
                raise ReplyError(f"{path}.{name}: the service model has no such member")
            members[name](part, f"{path}.{name}")

    return check


def _list_check(found: model.Shape) -> ReplyCheck:
    inner = _shape_check(found["member"]["shape"])
    member = model.shape(found["member"]["shape"])
    plain = _SCALAR_TYPES.get(member["type"], ()) if "enum" not in member else ()

    def check(value: object, path: str) -> None:
        if not isinstance(value, list):
            raise ReplyError(f"{path}: a list was expected")
        if plain and set(map(type, value)) <= set(plain):
            return  # a page of lines is checked without a loop
        for part in value:
            inner(part, path)

    return check


def _map_check(found: model.Shape) -> ReplyCheck:
    key, inner = _shape_check(found["key"]["shape"]), _shape_check(found["value"]["shape"])

    def check(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ReplyError(f"{path}: a map was expected")
        for name, part in value.items():
            key(name, path)
            inner(part, path)

    return check


def check_reply(operation: str, reply: dict[str, Any]) -> dict[str, Any]:
    """The reply, if the operation's output shape allows it.

    Raises:
        ReplyError: with the member that does not fit.
    """
    _shape_check(model.output_shape(operation))(reply, operation)
    return reply


def with_text_lines(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply with listed lines as text; otherwise they are JSON strings, ready to be sent (msgspec.Raw)."""
    lines = reply.get("DatasetEntries")
    if lines is None:
        return reply
    return reply | {"DatasetEntries": [line_text(line) if isinstance(line, msgspec.Raw) else line for line in lines]}
