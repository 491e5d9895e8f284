"""Property bags as plain Python values, and their form on the wire.

A bag is a dictionary of JSON values. Two kinds of value do not exist in JSON and keep Pulumi's wire form in the bag: an
unknown is the sentinel string, a secret is an object with the secret signature and `value` (pulumi/sdk python
runtime/rpc.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from google.protobuf import struct_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Properties: TypeAlias = dict[str, object]

# pulumi/sdk python runtime/rpc.py: UNKNOWN, _special_sig_key, _special_secret_sig, asset and reference signatures.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of a secret on the wire, not one
RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSETS = {"c44067f5952c0a294b673a41bacd8c17": "an asset", "0def7320c3a5731c473e5ecbe6d01bc7": "an archive"}


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The bag in a protobuf Struct; whole numbers become int."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> object:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return _whole(value.number_value)
    if kind == "string_value":
        return value.string_value
    return value.bool_value if kind == "bool_value" else None


def _whole(number: float) -> int | float:
    return int(number) if math.isfinite(number) and number == math.trunc(number) else number


def to_struct(properties: Mapping[str, object]) -> struct_pb2.Struct:
    """The protobuf Struct for a bag."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _fill(struct.fields[key], value)
    return struct


def _fill(target: struct_pb2.Value, value: object) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, dict):
        target.struct_value.CopyFrom(to_struct(value))
    elif isinstance(value, list):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)


def secret(value: object) -> Properties:
    """`value` marked as a secret; a secret is not wrapped twice."""
    return dict(value) if isinstance(value, dict) and is_secret(value) else {SIGNATURE: SECRET, "value": value}


def is_secret(value: object) -> bool:
    """Whether `value` itself is a secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def plain(value: object) -> object:
    """`value` with every secret replaced by its plain value, for a provider without secrets.

    A reference to a resource becomes its id, or its URN where it has none (pulumi/pulumi plugin/rpc.go).
    """
    if isinstance(value, dict):
        if is_secret(value):
            return plain(value.get("value"))
        if value.get(SIGNATURE) == RESOURCE_REFERENCE:
            return value.get("id") or value.get("urn")
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def plain_bag(properties: Mapping[str, object]) -> Properties:
    """A whole bag without secrets."""
    return {key: plain(value) for key, value in properties.items()}


def masked(value: object) -> object:
    """`value` with every secret replaced by the text `[secret]` and every unknown by `[unknown]`: for a screen."""
    if isinstance(value, dict):
        return "[secret]" if is_secret(value) else {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return "[unknown]" if value == UNKNOWN else value


def asset_in(value: object) -> str | None:
    """Which of "an asset" and "an archive" `value` contains; None without one."""
    if isinstance(value, dict):
        signature = value.get(SIGNATURE)
        if isinstance(signature, str) and signature in ASSETS:
            return ASSETS[signature]
        return next((found for item in value.values() if (found := asset_in(item))), None)
    items = value if isinstance(value, list) else []
    return next((found for item in items if (found := asset_in(item))), None)


def marked_like(outputs: Mapping[str, object], inputs: Mapping[str, object]) -> Properties:
    """`outputs`, with each value that is secret in `inputs` marked secret again.

    A provider without secrets returns plain values; the engine marks them by key (pulumi/pulumi plugin/
    provider_plugin.go, annotateSecrets).
    """
    return {key: _marked(value, inputs.get(key)) for key, value in outputs.items()}


def _marked(output: object, given: object) -> object:
    if is_secret(output):
        return output
    if is_secret(given):
        return secret(output)
    if isinstance(output, dict) and isinstance(given, dict):
        return marked_like(output, given)
    if isinstance(output, list) and isinstance(given, list) and len(output) == len(given):
        return [_marked(item, like) for item, like in zip(output, given, strict=True)]
    return output


def with_secrets(outputs: Mapping[str, object], names: Iterable[str]) -> Properties:
    """`outputs` with the properties `names` marked secret (the option additionalSecretOutputs)."""
    hidden = set(names)
    return {key: secret(value) if key in hidden else value for key, value in outputs.items()}


def equal(left: object, right: object) -> bool:
    """Equality of JSON values: unlike in Python, a boolean never equals a number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return left == right


def visible_changes(olds: Mapping[str, object], news: Mapping[str, object]) -> dict[str, str]:
    """The top-level properties that differ, by name: "+", "-" or "~", as in Pulumi's displays.

    Names that start with two underscores belong to the SDK and are never shown.
    """
    names = sorted({name for name in (*olds, *news) if not name.startswith("__")})
    changes: dict[str, str] = {}
    for name in names:
        if name not in olds:
            changes[name] = "+"
        elif name not in news:
            changes[name] = "-"
        elif not equal(olds[name], news[name]):
            changes[name] = "~"
    return changes
