"""`policy` in project.yaml: settings read over the ones that hold already.

`policy.guards` in project.yaml: thresholds, or `off`.
"""

import re
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from reconciler.manifest.rules import project as rules
from reconciler.manifest.yaml.nodes import Node
from reconciler.manifest.yaml.values import Fields
from reconciler.model import Compare, Destroy, Extra, Guard, Guards, Marked, Policy, Rejection
from reconciler.text import did_you_mean

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


_KEYS: Final = ("extra", "marked", "rejected", "compare", "patience", "destroy", "guards")
_PATIENCE: Final = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
_Choice = TypeVar("_Choice", bound=StrEnum)


def read_policy(node: Node, over: Policy, fields: Fields) -> Policy:
    """The settings that are written, and those of `over` for the rest; what is wrong is reported and left out."""
    mapping = fields.mapping(node, "`policy`", _KEYS, "write settings such as {extra: report}")
    if mapping is None:
        return over
    members = mapping.members
    extra = _choice(members.get("extra"), "extra", Extra, fields)
    marked = _choice(members.get("marked"), "marked", Marked, fields)
    rejected = _choice(members.get("rejected"), "rejected", Rejection, fields)
    compare = _choice(members.get("compare"), "compare", Compare, fields)
    destroy = _choice(members.get("destroy"), "destroy", Destroy, fields)
    patience = _patience(members["patience"], fields) if "patience" in members else None
    guards = read_guards(members["guards"], over.guards, fields) if "guards" in members else over.guards
    return replace(
        over,
        extra=extra or over.extra,
        marked=marked or over.marked,
        rejected=rejected or over.rejected,
        compare=compare or over.compare,
        patience=patience or over.patience,
        destroy=destroy or over.destroy,
        guards=guards,
    )


def parse_patience(text: str) -> int | None:
    """Seconds of a duration like 30m, 90s, 2h or 1h30m; None for anything else and for zero."""
    match = _PATIENCE.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds or None


def _patience(node: Node, fields: Fields) -> int | None:
    text = fields.text(node, "`patience`")
    seconds = None if text is None else parse_patience(text)
    if text is not None and seconds is None:
        fields.wrong(rules.PATIENCE, node, text=text)
    return seconds


def _choice(node: Node | None, name: str, choices: type[_Choice], fields: Fields) -> _Choice | None:
    text = None if node is None else fields.text(node, f"`{name}`")
    if node is None or text is None:
        return None
    known = [choice.value for choice in choices]
    if text in known:
        return choices(text)
    fields.wrong(rules.CHOICE, node, name=name, text=text, guess=did_you_mean(text, known), known=", ".join(known))
    return None
