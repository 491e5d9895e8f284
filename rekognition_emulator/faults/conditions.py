"""The conditions of a fault plan (`when: {member path: value or pattern}`): is one met, and can a request ever meet it?

A fault with a condition that no request can meet would never fire, so such a plan is refused when it is read.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from rekognition_emulator.aws_json import model
from rekognition_emulator.switches.switch import did_you_mean


def is_met(request: dict[str, Any], path: str, wanted: object) -> bool:
    """Whether a value at `path` of the request equals `wanted`, or matches it if `wanted` is a pattern."""
    return any(_matches(value, wanted) for value in _values_at(request, path.split(".")))


def _values_at(request: Any, path: list[str]) -> list[Any]:  # noqa: ANN401 - any JSON
    """The values at a path of member names; a list stands for each of its items."""
    if isinstance(request, list):
        return [value for item in request for value in _values_at(item, path)]
    if not path:
        return [request]
    return _values_at(request[path[0]], path[1:]) if isinstance(request, dict) and path[0] in request else []


def _matches(value: object, wanted: object) -> bool:
    if isinstance(wanted, str):
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        return fnmatchcase(text.lower() if isinstance(value, bool) else text, wanted)
    return value == wanted


def mistake(operations: list[str], path: str, wanted: object) -> str | None:
    """Why no request of these operations can meet a condition, in a sentence; None when one can."""
    found = [(operation, *_resolve(operation, path)) for operation in operations]
    shapes = [shape for _, shape, _, _ in found if shape]
    if not shapes:
        return _unknown_member(path, found)
    reasons = [_impossible_value(shape, wanted) for shape in shapes]
    return None if None in reasons else f"`when: {path}` is never {wanted!r}: {reasons[0]}."


def _unknown_member(path: str, found: list[tuple[str, str | None, str, list[str]]]) -> str:
    name = found[0][2]
    known = sorted({member for _, _, wrong, members in found if wrong == name for member in members})
    hint = did_you_mean(name, known) or (f" Known members: {', '.join(known)}." if known else "")
    which = found[0][0] if len(found) == 1 else "any of its operations"
    return f"`when: {path}` is in no request of {which}: there is no `{name}`.{hint}"


def _resolve(operation: str, path: str) -> tuple[str | None, str, list[str]]:
    """The shape at a path of the operation's request; or None, the first unknown name and the names known there."""
    shape = model.input_shape(operation)
    for name in path.split("."):
        deeper = _member(shape, name)
        if deeper is None:
            return None, name, list(model.shape(shape).get("members", {}))
        shape = deeper
    return shape, "", []


def _member(shape: str, name: str) -> str | None:
    """The shape of a member, or None when there is no member of this name."""
    found = model.shape(shape)
    if found["type"] == "map":
        return _item(found["value"]["shape"])
    member = found.get("members", {}).get(name)
    return _item(member["shape"]) if member else None


def _item(shape: str) -> str:
    """The shape that a path continues from: a list stands for each of its items."""
    found = model.shape(shape)
    return _item(found["member"]["shape"]) if found["type"] == "list" else shape


_TYPES = {"boolean": (bool,), "integer": (int,), "long": (int,)}
_EXPECTED = {"string": "it is text, in quotes", "blob": "it is text, in quotes", "boolean": "it is true or false"}


def _impossible_value(shape: str, wanted: object) -> str | None:
    """Why a member of this shape never has the value; None when it can."""
    found = model.shape(shape)
    if isinstance(wanted, str):
        words = ["true", "false"] if found["type"] == "boolean" else found.get("enum")
        if not words or any(fnmatchcase(word, wanted) for word in words):
            return None
        return f"it is {' or '.join(words)}"
    allowed = _TYPES.get(found["type"], (dict, list) if found["type"] in {"structure", "map"} else ())
    if type(wanted) in allowed:
        return None
    return _EXPECTED.get(found["type"], "it is a whole number" if allowed == (int,) else "it has members")
