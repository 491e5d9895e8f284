"""Conditions of a plan held against the service model: one that no request can meet would never fire, in silence.

Knows paths of members and the values they can have. Refuses to look at requests: triggers.py does.
"""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase

from rekognition_emulator import model

_TYPES = {"boolean": (bool,), "integer": (int,), "long": (int,)}


def _item(shape: str) -> str:
    """The shape that a path goes on from: a list stands for each of its items."""
    found = model.shape(shape)
    return _item(found["member"]["shape"]) if found["type"] == "list" else shape


def _step(shape: str, name: str) -> str | None:
    """The shape of a member, or None when there is none of this name."""
    found = model.shape(shape)
    if found["type"] == "map":
        return _item(found["value"]["shape"])
    member = found.get("members", {}).get(name)
    return _item(member["shape"]) if member else None


def _members(shape: str) -> list[str]:
    return list(model.shape(shape).get("members", {}))


def _walk(operation: str, path: str) -> tuple[str | None, str, list[str]]:
    """Where a path leads in an operation's request: a shape, or None with the name that is wrong and the right ones."""
    shape = model.input_shape(operation)
    for name in path.split("."):
        deeper = _step(shape, name)
        if deeper is None:
            return None, name, _members(shape)
        shape = deeper
    return shape, "", []


def _never(shape: str, wanted: object) -> str | None:
    """Why a value can never be there, or None when it can."""
    found = model.shape(shape)
    if isinstance(wanted, str):
        words = ["true", "false"] if found["type"] == "boolean" else found.get("enum")
        if not words or any(fnmatchcase(word, wanted) for word in words):
            return None
        return f"it is {' or '.join(words)}"
    expected = _TYPES.get(found["type"], (dict, list) if found["type"] in {"structure", "map"} else ())
    if type(wanted) in expected:
        return None
    return {"string": "it is text, in quotes", "blob": "it is text, in quotes", "boolean": "it is true or false"}.get(
        found["type"], "it is a whole number" if expected == (int,) else "it has members of its own"
    )


def mistake(operations: list[str], path: str, wanted: object) -> str | None:
    """What is wrong with a condition, in a sentence; None when a request of one of the operations can meet it."""
    found = [(operation, *_walk(operation, path)) for operation in operations]
    shapes = [shape for _, shape, _, _ in found if shape]
    if not shapes:
        name = found[0][2]
        known = sorted({member for _, _, wrong, members in found if wrong == name for member in members})
        near = difflib.get_close_matches(name, known, 1)
        meant = f" Did you mean `{near[0]}`?" if near else f" There are: {', '.join(known)}." if known else ""
        which = operations[0] if len(operations) == 1 else "any of its operations"
        return f"`when: {path}` is in no request of {which}: there is no `{name}`.{meant}"
    reasons = [_never(shape, wanted) for shape in shapes]
    return None if None in reasons else f"`when: {path}` is never {wanted!r}: {reasons[0]}."
