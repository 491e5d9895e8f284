"""`policy.guards` in project.yaml: thresholds, or `off`.

Knows how a threshold is written. Refuses to know what a guard does (`reconciler.guards`).
"""

import re
from dataclasses import replace
from typing import Any, Final

from reconciler.manifest.fields import Fields
from reconciler.manifest.rules import project_rules as rules
from reconciler.manifest.yaml_nodes import Node
from reconciler.thresholds import Guard, Guards

__all__ = ["GUARD_NAMES", "guard_value", "read_guards"]

GUARD_NAMES: Final = tuple(guard.value for guard in Guard)
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_RECOMMENDED: Final = Guards()


def read_guards(node: Node, over: Guards, fields: Fields) -> Guards:
    """The thresholds that are written, and those of `over` for the rest; what is wrong is reported and left out."""
    mapping = fields.mapping(node, "`guards`", GUARD_NAMES, "write settings such as {updates: 50%, shrink: off}")
    members: dict[str, Any] = {}
    for name, value in (mapping.members if mapping else {}).items():
        text = fields.text(value, f"`{name}`")
        if text is None or name not in GUARD_NAMES:
            continue
        try:
            members[name.replace("-", "_")] = guard_value(name, text)
        except ValueError:
            fields.wrong(rules.GUARD, value, name=name, text=text)
    return replace(over, **members)


def guard_value(name: str, text: str) -> float | bool | None:
    """What a threshold says: a share for `30%`, switched off by `off`, as recommended for `on`.

    Raises:
        ValueError: there is no such guard, it says none of these, or a percentage where the guard has no threshold.
    """
    if name not in GUARD_NAMES:
        raise ValueError(name)
    recommended = _RECOMMENDED.threshold(Guard(name))
    has_threshold = not isinstance(recommended, bool)
    if text == "on":
        return recommended
    if text == "off":
        return None if has_threshold else False
    match = _PERCENT.fullmatch(text)
    if match is None or not has_threshold or not 0 <= float(match[1]) <= 100:
        raise ValueError(text)
    return float(match[1]) / 100
