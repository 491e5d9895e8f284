"""Requests checked against the service model, which is compiled once, to one function per shape.

Sources: botocore service-2.json (constraints); the wording from errors that AWS services return ("1 validation error
detected: Value '...' at 'imagePath' failed to satisfy constraint: ..."); blob length on decoded bytes from
aws/aws-sdk-js-v3 issue 2310.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import cache
from typing import Any

from rekognition_emulator.aws_json import model
from rekognition_emulator.errors import ServiceError

try:
    import regex
except ImportError as missing:
    text = "The emulator needs regex, which is not installed: pip install 'rekognition-labels-as-code[emulator]'"
    raise ImportError(text) from missing

Violations = list[str]
ShapeJudge = Callable[[object, str, Violations], Any]
"""Takes a JSON value, its path and the list of violations, to which it adds; returns the decoded value."""

Constraint = tuple[Callable[[Any], bool], str]
"""A test, and the message for a value that fails it."""

_QUOTED_CHARACTERS = 2000  # of a refused value in a message, so that a text of 5 MB is not sent back


def lower_camel(name: str) -> str:
    """A member's name as AWS's front end writes it in a path: `datasetArn` for `DatasetArn`."""
    return name[:1].lower() + name[1:]


def quoted(value: object) -> str:
    """A value as AWS's front end writes it in a message: in quotes, lists and maps in Java's form; null as it is."""
    return "null" if value is None else f"'{_java(value)[:_QUOTED_CHARACTERS]}'"


def _java(value: object) -> str:
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, list):
        return "[" + ", ".join(_java(part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(part)}" for key, part in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def violation(value: object, path: str, sentence: str) -> str:
    """The message for one violation, in the words of AWS's front end."""
    return f"Value {quoted(value)} at '{path}' failed to satisfy constraint: {sentence}"


def _at_most(measure: Callable[[Any], int], top: int) -> Callable[[Any], bool]:
    return lambda value: measure(value) <= top


def _at_least(measure: Callable[[Any], int], low: int) -> Callable[[Any], bool]:
    return lambda value: measure(value) >= low


def _matching(pattern: str) -> Callable[[Any], bool]:
    matches = regex.compile(pattern).fullmatch
    return lambda value: matches(value) is not None


def _bounds(found: model.Shape, measure: Callable[[Any], int], word: str) -> list[Constraint]:
    rules: list[Constraint] = []
    if "max" in found:
        rules.append((_at_most(measure, found["max"]), f"{word} less than or equal to {found['max']}"))
    if found.get("min"):
        rules.append((_at_least(measure, found["min"]), f"{word} greater than or equal to {found['min']}"))
    return rules


def constraints(found: model.Shape) -> list[Constraint]:
    """The constraints of a shape on its own value, without those on its members."""
    if found["type"] in {"integer", "long"}:
        return _bounds(found, int, "Member must have value")
    rules = _bounds(found, len, "Member must have length")
    if "pattern" in found:
        sentence = f"Member must satisfy regular expression pattern: {found['pattern']}"
        rules.append((_matching(found["pattern"]), sentence))
    if "enum" in found:
        sentence = f"Member must satisfy enum value set: [{', '.join(found['enum'])}]"
        rules.append((frozenset(found["enum"]).__contains__, sentence))
    return rules


def _json_kind(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, int | float):
        return "NUMBER_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    if isinstance(value, list):
        return "Start of list"
    return "Start of structure or map" if isinstance(value, dict) else "NULL_VALUE"


def _refuse_kind(value: object, wanted: str) -> ServiceError:
    kind = _json_kind(value)
    if kind.startswith("Start"):
        return ServiceError("SerializationException", f"{kind} found where not expected.")
    return ServiceError("SerializationException", f"{kind} can not be converted to {wanted}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _refuse_kind(value, "a String")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _refuse_kind(value, "a Boolean")
    return value


def _whole(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refuse_kind(value, "an Integer")
    return value


def _blob(value: object) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("SerializationException", "STRING_VALUE can not be converted to a Blob") from error


_SCALARS: dict[str, Callable[[object], Any]] = {
    "string": _text,
    "boolean": _boolean,
    "integer": _whole,
    "long": _whole,
    "blob": _blob,
}


@cache
def shape_judge(name: str) -> ShapeJudge:
    """The compiled function that checks and decodes values of the shape `name`."""
    found = model.shape(name)
    if found["type"] == "structure":
        return _structure(found)
    if found["type"] == "list":
        return _list(found)
    return _map(found) if found["type"] == "map" else _scalar(found)


def _scalar(found: model.Shape) -> ShapeJudge:
    convert, rules = _SCALARS[found["type"]], constraints(found)

    def judged(value: object, path: str, violations: Violations) -> object:
        converted = convert(value)
        violations += [violation(converted, path, sentence) for holds, sentence in rules if not holds(converted)]
        return converted

    return judged


def _structure(found: model.Shape) -> ShapeJudge:
    required = found.get("required", [])
    members = {name: (lower_camel(name), shape_judge(member["shape"])) for name, member in found["members"].items()}

    def judged(value: object, path: str, violations: Violations) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _refuse_kind(value, "a structure")
        prefix = f"{path}." if path else ""
        for name in required:
            if value.get(name) is None:
                violations.append(violation(None, prefix + lower_camel(name), "Member must not be null"))
        return {
            name: inner(value[name], prefix + path_name, violations)
            for name, (path_name, inner) in members.items()
            if value.get(name) is not None
        }

    return judged


def _inside(rules: list[Constraint], parts: list[Any], whole: object, path: str, word: str) -> list[str]:
    """The violation of a collection with an invalid element; AWS quotes the collection and all element constraints."""
    if all(holds(part) for part in parts for holds, _ in rules):
        return []
    return [violation(whole, path, f"{word} must satisfy constraint: [{', '.join(text for _, text in rules)}]")]


def _list(found: model.Shape) -> ShapeJudge:
    own, member = constraints(found), model.shape(found["member"]["shape"])
    nested = shape_judge(found["member"]["shape"]) if member["type"] == "structure" else None
    convert = _SCALARS.get(member["type"], _text)
    rules = [] if nested else constraints(member)

    def judged(value: object, path: str, violations: Violations) -> list[Any]:
        if not isinstance(value, list):
            raise _refuse_kind(value, "a list")
        if nested:
            parts = [nested(part, f"{path}.{place}.member", violations) for place, part in enumerate(value, start=1)]
        else:
            parts = [convert(part) for part in value]
        violations += [violation(parts, path, sentence) for holds, sentence in own if not holds(parts)]
        violations += _inside(rules, parts, parts, path, "Member")
        return parts

    return judged


def _map(found: model.Shape) -> ShapeJudge:
    own = constraints(found)
    keys, values = (constraints(model.shape(found[part]["shape"])) for part in ("key", "value"))

    def judged(value: object, path: str, violations: Violations) -> dict[str, str]:
        if not isinstance(value, dict):
            raise _refuse_kind(value, "a map")
        parts = {_text(key): _text(part) for key, part in value.items()}
        violations += [violation(parts, path, sentence) for holds, sentence in own if not holds(parts)]
        violations += _inside(keys, list(parts), parts, path, "Map keys")
        violations += _inside(values, list(parts.values()), parts, path, "Map value")
        return parts

    return judged


def decode_request(operation: str, document: object) -> dict[str, Any]:
    """The request in a JSON document: blobs decoded, nulls and unknown members removed.

    Raises:
        ServiceError: SerializationException for a value of the wrong type, ValidationException for broken constraints.
    """
    violations: Violations = []
    request: dict[str, Any] = shape_judge(model.input_shape(operation))(document, "", violations)
    if violations:
        plural = "error" if len(violations) == 1 else "errors"
        text = f"{len(violations)} validation {plural} detected: {'; '.join(violations)}"
        raise ServiceError("ValidationException", text)
    return request


def compile_all() -> None:
    """Compile the input shapes of all operations now, so that the first request does not wait for it."""
    for operation in model.OPERATIONS:
        shape_judge(model.input_shape(operation))
