"""An entry with `source-ref`: AWS's own line, written in YAML.

Knows which of AWS's fields are text whatever they look like; everywhere else a scalar without quotes is a number, true,
false or null when JSON spells it so, and text otherwise. Refuses to judge the line: the rules for JSON Lines do.

Source of the fields: Custom Labels Developer Guide, "Creating a manifest file".
"""

from typing import Any, Final

from reconciler.entries import METADATA, SOURCE_REF
from reconciler.manifest.fields import NUMBER, json_number
from reconciler.manifest.json_positions import Path
from reconciler.manifest.rules import line_rules, yaml_rules
from reconciler.manifest.yaml_nodes import Mapping, Node, Report, Scalar, Sequence

__all__ = ["node_at", "raw_document"]

_TEXT_FIELDS: Final = frozenset({"class-name", "job-name", "creation-date", "human-annotated", "type"})
_CLASS_MAP: Final = "class-map"
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def raw_document(entry: Mapping, report: Report) -> dict[str, Any]:
    """The entry as a JSON object; what has no JSON value is reported and becomes null."""
    return {
        name: _member(value, name, (name,), report) if name != SOURCE_REF else _value(value, name, report, text=True)
        for name, value in entry.members.items()
    }


def _member(node: Node, name: str, path: Path, report: Report) -> Any:  # noqa: ANN401 - any JSON value
    """A value inside an attribute; `path` decides whether it is one of AWS's text fields."""
    if isinstance(node, Mapping):
        return {key: _member(value, key, (*path, key), report) for key, value in node.members.items()}
    if isinstance(node, Sequence):
        return [_member(item, name, (*path, index), report) for index, item in enumerate(node.items)]
    return _value(node, name, report, text=_is_text_field(path))


def _is_text_field(path: Path) -> bool:
    if not str(path[0]).endswith(METADATA):
        return False
    return (len(path) == 2 and path[1] in _TEXT_FIELDS) or (len(path) == 3 and path[1] == _CLASS_MAP)


def _value(node: Node, name: str, report: Report, *, text: bool) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(node, Scalar):
        return _member(node, name, (name,), report)
    if text or not node.plain:
        return node.text
    if node.text in _CONSTANTS:
        return _CONSTANTS[node.text]
    if not node.text:
        report(yaml_rules.EMPTY_VALUE, node.line, node.column, name=name)
        return None
    if not NUMBER.fullmatch(node.text):
        return node.text
    number = json_number(node.text)
    if number is None:
        report(line_rules.OVERFLOW, node.line, node.column, text=node.text)
    return number


def node_at(entry: Node, path: Path) -> Node:
    """The node of the member at `path`, or the innermost one around it when that member is missing."""
    node = entry
    for step in path:
        if isinstance(node, Mapping) and step in node.members:
            node = node.members[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node
