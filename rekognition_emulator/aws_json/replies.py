"""Replies held against the output shapes: nothing leaves that AWS's model does not have."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from rekognition_emulator.aws_json import model
from rekognition_emulator.lines.entries import plain

Check = Callable[[object, str], None]

_PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str, msgspec.Raw),
    "integer": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
}


class ReplyError(Exception):
    """A reply that the service model does not allow: a defect of the emulator, answered as HTTP 500."""


@cache
def _check(name: str) -> Check:
    found = model.shape(name)
    makers = {"structure": _structure, "list": _list, "map": _map}
    return makers[found["type"]](found) if found["type"] in makers else _plain(found)


def _plain(found: model.Shape) -> Check:
    allowed, names = _PLAIN[found["type"]], found.get("enum")

    def check(value: object, path: str) -> None:
        if not isinstance(value, allowed) or (names and value not in names):
            raise ReplyError(f"{path}: {value!r} is not a {found['type']} of the service model")

    return check


def _structure(found: model.Shape) -> Check:
    members = {name: _check(member["shape"]) for name, member in found["members"].items()}

    def check(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ReplyError(f"{path}: a structure was expected")
        for name, part in value.items():
            if name not in members:
                raise ReplyError(f"{path}.{name}: the service model has no such member")
            members[name](part, f"{path}.{name}")

    return check


def _list(found: model.Shape) -> Check:
    inner = _check(found["member"]["shape"])
    member = model.shape(found["member"]["shape"])
    plain = _PLAIN.get(member["type"], ()) if "enum" not in member else ()

    def check(value: object, path: str) -> None:
        if not isinstance(value, list):
            raise ReplyError(f"{path}: a list was expected")
        if plain and set(map(type, value)) <= set(plain):
            return  # a page of lines, seen at once
        for part in value:
            inner(part, path)

    return check


def _map(found: model.Shape) -> Check:
    key, inner = _check(found["key"]["shape"]), _check(found["value"]["shape"])

    def check(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ReplyError(f"{path}: a map was expected")
        for name, part in value.items():
            key(name, path)
            inner(part, path)

    return check


def checked(operation: str, reply: dict[str, Any]) -> dict[str, Any]:
    """The reply itself, if the operation's output shape allows it.

    Raises:
        ReplyError: naming the member that does not fit.
    """
    _check(model.output_shape(operation))(reply, operation)
    return reply


def in_plain(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply with listed lines as strings; on the way to the wire they are JSON strings already (msgspec.Raw)."""
    lines = reply.get("DatasetEntries")
    if lines is None:
        return reply
    return reply | {"DatasetEntries": [plain(line) if isinstance(line, msgspec.Raw) else line for line in lines]}
