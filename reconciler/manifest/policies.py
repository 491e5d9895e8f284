"""`policy` in project.yaml: settings read over the ones that hold already.

Knows the settings' names and values. Refuses to know what they do.
"""

import re
from dataclasses import replace
from enum import StrEnum
from typing import Final, TypeVar

from reconciler.manifest.fields import Fields
from reconciler.manifest.guard_settings import read_guards
from reconciler.manifest.rules import project_rules as rules
from reconciler.manifest.suggestions import did_you_mean
from reconciler.manifest.yaml_nodes import Node
from reconciler.model import Compare, Destroy, Extra, Marked, Policy, Rejection

__all__ = ["parse_patience", "read_policy"]

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
