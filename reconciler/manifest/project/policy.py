"""Settings of a policy, from project.yaml and from programs: every setting of `reconciler.model.Policy` by its type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.guards import GUARDS, read_threshold, written
from reconciler.manifest.rules import project as rules
from reconciler.manifest.yaml.nodes import Node
from reconciler.manifest.yaml.values import Fields
from reconciler.model import Choice, Policy, Threshold, settings_of
from reconciler.rule import Rule
from reconciler.text import did_you_mean

GUARD_FORM: Final = f"it has {', '.join(GUARDS)}, each on, off or a percentage such as 50%"
_PATIENCE: Final = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """How the values of a setting are written: one of `words`, or in the form that `must_be` describes; and the rule.

    `read` gives None for a text that is not a value.
    """

    must_be: str
    words: tuple[str, ...]
    rule: Rule
    read: Callable[[str], object]


def form_of(value: object) -> Form:
    """The form of a setting, by one of its values: one of some words, or a time."""
    if isinstance(value, Choice):
        choices = {choice.value: choice for choice in type(value)}
        return Form(f"one of {', '.join(choices)}", tuple(choices), rules.CHOICE, choices.get)
    return Form("a time such as 90s, 30m or 1h30m", (), rules.PATIENCE, parse_patience)


def read_policy(node: Node, over: Policy, fields: Fields) -> Policy:
    """The settings that are written, and those of `over` for the rest; what is wrong is reported and left out."""
    names = settings_of(over)
    mapping = fields.mapping(node, "`policy`", names, "write settings such as {extra: report}")
    members = mapping.members if mapping else {}
    read: dict[str, Any] = {
        name: _setting(value, name, getattr(over, name), fields) for name, value in members.items() if name in names
    }
    return replace(over, **read)


def _setting(node: Node, name: str, over: object, fields: Fields) -> object:
    if isinstance(over, Mapping):
        return _guards(node, over, fields)
    form = form_of(over)
    text = fields.text(node, f"`{name}`")
    value = None if text is None else form.read(text)
    if text is not None and value is None:
        guess = did_you_mean(text, form.words)
        fields.wrong(form.rule, node, name=name, text=text, guess=guess, known=", ".join(form.words))
    return over if value is None else value


def _guards(node: Node, over: Mapping[str, Threshold], fields: Fields) -> Mapping[str, Threshold]:
    mapping = fields.mapping(node, "`guards`", GUARDS, "write settings such as {updates: 50%, shrink: off}")
    read = dict(over)
    for name, value in (mapping.members if mapping else {}).items():
        text = fields.text(value, f"`{name}`") if name in GUARDS else None
        if text is None:
            continue
        try:
            read[name] = read_threshold(name, text)
        except ValueError:
            fields.wrong(rules.GUARD, value, name=name, text=text)
    return unlike_default(read)


def unlike_default(guards: Mapping[str, Threshold]) -> dict[str, Threshold]:
    """The thresholds that are not as recommended, in the order of the table: what a policy holds."""
    return {name: guards[name] for name, row in GUARDS.items() if guards.get(name, row.default) != row.default}


def as_written(value: object) -> object:
    """A setting as the engine stores it: a word, seconds, or thresholds as project.yaml has them."""
    if isinstance(value, Mapping):
        return {name: written(threshold) for name, threshold in value.items()}
    return value.value if isinstance(value, Choice) else value


def parse_patience(text: str) -> int | None:
    """Seconds of a duration like 30m, 90s, 2h or 1h30m; None for anything else and for zero."""
    match = _PATIENCE.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds or None
